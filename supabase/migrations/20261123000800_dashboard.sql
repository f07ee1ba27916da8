-- Figures of each seller: as the rows say, as they are kept, and how the two are compared.

create view private.counted_order_totals with (security_invoker = true) as
select
  user_id,
  currency,
  count(*)::integer as orders,
  (sum(total_amount) * 100)::bigint as amount,
  (count(*) filter (where created_at >= month.start))::integer as month_orders,
  (coalesce(sum(total_amount) filter (where created_at >= month.start), 0) * 100)::bigint as month_amount,
  (count(*) filter (where is_revenue))::integer as paid_orders,
  (coalesce(sum(total_amount) filter (where is_revenue), 0) * 100)::bigint as gross,
  -- Only few orders need the function.
  (
    coalesce(
      sum(private.refunded_amount(orders))
        filter (where is_revenue and (payment_status <> 'paid' or cancelled_amount > 0)),
      0
    ) * 100
  )::bigint as refunded,
  max(created_at) as last_order_at
from public.orders
cross join (
  select private.current_month()::timestamp at time zone 'UTC' as start
) as month
group by user_id, currency;
comment on view private.counted_order_totals is 'order_totals as the orders say; its cost grows with them.';
grant select on private.counted_order_totals to service_role;

create view private.counted_label_totals with (security_invoker = true) as
select
  user_id,
  currency,
  count(*)::integer as labels,
  (sum(coalesce(shipping_cost, quoted_cost)) * 100)::bigint as cost
from public.shipments
where status <> 'voided' and currency is not null and coalesce(shipping_cost, quoted_cost) is not null
group by user_id, currency;
comment on view private.counted_label_totals is 'label_totals as the shipments say; its cost grows with them.';
grant select on private.counted_label_totals to service_role;

create materialized view private.user_dashboard_metrics as
with counted as materialized (
  select * from private.counted_order_totals
), counted_labels as materialized (
  select * from private.counted_label_totals
), differing as (
  select user_id
  from counted
  full join private.order_totals as kept using (user_id, currency)
  cross join (select private.current_month() as month) as current
  where coalesce(counted.orders, 0) <> coalesce(kept.orders, 0)
    or coalesce(counted.amount, 0) <> coalesce(kept.amount, 0)
    or coalesce(counted.month_orders, 0) <> case when kept.month = current.month then kept.month_orders else 0 end
    or coalesce(counted.month_amount, 0) <> case when kept.month = current.month then kept.month_amount else 0 end
    or coalesce(counted.paid_orders, 0) <> coalesce(kept.paid_orders, 0)
    or coalesce(counted.gross, 0) <> coalesce(kept.gross, 0)
    or coalesce(counted.refunded, 0) <> coalesce(kept.refunded, 0)
  union
  select user_id
  from counted_labels as counted
  full join private.label_totals as kept using (user_id, currency)
  where coalesce(counted.labels, 0) <> coalesce(kept.labels, 0) or coalesce(counted.cost, 0) <> coalesce(kept.cost, 0)
), by_seller as (
  select
    user_id,
    sum(orders) as orders,
    sum(amount) as amount,
    sum(month_orders) as month_orders,
    sum(month_amount) as month_amount,
    jsonb_agg(
      jsonb_build_object(
        'currency', currency, 'gross', (gross * 0.01)::text, 'refunded', (refunded * 0.01)::text, 'orders', paid_orders
      )
      order by currency
    ) filter (where paid_orders > 0) as revenue,
    max(last_order_at) as last_order_at
  from counted
  group by user_id
), labels_by_seller as (
  select
    user_id,
    jsonb_agg(
      jsonb_build_object('currency', currency, 'cost', (cost * 0.01)::text, 'labels', labels) order by currency
    ) as costs
  from counted_labels
  group by user_id
)
select
  seller.id as user_id,
  seller.subscription_tier,
  coalesce(by_seller.orders, 0)::bigint as total_orders,
  coalesce(by_seller.month_orders, 0)::bigint as monthly_orders,
  coalesce(by_seller.amount * 0.01, 0.00) as total_revenue,
  coalesce(by_seller.month_amount * 0.01, 0.00) as monthly_revenue,
  coalesce(by_seller.revenue, '[]') as revenue,
  coalesce(labels_by_seller.costs, '[]') as label_costs,
  (
    select count(*) from public.tiktok_shops as shop where shop.user_id = seller.id and shop.is_active
  ) as connected_shops,
  by_seller.last_order_at as last_order_date,
  exists (select from differing where differing.user_id = seller.id)
    or by_seller.last_order_at is distinct from (
      select max(kept.last_order_at) from private.order_totals as kept where kept.user_id = seller.id
    ) as has_drift,
  now() as refreshed_at
