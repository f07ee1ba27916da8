-- Precomputed figures of each seller.

create function private.refunded_amount(p_order public.orders)
returns numeric
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return case p_order.payment_status
    when 'refunded' then p_order.total_amount
    -- The buyer never gets back more than the order cost.
    when 'partially_refunded' then least(
      p_order.total_amount,
      (
        select coalesce(sum((changes ->> 'refund_total')::numeric), 0.00)
        from public.order_events
        where order_id = p_order.id and changes ? 'refund_total'
      )
    )
    else 0.00
  end;
end;
$$;
comment on function private.refunded_amount(public.orders) is
  'Amount of an order that went back to the buyer, as far as TikTok reported it.';
grant execute on function private.refunded_amount(public.orders) to service_role;

create materialized view private.user_dashboard_metrics as
with revenue_by_currency as (
  select
    user_id,
    currency,
    sum(total_amount) as gross,
    sum(
      case when payment_status = 'paid' then 0.00 else private.refunded_amount(orders) end
    ) as refunded,
    count(*) as orders
  from public.orders
  where payment_status in ('paid', 'partially_refunded', 'refunded')
    and order_status <> 'cancelled'
    and order_kind = 'sale'
  group by user_id, currency
), revenue as (
  select
    user_id,
    jsonb_agg(
      jsonb_build_object(
        'currency', currency, 'gross', gross::text, 'refunded', refunded::text, 'orders', orders
      )
      order by currency
    ) as by_currency
  from revenue_by_currency
  group by user_id
), cost_by_currency as (
  select
    labelled.user_id,
    shipment.currency,
    sum(coalesce(shipment.shipping_cost, shipment.quoted_cost)) as cost,
    count(*) as labels
  from public.shipments as shipment
  join public.orders as labelled on labelled.id = shipment.order_id
  where shipment.status <> 'voided'
    and shipment.currency is not null
    and coalesce(shipment.shipping_cost, shipment.quoted_cost) is not null
  group by labelled.user_id, shipment.currency
), label_costs as (
  select
    user_id,
    jsonb_agg(
      jsonb_build_object('currency', currency, 'cost', cost::text, 'labels', labels) order by currency
    ) as by_currency
  from cost_by_currency
  group by user_id
)
select
  seller.id as user_id,
  seller.subscription_tier,
  count(orders.id) as total_orders,
  count(orders.id) filter (where orders.created_at >= month.start) as monthly_orders,
  coalesce(sum(orders.total_amount), 0.00) as total_revenue,
  coalesce(sum(orders.total_amount) filter (where orders.created_at >= month.start), 0.00) as monthly_revenue,
  coalesce(revenue.by_currency, '[]') as revenue,
  coalesce(label_costs.by_currency, '[]') as label_costs,
  (
    select count(*) from public.tiktok_shops as shop where shop.user_id = seller.id and shop.is_active
  ) as connected_shops,
  max(orders.created_at) as last_order_date,
  now() as refreshed_at
from public.users as seller
cross join (
  select private.current_month()::timestamp at time zone 'UTC' as start
) as month
left join public.orders on orders.user_id = seller.id
left join revenue on revenue.user_id = seller.id
left join label_costs on label_costs.user_id = seller.id
group by seller.id, seller.subscription_tier, revenue.by_currency, label_costs.by_currency;
comment on materialized view private.user_dashboard_metrics is 'Dashboard figures, one row per seller as of refreshed_at; in private, because a materialized view has no row level security.';

comment on column private.user_dashboard_metrics.total_revenue is 'Requested column: the amounts of all orders, whatever their currency and state; revenue has the true figures.';
comment on column private.user_dashboard_metrics.monthly_revenue is 'As total_revenue, of the orders of this month (UTC).';
comment on column private.user_dashboard_metrics.revenue is '[{currency, gross, refunded, orders}] of the orders that buyers paid: docs/orders.md.';
comment on column private.user_dashboard_metrics.label_costs is '[{currency, cost, labels}] of the labels that are not voided and have a price.';

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
      'total_orders', coalesce(metrics.total_orders, 0),
      'monthly_orders', coalesce(metrics.monthly_orders, 0),
      'total_revenue', coalesce(metrics.total_revenue, 0.00)::text,
      'monthly_revenue', coalesce(metrics.monthly_revenue, 0.00)::text,
      'revenue', coalesce(metrics.revenue, '[]'),
      'label_costs', coalesce(metrics.label_costs, '[]'),
      'connected_shops', coalesce(metrics.connected_shops, 0),
      'last_order_date', metrics.last_order_date,
      'refreshed_at', metrics.refreshed_at
    )
    from public.users as seller
    left join private.user_dashboard_metrics as metrics on metrics.user_id = seller.id
    where seller.id = (select auth.uid())
  );
end;
$$;
comment on function private.own_dashboard_metrics() is
  'Dashboard row of the caller; definer, because sellers may not read the view: it reads auth.uid() and takes no argument.';
grant execute on function private.own_dashboard_metrics() to authenticated;

/*
  Returns:   {user_id, subscription_tier, total_orders, monthly_orders, total_revenue, monthly_revenue, revenue:
             [{currency, gross, refunded, orders}], label_costs: [{currency, cost, labels}], connected_shops,
             last_order_date, refreshed_at}; amounts as decimal strings; total_revenue and monthly_revenue add up all
             orders in all currencies, revenue only paid ones; zeros for a seller who signed up after the last refresh.
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
  'Dashboard figures of the caller.';
grant execute on function public.get_dashboard_metrics() to authenticated;

create function public.refresh_dashboard_metrics()
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  refresh materialized view concurrently private.user_dashboard_metrics;
end;
$$;
comment on function public.refresh_dashboard_metrics() is
  'Recomputes the dashboard figures without blocking readers; definer, because only the owner may refresh the view.';
grant execute on function public.refresh_dashboard_metrics() to service_role;
