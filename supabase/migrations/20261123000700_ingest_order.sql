-- The only way in which orders are stored.

create function private.settle_reads_of_order(p_shop_id text, p_tiktok_order_id text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  locked bigint[];
begin
  -- Seldom there are any: this costs half of a query that locks.
  if not exists (
    select from private.webhook_events
    where shop_id = p_shop_id and object_id = p_tiktok_order_id and status in ('failing', 'dead')
  ) then
    return;
  end if;
  locked := array(
    select id
    from private.webhook_events
    where shop_id = p_shop_id
      and object_id = p_tiktok_order_id
      and status in ('failing', 'dead')
      -- Other topics also have facts for the timeline.
      and event_type in (
        'ORDER_STATUS_CHANGE', 'RECIPIENT_ADDRESS_UPDATE', 'PACKAGE_UPDATE', 'ORDER_FOUND', 'ORDER_REREAD'
      )
      -- One that is being processed is left to its worker.
      and not exists (
        select from private.event_queue as queued
        where queued.event_id = webhook_events.id and queued.status = 'processing'
      )
    order by id
    for update skip locked
  );
  if cardinality(locked) > 0 then
    update private.webhook_events
    set status = 'ignored', reason = 'order_read_later', settled_at = now()
    where id = any (locked);
  end if;
end;
$$;
comment on function private.settle_reads_of_order(text, text) is
  'Part of ingest_order: the order was read now, so failing and dead events that only wanted it read have nothing left to do.';
grant execute on function private.settle_reads_of_order(text, text) to service_role;

create function private.lock_stored_order(p_shop public.tiktok_shops, p_order jsonb)
returns public.orders
language plpgsql
security invoker
set search_path = ''
as $$
declare
  stored public.orders;
begin
  select * into stored
  from public.orders
  where user_id = p_shop.user_id
    and tiktok_shop_id = p_shop.id
    and tiktok_order_id = p_order ->> 'tiktok_order_id'
  -- A parcel or a label that changes the order meanwhile would be overwritten.
  for no key update;
  return stored;
end;
$$;
comment on function private.lock_stored_order(public.tiktok_shops, jsonb) is
  'Part of ingest_order: locks the order as it is stored; null if it is new.';
grant execute on function private.lock_stored_order(public.tiktok_shops, jsonb) to service_role;

create function private.settle_others_of_orders(p_shop_id text, p_tiktok_order_ids text[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  order_id text;
begin
  -- Seldom there are any: this costs half of a loop that finds none.
  if not exists (
    select from private.webhook_events
    where shop_id = p_shop_id
      and object_id = any (p_tiktok_order_ids)
      and status in ('held', 'failing', 'dead')
  ) and not exists (
    select from private.held_orders
    where shop_id = p_shop_id and tiktok_order_id = any (p_tiktok_order_ids)
  ) then
    return;
  end if;
  for order_id in
    select object_id
    from private.webhook_events
    where shop_id = p_shop_id
      and object_id = any (p_tiktok_order_ids)
      and status in ('held', 'failing', 'dead')
    union
    select tiktok_order_id
    from private.held_orders
    where shop_id = p_shop_id and tiktok_order_id = any (p_tiktok_order_ids)
    order by 1
  loop
    perform private.end_hold(p_shop_id, order_id);
    perform private.settle_reads_of_order(p_shop_id, order_id);
  end loop;
end;
$$;
comment on function private.settle_others_of_orders(text, text[]) is
  'Part of ingest_order and ingest_orders: ends the holds of stored orders, and settles events that only wanted them read.';
grant execute on function private.settle_others_of_orders(text, text[]) to service_role;

/*
  Arguments: event; before and after, the order as it was and is; p_order; p_notice; p_is_stale, whether p_order is an
             older state.
*/
create function private.settle_ingested(
  event private.webhook_events,
  before public.orders,
  after public.orders,
  p_order jsonb,
  p_notice jsonb,
  p_is_stale boolean
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  changes jsonb;
begin
  -- 1. Write the timeline; the facts of a replayed event are already in it.
  if p_notice <> '{}' and exists (
    select from public.order_events
    where order_id = after.id and user_id = after.user_id and webhook_event_id = event.id
  ) then
    p_notice := '{}';
  end if;
  if p_notice ? 'refund_currency' then
    p_notice := private.refund_in_currency(after, p_notice);
  end if;
  if p_notice ? 'refund_id' then
    p_notice := private.new_part_of_refund(after, p_notice);
  end if;
  if p_notice ? 'refund_total' then
    after := private.apply_refund(after, p_notice);
  end if;
  changes := p_notice || case
    when before.id is null then private.describe_new_order(after)
    else private.describe_changes(before, after, case when p_is_stale then '{}' else p_order end)
  end;
  if changes <> '{}' then
    insert into public.order_events (
      order_id, user_id, event_type, webhook_event_id, changes, happened_at
    )
    values (
      after.id, after.user_id, event.event_type, event.id, changes,
      -- TikTok's clock may be ahead of ours: no entry lies in the future.
      case when p_notice = '{}' then least(after.tiktok_updated_at, now()) else event.received_at end
    );
  end if;
  -- 2. Settle the event, unless ingest_counted_last did.
  if event.status <> 'done' then
    update private.webhook_events
    set status = 'done', reason = null, object_id = after.tiktok_order_id, settled_at = now()
    where id = event.id;
  end if;
end;
$$;
comment on function private.settle_ingested(
  private.webhook_events, public.orders, public.orders, jsonb, jsonb, boolean
) is
  'Part of ingest_order: writes the timeline of a stored order, and settles its event if it is open.';
grant execute on function private.settle_ingested(
  private.webhook_events, public.orders, public.orders, jsonb, jsonb, boolean
) to service_role;

/*
  Arguments: event, as lock_open_event returns it; before, as lock_stored_order returns it; p_shop; p_order; p_notice;
             p_events, those that the caller decides now. A new order needs the counters locked.
  Returns:   as ingest_order.
*/
create function private.ingest_locked_order(
  event private.webhook_events,
  before public.orders,
  p_shop public.tiktok_shops,
  p_order jsonb,
  p_notice jsonb,
  p_events bigint[]
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  after public.orders;
  outcome text;
begin
  -- 1. Nothing is left to do for a settled event.
  if event.id is null then
    return private.settle_locked_event(event, '{"order_id": null}');
  end if;
  -- 2. Update a stored order, insert a new one within the limit, or hold it.
  if before.id is null then
    after := private.insert_or_hold_order(p_shop, p_order, p_events);
    if after.id is null then
      return private.settle_locked_event(
        event, '{"outcome": "held", "order_id": null}', 'held', 'order_limit', p_order ->> 'tiktok_order_id'
      );
    end if;
    outcome := 'inserted';
  elsif before.tiktok_updated_at > (p_order ->> 'tiktok_updated_at')::timestamptz then
    after := before;
    outcome := 'stale';
  elsif before.tiktok_updated_at = (p_order ->> 'tiktok_updated_at')::timestamptz
    and private.is_order_of_readings_unknown(before, p_order)
  then
    return private.read_order_again(event, before.id);
  else
    after := private.update_order(before, p_order);
    if after.order_status = 'cancelled' and private.was_cancelled_unpaid(before, after) then
      after := private.give_back_order(after);
    end if;
    outcome := 'updated';
  end if;
  -- 3. Write the timeline, settle the event, and the others of the order that were held or failed.
  perform private.settle_ingested(event, before, after, p_order, p_notice, outcome = 'stale');
  perform private.settle_others_of_orders(p_shop.shop_id, array[after.tiktok_order_id]);
  return jsonb_build_object('outcome', outcome, 'order_id', after.id);
end;
$$;
comment on function private.ingest_locked_order(
  private.webhook_events, public.orders, public.tiktok_shops, jsonb, jsonb, bigint[]
) is
  'Part of ingest_order and ingest_orders, which lock the event and the order before.';
grant execute on function private.ingest_locked_order(
  private.webhook_events, public.orders, public.tiktok_shops, jsonb, jsonb, bigint[]
) to service_role;

/*
  Arguments: p_shop; p_event_id, p_order and p_notice of ingest_order; p_limit, their limit_of_order.
  Returns:   as ingest_order.
  Errors:    40001, the places were used up meanwhile: nothing of the transaction may stay.
*/
create function private.ingest_counted_last(
  p_shop public.tiktok_shops,
  p_event_id bigint,
  p_order jsonb,
  p_notice jsonb,
  p_limit integer
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
  stored public.orders;
  added public.orders;
begin
  -- 1. Lock the event, which settles it as well, then the order if it was stored: docs/architecture.md.
  perform private.share_order_counts(p_shop);
  update private.webhook_events
  set status = 'done', reason = null, object_id = p_order ->> 'tiktok_order_id', settled_at = now()
  where id = p_event_id and status not in ('done', 'ignored')
  returning * into event;
  if not found then
    event := private.lock_open_event(p_event_id);
  end if;
  if p_limit = 0 then
    stored := private.lock_stored_order(p_shop, p_order);
  end if;
  -- 2. Insert a new order, unless another event of it is faster.
  if event.id is not null and stored.id is null then
    if not public.check_order_limit(p_shop.user_id) then
      raise exception 'The limit of the plan was reached meanwhile' using errcode = '40001';
    end if;
    select * into added from private.insert_orders(p_shop, array[p_order]);
    if added.id is null then
      stored := private.lock_stored_order(p_shop, p_order);
    else
      -- settle_ingested would ask again whether the order is new, and for refunds, which limit_of_order leaves out.
      insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
      values (
        added.id, added.user_id, event.event_type, event.id, p_notice || private.describe_new_order(added),
        case when p_notice = '{}' then least(added.tiktok_updated_at, now()) else event.received_at end
      );
      perform private.settle_others_of_orders(p_shop.shop_id, array[added.tiktok_order_id]);
      perform private.count_orders(
        p_shop, added.counts_for_plan::integer, (not added.counts_for_plan)::integer, p_limit
      );
      perform private.add_order_totals(added);
      return jsonb_build_object('outcome', 'inserted', 'order_id', added.id);
    end if;
  end if;
  -- 3. Update a stored one.
  return private.ingest_locked_order(event, stored, p_shop, p_order, p_notice, array[p_event_id]);
end;
$$;
comment on function private.ingest_counted_last(public.tiktok_shops, bigint, jsonb, jsonb, integer) is
  'Part of ingest_order and ingest_orders: stores an order that needs no decision about places; locks the counters last.';
grant execute on function private.ingest_counted_last(public.tiktok_shops, bigint, jsonb, jsonb, integer) to service_role;

create function private.lock_shop_of_orders(p_tiktok_shop_id uuid)
returns public.tiktok_shops
language plpgsql
security invoker
set search_path = ''
as $$
declare
  shop public.tiktok_shops;
begin
  perform private.lock_seller_and_shop(p_tiktok_shop_id);
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id;
  if shop.id is null then
    raise exception 'Unknown shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  return shop;
end;
$$;
comment on function private.lock_shop_of_orders(uuid) is
  'Part of ingest_order and ingest_orders: locks a shop and its seller, then reads it.';
grant execute on function private.lock_shop_of_orders(uuid) to service_role;

/*
  Arguments: p_event_id; p_tiktok_shop_id; p_order, see docs/orders.md; p_notice, further facts of the event for the
             timeline: refund_total also changes payment_status.
  Returns:   {outcome, order_id}: inserted; updated; stale, the stored state is newer; reread, nothing was stored and the
             event is due again; held, the plan has no place for it; settled, the event already was.
  Errors:    PT404, unknown shop; 40001, others used up 1,000 places meanwhile, and nothing was stored: call it again.
*/
create function public.ingest_order(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_order jsonb,
  p_notice jsonb default '{}'
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
-- Its statements find few rows by keys, whatever their arguments: they are planned once a session.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  shop public.tiktok_shops := private.lock_shop_of_orders(p_tiktok_shop_id);
  limit_last integer := private.limit_of_order(shop, p_event_id, p_order, p_notice);
begin
  if limit_last is not null then
    return private.ingest_counted_last(shop, p_event_id, p_order, p_notice, limit_last);
  end if;
  perform private.lock_order_counts(shop);
  return private.ingest_locked_order(
    private.lock_open_event(p_event_id), private.lock_stored_order(shop, p_order), shop, p_order, p_notice,
    array[p_event_id]
  );
end;
$$;
comment on function public.ingest_order(bigint, uuid, jsonb, jsonb) is
  'Stores an order, writes its timeline and settles its event, in one transaction.';
grant execute on function public.ingest_order(bigint, uuid, jsonb, jsonb) to service_role;