from public.users as seller
left join by_seller on by_seller.user_id = seller.id
left join labels_by_seller on labels_by_seller.user_id = seller.id;
comment on materialized view private.user_dashboard_metrics is 'Dashboard figures as the rows said at refreshed_at, one row per seller: what the kept figures are compared with; in private, because a materialized view has no row level security.';

comment on column private.user_dashboard_metrics.total_revenue is 'Requested column: the amounts of all orders, whatever their currency and state; revenue has the true figures.';
comment on column private.user_dashboard_metrics.monthly_revenue is 'As total_revenue, of the orders of this month (UTC).';
comment on column private.user_dashboard_metrics.revenue is '[{currency, gross, refunded, orders}] of the orders that buyers paid: docs/orders.md.';
comment on column private.user_dashboard_metrics.label_costs is '[{currency, cost, labels}] of the labels that are not voided and have a price.';
comment on column private.user_dashboard_metrics.has_drift is 'Whether the kept figures of the seller differed from the rows in the same snapshot.';

-- Required by concurrent refreshes.
create unique index user_dashboard_metrics_user_id_key on private.user_dashboard_metrics (user_id);
grant select on private.user_dashboard_metrics to service_role;

create function private.own_dashboard_metrics()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  this_month date := date_trunc('month', now() at time zone 'UTC');
begin
  return (
    select jsonb_build_object(
      'user_id', seller.id,
      'subscription_tier', seller.subscription_tier,
      'total_orders', coalesce(sum(kept.orders), 0),
      'monthly_orders', coalesce(sum(kept.month_orders) filter (where kept.month = this_month), 0),
      'total_revenue', (coalesce(sum(kept.amount), 0) * 0.01)::text,
      'monthly_revenue', (coalesce(sum(kept.month_amount) filter (where kept.month = this_month), 0) * 0.01)::text,
      'revenue', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'currency', kept.currency, 'gross', (kept.gross * 0.01)::text,
            'refunded', (kept.refunded * 0.01)::text, 'orders', kept.paid_orders
          )
          order by kept.currency
        ) filter (where kept.paid_orders > 0),
        '[]'
      ),
      'label_costs', coalesce(
        (
          select jsonb_agg(
            jsonb_build_object('currency', currency, 'cost', (cost * 0.01)::text, 'labels', labels)
            order by currency
          )
          from private.label_totals
          where user_id = seller.id and labels > 0
        ),
        '[]'
      ),
      'connected_shops', (
        select count(*) from public.tiktok_shops as shop where shop.user_id = seller.id and shop.is_active
      ),
      'last_order_date', max(kept.last_order_at)
    )
    from public.users as seller
    left join private.order_totals as kept on kept.user_id = seller.id
    where seller.id = (select auth.uid())
    group by seller.id
  );
end;
$$;
comment on function private.own_dashboard_metrics() is
  'Dashboard figures of the caller; definer, because sellers may not read the tables: it reads auth.uid() and takes no argument.';
grant execute on function private.own_dashboard_metrics() to authenticated;

/*
  Returns:   {user_id, subscription_tier, total_orders, monthly_orders, total_revenue, monthly_revenue, revenue:
             [{currency, gross, refunded, orders}], label_costs: [{currency, cost, labels}], connected_shops,
             last_order_date}; amounts as decimal strings; total_revenue and monthly_revenue add up all orders in all
             currencies, revenue only paid ones.
*/
create function public.get_dashboard_metrics()
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return private.own_dashboard_metrics();
end;
$$;
comment on function public.get_dashboard_metrics() is
  'Dashboard figures of the caller, of this moment.';
grant execute on function public.get_dashboard_metrics() to authenticated;

