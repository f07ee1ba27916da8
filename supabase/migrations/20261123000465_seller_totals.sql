-- Totals of each seller, kept with every change of an order or a label: docs/orders.md.

create table private.order_totals (
  user_id uuid not null references public.users (id) on delete cascade,
  currency text not null,
  orders integer not null default 0,
  amount bigint not null default 0,
  month private.month not null,
  month_orders integer not null default 0,
  month_amount bigint not null default 0,
  paid_orders integer not null default 0,
  gross bigint not null default 0,
  refunded bigint not null default 0,
  last_order_at timestamptz,
  primary key (user_id, currency)
);
comment on table private.order_totals is 'Orders of a seller by currency; each transaction that changes them keeps the row exact, and refresh_dashboard_metrics compares it with the orders.';
comment on column private.order_totals.amount is 'Amounts of all orders, whatever their state; like the others in hundredths of the currency, which add up faster than decimals.';
comment on column private.order_totals.month is 'Month (UTC) of the newest order; month_orders and month_amount are of the orders stored in it.';
comment on column private.order_totals.paid_orders is 'Orders with is_revenue; gross and refunded are of these.';

alter table private.order_totals enable row level security;
grant select, insert, update on private.order_totals to service_role;

create table private.label_totals (
  user_id uuid not null references public.users (id) on delete cascade,
  currency text not null,
  labels integer not null default 0,
  cost bigint not null default 0,
  primary key (user_id, currency)
);
comment on table private.label_totals is 'Labels of a seller by currency that are not voided and have a price; kept as order_totals, in a row of its own: orders do not wait for labels.';
comment on column private.label_totals.cost is 'In hundredths of the currency.';

alter table private.label_totals enable row level security;
grant select, insert, update on private.label_totals to service_role;

create function private.refunded_amount(p_order public.orders)
returns numeric
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_order.payment_status = 'refunded' then p_order.total_amount
    when p_order.payment_status not in ('paid', 'partially_refunded') then 0.00
    -- The buyer never gets back more than the order cost.
    else least(
      p_order.total_amount,
      -- Cancelled units are paid back, whether TikTok reports it or not.
      greatest(coalesce(p_order.refunded_amount, 0.00), p_order.cancelled_amount)
        - case when p_order.cancelled_in_total then 0.00 else p_order.cancelled_amount end
    )
  end;
end;
$$;
comment on function private.refunded_amount(public.orders) is
  'Part of total_amount that went back to the buyer, as far as TikTok stated it.';
grant execute on function private.refunded_amount(public.orders) to service_role;

/*
  Arguments: p_order; p_sign, 1, or -1 to take it out.
*/
create function private.add_order_totals(p_order public.orders, p_sign integer default 1)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  this_month date := date_trunc('month', p_order.created_at at time zone 'UTC');
  hundredths bigint := p_order.total_amount * 100 * p_sign;
begin
  update private.order_totals as kept
  set orders = kept.orders + p_sign,
      amount = kept.amount + hundredths,
      month = greatest(kept.month, this_month),
      -- Orders of the new month come before the last ones of the old month.
      month_orders = case
        when kept.month = this_month then kept.month_orders + p_sign
        when kept.month < this_month then p_sign
        else kept.month_orders
      end,
      month_amount = case
        when kept.month = this_month then kept.month_amount + hundredths
        when kept.month < this_month then hundredths
        else kept.month_amount
      end,
      paid_orders = kept.paid_orders + case when p_order.is_revenue then p_sign else 0 end,
      gross = kept.gross + case when p_order.is_revenue then hundredths else 0 end,
      refunded = kept.refunded + case
        when p_order.is_revenue and (p_order.payment_status <> 'paid' or p_order.cancelled_amount > 0)
          then (private.refunded_amount(p_order) * 100 * p_sign)::bigint
        else 0
      end,
      last_order_at = greatest(kept.last_order_at, p_order.created_at)
  where kept.user_id = p_order.user_id and kept.currency = p_order.currency;
  if found then
    return;
  end if;
  -- The account may be deleted in this transaction.
  insert into private.order_totals (user_id, currency, month)
  select id, p_order.currency, this_month from public.users where id = p_order.user_id
  on conflict (user_id, currency) do nothing;
  if exists (
    select from private.order_totals where user_id = p_order.user_id and currency = p_order.currency
  ) then
    perform private.add_order_totals(p_order, p_sign);
  end if;
end;
$$;
comment on function private.add_order_totals(public.orders, integer) is
  'Adds an order to the totals of its seller; as their row stays locked, it comes last in a transaction.';
grant execute on function private.add_order_totals(public.orders, integer) to service_role;

