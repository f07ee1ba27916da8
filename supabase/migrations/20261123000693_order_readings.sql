-- Turns a reading of an order into its row: a new order, or a newer state.

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

create function private.is_taken_back(stored public.orders, incoming text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  -- Apart from the query: each newer state comes here.
  if incoming not in ('awaiting_shipment', 'partially_shipped') then
    return false;
  end if;
  return (
      stored.order_status = 'awaiting_collection' and stored.tiktok_status = 'AWAITING_COLLECTION'
      or stored.order_status = 'partially_shipped' and stored.tiktok_status = 'PARTIALLY_SHIPPING'
    )
    -- A label of ours that is in use decides: its void moves the order back.
    and not exists (
      select from public.shipment_orders as link
      join public.shipments as shipment on shipment.id = link.shipment_id and shipment.user_id = link.user_id
      where link.order_id = stored.id and link.user_id = stored.user_id
        and shipment.provider is not null and shipment.status <> 'voided'
    );
end;
$$;
comment on function private.is_taken_back(public.orders, text) is
  'Whether TikTok waits for the shipment of an order again, because its labels were cancelled in Seller Center.';
grant execute on function private.is_taken_back(public.orders, text) to service_role;

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
create function private.insert_orders(p_shop public.tiktok_shops, p_orders jsonb[])
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
    cancel_respond_by, cancel_reason, cancelled_by, buyer_note, seller_note, amounts, cancelled_amount,
    cancelled_in_total, mapping_version, tiktok_created_at, tiktok_updated_at, counts_for_plan
  )
  select
    p_shop.user_id,
    p_shop.id,
    incoming ->> 'tiktok_order_id',
    incoming ->> 'tiktok_status',
    coalesce(incoming ->> 'order_status', 'received'),
    coalesce(incoming ->> 'payment_status', 'pending'),
    incoming ->> 'currency',
    -- A sample, a replacement and an exchange bring no revenue; without its amount a sale is refused.
    coalesce((incoming ->> 'total_amount')::numeric, case when incoming ->> 'order_kind' <> 'sale' then 0 end),
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
    coalesce((incoming ->> 'cancelled_amount')::numeric, 0),
    coalesce((incoming ->> 'cancelled_in_total')::boolean, true),
    private.order_mapping_version(),
    (incoming ->> 'tiktok_created_at')::timestamptz,
    (incoming ->> 'tiktok_updated_at')::timestamptz,
    private.counts_for_plan(p_shop, incoming)
  from unnest(p_orders) as listed (incoming)
  -- Another event of the order may be faster where the counters are locked last.
  on conflict (tiktok_shop_id, tiktok_order_id) do nothing
  returning *;
end;
$$;
comment on function private.insert_orders(public.tiktok_shops, jsonb[]) is
  'Part of ingest_order: inserts those orders that are not stored.';
grant execute on function private.insert_orders(public.tiktok_shops, jsonb[]) to service_role;

