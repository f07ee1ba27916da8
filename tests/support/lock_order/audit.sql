-- Adds up what the counters should hold; rows that are rolled back count nothing.

create table stress.counted (shop_key uuid, orders integer);
create table stress.spent (shop_key uuid, labels integer, cents bigint);

create function stress.count_order() returns trigger language plpgsql as $$
begin
  insert into stress.counted
  select shop_key, new.counts_for_plan::integer - case when tg_op = 'UPDATE' then old.counts_for_plan::integer else 0 end
  from public.tiktok_shops where id = new.tiktok_shop_id;
  return null;
end;
$$;
create trigger count_order after insert or update of counts_for_plan on public.orders
  for each row execute function stress.count_order();

create function stress.count_label() returns trigger language plpgsql as $$
begin
  if old.cost_cents is not null then
    insert into stress.spent values (old.cost_shop_key, -1, -old.cost_cents);
  end if;
  if new.cost_cents is not null then
    insert into stress.spent values (new.cost_shop_key, 1, new.cost_cents);
  end if;
  return null;
end;
$$;
create trigger count_label after update of cost_cents on private.label_purchases
  for each row when (old.cost_cents is distinct from new.cost_cents)
  execute function stress.count_label();

create function stress.adjusted(adjustments jsonb) returns bigint language sql as $$
  select coalesce(sum((invoice ->> 'amount')::numeric * 100), 0)::bigint
  from jsonb_path_query(adjustments, '$.*') as invoice
$$;
create function stress.count_adjustment() returns trigger language plpgsql as $$
begin
  insert into stress.spent
  select shop.shop_key, 0, stress.adjusted(new.adjustments) - stress.adjusted(old.adjustments)
  from public.orders join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
  where orders.id = new.order_id;
  return null;
end;
$$;
create trigger count_adjustment after update of adjustments on private.label_purchases
  for each row execute function stress.count_adjustment();

create function stress.count_unassigned() returns trigger language plpgsql as $$
begin
  insert into stress.spent values (null, 0, new.cents - case when tg_op = 'UPDATE' then old.cents else 0 end);
  return null;
end;
$$;
-- Without those of deleted labels, which were counted before.
create trigger count_unassigned after insert or update on private.unassigned_invoices
  for each row when (new.id like 'lost_%') execute function stress.count_unassigned();

create function stress.differences() returns setof text language sql as $$
  -- Orders of the month, of a seller and of a shop in all accounts.
  select format('seller %s: counter %s/%s, orders %s/%s', seller.id, counter.orders, counter.not_counted, real.orders, real.not_counted)
  from public.users as seller
  left join private.monthly_order_counts as counter on counter.user_id = seller.id
  cross join lateral (
    select count(*) filter (where counts_for_plan) as orders, count(*) filter (where not counts_for_plan) as not_counted
    from public.orders where user_id = seller.id
  ) as real
  where (coalesce(counter.orders, 0), coalesce(counter.not_counted, 0)) <> (real.orders, real.not_counted)
  union all
  select format('shop %s: counter %s, orders %s', shop_key, counter.orders, real.orders)
  from (select shop_key, sum(orders) as orders from stress.counted group by shop_key) as real
  full join private.monthly_shop_counts as counter using (shop_key)
  where coalesce(counter.orders, 0) <> coalesce(real.orders, 0)
  union all
  -- Labels: of a shop, of the platform and of a seller.
  select format('shop %s: spent %s/%s, labels %s/%s', shop_key, total.labels, total.cents, real.labels, real.cents)
  from (
    select shop_key, sum(labels) as labels, sum(cents) as cents from stress.spent where shop_key is not null group by shop_key
  ) as real
  full join (select * from private.label_spending where shop_key is not null) as total using (shop_key)
  where (coalesce(total.labels, 0), coalesce(total.cents, 0)) <> (coalesce(real.labels, 0), coalesce(real.cents, 0))
  union all
  select format('platform: spent %s/%s, labels %s/%s', total.labels, total.cents, real.labels, real.cents)
  from (select coalesce(sum(labels), 0) as labels, coalesce(sum(cents), 0) as cents from stress.spent) as real,
    private.label_spending as total
  where total.user_id is null and total.shop_key is null and (total.labels, total.cents) <> (real.labels, real.cents)
  union all
  select format('seller %s: spent %s/%s, labels %s/%s', seller.id, total.labels, total.cents, real.labels, real.cents)
  from public.users as seller
  left join private.label_spending as total on total.user_id = seller.id
  cross join lateral (
    select count(cost_cents) as labels, coalesce(sum(coalesce(cost_cents, 0) + stress.adjusted(adjustments)), 0) as cents
    from private.label_purchases where user_id = seller.id
  ) as real
  where (coalesce(total.labels, 0), coalesce(total.cents, 0)) <> (real.labels, real.cents)
  union all
  -- Sums of a seller by currency.
  select format('seller %s: kept %s, orders %s', user_id, kept, real)
  from private.counted_order_totals as real
  full join private.order_totals as kept using (user_id, currency)
  where (
    coalesce(kept.orders, 0), coalesce(kept.amount, 0), coalesce(kept.paid_orders, 0), coalesce(kept.gross, 0),
    coalesce(kept.refunded, 0)
  ) <> (
    coalesce(real.orders, 0), coalesce(real.amount, 0), coalesce(real.paid_orders, 0), coalesce(real.gross, 0),
    coalesce(real.refunded, 0)
  )
  union all
  select format('seller %s: kept %s, labels %s', user_id, kept, real)
  from private.counted_label_totals as real
  full join private.label_totals as kept using (user_id, currency)
  where (coalesce(kept.labels, 0), coalesce(kept.cost, 0)) <> (coalesce(real.labels, 0), coalesce(real.cost, 0))
  union all
  select format('seller %s: the figures were corrected: %s', details ->> 'user_id', details -> 'missing')
  from public.system_logs
  where event_type = 'dashboard_figures_corrected'
  union all
  -- An order never loses what a label made of it.
  select format('order %s is %s, its parcels say %s', orders.tiktok_order_id, order_status, private.order_status_of_shipments(orders))
  from public.orders
  where order_status in ('received', 'on_hold', 'awaiting_shipment')
    and private.order_status_of_shipments(orders) in ('awaiting_collection', 'in_transit', 'delivered');
$$;
