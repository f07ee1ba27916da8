-- Tracking numbers that sellers bring from elsewhere: docs/own-tracking.md.

create table private.own_tracking_numbers (
  shipment_id uuid not null references public.shipments (id) on delete cascade,
  attempt integer not null,
  carrier text not null,
  tracking_number text not null,
  requested_at timestamptz not null default now(),
  accepted_at timestamptz,
  refusal text,
  tracker_id text,
  primary key (shipment_id, attempt),
  constraint own_tracking_numbers_refusal_check check (refusal ~ '^[a-z][a-z0-9_]*$'),
  constraint own_tracking_numbers_outcome_check check (accepted_at is null or refusal is null)
);
comment on table private.own_tracking_numbers is 'Every number that a seller gave for a parcel: the first one and its corrections.';
comment on column private.own_tracking_numbers.attempt is 'label_purchases.attempt at that time.';
comment on column private.own_tracking_numbers.accepted_at is 'When TikTok accepted it.';
comment on column private.own_tracking_numbers.refusal is 'Code of the reason why TikTok refused it: docs/own-tracking.md.';
comment on column private.own_tracking_numbers.tracker_id is 'EasyPost tracker; null until EasyPost tracks the parcel.';

create index idx_own_tracking_numbers_tracker_id on private.own_tracking_numbers (tracker_id);

alter table private.own_tracking_numbers enable row level security;
grant select, insert, update on private.own_tracking_numbers to service_role;

create function private.current_own_number(p_shipment_id uuid)
returns private.own_tracking_numbers
language sql
stable
security invoker
set search_path = ''
as $$
  select *
  from private.own_tracking_numbers
  where shipment_id = p_shipment_id and refusal is null
  order by attempt desc
  limit 1;
$$;
comment on function private.current_own_number(uuid) is
  'The number of a parcel that counts: the newest one that TikTok has not refused.';
grant execute on function private.current_own_number(uuid) to service_role;

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
  Arguments: p_purchase, whose number changed in this transaction.
  Returns:   a claimed event, as claim_webhook_events returns it.
*/
create function private.claim_own_notification(p_purchase private.label_purchases)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  insert into private.webhook_events (
    source, external_id, event_type, shop_id, object_id, body, status, claims, next_attempt_at
  )
  select
    'creatorflow', 'MARK_SHIPPED:' || p_purchase.id || ':own:' || p_purchase.attempt, 'MARK_SHIPPED', shop.shop_id,
    p_purchase.id::text, '{}', 'processing', 1, now() + interval '2 minutes'
  from public.orders
  join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
  where orders.id = p_purchase.order_id
  returning jsonb_build_object(
    'event_id', id, 'claim', claims, 'attempt', attempts + 1, 'failing', false, 'source', source, 'event_type', event_type, 'shop_id', shop_id,
    'object_id', object_id, 'body', body, 'shop', null
  );
$$;
comment on function private.claim_own_notification(private.label_purchases) is
  'Stores MARK_SHIPPED already claimed by the seller''s request: it notifies TikTok at once, and a worker only if it dies.';
grant execute on function private.claim_own_notification(private.label_purchases) to service_role;

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
  -- 1. Lock the order: all its labels and numbers are decided under this lock.
  select * into wanted from public.orders where id = p_order_id and user_id = p_user_id for update;
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
  from private.choose_parcel(array[p_order_id], 'own', null, p_request -> 'line_item_ids');
  refusal := coalesce(
    parcel.refusal,
    private.own_number_refusal(wanted, p_request ->> 'carrier', p_request ->> 'tracking_number', null)
  );
  if refusal is not null then
    return jsonb_build_object('outcome', 'refused', 'code', refusal, 'order_ids', parcel.other_order_ids);
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
  insert into private.own_tracking_numbers (shipment_id, attempt, carrier, tracking_number)
  values (purchase.id, purchase.attempt, p_request ->> 'carrier', p_request ->> 'tracking_number');
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
  Arguments: p_purchase and p_shipment; p_carrier and p_tracking_number, the new ones.
  Returns:   a code of docs/own-tracking.md, or null.
