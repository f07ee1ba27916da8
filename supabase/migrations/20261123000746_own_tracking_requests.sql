-- Requests of sellers for own tracking numbers: docs/own-tracking.md.

/*
  Arguments: p_order; p_carrier; p_tracking_number; p_shipment_id, whose own number does not count, or null.
  Returns:   a code of docs/own-tracking.md, or null.
*/
create function private.own_number_refusal(
  p_order public.orders,
  p_carrier text,
  p_tracking_number text,
  p_shipment_id uuid
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if private.is_carrier_refused(p_order, 'own', p_carrier) then
    return 'carrier_not_accepted';
  end if;
  if private.shop_of_order(p_order) is null then
    return 'shop_not_connected';
  end if;
  -- Two orders that get the same number at once: the second one waits, and sees the first one's.
  perform pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended(p_order.tiktok_shop_id || ':' || p_tracking_number, 0)
  );
  return (
    select 'tracking_number_used'
    from public.shipments as shipment
    join public.orders as other on other.id = shipment.order_id
    where shipment.tracking_number = p_tracking_number
      and other.tiktok_shop_id = p_order.tiktok_shop_id
      and shipment.id is distinct from p_shipment_id
      and shipment.status <> 'voided'
      -- Carriers use their numbers again.
      and shipment.created_at > now() - interval '90 days'
    limit 1
  );
end;
$$;
comment on function private.own_number_refusal(public.orders, text, text, uuid) is
  'The reason why a carrier or a number may not be used for an order; locks the number in its shop.';
grant execute on function private.own_number_refusal(public.orders, text, text, uuid) to service_role;