create function private.merge_order(stored public.orders, p_order jsonb)
returns public.orders
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  has_address boolean;
begin
  stored.order_status := case
    when private.is_taken_back(stored, p_order ->> 'order_status') then p_order ->> 'order_status'
    else private.next_order_status(stored.order_status, p_order ->> 'order_status')
  end;
  has_address := private.replaces_address(
    p_order ->> 'address_status', stored.address_status, stored.order_status
  );
  -- One statement: an assignment for each column costs a fifth of the update.
  select
    p_order ->> 'tiktok_status',
    private.next_payment_status(stored.payment_status, p_order ->> 'payment_status'),
    -- Fields that TikTok leaves out keep their value: live answers omit what does not apply.
    coalesce(p_order ->> 'currency', stored.currency),
    coalesce((p_order ->> 'total_amount')::numeric, stored.total_amount),
    coalesce((p_order ->> 'shipping_cost')::numeric, stored.shipping_cost),
    coalesce(p_order ->> 'shipping_type', stored.shipping_type),
    coalesce(p_order ->> 'customer_email', stored.customer_email),
    case when has_address then p_order -> 'shipping_address' else stored.shipping_address end,
    case when has_address then p_order ->> 'address_status' else stored.address_status end,
    case
      when jsonb_array_length(p_order -> 'order_items') > 0 then p_order -> 'order_items'
      else stored.order_items
    end,
    coalesce(p_order ->> 'order_kind', stored.order_kind),
    coalesce(p_order ->> 'related_order_id', stored.related_order_id),
    coalesce(p_order ->> 'fulfillment_type', stored.fulfillment_type),
    coalesce(p_order ->> 'warehouse_id', stored.warehouse_id),
    coalesce((p_order ->> 'paid_at')::timestamptz, stored.paid_at),
    coalesce((p_order ->> 'ship_by')::timestamptz, stored.ship_by),
    coalesce(p_order ->> 'cancel_reason', stored.cancel_reason),
    coalesce(p_order ->> 'cancelled_by', stored.cancelled_by),
    case when p_order -> 'amounts' <> '{}' then p_order -> 'amounts' else stored.amounts end,
    coalesce((p_order ->> 'cancelled_amount')::numeric, stored.cancelled_amount),
    coalesce((p_order ->> 'cancelled_in_total')::boolean, stored.cancelled_in_total),
    coalesce((p_order ->> 'tiktok_created_at')::timestamptz, stored.tiktok_created_at),
    (p_order ->> 'tiktok_updated_at')::timestamptz,
    -- These end when TikTok no longer states them.
    p_order ->> 'combine_group_id',
    (p_order ->> 'auto_cancel_at')::timestamptz,
    coalesce(
      (p_order ->> 'cancel_respond_by')::timestamptz,
      -- TikTok states it in another answer, which may be missing.
      case
        when stored.cancel_requested_at = (p_order ->> 'cancel_requested_at')::timestamptz
          then stored.cancel_respond_by
      end
    ),
    (p_order ->> 'cancel_requested_at')::timestamptz,
    p_order ->> 'buyer_note',
    p_order ->> 'seller_note'
  into
    stored.tiktok_status, stored.payment_status, stored.currency, stored.total_amount, stored.shipping_cost,
    stored.shipping_type, stored.customer_email, stored.shipping_address, stored.address_status,
    stored.order_items, stored.order_kind, stored.related_order_id, stored.fulfillment_type,
    stored.warehouse_id, stored.paid_at, stored.ship_by, stored.cancel_reason, stored.cancelled_by,
    stored.amounts, stored.cancelled_amount, stored.cancelled_in_total, stored.tiktok_created_at,
    stored.tiktok_updated_at, stored.combine_group_id, stored.auto_cancel_at, stored.cancel_respond_by,
    stored.cancel_requested_at, stored.buyer_note, stored.seller_note;
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
  merged public.orders := private.merge_order(stored, p_order);
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
      cancelled_amount = merged.cancelled_amount,
      cancelled_in_total = merged.cancelled_in_total,
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
  where id = merged.id and user_id = merged.user_id
  returning * into updated;
  return updated;
end;
$$;
comment on function private.update_order(public.orders, jsonb) is
  'Part of ingest_order: applies a newer state to a stored order.';
grant execute on function private.update_order(public.orders, jsonb) to service_role;

/*
  Arguments: stored; p_order, a state of the same second, whose read_after is a time of this database before TikTok was
             read.
  Returns:   true if the states differ and were read at the same time: neither is known to be later.
*/
create function private.is_order_of_readings_unknown(stored public.orders, p_order jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  -- The stored state was read before tiktok_read_at: a reading that began afterwards is the later one.
  if coalesce((p_order ->> 'read_after')::timestamptz, now()) >= stored.tiktok_read_at then
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
  perform private.requeue_events(array[p_event.id], 'pending', now());
  update private.webhook_events
  set status = 'pending', reason = null, settled_at = null
  where id = p_event.id;
  return jsonb_build_object('outcome', 'reread', 'order_id', p_order_id);
end;
$$;
comment on function private.read_order_again(private.webhook_events, uuid) is
  'Part of ingest_order: makes the locked event due again, without counting an attempt; that reading begins after every stored one.';
grant execute on function private.read_order_again(private.webhook_events, uuid) to service_role;
