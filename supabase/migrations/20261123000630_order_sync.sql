-- Orders that are found by asking TikTok, and not by a webhook: they go through the inbox like the others.

create function private.enqueue_found_orders(p_shop public.tiktok_shops, p_orders jsonb)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  enqueued integer;
begin
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select
    'creatorflow',
    'ORDER_FOUND:' || p_shop.id || ':' || found.order_id || ':' || found.update_time,
    'ORDER_FOUND',
    p_shop.shop_id,
    found.order_id,
    '{}'
  from jsonb_to_recordset(p_orders) as found (order_id text, update_time bigint)
  where not exists (
      select from public.orders
      where orders.tiktok_shop_id = p_shop.id
        and orders.tiktok_order_id = found.order_id
        and orders.tiktok_updated_at >= to_timestamp(found.update_time)
    )
    and not exists (
      select from private.webhook_events as waiting
      where waiting.shop_id = p_shop.shop_id
        and waiting.object_id = found.order_id
        -- Not processing: that worker may have read an older state.
        and waiting.status in ('pending', 'held')
    )
  on conflict (source, external_id) do nothing;
  get diagnostics enqueued = row_count;
  return enqueued;
end;
$$;
comment on function private.enqueue_found_orders(public.tiktok_shops, jsonb) is
  'Puts those of p_orders [{order_id, update_time}] into the inbox whose state is neither stored nor waiting there. Returns how many.';
grant execute on function private.enqueue_found_orders(public.tiktok_shops, jsonb) to service_role;

create function public.store_order_page(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_orders jsonb,
  p_synced_until timestamptz,
  p_next text
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  shop public.tiktok_shops;
  enqueued integer;
  missed integer;
begin
  if event.id is null then
    return jsonb_build_object('outcome', 'settled', 'enqueued', 0, 'missed', 0);
  end if;
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id for update;
  if shop.id is null then
    raise exception 'There is no shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  enqueued := private.enqueue_found_orders(shop, p_orders);
  -- The first sync finds what was there before; later ones find what no webhook told us.
  missed := case when shop.first_sync_done then enqueued else 0 end;
  if missed > 0 then
    insert into public.system_logs (event_type, details)
    values ('orders_missed', jsonb_build_object('shop_id', shop.shop_id, 'orders', missed));
  end if;
  update public.tiktok_shops
  set orders_synced_until = greatest(orders_synced_until, p_synced_until),
      first_sync_done = first_sync_done or p_next = 'end'
  where id = p_tiktok_shop_id
  returning * into shop;

  if p_next = 'page' then
    return jsonb_build_object('outcome', 'stored', 'enqueued', enqueued, 'missed', missed);
  end if;
  perform private.settle_done(p_event_id);
  if p_next = 'later' then
    insert into private.webhook_events (source, external_id, event_type, shop_id, body)
    values (
      'creatorflow',
      'SYNC_ORDERS:' || shop.id || ':' || extract(epoch from shop.orders_synced_until) || ':' || p_event_id,
      'SYNC_ORDERS',
      shop.shop_id,
      '{}'
    )
    on conflict (source, external_id) do nothing;
  end if;
  return jsonb_build_object('outcome', 'synced', 'enqueued', enqueued, 'missed', missed);
end;
$$;
comment on function public.store_order_page(bigint, uuid, jsonb, timestamptz, text) is
  'Stores a page of an order search, in ascending order of update time, and moves the shop''s orders_synced_until, in one transaction. p_orders: [{order_id, update_time (unix seconds)}]. p_next: page (another follows), later (there is more: settles the event and enqueues its successor) or end (settles the event). Returns {outcome, enqueued, missed}: stored, synced or settled (the event already was); missed are those that a webhook should have told of.';
grant execute on function public.store_order_page(bigint, uuid, jsonb, timestamptz, text) to service_role;

create function public.request_order_sync(p_shop_id text default null)
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
  insert into private.webhook_events (source, external_id, event_type, shop_id, body)
  select
    'creatorflow', 'SYNC_ORDERS:' || shop.id || ':' || gen_random_uuid(), 'SYNC_ORDERS', shop.shop_id, '{}'
  from public.tiktok_shops as shop
  where shop.connection_status = 'active'
    and (p_shop_id is null or shop.shop_id = p_shop_id)
    and not exists (
      select from private.webhook_events as waiting
      where waiting.shop_id = shop.shop_id
        and waiting.event_type = 'SYNC_ORDERS'
        and waiting.object_id is null
        and (waiting.status = 'pending' or (waiting.status = 'processing' and p_shop_id is null))
    );
  get diagnostics requested = row_count;
  return jsonb_build_object('requested', requested);
end;
$$;
comment on function public.request_order_sync(text) is
  'Enqueues SYNC_ORDERS for a shop, or for every connected one, unless one waits already. Returns {requested}; raises PT404 if the shop is not connected.';
grant execute on function public.request_order_sync(text) to service_role;

create function public.expand_webhook_event(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_orders jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
begin
  if event.id is null then
    return jsonb_build_object('outcome', 'settled');
  end if;
  if jsonb_array_length(p_orders) = 0 then
    perform public.request_order_sync(event.shop_id)
    from public.tiktok_shops
    where id = p_tiktok_shop_id and connection_status = 'active';
  end if;
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select
    'creatorflow',
    event.event_type || ':' || event.id || ':' || named.order_id,
    event.event_type,
    event.shop_id,
    named.order_id,
    jsonb_build_object('notice', coalesce(named.notice, '{}'))::text
  from jsonb_to_recordset(p_orders) as named (order_id text, notice jsonb)
  on conflict (source, external_id) do nothing;
  perform private.settle_done(p_event_id);
  return jsonb_build_object('outcome', 'expanded');
end;
$$;
comment on function public.expand_webhook_event(bigint, uuid, jsonb) is
  'Settles an event that names several orders, or none, by events for each of them: p_orders [{order_id, notice}]. If it names none, the shop''s orders are synced: whatever changed is found by its time. Returns {outcome}: expanded or settled.';
grant execute on function public.expand_webhook_event(bigint, uuid, jsonb) to service_role;
