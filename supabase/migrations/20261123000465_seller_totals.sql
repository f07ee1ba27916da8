-- Totals of each seller, kept with every change of an order or a label: docs/orders.md.

create table private.order_totals (
  user_id uuid not null references public.users (id) on delete cascade,
  currency text not null,
  orders integer not null default 0,
  amount numeric(20, 2) not null default 0,
  month date not null,
  month_orders integer not null default 0,
  month_amount numeric(20, 2) not null default 0,
  paid_orders integer not null default 0,
  gross numeric(20, 2) not null default 0,
  refunded numeric(20, 2) not null default 0,
  last_order_at timestamptz,
  primary key (user_id, currency),
  constraint order_totals_month_check check (extract(day from month) = 1)
);
comment on table private.order_totals is 'Orders of a seller by currency; each transaction that changes them keeps the row exact, and refresh_dashboard_metrics compares it with the orders.';
comment on column private.order_totals.amount is 'Amounts of all orders, whatever their state.';
comment on column private.order_totals.month is 'Month (UTC) of the newest order; month_orders and month_amount are of the orders stored in it.';
comment on column private.order_totals.paid_orders is 'Sales that buyers paid and that were not cancelled; gross and refunded are of these.';

alter table private.order_totals enable row level security;
grant select, insert, update on private.order_totals to service_role;

create table private.label_totals (
  user_id uuid not null references public.users (id) on delete cascade,
  currency text not null,
  labels integer not null default 0,
  cost numeric(20, 2) not null default 0,
  primary key (user_id, currency)
);
comment on table private.label_totals is 'Labels of a seller by currency that are not voided and have a price; kept as order_totals, in a row of its own: orders do not wait for labels.';

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
  return case p_order.payment_status
    when 'refunded' then p_order.total_amount
    -- The buyer never gets back more than the order cost.
    when 'partially_refunded' then least(p_order.total_amount, coalesce(p_order.refunded_amount, 0.00))
    else 0.00
  end;
end;
$$;
comment on function private.refunded_amount(public.orders) is
  'Amount of an order that went back to the buyer, as far as TikTok reported it.';
grant execute on function private.refunded_amount(public.orders) to service_role;

create function private.totals_of_order(p_order public.orders)
returns private.order_totals
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  is_revenue boolean := p_order.order_kind = 'sale'
    and p_order.order_status <> 'cancelled'
    and p_order.payment_status in ('paid', 'partially_refunded', 'refunded');
begin
  return row(
    p_order.user_id, p_order.currency, 1, p_order.total_amount,
    date_trunc('month', p_order.created_at at time zone 'UTC')::date, 1, p_order.total_amount,
    is_revenue::integer,
    case when is_revenue then p_order.total_amount else 0.00 end,
    case when is_revenue then private.refunded_amount(p_order) else 0.00 end,
    p_order.created_at
  )::private.order_totals;
end;
$$;
comment on function private.totals_of_order(public.orders) is
  'What one order adds to order_totals.';
grant execute on function private.totals_of_order(public.orders) to service_role;

create function private.add_order_totals(p_added private.order_totals)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  for attempt in 1 .. 2 loop
    update private.order_totals as kept
    set orders = kept.orders + p_added.orders,
        amount = kept.amount + p_added.amount,
        month = greatest(kept.month, p_added.month),
        -- Orders of the new month come before the last ones of the old month.
        month_orders = case
          when kept.month = p_added.month then kept.month_orders + p_added.month_orders
          when kept.month < p_added.month then p_added.month_orders
          else kept.month_orders
        end,
        month_amount = case
          when kept.month = p_added.month then kept.month_amount + p_added.month_amount
          when kept.month < p_added.month then p_added.month_amount
          else kept.month_amount
        end,
        paid_orders = kept.paid_orders + p_added.paid_orders,
        gross = kept.gross + p_added.gross,
        refunded = kept.refunded + p_added.refunded,
        last_order_at = greatest(kept.last_order_at, p_added.last_order_at)
    where kept.user_id = p_added.user_id and kept.currency = p_added.currency;
    exit when found;
    -- The account may be deleted in this transaction.
    insert into private.order_totals (user_id, currency, month)
    select id, p_added.currency, p_added.month from public.users where id = p_added.user_id
    on conflict (user_id, currency) do nothing;
  end loop;