/*
  Arguments: p_added, by currency.
*/
create function private.add_batch_totals(p_added private.order_totals[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into private.order_totals as kept
  select * from unnest(p_added) order by currency
  on conflict (user_id, currency) do update
  set orders = kept.orders + excluded.orders,
      amount = kept.amount + excluded.amount,
      month = greatest(kept.month, excluded.month),
      month_orders = case
        when kept.month = excluded.month then kept.month_orders + excluded.month_orders
        when kept.month < excluded.month then excluded.month_orders
        else kept.month_orders
      end,
      month_amount = case
        when kept.month = excluded.month then kept.month_amount + excluded.month_amount
        when kept.month < excluded.month then excluded.month_amount
        else kept.month_amount
      end,
      paid_orders = kept.paid_orders + excluded.paid_orders,
      gross = kept.gross + excluded.gross,
      refunded = kept.refunded + excluded.refunded,
      last_order_at = greatest(kept.last_order_at, excluded.last_order_at);
end;
$$;
comment on function private.add_batch_totals(private.order_totals[]) is
  'As add_order_totals, for the new orders of a batch.';
grant execute on function private.add_batch_totals(private.order_totals[]) to service_role;

create function private.keep_order_totals()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if old.currency <> new.currency then
    -- Two transactions that move orders between the same currencies lock them in one order.
    perform 1 from private.order_totals where user_id = new.user_id order by currency for no key update;
  end if;
  perform private.add_order_totals(old, -1);
  perform private.add_order_totals(new);
  return null;
end;
$$;
comment on function private.keep_order_totals() is
  'Trigger: keeps the totals of a seller when a stored order changes its amount, its payment or its cancellation.';

-- When the transaction commits: the row of the totals is the last lock. count_orders counts new orders.
create constraint trigger keep_order_totals
  after update on public.orders
  deferrable initially deferred
  for each row when (
    old.total_amount <> new.total_amount or old.currency <> new.currency
    or old.is_revenue <> new.is_revenue or old.payment_status <> new.payment_status
    or old.refunded_amount is distinct from new.refunded_amount
    or old.cancelled_amount <> new.cancelled_amount or old.cancelled_in_total <> new.cancelled_in_total
  )
  execute function private.keep_order_totals();

create function private.label_cost(p_shipment public.shipments)
returns numeric
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_shipment.status <> 'voided' and p_shipment.currency is not null
      then coalesce(p_shipment.shipping_cost, p_shipment.quoted_cost)
  end;
end;
$$;
comment on function private.label_cost(public.shipments) is
  'What a label cost, as far as it is known; null for a voided one and for a tracking number from elsewhere.';
grant execute on function private.label_cost(public.shipments) to service_role;

create function private.add_label_totals(p_user_id uuid, p_currency text, p_labels integer, p_cost bigint)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  for attempt in 1 .. 2 loop
    update private.label_totals
    set labels = labels + p_labels, cost = cost + p_cost
    where user_id = p_user_id and currency = p_currency;
    exit when found;
    -- The account may be deleted in this transaction.
    insert into private.label_totals (user_id, currency)
    select id, p_currency from public.users where id = p_user_id
    on conflict (user_id, currency) do nothing;
  end loop;
end;
$$;
comment on function private.add_label_totals(uuid, text, integer, bigint) is
  'Adds to the totals of the labels of a seller; as their row stays locked, it comes last in a transaction.';
grant execute on function private.add_label_totals(uuid, text, integer, bigint) to service_role;

create function private.keep_label_totals()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
declare
  before numeric;
  after numeric := private.label_cost(new);
begin
  if tg_op = 'UPDATE' then
    before := private.label_cost(old);
    if before is not null then
      perform private.add_label_totals(old.user_id, old.currency, -1, (-before * 100)::bigint);
    end if;
  end if;
  if after is not null then
    perform private.add_label_totals(new.user_id, new.currency, 1, (after * 100)::bigint);
  end if;
  return null;
end;
$$;
comment on function private.keep_label_totals() is
  'Trigger: keeps the totals of a seller''s labels when one is bought, voided or gets another price.';

create constraint trigger keep_label_totals_on_insert
  after insert on public.shipments
  deferrable initially deferred
  for each row when (new.currency is not null)
  execute function private.keep_label_totals();

create constraint trigger keep_label_totals_on_update
  after update on public.shipments
  deferrable initially deferred
  for each row when (
    old.shipping_cost is distinct from new.shipping_cost or old.quoted_cost is distinct from new.quoted_cost
    or old.currency is distinct from new.currency or (old.status = 'voided') <> (new.status = 'voided')
  )
  execute function private.keep_label_totals();
