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
begin
  if event.id is null then
    return jsonb_build_object('outcome', 'settled', 'enqueued', 0);
  end if;
  update public.tiktok_shops
  set orders_synced_until = greatest(orders_synced_until, p_synced_until)
  where id = p_tiktok_shop_id
  returning * into shop;
  if shop.id is null then
    raise exception 'There is no shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  enqueued := private.enqueue_found_orders(shop, p_orders);

  if p_next = 'page' then
    return jsonb_build_object('outcome', 'stored', 'enqueued', enqueued);
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
    );
  end if;
  return jsonb_build_object('outcome', 'synced', 'enqueued', enqueued);
end;
$$;
comment on function public.store_order_page(bigint, uuid, jsonb, timestamptz, text) is
  'Stores a page of an order search, in ascending order of update time, and moves the shop''s orders_synced_until, in one transaction. p_orders: [{order_id, update_time (unix seconds)}]. p_next: page (another follows), later (there is more: settles the event and enqueues its successor) or end (settles the event). Returns {outcome, enqueued}: stored, synced or settled (the event already was).';
grant execute on function public.store_order_page(bigint, uuid, jsonb, timestamptz, text) to service_role;