/*
  Arguments: p_user_id.
  Returns:   {orders: [{currency, orders, amount, month_orders, month_amount, paid_orders, gross, refunded}], labels:
             [{currency, labels, cost}]}: what the kept totals had too little, amounts in hundredths.
*/
create function private.correct_totals(p_user_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  this_month date := private.current_month();
  missing jsonb := '{}';
begin
  -- 1. Lock the rows: transactions that change them wait, those before have committed.
  insert into private.order_totals (user_id, currency, month)
  select user_id, currency, this_month from private.counted_order_totals where user_id = p_user_id order by currency
  on conflict (user_id, currency) do nothing;
  perform 1 from private.order_totals where user_id = p_user_id order by currency for no key update;
  insert into private.label_totals (user_id, currency)
  select user_id, currency from private.counted_label_totals where user_id = p_user_id order by currency
  on conflict (user_id, currency) do nothing;
  perform 1 from private.label_totals where user_id = p_user_id order by currency for no key update;
  -- 2. Count the rows again.
  with difference as (
    select
      before.currency,
      coalesce(counted.orders, 0) - before.orders as orders,
      coalesce(counted.amount, 0) - before.amount as amount,
      coalesce(counted.month_orders, 0) - case when before.month = this_month then before.month_orders else 0 end
        as month_orders,
      coalesce(counted.month_amount, 0) - case when before.month = this_month then before.month_amount else 0 end
        as month_amount,
      coalesce(counted.paid_orders, 0) - before.paid_orders as paid_orders,
      coalesce(counted.gross, 0) - before.gross as gross,
      coalesce(counted.refunded, 0) - before.refunded as refunded,
      counted.last_order_at
    from private.order_totals as before
    left join (select * from private.counted_order_totals where user_id = p_user_id) as counted
      on counted.currency = before.currency
    where before.user_id = p_user_id
  ), corrected as (
    update private.order_totals as kept
    set orders = kept.orders + difference.orders,
        amount = kept.amount + difference.amount,
        month = this_month,
        month_orders = case when kept.month = this_month then kept.month_orders else 0 end + difference.month_orders,
        month_amount = case when kept.month = this_month then kept.month_amount else 0 end + difference.month_amount,
        paid_orders = kept.paid_orders + difference.paid_orders,
        gross = kept.gross + difference.gross,
        refunded = kept.refunded + difference.refunded,
        last_order_at = difference.last_order_at
    from difference
    where kept.user_id = p_user_id and kept.currency = difference.currency
    returning difference.*
  )
  select jsonb_build_object(
    'orders', coalesce(jsonb_agg(to_jsonb(corrected) - 'last_order_at' order by currency), '[]')
  )
  into missing
  from corrected;
  with difference as (
    select
      before.currency,
      coalesce(counted.labels, 0) - before.labels as labels,
      coalesce(counted.cost, 0) - before.cost as cost
    from private.label_totals as before
    left join (select * from private.counted_label_totals where user_id = p_user_id) as counted
      on counted.currency = before.currency
    where before.user_id = p_user_id
  ), corrected as (
    update private.label_totals as kept
    set labels = kept.labels + difference.labels, cost = kept.cost + difference.cost
    from difference
    where kept.user_id = p_user_id and kept.currency = difference.currency
    returning difference.*
  )
  select missing || jsonb_build_object('labels', coalesce(jsonb_agg(to_jsonb(corrected) order by currency), '[]'))
  into missing
  from corrected;
  return missing;
end;
$$;
comment on function private.correct_totals(uuid) is
  'Part of refresh_dashboard_metrics: makes the kept figures of a seller those of the rows.';

create function public.refresh_dashboard_metrics()
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  sellers uuid[];
  seller uuid;
begin
  -- 1. Count all rows, and compare the kept figures within the same snapshot.
  refresh materialized view concurrently private.user_dashboard_metrics;
  -- 2. Correct and log those that differ; further ones differ at the next run too.
  sellers := array(
    select user_id from private.user_dashboard_metrics where has_drift order by user_id limit 1000
  );
  perform private.lock_sellers(variadic sellers);
  for seller in
    select id from public.users where id = any (sellers) order by id
  loop
    insert into public.system_logs (event_type, details)
    values (
      'dashboard_figures_corrected',
      jsonb_build_object('user_id', seller, 'missing', private.correct_totals(seller))
    );
  end loop;
end;
$$;
comment on function public.refresh_dashboard_metrics() is
  'Counts the dashboard figures from the rows without blocking readers, corrects kept figures that differ and logs them; definer, because only the owner may refresh the view.';
grant execute on function public.refresh_dashboard_metrics() to service_role;
