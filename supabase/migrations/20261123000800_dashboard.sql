-- Precomputed figures of each seller.

create materialized view private.user_dashboard_metrics as
select
  seller.id as user_id,
  seller.subscription_tier,
  count(orders.id) as total_orders,
  count(orders.id) filter (where orders.created_at >= month.start) as monthly_orders,
  coalesce(sum(orders.total_amount), 0.00) as total_revenue,
  coalesce(sum(orders.total_amount) filter (where orders.created_at >= month.start), 0.00) as monthly_revenue,
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
group by seller.id, seller.subscription_tier;
comment on materialized view private.user_dashboard_metrics is 'Dashboard figures, one row per seller as of refreshed_at; in private, because a materialized view has no row level security.';

-- Required by concurrent refreshes.
create unique index user_dashboard_metrics_user_id_key on private.user_dashboard_metrics (user_id);
grant select on private.user_dashboard_metrics to service_role;

create function private.own_dashboard_metrics()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'user_id', seller.id,
    'subscription_tier', seller.subscription_tier,
    'total_orders', coalesce(metrics.total_orders, 0),
    'monthly_orders', coalesce(metrics.monthly_orders, 0),
    'total_revenue', coalesce(metrics.total_revenue, 0.00)::text,
    'monthly_revenue', coalesce(metrics.monthly_revenue, 0.00)::text,
    'connected_shops', coalesce(metrics.connected_shops, 0),
    'last_order_date', metrics.last_order_date,
    'refreshed_at', metrics.refreshed_at
  )
  from public.users as seller
  left join private.user_dashboard_metrics as metrics on metrics.user_id = seller.id
  where seller.id = (select auth.uid());
$$;
comment on function private.own_dashboard_metrics() is
  'Dashboard row of the caller; definer, because sellers may not read the view: it reads auth.uid() and takes no argument.';
grant execute on function private.own_dashboard_metrics() to authenticated;

/*
  Returns:   {user_id, subscription_tier, total_orders, monthly_orders, total_revenue, monthly_revenue,
             connected_shops, last_order_date, refreshed_at}; revenue as decimal strings over all currencies; zeros for
             a seller who signed up after the last refresh.
*/
create function public.get_dashboard_metrics()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.own_dashboard_metrics();
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
