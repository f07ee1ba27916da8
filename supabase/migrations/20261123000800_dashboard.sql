-- Figures of each seller: as the rows say, as they are kept, and how the two are compared.

create view private.counted_order_totals with (security_invoker = true) as
select
  user_id,
  currency,
  count(*)::integer as orders,
  sum(total_amount) as amount,
  count(*) filter (where is_of_month)::integer as month_orders,
  coalesce(sum(total_amount) filter (where is_of_month), 0.00) as month_amount,
  count(*) filter (where is_revenue)::integer as paid_orders,
  coalesce(sum(total_amount) filter (where is_revenue), 0.00) as gross,
  -- Only few orders need the function.
  coalesce(
    sum(private.refunded_amount(orders)) filter (where is_revenue and payment_status <> 'paid'), 0.00
  ) as refunded,
  max(created_at) as last_order_at
from public.orders as orders
cross join (
  select private.current_month()::timestamp at time zone 'UTC' as start
) as month
cross join lateral (
  select
    created_at >= month.start as is_of_month,
    payment_status in ('paid', 'partially_refunded', 'refunded')
      and order_status <> 'cancelled'
      and order_kind = 'sale' as is_revenue
) as kind
group by user_id, currency;
comment on view private.counted_order_totals is 'order_totals as the orders say; its cost grows with them.';
grant select on private.counted_order_totals to service_role;

