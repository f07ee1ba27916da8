-- Orders and returns found by a search at TikTok; they pass through the inbox like webhooks.

/*
  Arguments: p_shop; p_orders [{order_id, update_time}]; update_time is null for an order whose time could not be read.
  Returns:   the number of orders.
*/
create function private.enqueue_found_orders(p_shop public.tiktok_shops, p_orders jsonb)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  found record;
  occasion text;
  given_up bigint[];
  enqueued integer := 0;
begin
  for found in
    select entry.order_id, entry.update_time
    from jsonb_to_recordset(p_orders) as entry (order_id text, update_time bigint)
    where not exists (
        select from public.orders
        where orders.tiktok_shop_id = p_shop.id
          and orders.tiktok_order_id = entry.order_id
          -- At most the end of the year 9999, as it is stored.
          and orders.tiktok_updated_at >= to_timestamp(least(entry.update_time, 253402300799))
      )
      and not exists (
        select from private.webhook_events as waiting
        where waiting.shop_id = p_shop.shop_id
          and waiting.object_id = entry.order_id
          and waiting.status in ('pending', 'held')
          -- Without processing: that worker may have read an older state.
          and exists (
            select from private.event_queue as queued
            where queued.event_id = waiting.id and queued.status in ('pending', 'held')
          )
          -- A held order is read again once it has changed: its seller sees its state.
          and not exists (
            select from private.held_orders as held
            where waiting.status = 'held'
              and held.shop_id = p_shop.shop_id
              and held.tiktok_order_id = entry.order_id
              and held.tiktok_updated_at < to_timestamp(least(entry.update_time, 253402300799))
          )
      )
  loop
    -- An earlier connection may have had the same task, whose order was stored for the next account.
    occasion := concat_ws(
      ':', p_shop.id, extract(epoch from p_shop.connected_at), found.order_id,
      coalesce(found.update_time::text, 'unread:' || date_trunc('hour', now()))
    );
    if private.enqueue_task('ORDER_FOUND', occasion, p_shop.shop_id, found.order_id) is not null then
      enqueued := enqueued + 1;
      continue;
    end if;
    -- This state was found before, and its event has failed to the end since.
    given_up := array(
      select id
      from private.webhook_events
      where source = 'creatorflow'
        and external_id = 'ORDER_FOUND:' || occasion
        and status in ('failing', 'dead')
        and exists (
          select from private.event_queue as queued
          where queued.event_id = webhook_events.id and queued.status in ('failing', 'dead')
        )
      for update skip locked
    );
    perform private.reopen_webhook_events(given_up);
    enqueued := enqueued + cardinality(given_up);
  end loop;
  return enqueued;
end;
$$;
comment on function private.enqueue_found_orders(public.tiktok_shops, jsonb) is
  'Enqueues the orders whose state is neither stored nor waiting in the inbox, also those whose event is failing or dead.';
grant execute on function private.enqueue_found_orders(public.tiktok_shops, jsonb) to service_role;

create function private.postpone_found_orders(p_shop_id text, p_is_complete boolean)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update private.event_queue
  set next_attempt_at = now() + case when p_is_complete then interval '0' else interval '10 minutes' end
  where event_id = any (array(
    select event.id
    from private.event_queue as waiting
    join private.webhook_events as event on event.id = waiting.event_id
    where waiting.shop_id = p_shop_id
      and waiting.is_found_order
      and waiting.status not in ('failing', 'held', 'dead')
      and waiting.received_at > now() - interval '10 minutes'
      and waiting.status = 'pending'
      and event.last_error is null
      and (waiting.next_attempt_at > now()) = p_is_complete
    order by event.id
    -- A locked one is being claimed or applied.
    for update of event, waiting skip locked
  ));
end;
$$;
comment on function private.postpone_found_orders(text, boolean) is
  'Lets found orders wait until their search is complete, at most ten minutes: then all are known, and the most urgent get the places.';
