-- Orders that were stored with fewer columns are read again at TikTok; they pass through the inbox.

/*
  Arguments: p_shop_id, the TikTok shop id; null means every connected shop.
  Returns:   {requested}, the number of shops.
  Errors:    PT404, the shop is not connected.
*/
create function public.request_order_reread(p_shop_id text default null)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  requested integer;
begin
  if p_shop_id is not null and not exists (
    select from public.tiktok_shops where shop_id = p_shop_id and connection_status = 'active'
  ) then
    raise exception 'Shop % is not connected', p_shop_id using errcode = 'PT404';
  end if;
  select private.enqueue_tasks(
    'REREAD_ORDERS',
    coalesce(
      jsonb_agg(jsonb_build_object('occasion', shop.id || ':' || gen_random_uuid(), 'shop_id', shop.shop_id)), '[]'
    )
  )
  into requested
  from public.tiktok_shops as shop
  where shop.connection_status = 'active'
    and (p_shop_id is null or shop.shop_id = p_shop_id)
    and exists (
      select from public.orders
      where orders.tiktok_shop_id = shop.id
        and orders.mapping_version < private.order_mapping_version()
    )
    and not exists (
      select from private.webhook_events as waiting
      join private.event_queue as queued on queued.event_id = waiting.id
      where waiting.shop_id = shop.shop_id
        and waiting.event_type = 'REREAD_ORDERS'
        and waiting.object_id is null
        and waiting.status in ('pending', 'failing')
        and queued.status in ('pending', 'processing')
    );
  return jsonb_build_object('requested', requested);
end;
$$;
comment on function public.request_order_reread(text) is
  'Enqueues REREAD_ORDERS for one shop or every connected shop that has orders of an older mapping, unless one is waiting.';
grant execute on function public.request_order_reread(text) to service_role;

/*
  Arguments: p_event_id, whose body may have {after}, the TikTok order id that the page begins behind;
             p_tiktok_shop_id; p_page_size.
  Returns:   {outcome, enqueued}: requested; settled, the event already was.
*/
create function public.enqueue_order_rereads(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_page_size integer default 500
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  page text[];
  enqueued integer;
begin
  if event.id is null then
    return private.settle_locked_event(event, '{"enqueued": 0}');
  end if;
  -- In the order of the unique key, so a page costs the same behind a million orders.
  select coalesce(array_agg(outdated.tiktok_order_id order by outdated.tiktok_order_id), '{}') into page
  from (
    select tiktok_order_id
    from public.orders
    where tiktok_shop_id = p_tiktok_shop_id
      and tiktok_order_id > coalesce(event.body::jsonb ->> 'after', '')
      and mapping_version < private.order_mapping_version()
    order by tiktok_order_id
    limit p_page_size
  ) as outdated;
  -- Each order once per version and connection, however often a re-read is requested.
  select private.enqueue_tasks(
    'ORDER_REREAD',
    coalesce(
      jsonb_agg(jsonb_build_object(
        'occasion', concat_ws(
          ':', shop.id, extract(epoch from shop.connected_at), outdated.order_id, private.order_mapping_version()
        ),
        'shop_id', event.shop_id,
        'object_id', outdated.order_id
      )),
      '[]'
    )
  )
  into enqueued
  from public.tiktok_shops as shop
  cross join unnest(page) as outdated (order_id)
  where shop.id = p_tiktok_shop_id;
  -- The next page stands behind this one in the inbox, so new orders wait for one page at most.
  if cardinality(page) = p_page_size then
    perform private.enqueue_task(
      'REREAD_ORDERS',
      p_event_id || ':' || page[p_page_size],
      event.shop_id,
      null,
      jsonb_build_object('after', page[p_page_size])::text
    );
  end if;
  return private.settle_locked_event(
    event, jsonb_build_object('outcome', 'requested', 'enqueued', enqueued)
  );
end;
$$;
comment on function public.enqueue_order_rereads(bigint, uuid, integer) is
  'Enqueues one task for each order of a page that an older mapping stored, and the task of the next page.';
grant execute on function public.enqueue_order_rereads(bigint, uuid, integer) to service_role;