end;
$$;
comment on function private.add_order_totals(private.order_totals) is
  'Adds to the totals of a seller; as their row stays locked, it comes last in a transaction.';
grant execute on function private.add_order_totals(private.order_totals) to service_role;

create function private.sum_totals(p_totals private.order_totals[])
returns private.order_totals[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return array(
    select row(
      user_id, currency, sum(orders), sum(amount), month, sum(month_orders), sum(month_amount), sum(paid_orders),
      sum(gross), sum(refunded), max(last_order_at)
    )::private.order_totals
    from unnest(p_totals)
    group by user_id, currency, month
    order by currency
  );
end;
$$;
comment on function private.sum_totals(private.order_totals[]) is
  'Figures of several orders of a seller by currency, in the order in which their rows are locked.';
grant execute on function private.sum_totals(private.order_totals[]) to service_role;

create function private.subtract_totals(
  p_totals private.order_totals,
  p_subtracted private.order_totals
)
returns private.order_totals
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  p_totals.orders := p_totals.orders - p_subtracted.orders;
  p_totals.amount := p_totals.amount - p_subtracted.amount;
  p_totals.month_orders := p_totals.month_orders - p_subtracted.month_orders;
  p_totals.month_amount := p_totals.month_amount - p_subtracted.month_amount;
  p_totals.paid_orders := p_totals.paid_orders - p_subtracted.paid_orders;
  p_totals.gross := p_totals.gross - p_subtracted.gross;
  p_totals.refunded := p_totals.refunded - p_subtracted.refunded;
  return p_totals;
end;
$$;
comment on function private.subtract_totals(private.order_totals, private.order_totals) is
  'The difference of two totals of one seller, currency and month.';
grant execute on function private.subtract_totals(private.order_totals, private.order_totals) to service_role;

create function private.keep_order_totals()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
declare
  before private.order_totals := private.totals_of_order(old);
  after private.order_totals := private.totals_of_order(new);
  nothing private.order_totals;
begin
  if before.currency = after.currency then
    perform private.add_order_totals(private.subtract_totals(after, before));
    return null;
  end if;
  -- Two transactions that move orders between the same currencies lock them in one order.
  perform 1 from private.order_totals where user_id = new.user_id order by currency for no key update;
  nothing := row(
    before.user_id, before.currency, 0, 0, before.month, 0, 0, 0, 0, 0, before.last_order_at
  )::private.order_totals;
  perform private.add_order_totals(private.subtract_totals(nothing, before));
  perform private.add_order_totals(after);
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
    (old.total_amount, old.currency, old.payment_status, old.order_kind, old.refunded_amount, old.order_status = 'cancelled')
    is distinct from
    (new.total_amount, new.currency, new.payment_status, new.order_kind, new.refunded_amount, new.order_status = 'cancelled')
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

create function private.add_label_totals(p_user_id uuid, p_currency text, p_labels integer, p_cost numeric)
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
comment on function private.add_label_totals(uuid, text, integer, numeric) is
  'Adds to the totals of the labels of a seller; as their row stays locked, it comes last in a transaction.';
grant execute on function private.add_label_totals(uuid, text, integer, numeric) to service_role;

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
      perform private.add_label_totals(old.user_id, old.currency, -1, -before);
    end if;
  end if;
  if after is not null then
    perform private.add_label_totals(new.user_id, new.currency, 1, after);
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
    (old.shipping_cost, old.quoted_cost, old.currency, old.status = 'voided')
    is distinct from
    (new.shipping_cost, new.quoted_cost, new.currency, new.status = 'voided')
  )
  execute function private.keep_label_totals();
