-- Overdue label tasks of the event worker.

/*
  Returns:   the number of tasks.
*/
create function public.enqueue_label_tasks()
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
begin
  return (
    with due as (
      select
        id,
        order_id,
        case state when 'void_requested' then 'CHECK_VOID' else 'SETTLE_LABEL' end as task,
        attempt || ':' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24') as occasion,
        provider = 'tiktok_shipping' and state <> 'requested' as reads_tiktok
      from private.label_purchases as purchase
      where state = 'unknown'
        or (state in ('requested', 'purchasing') and private.is_abandoned(purchase))
        or (state = 'void_requested' and checked_at < now() - interval '6 hours')
      union all
      select
        id, order_id, 'CHECK_TRACKING', to_char(now() at time zone 'UTC', 'YYYYMMDD'),
        provider = 'tiktok_shipping'
      from public.shipments
      where status in ('purchased', 'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed')
        and provider is not null
        and tracked_at < now() - interval '24 hours'
        and created_at > now() - interval '90 days'
    ), next_tasks as (
      select due.id, task, due.id || ':' || occasion as occasion, shop.shop_id
      from due
      join public.orders on orders.id = due.order_id
      join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
      -- TikTok can be read only while the shop is connected: then they are due.
      where (not due.reads_tiktok or shop.connection_status in ('active', 'paused'))
      and not exists (
        select from private.webhook_events as waiting
        join private.event_queue as queued on queued.event_id = waiting.id
        where waiting.shop_id = shop.shop_id
          and waiting.object_id = due.id::text
          and waiting.event_type = task
          and waiting.status in ('pending', 'failing')
          and queued.status in ('pending', 'processing')
      )
      -- Tasks that already ran on this occasion must not use up the limit.
      and not exists (
        select from private.webhook_events as enqueued
        where enqueued.source = 'creatorflow' and enqueued.external_id = task || ':' || due.id || ':' || occasion
      )
      order by due.id, task
      limit 1000
    )
    select count(private.enqueue_task(task, occasion, shop_id, id::text))::integer from next_tasks
  );
end;
$$;
comment on function public.enqueue_label_tasks() is
  'Enqueues overdue label tasks: unsettled purchases hourly, undecided voids every 6 hours, silent parcels daily for 90 days.';
grant execute on function public.enqueue_label_tasks() to service_role;