/*
  Arguments: p_user_id; p_idempotency_key; p_request_hash, hash of the whole request; p_order_id; p_request {carrier,
             tracking_number, line_item_ids?}; p_is_check: nothing is stored.
  Returns:   {outcome}: ready {order (private.order_to_ship), part (as in private.orders_in_parcel), refused_carriers};
             stored {shipment, event (private.claim_own_notification)}; exists {shipment}; key_reused; refused {code,
             order_ids}, see docs/own-tracking.md.
  Errors:    PT404, the seller has no such order.
*/
create function public.request_own_tracking(
  p_user_id uuid,
  p_idempotency_key text,
  p_request_hash text,
  p_order_id uuid,
  p_request jsonb,
  p_is_check boolean
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  wanted public.orders;
  purchase private.label_purchases;
  parcel record;
  refusal text;
begin
  -- 1. Lock the seller and the order: all its labels and numbers are decided under this lock.
  perform private.lock_orders(p_user_id, array[p_order_id]);
  select * into wanted from public.orders where id = p_order_id and user_id = p_user_id;
  if wanted.id is null then
    raise exception 'The seller has no order %', p_order_id using errcode = 'PT404';
  end if;

  -- 2. Answer a repeated request.
  select * into purchase
  from private.label_purchases
  where user_id = p_user_id and idempotency_key = p_idempotency_key;
  if purchase.id is not null then
    return case
      when purchase.request_hash <> p_request_hash or purchase.order_id <> p_order_id or purchase.provider <> 'own'
        then jsonb_build_object('outcome', 'key_reused')
      else jsonb_build_object('outcome', 'exists', 'shipment', private.shipment_view(purchase))
    end;
  end if;

  -- 3. Check the order, its units, the carrier and the number.
  select * into parcel
  from private.choose_parcel(p_user_id, array[p_order_id], 'own', null, p_request -> 'line_item_ids');
  refusal := coalesce(
    parcel.refusal,
    private.own_number_refusal(wanted, p_request ->> 'carrier', p_request ->> 'tracking_number', null)
  );
  if refusal is not null then
    return jsonb_build_object(
      'outcome', 'refused', 'code', refusal,
      'order_ids', parcel.other_order_ids, 'tiktok_order_ids', parcel.unstored_order_ids
    );
  end if;
  if p_is_check then
    return jsonb_build_object(
      'outcome', 'ready',
      'order', private.order_to_ship(wanted),
      'part', jsonb_build_object(
        'id', wanted.id,
        'tiktok_order_id', wanted.tiktok_order_id,
        'combine_group_id', wanted.combine_group_id,
        'line_item_ids', to_jsonb(parcel.line_item_ids),
        'labelled_elsewhere', '[]'::jsonb,
        'tracking_numbers', private.order_to_ship(wanted) -> 'tracking_numbers'
      ),
      'refused_carriers', private.refused_carriers(wanted, 'own')
    );
  end if;

  -- 4. Store it, and take its units.
  insert into private.label_purchases (
    user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, service, state
  )
  values (
    p_user_id, p_order_id, p_idempotency_key, p_request_hash, 'own', parcel.line_item_ids, 'own', 'purchased'
  )
  returning * into purchase;
  perform private.claim_label_lines(purchase);
  insert into public.shipments (
    id, order_id, provider, carrier, service_type, tracking_number, line_item_ids, status, tracked_at
  )
  values (
    purchase.id, p_order_id, 'own', p_request ->> 'carrier', 'own', p_request ->> 'tracking_number',
    parcel.line_item_ids, 'purchased', now()
  );
  insert into private.own_tracking_numbers (user_id, shipment_id, attempt, carrier, tracking_number)
  values (p_user_id, purchase.id, purchase.attempt, p_request ->> 'carrier', p_request ->> 'tracking_number');
  perform private.record_parcel_change(
    purchase.id,
    'TRACKING_ADDED',
    jsonb_build_object('shipment_id', purchase.id, 'carrier', p_request ->> 'carrier')
  );
  return jsonb_build_object(
    'outcome', 'stored',
    'shipment', private.shipment_view(purchase),
    'event', private.claim_own_notification(purchase)
  );
exception
  -- Two concurrent requests used one key for two orders.
  when unique_violation then
    return jsonb_build_object('outcome', 'key_reused');
end;
$$;
comment on function public.request_own_tracking(uuid, text, text, uuid, jsonb, boolean) is
  'Stores the tracking number of a parcel that was not labelled here, once per Idempotency-Key.';
grant execute on function public.request_own_tracking(uuid, text, text, uuid, jsonb, boolean) to service_role;

/*
  Arguments: p_purchase; p_notifications, the open ones that are locked; p_carrier and p_tracking_number, the new ones.
  Returns:   a code of docs/own-tracking.md, or null.
*/
create function private.correction_refusal(
  p_purchase private.label_purchases,
  p_notifications bigint[],
  p_carrier text,
  p_tracking_number text
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
declare
  shipped public.orders;
  first_accepted timestamptz;
begin
  if p_purchase.provider <> 'own' then
    return 'tracking_not_own';
  end if;
  if p_purchase.state <> 'purchased' then
    return 'tracking_withdrawn';
  end if;
  select * into shipped from public.orders where id = p_purchase.order_id;
  select min(accepted_at) into first_accepted
  from private.own_tracking_numbers
  where shipment_id = p_purchase.id;
  -- Not the status of the parcel: a wrong number may be that of another one, which has arrived.
  if first_accepted <= now() - interval '72 hours' or shipped.tiktok_status in ('DELIVERED', 'COMPLETED') then
    return 'tracking_final';
  end if;
  if exists (
    select from private.webhook_events
    where shop_id = (
        select shop.shop_id
        from public.orders
        join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
        where orders.id = p_purchase.order_id
      )
      and object_id = p_purchase.id::text and source = 'creatorflow' and event_type = 'MARK_SHIPPED'
      and status in ('pending', 'failing')
      and (
        id <> all (p_notifications)
        or exists (
          select from private.event_queue as queued
          where queued.event_id = webhook_events.id and queued.status = 'processing' and queued.next_attempt_at > now()
        )
      )
  ) then
    return 'tracking_in_progress';
  end if;
  if shipped.order_status = 'cancelled' then
    return 'order_cancelled';
  end if;
  return private.own_number_refusal(shipped, p_carrier, p_tracking_number, p_purchase.id);
end;
$$;
comment on function private.correction_refusal(private.label_purchases, bigint[], text, text) is
  'The reason why the number of a parcel may not be corrected.';
grant execute on function private.correction_refusal(private.label_purchases, bigint[], text, text) to service_role;

/*
  Arguments: p_user_id; p_shipment_id; p_carrier; p_tracking_number; p_is_check: nothing is stored.
  Returns:   {outcome}: ready {order, refused_carriers}; stored {shipment, event}; exists {shipment}, the parcel has this
             number; refused {code}.
  Errors:    PT404, the seller has no such shipment.
*/
create function public.request_tracking_correction(
  p_user_id uuid,
  p_shipment_id uuid,
  p_carrier text,
  p_tracking_number text,
  p_is_check boolean
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
  shipment public.shipments;
  shipped public.orders;
  notifications bigint[];
  refusal text;
begin
  -- 1. Lock the order, the purchase, the parcel and its open notifications; one that is locked is being sent.
  perform private.lock_orders_of_purchase(p_shipment_id);
  select * into purchase from private.label_purchases where id = p_shipment_id and user_id = p_user_id for update;
  if purchase.id is null then
    raise exception 'The seller has no shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  select * into shipment from public.shipments where id = p_shipment_id for no key update;
  select * into shipped from public.orders where id = purchase.order_id;
  notifications := array(
    select event.id
    from private.webhook_events as event
    join private.event_queue as queued on queued.event_id = event.id
    where event.shop_id = (select shop_id from public.tiktok_shops where id = shipped.tiktok_shop_id)
      and event.object_id = p_shipment_id::text and event.source = 'creatorflow' and event.event_type = 'MARK_SHIPPED'
      and event.status in ('pending', 'failing')
    order by event.id
    for update of event, queued skip locked
  );

  -- 2. A repeated request changes nothing.
  if purchase.provider = 'own' and purchase.state = 'purchased' and shipment.tracking_number = p_tracking_number
    and private.plain_carrier(shipment.carrier) = private.plain_carrier(p_carrier) then
    return jsonb_build_object('outcome', 'exists', 'shipment', private.shipment_view(purchase));
  end if;
  refusal := private.correction_refusal(purchase, notifications, p_carrier, p_tracking_number);
  if refusal is not null then
    return jsonb_build_object('outcome', 'refused', 'code', refusal);
  end if;
  if p_is_check then
    return jsonb_build_object(
      'outcome', 'ready',
      'order', private.order_to_ship(shipped),
      'refused_carriers', private.refused_carriers(shipped, 'own')
    );
  end if;

  -- 3. Replace the number; the earlier one is not sent any more.
  update private.webhook_events
  set status = 'ignored', reason = 'tracking_replaced', settled_at = now()
  where id = any (notifications)
    and exists (
      select from private.event_queue as queued
      where queued.event_id = webhook_events.id and queued.status in ('pending', 'processing')
    );
  update private.label_purchases set attempt = attempt + 1 where id = p_shipment_id returning * into purchase;
  insert into private.own_tracking_numbers (user_id, shipment_id, attempt, carrier, tracking_number)
  values (purchase.user_id, p_shipment_id, purchase.attempt, p_carrier, p_tracking_number);
  perform private.put_own_number(p_shipment_id, p_carrier, p_tracking_number, null);
  perform private.record_parcel_change(
    p_shipment_id,
    'TRACKING_CORRECTED',
    jsonb_build_object('shipment_id', p_shipment_id, 'carrier', p_carrier)
  );
  return jsonb_build_object(
    'outcome', 'stored',
    'shipment', private.shipment_view(purchase),
    'event', private.claim_own_notification(purchase)
  );
end;
$$;
comment on function public.request_tracking_correction(uuid, uuid, text, text, boolean) is
  'Replaces the own tracking number of a parcel; TikTok allows that for 72 hours.';
grant execute on function public.request_tracking_correction(uuid, uuid, text, text, boolean) to service_role;

/*
  Arguments: p_user_id; p_order_id.
  Returns:   {order (private.order_to_ship), refused_carriers, refusal (a code of docs/own-tracking.md, or null)}.
  Errors:    PT404, the seller has no such order.
*/
create function public.get_order_for_own_tracking(p_user_id uuid, p_order_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  wanted public.orders;
  refusal text;
begin
  select * into wanted from public.orders where id = p_order_id and user_id = p_user_id;
  if wanted.id is null then
    raise exception 'The seller has no order %', p_order_id using errcode = 'PT404';
  end if;
  refusal := private.label_refusal(wanted, 'own');
  return jsonb_build_object(
    'order', private.order_to_ship(wanted),
    'refused_carriers', private.refused_carriers(wanted, 'own'),
    'refusal', case
      -- The other reasons end, or concern one parcel: the carriers are the same.
      when refusal in ('fulfilled_by_tiktok', 'tiktok_label_required', 'shipping_type_unknown') then refusal
      when private.shop_of_order(wanted) is null then 'shop_not_connected'
    end
  );
end;
$$;
comment on function public.get_order_for_own_tracking(uuid, uuid) is
  'An order whose carriers a seller lists.';
grant execute on function public.get_order_for_own_tracking(uuid, uuid) to service_role;