grant execute on function private.postpone_found_orders(text, boolean) to service_role;

/*
  Arguments: p_event, the locked event of a sync; p_shop; p_next: later, its successor reads the rest; end; any other
             value leaves the event open; p_result.
  Returns:   p_result with the outcome: stored, or synced once the event is settled.
*/
create function private.end_sync_page(
  p_event private.webhook_events,
  p_shop public.tiktok_shops,
  p_next text,
  p_result jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if p_next not in ('later', 'end') then
    return p_result || '{"outcome": "stored"}';
  end if;
  if p_next = 'later' then
    perform private.enqueue_task('SYNC_ORDERS', p_shop.id || ':after:' || p_event.id, p_shop.shop_id);
  end if;
  return private.settle_locked_event(p_event, p_result || '{"outcome": "synced"}');
end;
$$;
comment on function private.end_sync_page(private.webhook_events, public.tiktok_shops, text, jsonb) is
  'Part of store_order_page and store_return_page: settles the event of the sync after its last page.';
grant execute on function private.end_sync_page(private.webhook_events, public.tiktok_shops, text, jsonb) to service_role;

/*
  Arguments: p_event_id; p_tiktok_shop_id; p_orders [{order_id, update_time (unix seconds)}], ascending by update time;
             p_synced_until, the new watermark; p_next: page, another page follows; later, settles the event and
             enqueues its successor; returns, the search is complete, and the returns follow.
  Returns:   {outcome, enqueued, missed}: stored, synced, or settled (the event already was); missed counts the orders
             that a webhook should have announced.
  Errors:    PT404, unknown shop.
*/
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
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  shop public.tiktok_shops;
  enqueued integer;
  missed integer;
begin
  -- 1. Lock the event and the shop.
  if event.id is null then
    return private.settle_locked_event(event, '{"enqueued": 0, "missed": 0}');
  end if;
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id for no key update;
  if shop.id is null then
    raise exception 'Unknown shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  -- 2. Enqueue the orders; those of a later sync count as missed by the webhooks.
  enqueued := private.enqueue_found_orders(shop, p_orders);
  missed := case when shop.first_sync_done then enqueued else 0 end;
  if missed > 0 then
    insert into public.system_logs (event_type, details)
    values ('orders_missed', jsonb_build_object('shop_id', shop.shop_id, 'orders', missed));
  end if;
  perform private.postpone_found_orders(shop.shop_id, p_next = 'returns');
  -- 3. Move the watermark.
  update public.tiktok_shops
  set orders_synced_until = greatest(orders_synced_until, p_synced_until),
      first_sync_done = first_sync_done or p_next = 'returns'
  where id = p_tiktok_shop_id;
  return private.end_sync_page(
    event, shop, p_next, jsonb_build_object('enqueued', enqueued, 'missed', missed)
  );
end;
$$;
comment on function public.store_order_page(bigint, uuid, jsonb, timestamptz, text) is
  'Enqueues the orders of one page of an order search and moves the watermark of the shop, in one transaction.';
grant execute on function public.store_order_page(bigint, uuid, jsonb, timestamptz, text) to service_role;

/*
  Arguments: p_event_id; p_tiktok_shop_id; p_returns [{return_id, order_id, update_time (unix seconds), notice}], returns
             that were paid back; p_synced_until, the new watermark, if it is later; p_next: page, another page follows;
             later, settles the event and enqueues its successor; end, settles the event.
  Returns:   {outcome, enqueued}: stored, synced, or settled (the event already was).
  Errors:    PT404, unknown shop.
*/
create function public.store_return_page(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_returns jsonb,
  p_synced_until timestamptz,
  p_next text
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  shop public.tiktok_shops;
  enqueued integer;
begin
  -- 1. Lock the event and the shop.
  if event.id is null then
    return private.settle_locked_event(event, '{"enqueued": 0}');
  end if;
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id for no key update;
  if shop.id is null then
    raise exception 'Unknown shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  -- 2. Enqueue the returns whose refund is not in the timeline of their order.
  select count(
    private.enqueue_task(
      'RETURN_FOUND',
      concat_ws(':', shop.id, extract(epoch from shop.connected_at), found.return_id, found.update_time),
      shop.shop_id, found.order_id, jsonb_build_object('notice', found.notice)::text
    )
  )
  into enqueued
  from jsonb_to_recordset(p_returns) as found (return_id text, order_id text, update_time bigint, notice jsonb)
  where not exists (
    select from public.orders
    join public.order_events as known on known.order_id = orders.id and known.user_id = orders.user_id
    where orders.user_id = shop.user_id
      and orders.tiktok_shop_id = shop.id
      and orders.tiktok_order_id = found.order_id
      and known.changes ->> 'refund_id' = 'return/' || found.return_id
  );
  -- 3. Move the watermark.
  update public.tiktok_shops
  set returns_synced_until = greatest(returns_synced_until, p_synced_until)
  where id = p_tiktok_shop_id;
  return private.end_sync_page(event, shop, p_next, jsonb_build_object('enqueued', enqueued));
end;
$$;
comment on function public.store_return_page(bigint, uuid, jsonb, timestamptz, text) is
  'Enqueues the returns of one page of a search whose refund is not known, and moves the watermark of the shop, in one transaction.';
grant execute on function public.store_return_page(bigint, uuid, jsonb, timestamptz, text) to service_role;

/*
  Arguments: p_shop_id, the TikTok shop id; null means every connected shop.
  Returns:   {requested}, the number of shops.
  Errors:    PT404, the shop is not connected.
*/
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
  select private.enqueue_tasks(
    'SYNC_ORDERS',
    coalesce(
      jsonb_agg(jsonb_build_object('occasion', shop.id || ':' || gen_random_uuid(), 'shop_id', shop.shop_id)), '[]'
    )
  )
  into requested
  from public.tiktok_shops as shop
  where shop.connection_status = 'active'
    and (p_shop_id is null or shop.shop_id = p_shop_id)
    and not exists (
      select from private.webhook_events as waiting
      join private.event_queue as queued on queued.event_id = waiting.id
      where waiting.shop_id = shop.shop_id
        and waiting.event_type = 'SYNC_ORDERS'
        and waiting.object_id is null
        and waiting.status in ('pending', 'failing')
        and (queued.status = 'pending' or (queued.status = 'processing' and p_shop_id is null))
    );
  return jsonb_build_object('requested', requested);
end;
$$;
comment on function public.request_order_sync(text) is
  'Enqueues SYNC_ORDERS for one shop or every connected shop, unless one is waiting.';
grant execute on function public.request_order_sync(text) to service_role;

/*
  Arguments: p_event_id; p_tiktok_shop_id; p_orders [{order_id, notice}].
  Returns:   {outcome}: expanded; settled, the event already was.
*/
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
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
begin
  if event.id is not null then
    if jsonb_array_length(p_orders) = 0 then
      perform public.request_order_sync(event.shop_id)
      from public.tiktok_shops
      where id = p_tiktok_shop_id and connection_status = 'active';
    end if;
    perform private.enqueue_task(
      event.event_type,
      event.id || ':' || named.order_id,
      event.shop_id,
      named.order_id,
      jsonb_build_object('notice', coalesce(named.notice, '{}'))::text
    )
    from jsonb_to_recordset(p_orders) as named (order_id text, notice jsonb);
  end if;
  return private.settle_locked_event(event, '{"outcome": "expanded"}');
end;
$$;
comment on function public.expand_webhook_event(bigint, uuid, jsonb) is
  'Replaces an event about several orders by one event per order; without any order it requests a sync of the shop.';
grant execute on function public.expand_webhook_event(bigint, uuid, jsonb) to service_role;