create view private.counted_label_totals with (security_invoker = true) as
select
  user_id,
  currency,
  count(*)::integer as labels,
  sum(coalesce(shipping_cost, quoted_cost)) as cost
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
  where (
    coalesce(counted.orders, 0), coalesce(counted.amount, 0), coalesce(counted.month_orders, 0),
    coalesce(counted.month_amount, 0), coalesce(counted.paid_orders, 0), coalesce(counted.gross, 0),
    coalesce(counted.refunded, 0)
  ) is distinct from (
    coalesce(kept.orders, 0), coalesce(kept.amount, 0),
    case when kept.month = current.month then kept.month_orders else 0 end,
    case when kept.month = current.month then kept.month_amount else 0 end,
    coalesce(kept.paid_orders, 0), coalesce(kept.gross, 0), coalesce(kept.refunded, 0)
  )
  union
  select user_id
  from counted_labels as counted
  full join private.label_totals as kept using (user_id, currency)
  where (coalesce(counted.labels, 0), coalesce(counted.cost, 0))
    is distinct from (coalesce(kept.labels, 0), coalesce(kept.cost, 0))
), by_seller as (
  select
    user_id,
    sum(orders) as orders,
    sum(amount) as amount,
    sum(month_orders) as month_orders,
    sum(month_amount) as month_amount,
    jsonb_agg(
      jsonb_build_object(
        'currency', currency, 'gross', gross::text, 'refunded', refunded::text, 'orders', paid_orders
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
      jsonb_build_object('currency', currency, 'cost', cost::text, 'labels', labels) order by currency
    ) as costs
  from counted_labels
  group by user_id
)
select
  seller.id as user_id,
  seller.subscription_tier,
  coalesce(by_seller.orders, 0)::bigint as total_orders,
  coalesce(by_seller.month_orders, 0)::bigint as monthly_orders,
  coalesce(by_seller.amount, 0.00) as total_revenue,
  coalesce(by_seller.month_amount, 0.00) as monthly_revenue,
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
begin
  return (
    select jsonb_build_object(
      'user_id', seller.id,
      'subscription_tier', seller.subscription_tier,
      'total_orders', coalesce(kept.orders, 0),
      'monthly_orders', coalesce(kept.month_orders, 0),
      'total_revenue', coalesce(kept.amount, 0.00)::text,
      'monthly_revenue', coalesce(kept.month_amount, 0.00)::text,
      'revenue', coalesce(kept.revenue, '[]'),
      'label_costs', coalesce(label.costs, '[]'),
      'connected_shops', (
        select count(*) from public.tiktok_shops as shop where shop.user_id = seller.id and shop.is_active
      ),
      'last_order_date', kept.last_order_at
    )
    from public.users as seller
    cross join lateral (
      select
        sum(orders) as orders,
        sum(amount) as amount,
        sum(month_orders) filter (where month = private.current_month()) as month_orders,
        sum(month_amount) filter (where month = private.current_month()) as month_amount,
        jsonb_agg(
          jsonb_build_object(
            'currency', currency, 'gross', gross::text, 'refunded', refunded::text, 'orders', paid_orders
          )
          order by currency
        ) filter (where paid_orders > 0) as revenue,
        max(last_order_at) as last_order_at
      from private.order_totals
      where user_id = seller.id
    ) as kept
    cross join lateral (
      select
        jsonb_agg(
          jsonb_build_object('currency', currency, 'cost', cost::text, 'labels', labels) order by currency
        ) filter (where labels > 0) as costs
      from private.label_totals
      where user_id = seller.id
    ) as label
    where seller.id = (select auth.uid())
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
             [{currency, labels, cost}]}: what the kept figures had too little, in currencies where they differed.
*/
create function private.correct_totals(p_user_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  this_month date := private.current_month();
  missing_orders jsonb;
  missing_labels jsonb;
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
  with counted as (
    select
      kept.currency,
      coalesce(rows.orders, 0) as orders,
      coalesce(rows.amount, 0.00) as amount,
      coalesce(rows.month_orders, 0) as month_orders,
      coalesce(rows.month_amount, 0.00) as month_amount,
      coalesce(rows.paid_orders, 0) as paid_orders,
      coalesce(rows.gross, 0.00) as gross,
      coalesce(rows.refunded, 0.00) as refunded,
      rows.last_order_at,
      kept as before
    from private.order_totals as kept
    left join (select * from private.counted_order_totals where user_id = p_user_id) as rows
      on rows.currency = kept.currency
    where kept.user_id = p_user_id
  ), corrected as (
    update private.order_totals as kept
    set orders = counted.orders,
        amount = counted.amount,
        month = this_month,
        month_orders = counted.month_orders,
        month_amount = counted.month_amount,
        paid_orders = counted.paid_orders,
        gross = counted.gross,
        refunded = counted.refunded,
        last_order_at = counted.last_order_at
    from counted
    where kept.user_id = p_user_id and kept.currency = counted.currency
    returning
      counted.currency,
      private.subtract_totals(
        kept,
        case
          when (counted.before).month = this_month then counted.before
          else row(
            p_user_id, counted.currency, (counted.before).orders, (counted.before).amount, this_month, 0, 0,
            (counted.before).paid_orders, (counted.before).gross, (counted.before).refunded, null
          )::private.order_totals
        end
      ) as missing
  )
  select jsonb_agg(to_jsonb(missing) - '{user_id,month,last_order_at}'::text[] order by currency)
  into missing_orders
  from corrected;
  with counted as (
    select kept.currency, coalesce(rows.labels, 0) as labels, coalesce(rows.cost, 0.00) as cost, kept as before
    from private.label_totals as kept
    left join (select * from private.counted_label_totals where user_id = p_user_id) as rows
      on rows.currency = kept.currency
    where kept.user_id = p_user_id
  ), corrected as (
    update private.label_totals as kept
    set labels = counted.labels, cost = counted.cost
    from counted
    where kept.user_id = p_user_id and kept.currency = counted.currency
    returning
      counted.currency, counted.labels - (counted.before).labels as labels, counted.cost - (counted.before).cost as cost
  )
  select jsonb_agg(to_jsonb(corrected) order by currency) into missing_labels from corrected;
  return jsonb_build_object('orders', coalesce(missing_orders, '[]'), 'labels', coalesce(missing_labels, '[]'));
end;
$$;
comment on function private.correct_totals(uuid) is
  'Part of refresh_dashboard_metrics: makes the kept figures of a seller those of the rows.';
grant execute on function private.correct_totals(uuid) to service_role;

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