*/
create function private.correction_refusal(
  p_purchase private.label_purchases,
  p_shipment public.shipments,
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
  select min(accepted_at) into first_accepted
  from private.own_tracking_numbers
  where shipment_id = p_purchase.id;
  if first_accepted <= now() - interval '72 hours' or p_shipment.status in ('delivered', 'returned') then
    return 'tracking_final';
  end if;
  if exists (
    select from private.webhook_events
    where source = 'creatorflow' and event_type = 'MARK_SHIPPED' and object_id = p_purchase.id::text
      and status = 'processing' and next_attempt_at > now()
  ) then
    return 'tracking_in_progress';
  end if;
  select * into shipped from public.orders where id = p_purchase.order_id;
  if shipped.order_status = 'cancelled' then
    return 'order_cancelled';
  end if;
  return private.own_number_refusal(shipped, p_carrier, p_tracking_number, p_purchase.id);
end;
$$;
comment on function private.correction_refusal(private.label_purchases, public.shipments, text, text) is
  'The reason why the number of a parcel may not be corrected.';
grant execute on function private.correction_refusal(private.label_purchases, public.shipments, text, text)
  to service_role;

create function private.put_own_number(
  p_shipment_id uuid,
  p_carrier text,
  p_tracking_number text,
  p_accepted_at timestamptz
)
returns void
language sql
security invoker
set search_path = ''
as $$
  -- Another number is another parcel at the carrier: what the carrier said of the earlier one does not count.
  update public.shipments
  set carrier = p_carrier,
      tracking_number = p_tracking_number,
      status = 'purchased',
      estimated_delivery = null,
      tracking_updated_at = null,
      tracked_at = now(),
      tiktok_notified_at = p_accepted_at,
      tiktok_warning = null,
      tiktok_error = null,
      tiktok_error_code = null
  where id = p_shipment_id;
$$;
comment on function private.put_own_number(uuid, text, text, timestamptz) is
  'Gives a parcel another number.';
grant execute on function private.put_own_number(uuid, text, text, timestamptz) to service_role;

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
  refusal text;
begin
  -- 1. Lock the order, the purchase, the parcel, and the open notification: a worker claims it before or after this.
  perform private.lock_orders_of_purchase(p_shipment_id);
  select * into purchase from private.label_purchases where id = p_shipment_id and user_id = p_user_id for update;
  if purchase.id is null then
    raise exception 'The seller has no shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  select * into shipment from public.shipments where id = p_shipment_id for update;
  select * into shipped from public.orders where id = purchase.order_id;
  perform
  from private.webhook_events
  where shop_id = (select shop_id from public.tiktok_shops where id = shipped.tiktok_shop_id)
    and object_id = p_shipment_id::text and source = 'creatorflow' and event_type = 'MARK_SHIPPED'
    and status in ('pending', 'processing', 'failing')
  for update;

  -- 2. A repeated request changes nothing.
  if purchase.provider = 'own' and purchase.state = 'purchased' and shipment.tracking_number = p_tracking_number
    and private.plain_carrier(shipment.carrier) = private.plain_carrier(p_carrier) then
    return jsonb_build_object('outcome', 'exists', 'shipment', private.shipment_view(purchase));
  end if;
  refusal := private.correction_refusal(purchase, shipment, p_carrier, p_tracking_number);
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
  where shop_id = (select shop_id from public.tiktok_shops where id = shipped.tiktok_shop_id)
    and object_id = p_shipment_id::text and source = 'creatorflow' and event_type = 'MARK_SHIPPED'
    and status in ('pending', 'processing');
  update private.label_purchases set attempt = attempt + 1 where id = p_shipment_id returning * into purchase;
  insert into private.own_tracking_numbers (shipment_id, attempt, carrier, tracking_number)
  values (p_shipment_id, purchase.attempt, p_carrier, p_tracking_number);
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

create function private.refuse_own_number(
  p_purchase private.label_purchases,
  p_attempt integer,
  p_answer jsonb
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  kept private.own_tracking_numbers;
begin
  update private.own_tracking_numbers
  set refusal = p_answer ->> 'code'
  where shipment_id = p_purchase.id and attempt = p_attempt;
  -- A correction was refused: TikTok keeps the number that it accepted before.
  kept := private.current_own_number(p_purchase.id);
  if kept.accepted_at is not null then
    perform private.put_own_number(p_purchase.id, kept.carrier, kept.tracking_number, kept.accepted_at);
    perform private.enqueue_label_task('CHECK_TRACKING', p_purchase, 'own:kept:' || p_attempt);
  else
    update private.label_purchases set state = 'void_requested', checked_at = now() where id = p_purchase.id;
    update private.label_purchases
    set state = 'voided', reason = p_answer ->> 'code'
    where id = p_purchase.id;
    update public.shipments set status = 'voided' where id = p_purchase.id;
    delete from private.labelled_lines where purchase_id = p_purchase.id;
  end if;
  update public.shipments
  set tiktok_error = p_answer ->> 'error', tiktok_error_code = p_answer ->> 'code'
  where id = p_purchase.id;
  perform private.record_parcel_change(
    p_purchase.id,
    'TRACKING_REFUSED',
    jsonb_build_object('shipment_id', p_purchase.id, 'code', p_answer ->> 'code')
  );
end;
$$;
comment on function private.refuse_own_number(private.label_purchases, integer, jsonb) is
  'Withdraws a number that TikTok refused: the parcel keeps its accepted number, or its units are free again.';
grant execute on function private.refuse_own_number(private.label_purchases, integer, jsonb) to service_role;

/*
  Arguments: p_shipment_id and p_attempt, the number that TikTok was notified of; p_answer {package_id, warning} if it
             was accepted, {error, code} if it was refused for good (docs/own-tracking.md), {error, temporary_code?}
             if it is tried again; p_event_id or null.
*/
create function public.settle_own_notification(
  p_shipment_id uuid,
  p_attempt integer,
  p_answer jsonb,
  p_event_id bigint default null
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
  current_number private.own_tracking_numbers;
begin
  perform private.lock_orders_of_purchase(p_shipment_id);
  select * into purchase from private.label_purchases where id = p_shipment_id for update;
  current_number := private.current_own_number(p_shipment_id);
  -- A number that was replaced meanwhile says nothing about the present one.
  if purchase.state = 'purchased' and current_number.attempt = p_attempt then
    if p_answer ? 'code' then
      perform private.refuse_own_number(purchase, p_attempt, p_answer);
    elsif p_answer ? 'error' then
      update public.shipments
      set tiktok_error = p_answer ->> 'error', tiktok_error_code = p_answer ->> 'temporary_code'
      where id = p_shipment_id;
    else
      update private.own_tracking_numbers
      set accepted_at = now()
      where shipment_id = p_shipment_id and attempt = p_attempt and accepted_at is null;
      update public.shipments
      set tiktok_package_id = coalesce(p_answer ->> 'package_id', tiktok_package_id),
          tiktok_notified_at = coalesce(tiktok_notified_at, now()),
          tiktok_warning = p_answer ->> 'warning',
          tiktok_error = null,
          tiktok_error_code = null
      where id = p_shipment_id;
      perform private.enqueue_label_task('CHECK_TRACKING', purchase, 'own:' || p_attempt);
    end if;
  end if;
  perform private.settle_event(p_event_id);
end;
$$;
comment on function public.settle_own_notification(uuid, integer, jsonb, bigint) is
  'Stores TikTok''s answer to an own tracking number, and settles the event, in one transaction.';
grant execute on function public.settle_own_notification(uuid, integer, jsonb, bigint) to service_role;

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

/*
  Arguments: p_shipment_id.
  Returns:   {attempt, carrier, tracking_number, tracker_id}; null without a number that TikTok accepted.
*/
create function public.get_own_tracker(p_shipment_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'attempt', attempt, 'carrier', carrier, 'tracking_number', tracking_number, 'tracker_id', tracker_id
  )
  from private.current_own_number(p_shipment_id)
  where accepted_at is not null;
$$;
comment on function public.get_own_tracker(uuid) is
  'The number by which the carrier knows a parcel that was not labelled here.';
grant execute on function public.get_own_tracker(uuid) to service_role;

/*
  Arguments: p_event_id; p_shipment_id and p_attempt, the number that was read; p_tracker_id and p_update (see
             private.move_shipment), null if EasyPost does not track it.
  Returns:   {outcome}: moved; recorded; stale; not_tracked; replaced, the parcel has another number now; settled.
  Errors:    PT404, unknown event.
*/
create function public.store_own_tracker(
  p_event_id bigint,
  p_shipment_id uuid,
  p_attempt integer,
  p_tracker_id text,
  p_update jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  outcome text := 'not_tracked';
begin
  perform private.lock_orders_of_purchase(p_shipment_id);
  if event.id is not null and (private.current_own_number(p_shipment_id)).attempt is distinct from p_attempt then
    outcome := 'replaced';
  elsif event.id is not null and p_tracker_id is not null then
    update private.own_tracking_numbers
    set tracker_id = p_tracker_id
    where shipment_id = p_shipment_id and attempt = p_attempt;
    outcome := private.move_shipment(p_shipment_id, p_update);
  elsif event.id is not null then
    update public.shipments set tracked_at = now() where id = p_shipment_id;
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$$;
comment on function public.store_own_tracker(bigint, uuid, integer, text, jsonb) is
  'Stores the EasyPost tracker of an own tracking number with its present state, and settles the event.';
grant execute on function public.store_own_tracker(bigint, uuid, integer, text, jsonb) to service_role;

/*
  Arguments: p_event_id; p_tracker_id and p_tracking_number of the tracker; p_update, see private.move_shipment.
  Returns:   {outcome}: moved; recorded; stale; settled; not_found, no parcel has this number, and the event stays open.
  Errors:    PT404, unknown event.
*/
create function public.apply_own_tracking(
  p_event_id bigint,
  p_tracker_id text,
  p_tracking_number text,
  p_update jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  parcel_id uuid;
  outcome text := 'not_found';
  moved text;
begin
  if event.id is not null then
    -- EasyPost has one tracker for a number, also if two sellers have it.
    for parcel_id in
      select shipment.id
      from public.shipments as shipment
      cross join lateral private.current_own_number(shipment.id) as number
      where shipment.tracking_number = p_tracking_number
        and shipment.provider = 'own'
        and shipment.status <> 'voided'
        and number.tracking_number = p_tracking_number
        and (number.tracker_id = p_tracker_id or number.tracker_id is null)
      order by shipment.order_id
    loop
      moved := private.move_shipment(parcel_id, p_update);
      outcome := case when outcome = 'moved' then outcome else moved end;
    end loop;
    if outcome = 'not_found' then
      return jsonb_build_object('outcome', outcome);
    end if;
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$$;
comment on function public.apply_own_tracking(bigint, text, text, jsonb) is
  'Applies a tracking update to the parcels with an own tracking number, and settles its event.';
grant execute on function public.apply_own_tracking(bigint, text, text, jsonb) to service_role;

create function private.deliver_untracked_parcels()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update public.shipments
  set status = 'delivered', tracked_at = now()
  where id in (select shipment_id from public.shipment_orders where order_id = new.id)
    and provider = 'own'
    and private.parcel_rank(status) < private.parcel_rank('delivered')
    and (private.current_own_number(shipments.id)).tracker_id is null;
  return null;
end;
$$;
comment on function private.deliver_untracked_parcels() is
  'Trigger: a parcel that EasyPost does not track is delivered when TikTok says so of its order.';

create trigger deliver_untracked_parcels
  after update of tiktok_status on public.orders
  for each row when (
    new.tiktok_status in ('DELIVERED', 'COMPLETED') and old.tiktok_status is distinct from new.tiktok_status
  )
  execute function private.deliver_untracked_parcels();
