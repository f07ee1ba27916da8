-- The only way in which orders are stored.

create function private.replaces_address(incoming text, stored text, order_status text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return incoming = 'readable'
    or stored = 'none'
    or (incoming = 'masked' and (stored = 'masked' or order_status in ('completed', 'cancelled')));
end;
$$;
comment on function private.replaces_address(text, text, text) is
  'Whether an incoming address replaces the stored one: while the order ships, a readable address is kept; afterwards TikTok''s mask counts here too.';
grant execute on function private.replaces_address(text, text, text) to service_role;

create function private.next_order_status(stored text, incoming text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if incoming is null or incoming = stored then
    return stored;
  end if;
  return case
    when exists (
      select from private.order_transitions where from_status = stored and to_status = incoming
    ) then incoming
    else stored
  end;
end;
$$;
comment on function private.next_order_status(text, text) is
  'The incoming status if it may follow the stored one, else the stored one.';
grant execute on function private.next_order_status(text, text) to service_role;

create function private.next_payment_status(stored text, incoming text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case
    when incoming is null then stored
    -- A refund stays a refund when the parcel moves on.
    when stored in ('refunded', 'partially_refunded') and incoming in ('pending', 'paid') then stored
    when stored = 'refunded' then stored
    when stored = 'paid' and incoming = 'pending' then stored
    else incoming
  end;
end;
$$;
comment on function private.next_payment_status(text, text) is
  'The incoming status, unless it would undo a payment or a refund.';
grant execute on function private.next_payment_status(text, text) to service_role;

/*
  Arguments: p_shop; p_orders, in the order of their TikTok ids: two batches wait for each other's orders in one order.
*/
create function private.insert_orders(p_shop public.tiktok_shops, p_orders jsonb)
returns setof public.orders
language plpgsql
security invoker
set search_path = ''
rows 10
as $$
begin
  return query
  insert into public.orders (
    user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status, payment_status,
    currency, total_amount, shipping_cost, shipping_type, customer_email,
    shipping_address, address_status, order_items, order_kind, related_order_id, fulfillment_type,
    warehouse_id, combine_group_id, paid_at, ship_by, auto_cancel_at, cancel_requested_at,
    cancel_respond_by, cancel_reason, cancelled_by, buyer_note, seller_note, amounts, mapping_version,
    tiktok_created_at, tiktok_updated_at, counts_for_plan
  )
  select
    p_shop.user_id,
    p_shop.id,
    incoming ->> 'tiktok_order_id',
    incoming ->> 'tiktok_status',
    coalesce(incoming ->> 'order_status', 'received'),
    coalesce(incoming ->> 'payment_status', 'pending'),
    incoming ->> 'currency',
    (incoming ->> 'total_amount')::numeric,
    coalesce((incoming ->> 'shipping_cost')::numeric, 0),
    incoming ->> 'shipping_type',
    incoming ->> 'customer_email',
    incoming -> 'shipping_address',
    incoming ->> 'address_status',
    incoming -> 'order_items',
    coalesce(incoming ->> 'order_kind', 'sale'),
    incoming ->> 'related_order_id',
    incoming ->> 'fulfillment_type',
    incoming ->> 'warehouse_id',
    incoming ->> 'combine_group_id',
    (incoming ->> 'paid_at')::timestamptz,
    (incoming ->> 'ship_by')::timestamptz,
    (incoming ->> 'auto_cancel_at')::timestamptz,
    (incoming ->> 'cancel_requested_at')::timestamptz,
    (incoming ->> 'cancel_respond_by')::timestamptz,
    incoming ->> 'cancel_reason',
    incoming ->> 'cancelled_by',
    incoming ->> 'buyer_note',
    incoming ->> 'seller_note',
    coalesce(incoming -> 'amounts', '{}'),
    private.order_mapping_version(),
    (incoming ->> 'tiktok_created_at')::timestamptz,
    (incoming ->> 'tiktok_updated_at')::timestamptz,
    private.counts_for_plan(p_shop, incoming)
  from jsonb_array_elements(p_orders) as listed (incoming)
  -- Another event of the order may be faster where the counters are locked last.
  on conflict (tiktok_shop_id, tiktok_order_id) do nothing
  returning *;
end;
$$;
comment on function private.insert_orders(public.tiktok_shops, jsonb) is
  'Part of ingest_order: inserts those orders that are not stored.';
grant execute on function private.insert_orders(public.tiktok_shops, jsonb) to service_role;

create function private.merge_order(stored public.orders, p_order jsonb)
returns public.orders
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  -- Fields that TikTok leaves out keep their value: live answers omit what does not apply.
  stored.tiktok_status := p_order ->> 'tiktok_status';
  stored.order_status := private.next_order_status(stored.order_status, p_order ->> 'order_status');
  stored.payment_status := private.next_payment_status(stored.payment_status, p_order ->> 'payment_status');
  stored.currency := coalesce(p_order ->> 'currency', stored.currency);
  stored.total_amount := coalesce((p_order ->> 'total_amount')::numeric, stored.total_amount);
  stored.shipping_cost := coalesce((p_order ->> 'shipping_cost')::numeric, stored.shipping_cost);
  stored.shipping_type := coalesce(p_order ->> 'shipping_type', stored.shipping_type);
  stored.customer_email := coalesce(p_order ->> 'customer_email', stored.customer_email);
  if private.replaces_address(p_order ->> 'address_status', stored.address_status, stored.order_status) then
    stored.shipping_address := p_order -> 'shipping_address';
    stored.address_status := p_order ->> 'address_status';
  end if;
  if jsonb_array_length(p_order -> 'order_items') > 0 then
    stored.order_items := p_order -> 'order_items';
  end if;
  stored.order_kind := coalesce(p_order ->> 'order_kind', stored.order_kind);
  stored.related_order_id := coalesce(p_order ->> 'related_order_id', stored.related_order_id);
  stored.fulfillment_type := coalesce(p_order ->> 'fulfillment_type', stored.fulfillment_type);
  stored.warehouse_id := coalesce(p_order ->> 'warehouse_id', stored.warehouse_id);
  stored.paid_at := coalesce((p_order ->> 'paid_at')::timestamptz, stored.paid_at);
  stored.ship_by := coalesce((p_order ->> 'ship_by')::timestamptz, stored.ship_by);
  stored.cancel_reason := coalesce(p_order ->> 'cancel_reason', stored.cancel_reason);
  stored.cancelled_by := coalesce(p_order ->> 'cancelled_by', stored.cancelled_by);
  if p_order -> 'amounts' <> '{}' then
    stored.amounts := p_order -> 'amounts';
  end if;
  -- These end when TikTok no longer states them.
  stored.combine_group_id := p_order ->> 'combine_group_id';
  stored.auto_cancel_at := (p_order ->> 'auto_cancel_at')::timestamptz;
  stored.cancel_respond_by := coalesce(
    (p_order ->> 'cancel_respond_by')::timestamptz,
    -- TikTok states it in another answer, which may be missing.
    case
      when stored.cancel_requested_at = (p_order ->> 'cancel_requested_at')::timestamptz
        then stored.cancel_respond_by
    end
  );
  stored.cancel_requested_at := (p_order ->> 'cancel_requested_at')::timestamptz;
  stored.buyer_note := p_order ->> 'buyer_note';
  stored.seller_note := p_order ->> 'seller_note';
  stored.tiktok_created_at := coalesce((p_order ->> 'tiktok_created_at')::timestamptz, stored.tiktok_created_at);
  stored.tiktok_updated_at := (p_order ->> 'tiktok_updated_at')::timestamptz;
  return stored;
end;
$$;
comment on function private.merge_order(public.orders, jsonb) is
  'Part of ingest_order: a stored order with another state of it; writes nothing.';
grant execute on function private.merge_order(public.orders, jsonb) to service_role;

create function private.update_order(stored public.orders, p_order jsonb)
returns public.orders
language plpgsql
security invoker
set search_path = ''
as $$
declare
  updated public.orders;
begin
  update public.orders
  set tiktok_status = merged.tiktok_status,
      order_status = merged.order_status,
      payment_status = merged.payment_status,
      currency = merged.currency,
      total_amount = merged.total_amount,
      shipping_cost = merged.shipping_cost,
      shipping_type = merged.shipping_type,
      customer_email = merged.customer_email,
      shipping_address = merged.shipping_address,
      address_status = merged.address_status,
      order_items = merged.order_items,
      order_kind = merged.order_kind,
      related_order_id = merged.related_order_id,
      fulfillment_type = merged.fulfillment_type,
      warehouse_id = merged.warehouse_id,
      paid_at = merged.paid_at,
      ship_by = merged.ship_by,
      cancel_reason = merged.cancel_reason,
      cancelled_by = merged.cancelled_by,
      amounts = merged.amounts,
      mapping_version = private.order_mapping_version(),
      combine_group_id = merged.combine_group_id,
      auto_cancel_at = merged.auto_cancel_at,
      cancel_requested_at = merged.cancel_requested_at,
      cancel_respond_by = merged.cancel_respond_by,
      buyer_note = merged.buyer_note,
      seller_note = merged.seller_note,
      tiktok_created_at = merged.tiktok_created_at,
      tiktok_updated_at = merged.tiktok_updated_at,
      tiktok_read_at = greatest(merged.tiktok_read_at, now())
  from private.merge_order(stored, p_order) as merged
  where orders.id = stored.id
  returning orders.* into updated;
  return updated;
end;
$$;
comment on function private.update_order(public.orders, jsonb) is
  'Part of ingest_order: applies a newer state to a stored order.';
grant execute on function private.update_order(public.orders, jsonb) to service_role;

/*
  Arguments: stored; p_order, whose read_after is a time of this database before TikTok was read.
  Returns:   true if both states are of one second, differ, and were read at the same time: neither is known to be later.
*/
create function private.is_order_of_readings_unknown(stored public.orders, p_order jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if stored.tiktok_updated_at is distinct from (p_order ->> 'tiktok_updated_at')::timestamptz
    -- The stored state was read before tiktok_read_at: a reading that began afterwards is the later one.
    or coalesce((p_order ->> 'read_after')::timestamptz, now()) >= stored.tiktok_read_at
  then
    return false;
  end if;
  return private.merge_order(stored, p_order) is distinct from stored;
end;
$$;
comment on function private.is_order_of_readings_unknown(public.orders, jsonb) is
  'Part of ingest_order: whether only another reading can tell which of two states of one second is the later one.';
grant execute on function private.is_order_of_readings_unknown(public.orders, jsonb) to service_role;

create function private.read_order_again(p_event private.webhook_events, p_order_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update private.webhook_events
  set status = 'pending', reason = null, settled_at = null, next_attempt_at = now()
  where id = p_event.id;
  return jsonb_build_object('outcome', 'reread', 'order_id', p_order_id);
end;
$$;
comment on function private.read_order_again(private.webhook_events, uuid) is
  'Part of ingest_order: makes the locked event due again, without counting an attempt; that reading begins after every stored one.';
grant execute on function private.read_order_again(private.webhook_events, uuid) to service_role;

create function private.cancelled_units(p_items jsonb)
returns table (line_item_id text, cancelled_by text, cancel_reason text)
language plpgsql
immutable
set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
  select unit ->> 'line_item_id', unit ->> 'cancelled_by', left(unit ->> 'cancel_reason', 100)
  from jsonb_array_elements(p_items) as item,
    jsonb_array_elements(item -> 'units') as unit
  where item -> 'cancelled_line_item_ids' ? (unit ->> 'line_item_id');
end;
$$;
comment on function private.cancelled_units(jsonb) is
  'The cancelled units of orders.order_items.';
grant execute on function private.cancelled_units(jsonb) to service_role;

create function private.describe_cancellation(before public.orders, after public.orders)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  if after.order_status = 'cancelled' then
    return case
      when before.order_status is distinct from 'cancelled' then
        jsonb_strip_nulls(jsonb_build_object(
          'cancelled_by', after.cancelled_by,
          'cancel_reason', left(after.cancel_reason, 100)
        ))
      else '{}'
    end;
  end if;
  if not after.order_items @? '$[*].cancelled_line_item_ids[*]' then
    return '{}';
  end if;
  return coalesce(
    (
      select jsonb_build_object('units_cancelled', jsonb_agg(to_jsonb(unit)))
      from private.cancelled_units(after.order_items) as unit
      where unit.line_item_id not in (
        select earlier.line_item_id from private.cancelled_units(before.order_items) as earlier
      )
      having count(*) > 0
    ),
    '{}'
  );
end;
$$;
comment on function private.describe_cancellation(public.orders, public.orders) is
  'Who cancelled the order and why; of an order that goes on, its newly cancelled units.';
grant execute on function private.describe_cancellation(public.orders, public.orders) to service_role;

create function private.describe_changes(before public.orders, after public.orders, p_order jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  changes jsonb := private.describe_cancellation(before, after);
begin
  -- Plain expressions: one query over a list of columns costs more than the insert of the entry.
  if before.order_status is distinct from after.order_status then
    changes := changes
      || jsonb_build_object('order_status', jsonb_build_object('from', before.order_status, 'to', after.order_status));
  end if;
  if before.payment_status is distinct from after.payment_status then
    changes := changes || jsonb_build_object(
      'payment_status', jsonb_build_object('from', before.payment_status, 'to', after.payment_status)
    );
  end if;
  if before.tiktok_status is distinct from after.tiktok_status then
    changes := changes || jsonb_build_object(
      'tiktok_status', jsonb_build_object('from', before.tiktok_status, 'to', after.tiktok_status)
    );
    if after.order_status <> (p_order ->> 'order_status') then
      changes := changes || jsonb_build_object('refused', p_order ->> 'order_status');
    end if;
  end if;
  if before.total_amount::text is distinct from after.total_amount::text then
    changes := changes || jsonb_build_object(
      'total_amount', jsonb_build_object('from', before.total_amount::text, 'to', after.total_amount::text)
    );
  end if;
  if before.combine_group_id is distinct from after.combine_group_id then
    changes := changes || jsonb_build_object(
      'combine_group_id', jsonb_build_object('from', before.combine_group_id, 'to', after.combine_group_id)
    );
  end if;
  if before.cancel_requested_at is distinct from after.cancel_requested_at then
    changes := changes || jsonb_build_object(
      'cancel_requested_at', jsonb_build_object('from', before.cancel_requested_at, 'to', after.cancel_requested_at)
    );
  end if;
  if before.id is not null and before.shipping_address is distinct from after.shipping_address then
    changes := changes || '{"shipping_address": "changed"}';
  end if;
  if before.id is not null and before.order_items is distinct from after.order_items then
    changes := changes || '{"order_items": "changed"}';
  end if;
  return changes;
end;
$$;
comment on function private.describe_changes(public.orders, public.orders, jsonb) is
  'The changes that order_events stores; it repeats no address and no item.';
grant execute on function private.describe_changes(public.orders, public.orders, jsonb) to service_role;

/*
  Arguments: p_order_id; p_notice, facts of an event: refund_id and refund_total name a refund.
  Returns:   the notice with what this refund adds to those that the timeline has; {} if it adds nothing. The sum of
             refund_total over the timeline is what was paid back.
*/
create function private.new_part_of_refund(p_order_id uuid, p_notice jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select case
      when not p_notice ? 'refund_id' then p_notice
      when not exists (
        select from public.order_events as known
        where known.order_id = p_order_id and known.changes ->> 'refund_id' = p_notice ->> 'refund_id'
      ) then p_notice
      when added.amount > 0 then p_notice || jsonb_build_object('refund_total', added.amount::text)
      else '{}'
    end
    from (
      select (p_notice ->> 'refund_total')::numeric - coalesce(sum((known.changes ->> 'refund_total')::numeric), 0)
        as amount
      from public.order_events as known
      where known.order_id = p_order_id and known.changes ->> 'refund_id' = p_notice ->> 'refund_id'
    ) as added
  );
end;
$$;
comment on function private.new_part_of_refund(uuid, jsonb) is
  'A notice without the refund that an earlier notice reported: the timeline, which is never purged, knows the ids.';
grant execute on function private.new_part_of_refund(uuid, jsonb) to service_role;

create function private.apply_refund(p_order public.orders, p_notice jsonb)
returns public.orders
language plpgsql
security invoker
set search_path = ''
as $$
declare
  refunded numeric;
  changed public.orders;
begin
  select coalesce(sum((changes ->> 'refund_total')::numeric), 0) into refunded
  from public.order_events
  where order_id = p_order.id and changes ? 'refund_total';
  refunded := refunded + (p_notice ->> 'refund_total')::numeric;
  update public.orders
  set payment_status = case when refunded >= total_amount then 'refunded' else 'partially_refunded' end
  where id = p_order.id and payment_status <> 'refunded'
  returning * into changed;
  return case when changed.id is null then p_order else changed end;
end;
$$;
comment on function private.apply_refund(public.orders, jsonb) is
  'Applies a successful refund: all refunds together cover the whole amount or a part of it.';
grant execute on function private.apply_refund(public.orders, jsonb) to service_role;

create function private.lock_monthly_count(p_user_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform 1 from private.monthly_order_counts
  where user_id = p_user_id and month = private.current_month()
  for update;
  if not found then
    insert into private.monthly_order_counts (user_id, month)
    values (p_user_id, private.current_month())
    on conflict (user_id, month) do nothing;
    perform 1 from private.monthly_order_counts
    where user_id = p_user_id and month = private.current_month()
    for update;
  end if;
end;
$$;
comment on function private.lock_monthly_count(uuid) is
  'Locks the order counter of a seller until the transaction ends, so orders of one seller are decided one at a time.';
grant execute on function private.lock_monthly_count(uuid) to service_role;

create function private.was_cancelled_unpaid(before public.orders, after public.orders)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- From awaiting_shipment on, an order with cash on delivery has needed work before it was paid.
  return before.payment_status = 'pending'
    and before.order_status in ('received', 'on_hold')
    and after.payment_status = 'cancelled'
    and after.order_status = 'cancelled';
end;
$$;
comment on function private.was_cancelled_unpaid(public.orders, public.orders) is
  'Whether a stored order was cancelled before payment, so its place is given back.';
grant execute on function private.was_cancelled_unpaid(public.orders, public.orders) to service_role;

create function private.lock_order_counts(p_shop public.tiktok_shops)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('orders:' || p_shop.shop_key, 0));
  perform private.lock_monthly_count(p_shop.user_id);
  perform 1 from private.monthly_shop_counts
  where shop_key = p_shop.shop_key and month = private.current_month()
  for update;
  if not found then
    insert into private.monthly_shop_counts (shop_key, month)
    values (p_shop.shop_key, private.current_month())
    on conflict (shop_key, month) do nothing;
    perform 1 from private.monthly_shop_counts
    where shop_key = p_shop.shop_key and month = private.current_month()
    for update;
  end if;
end;
$$;
comment on function private.lock_order_counts(public.tiktok_shops) is
  'Locks the order counter of a seller, then that of the shop: another account may receive its orders at the same time; first it waits for those who count last.';
grant execute on function private.lock_order_counts(public.tiktok_shops) to service_role;

create function private.share_order_counts(p_shop public.tiktok_shops)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('orders:' || p_shop.shop_key, 0));
end;
$$;
comment on function private.share_order_counts(public.tiktok_shops) is
  'In place of lock_order_counts, for those who lock the counters last: excludes those who hold them and wait for an event or an order.';
grant execute on function private.share_order_counts(public.tiktok_shops) to service_role;

create function private.spare_places()
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return 1000;
end;
$$;
comment on function private.spare_places() is
  'With so many free places more than orders the counters are locked last: others cannot use them up in the time of a call.';
grant execute on function private.spare_places() to service_role;

/*
  Arguments: p_shop; p_items [{event_id, order, notice}].
  Returns:   null if something about them depends on how many places are left: a stored one gives its place back, or the
             plan has not many places more than new ones. Else the limit of the plan, 0 if none of them is new.
*/
create function private.limit_counted_last(p_shop public.tiktok_shops, p_items jsonb)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  new_events bigint[] := '{}';
  item jsonb;
begin
  for place in 0 .. jsonb_array_length(p_items) - 1 loop
    item := p_items -> place;
    if item #>> '{order,payment_status}' = 'cancelled' and item #>> '{order,order_status}' = 'cancelled' then
      return null;
    end if;
    if not exists (
      select from public.orders
      where tiktok_shop_id = p_shop.id and tiktok_order_id = item #>> '{order,tiktok_order_id}'
    ) then
      if item -> 'notice' ?| array['refund_id', 'refund_total'] then
        return null;
      end if;
      new_events := new_events || (item ->> 'event_id')::bigint;
    end if;
  end loop;
  if new_events = '{}' then
    return 0;
  end if;
  return private.limit_with_room(p_shop, new_events, private.spare_places());
end;
$$;
comment on function private.limit_counted_last(public.tiktok_shops, jsonb) is
  'Part of ingest_order and ingest_orders: whether the counters of the seller and the shop can be locked last.';
grant execute on function private.limit_counted_last(public.tiktok_shops, jsonb) to service_role;

/*
  Arguments: p_shop; p_order, an order that is not stored; p_events, those that the caller decides now.
  Returns:   the stored order; null if it is held.
*/
create function private.insert_or_hold_order(p_shop public.tiktok_shops, p_order jsonb, p_events bigint[])
returns public.orders
language plpgsql
security invoker
set search_path = ''
as $$
declare
  inserted public.orders;
begin
  if private.counts_for_plan(p_shop, p_order) and not (
    public.check_order_limit(p_shop.user_id)
    and private.check_shop_limit(p_shop)
    and private.has_place(p_shop, p_order, private.undecided_orders(p_shop.user_id, p_events))
  ) then
    perform private.hold_order(p_shop.shop_id, p_order);
    return null;
  end if;
  select * into inserted from private.insert_orders(p_shop, jsonb_build_array(p_order));
  perform private.count_orders(p_shop, inserted.counts_for_plan::integer, (not inserted.counts_for_plan)::integer);
  perform private.end_hold(p_shop.shop_id, inserted.tiktok_order_id);
  return inserted;
end;
$$;
comment on function private.insert_or_hold_order(public.tiktok_shops, jsonb, bigint[]) is
  'Part of ingest_order: inserts a new order that does not count or has a place, and holds any other; the counters are locked.';
grant execute on function private.insert_or_hold_order(public.tiktok_shops, jsonb, bigint[]) to service_role;

create function private.settle_reads_of_order(p_shop_id text, p_tiktok_order_id text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  locked bigint[] := array(
    select id
    from private.webhook_events
    where shop_id = p_shop_id
      and object_id = p_tiktok_order_id
      and status in ('failing', 'dead')
      -- Other topics also have facts for the timeline.
      and event_type in (
        'ORDER_STATUS_CHANGE', 'RECIPIENT_ADDRESS_UPDATE', 'PACKAGE_UPDATE', 'ORDER_FOUND', 'ORDER_REREAD'
      )
    order by id
    for update skip locked
  );
begin
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
  where tiktok_shop_id = p_shop.id
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
  -- One query for all: seldom there are any.
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
  'Part of ingest_order and ingest_orders: ends the holds of new orders, and settles events that only wanted them read.';
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
    select from public.order_events where order_id = after.id and webhook_event_id = event.id
  ) then
    p_notice := '{}';
  end if;
  if p_notice ? 'refund_id' then
    p_notice := private.new_part_of_refund(after.id, p_notice);
  end if;
  if p_notice ? 'refund_total' then
    after := private.apply_refund(after, p_notice);
  end if;
  changes := p_notice || private.describe_changes(before, after, case when p_is_stale then '{}' else p_order end);
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
  -- 2. Settle the event.
  update private.webhook_events
  set status = 'done', reason = null, object_id = after.tiktok_order_id, settled_at = now()
  where id = event.id;
end;
$$;
comment on function private.settle_ingested(
  private.webhook_events, public.orders, public.orders, jsonb, jsonb, boolean
) is
  'Part of ingest_order: writes the timeline of a stored order, and settles its event.';
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
  elsif private.is_order_of_readings_unknown(before, p_order) then
    return private.read_order_again(event, before.id);
  else
    after := private.update_order(before, p_order);
    if private.was_cancelled_unpaid(before, after) then
      after := private.give_back_order(after);
    end if;
    outcome := 'updated';
  end if;
  -- 3. Write the timeline, settle the event, and those that failed and wanted the same.
  perform private.settle_ingested(event, before, after, p_order, p_notice, outcome = 'stale');
  perform private.settle_reads_of_order(p_shop.shop_id, after.tiktok_order_id);
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
  Arguments: p_shop; p_event_id, p_order and p_notice of ingest_order; p_limit, their limit_counted_last.
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
  -- 1. Lock the event, then the order: docs/architecture.md.
  perform private.share_order_counts(p_shop);
  event := private.lock_open_event(p_event_id);
  stored := private.lock_stored_order(p_shop, p_order);
  -- 2. Insert a new order, unless another event of it is faster.
  if event.id is not null and stored.id is null then
    if not public.check_order_limit(p_shop.user_id) then
      raise exception 'The limit of the plan was reached meanwhile' using errcode = '40001';
    end if;
    select * into added from private.insert_orders(p_shop, jsonb_build_array(p_order));
    if added.id is null then
      stored := private.lock_stored_order(p_shop, p_order);
    else
      perform private.settle_ingested(event, null, added, p_order, p_notice, false);
      perform private.settle_others_of_orders(p_shop.shop_id, array[added.tiktok_order_id]);
      perform private.count_orders(
        p_shop, added.counts_for_plan::integer, (not added.counts_for_plan)::integer, p_limit
      );
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

/*
  Arguments: item, of ingest_orders.
  Returns:   the facts of its event for the timeline.
*/
create function private.notice_of(item jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return coalesce(nullif(item -> 'notice', 'null'), '{}');
end;
$$;
comment on function private.notice_of(jsonb) is
  'Part of ingest_orders: the notice of an item, {} if it has none.';
grant execute on function private.notice_of(jsonb) to service_role;

/*
  Arguments: p_shop; p_items [{event_id, order, notice}], new orders, each once, in the order of their TikTok ids; their
             events are locked and open; p_last, whether limit_counted_last is not null, else the counters are locked.
  Returns:   outcomes as those of ingest_orders, and numbers for count_orders; null, and nothing written, if the counters
             are locked and one of the orders may have to wait or brings a refund: a case for ingest_locked_order.
*/
create function private.ingest_new_orders(
  p_shop public.tiktok_shops,
  p_items jsonb,
  p_last boolean,
  out outcomes jsonb,
  out counted integer,
  out not_counted integer
)
language plpgsql
security invoker
set search_path = ''
as $$
declare
  events bigint[];
  has_refund boolean;
begin
  -- 1. All of them have a place.
  if not public.check_order_limit(p_shop.user_id) then
    return;
  end if;
  if not p_last then
    select array_agg((item ->> 'event_id')::bigint), bool_or(item -> 'notice' ?| array['refund_id', 'refund_total'])
    into events, has_refund
    from jsonb_array_elements(p_items) as item;
    if has_refund or private.limit_with_room(p_shop, events) is null then
      return;
    end if;
  end if;
  -- 2. Insert the orders, write their timelines and settle their events.
  with stored as materialized (
    select
      inserted as row,
      event.id as event_id,
      event.event_type,
      event.received_at,
      private.notice_of(item) as notice
    from private.insert_orders(p_shop, jsonb_path_query_array(p_items, '$[*].order')) as inserted
    join jsonb_array_elements(p_items) as item on item #>> '{order,tiktok_order_id}' = inserted.tiktok_order_id
    join private.webhook_events as event on event.id = (item ->> 'event_id')::bigint
  ), timeline as (
    insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
    select
      (stored.row).id,
      p_shop.user_id,
      stored.event_type,
      stored.event_id,
      stored.notice || private.describe_changes(null, stored.row, '{}'),
      case when stored.notice = '{}' then least((stored.row).tiktok_updated_at, now()) else stored.received_at end
    from stored
  ), settled as (
    update private.webhook_events
    set status = 'done', reason = null, object_id = (stored.row).tiktok_order_id, settled_at = now()
    from stored
    where webhook_events.id = stored.event_id
  )
  select
    jsonb_agg(jsonb_build_object('event_id', event_id, 'outcome', 'inserted', 'order_id', (stored.row).id)),
    count(*) filter (where (stored.row).counts_for_plan),
    count(*) filter (where not (stored.row).counts_for_plan)
  into outcomes, counted, not_counted
  from stored;
  -- 3. Settle their other events.
  perform private.settle_others_of_orders(
    p_shop.shop_id, array(select item #>> '{order,tiktok_order_id}' from jsonb_array_elements(p_items) as item)
  );
end;
$$;
comment on function private.ingest_new_orders(public.tiktok_shops, jsonb, boolean) is
  'Part of ingest_order and ingest_orders: stores new orders in one statement where the plan has room for all.';
grant execute on function private.ingest_new_orders(public.tiktok_shops, jsonb, boolean) to service_role;

create function private.lock_shop_of_orders(p_tiktok_shop_id uuid)
returns public.tiktok_shops
language plpgsql
security invoker
set search_path = ''
as $$
declare
  shop public.tiktok_shops;
begin
  perform private.lock_sellers(variadic private.sellers_of_shop(p_tiktok_shop_id));
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id;
  if shop.id is null then
    raise exception 'Unknown shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  return shop;
end;
$$;
comment on function private.lock_shop_of_orders(uuid) is
  'Part of ingest_order and ingest_orders: locks the sellers of a shop, then reads it.';
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
  limit_last integer := private.limit_counted_last(shop, jsonb_build_array(
    jsonb_build_object('event_id', p_event_id, 'order', p_order, 'notice', p_notice)
  ));
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

/*
  Arguments: p_tiktok_shop_id; p_items.
  Returns:   the open events and the stored orders among them.
*/
create function private.lock_order_batch(
  p_tiktok_shop_id uuid,
  p_items jsonb,
  out open_events bigint[],
  out stored_orders text[]
)
language plpgsql
security invoker
set search_path = ''
as $$
begin
  select array_agg(id) filter (where status not in ('done', 'ignored')) into open_events
  from (
    select id, status
    from private.webhook_events
    where id = any (array(select (entry ->> 'event_id')::bigint from jsonb_array_elements(p_items) as entry))
    order by id
    for update
  ) as locked;
  select array_agg(tiktok_order_id) into stored_orders
  from (
    select tiktok_order_id
    from public.orders
    where tiktok_shop_id = p_tiktok_shop_id
      and tiktok_order_id = any (array(
        select entry #>> '{order,tiktok_order_id}' from jsonb_array_elements(p_items) as entry
      ))
    order by id
    for no key update
  ) as locked;
end;
$$;
comment on function private.lock_order_batch(uuid, jsonb) is
  'Part of ingest_orders: locks its events, then its stored orders; the caller has locked the counters.';
grant execute on function private.lock_order_batch(uuid, jsonb) to service_role;

/*
  Arguments: p_items, as those of ingest_orders.
  Returns:   (place, item), the place in p_items; the most urgent orders first. Times are compared as ISO 8601 texts: a
             wrong one fails alone.
*/
create function private.order_batch(p_items jsonb)
returns table (place bigint, item jsonb)
language plpgsql
immutable
set search_path = ''
rows 50
as $$
#variable_conflict use_column
begin
  return query
  select listed.place, listed.item
  from jsonb_array_elements(p_items) with ordinality as listed (item, place)
  order by
    private.order_urgency(item #>> '{order,order_status}'),
    item #>> '{order,ship_by}' collate "C" nulls last,
    item #>> '{order,tiktok_created_at}' collate "C" nulls last,
    (item ->> 'event_id')::bigint;
end;
$$;
comment on function private.order_batch(jsonb) is
  'Part of ingest_orders: its items in the order in which they get places.';
grant execute on function private.order_batch(jsonb) to service_role;

/*
  Arguments: p_items, as those of ingest_orders; p_open_events and p_stored_orders, as lock_order_batch returns them.
  Returns:   the new orders for ingest_new_orders and their places in p_items; null if there are none.
*/
create function private.new_orders_of_batch(
  p_items jsonb,
  p_open_events bigint[],
  p_stored_orders text[],
  out places bigint[],
  out items jsonb
)
language plpgsql
immutable
set search_path = ''
as $$
begin
  select array_agg(new.place), jsonb_agg(new.item) into places, items
  from (
    -- Further events of an order are updates of it.
    select distinct on (listed.item #>> '{order,tiktok_order_id}') listed.place, listed.item
    from private.order_batch(p_items) with ordinality as listed (place, item, turn)
    where (listed.item ->> 'event_id')::bigint = any (p_open_events)
      and (listed.item #>> '{order,tiktok_order_id}' = any (p_stored_orders)) is not true
    order by listed.item #>> '{order,tiktok_order_id}', listed.turn
  ) as new;
end;
$$;
comment on function private.new_orders_of_batch(jsonb, bigint[], text[]) is
  'Part of ingest_orders: its new orders, each once.';
grant execute on function private.new_orders_of_batch(jsonb, bigint[], text[]) to service_role;

/*
  Arguments: p_shop; p_items as those of ingest_orders; p_limit, their limit_counted_last.
  Returns:   their outcomes; null, and nothing written or locked, if one of them cannot be stored or is not new any more.
*/
create function private.ingest_batch_counted_last(
  p_shop public.tiktok_shops,
  p_items jsonb,
  p_limit integer
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  locked record;
  new_orders record;
  added record;
  outcomes jsonb := '[]';
  listed record;
  item jsonb;
  stored public.orders;
  events bigint[] := array(select (entry ->> 'event_id')::bigint from jsonb_array_elements(p_items) as entry);
begin
  if jsonb_array_length(p_items) = 1 then
    item := p_items -> 0;
    return jsonb_build_array(
      jsonb_build_object('event_id', item -> 'event_id')
      || private.ingest_counted_last(
        p_shop, (item ->> 'event_id')::bigint, item -> 'order', private.notice_of(item), p_limit
      )
    );
  end if;
  perform private.share_order_counts(p_shop);
  locked := private.lock_order_batch(p_shop.id, p_items);
  new_orders := private.new_orders_of_batch(p_items, locked.open_events, locked.stored_orders);
  if new_orders.items is not null then
    added := private.ingest_new_orders(p_shop, new_orders.items, true);
    outcomes := added.outcomes;
    if jsonb_array_length(outcomes) is distinct from cardinality(new_orders.places) then
      raise exception 'Another event of an order was faster' using errcode = '40001';
    end if;
  end if;
  if jsonb_array_length(outcomes) < jsonb_array_length(p_items) then
    for listed in
      select * from private.order_batch(p_items) as batch where (batch.place = any (new_orders.places)) is not true
    loop
      item := listed.item;
      stored := private.lock_stored_order(p_shop, item -> 'order');
      if stored.id is null and (item ->> 'event_id')::bigint = any (locked.open_events) then
        raise exception 'A new order' using errcode = '40001';
      end if;
      outcomes := outcomes || (
        jsonb_build_object('event_id', item -> 'event_id')
        || private.ingest_locked_order(
          private.lock_open_event((item ->> 'event_id')::bigint), stored, p_shop, item -> 'order',
          private.notice_of(item), events
        )
      );
    end loop;
  end if;
  if new_orders.items is not null then
    perform private.count_orders(p_shop, added.counted, added.not_counted, p_limit);
  end if;
  return outcomes;
exception
  -- Each has an outcome of its own where the counters are locked first.
  when others then
    return null;
end;
$$;
comment on function private.ingest_batch_counted_last(public.tiktok_shops, jsonb, integer) is
  'Part of ingest_orders: stores a batch whose orders need no decision about places; locks the counters last.';
grant execute on function private.ingest_batch_counted_last(public.tiktok_shops, jsonb, integer) to service_role;

/*
  Arguments: p_shop; p_items [{event_id, order, notice}], new orders, each once; the counters are locked.
  Returns:   their outcomes; null, and nothing written, if one of them may have to wait or cannot be stored.
*/
create function private.ingest_new_of_batch(p_shop public.tiktok_shops, p_items jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  added record;
begin
  added := private.ingest_new_orders(p_shop, p_items, false);
  if added.outcomes is not null then
    perform private.count_orders(p_shop, added.counted, added.not_counted);
  end if;
  return added.outcomes;
exception
  when others then
    return null;
end;
$$;
comment on function private.ingest_new_of_batch(public.tiktok_shops, jsonb) is
  'Part of ingest_orders: stores its new orders together, all or none.';
grant execute on function private.ingest_new_of_batch(public.tiktok_shops, jsonb) to service_role;

create function private.ingest_batch_counted_first(p_shop public.tiktok_shops, p_items jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  events bigint[] := array(select (entry ->> 'event_id')::bigint from jsonb_array_elements(p_items) as entry);
  locked record;
  new_orders record;
  outcomes jsonb;
  listed record;
  item jsonb;
begin
  -- 1. Lock the counters, then the events, then the orders: docs/architecture.md.
  perform private.lock_order_counts(p_shop);
  locked := private.lock_order_batch(p_shop.id, p_items);
  -- 2. Store new orders together, if the plan has room.
  new_orders := private.new_orders_of_batch(p_items, locked.open_events, locked.stored_orders);
  if new_orders.items is not null then
    outcomes := private.ingest_new_of_batch(p_shop, new_orders.items);
  end if;
  if outcomes is null then
    outcomes := '[]';
    new_orders.places := '{}';
  end if;
  -- 3. Ingest the others, the most urgent first.
  for listed in
    select * from private.order_batch(p_items) as batch where (batch.place = any (new_orders.places)) is not true
  loop
    item := listed.item;
    begin
      outcomes := outcomes || (
        jsonb_build_object('event_id', item -> 'event_id')
        || private.ingest_locked_order(
          private.lock_open_event((item ->> 'event_id')::bigint), private.lock_stored_order(p_shop, item -> 'order'),
          p_shop, item -> 'order', private.notice_of(item), events
        )
      );
    exception
      -- An order that cannot be stored does not stop the others.
      when others then
        outcomes := outcomes || jsonb_build_object(
          'event_id', item -> 'event_id', 'outcome', 'failed', 'error', sqlstate
        );
    end;
  end loop;
  return outcomes;
end;
$$;
comment on function private.ingest_batch_counted_first(public.tiktok_shops, jsonb) is
  'Part of ingest_orders: decides about the places of a batch under the lock of the counters; each order has its own outcome.';
grant execute on function private.ingest_batch_counted_first(public.tiktok_shops, jsonb) to service_role;

/*
  Arguments: p_tiktok_shop_id; p_items [{event_id, order, notice}].
  Returns:   {outcomes: [{event_id, outcome, order_id}], released}; outcome failed has error, an SQLSTATE, and leaves
             its event unchanged; released counts the held events that are due again.
  Errors:    PT404, unknown shop.
*/
create function public.ingest_orders(p_tiktok_shop_id uuid, p_items jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  shop public.tiktok_shops := private.lock_shop_of_orders(p_tiktok_shop_id);
  limit_last integer := private.limit_counted_last(shop, p_items);
  outcomes jsonb;
begin
  if limit_last is not null then
    outcomes := private.ingest_batch_counted_last(shop, p_items, limit_last);
  end if;
  if outcomes is null then
    outcomes := private.ingest_batch_counted_first(shop, p_items);
  end if;
  -- A place may be free again, or these were the last undecided orders.
  return jsonb_build_object(
    'outcomes', outcomes,
    'released', case
      when private.has_held_orders(shop.user_id) and public.check_order_limit(shop.user_id)
        then public.release_held_events(shop.user_id)
      else 0
    end
  );
end;
$$;
comment on function public.ingest_orders(uuid, jsonb) is
  'Stores many orders of a shop as ingest_order does, the most urgent first; each has its own outcome.';
grant execute on function public.ingest_orders(uuid, jsonb) to service_role;
