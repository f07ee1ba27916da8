-- What the worker sees to by itself.

create function public.enqueue_label_tasks()
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  enqueued integer;
begin
  with due as (
    select
      id,
      order_id,
      case state when 'void_requested' then 'CHECK_VOID' else 'SETTLE_LABEL' end as task,
      attempt || ':' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24') as occasion
    from private.label_purchases as purchase
    where state = 'unknown'
      or (state in ('requested', 'purchasing') and private.is_abandoned(purchase))
      or (state = 'void_requested' and checked_at < now() - interval '6 hours')
    union all
    select
      id, order_id, 'CHECK_TRACKING', to_char(now() at time zone 'UTC', 'YYYYMMDD')
    from public.shipments
    where status in ('purchased', 'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed')
      and provider is not null
      and tracked_at < now() - interval '24 hours'
      and created_at > now() - interval '90 days'
  )
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select 'creatorflow', task || ':' || due.id || ':' || occasion, task, shop.shop_id, due.id::text, '{}'
  from due
  join public.orders on orders.id = due.order_id
  join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
  where not exists (
    select from private.webhook_events as waiting
    where waiting.shop_id = shop.shop_id
      and waiting.object_id = due.id::text
      and waiting.event_type = task
      and waiting.status in ('pending', 'processing')
  )
  -- Those that were asked for in vain keep no other waiting.
  and not exists (
    select from private.webhook_events as told
    where told.source = 'creatorflow' and told.external_id = task || ':' || due.id || ':' || occasion
  )
  order by due.id
  limit 1000
  on conflict (source, external_id) do nothing;
  get diagnostics enqueued = row_count;
  return enqueued;
end;
$$;
comment on function public.enqueue_label_tasks() is
  'Puts into the inbox what nobody else does: purchases whose outcome is unknown or whose worker died (hourly), voids that are not decided (every 6 hours), and parcels that nothing was heard of for 24 hours (daily, for 90 days). Returns how many.';
grant execute on function public.enqueue_label_tasks() to service_role;
