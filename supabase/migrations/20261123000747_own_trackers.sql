-- Tracking parcels that were labelled elsewhere: docs/own-tracking.md.

create function private.has_tracker_room(p_user_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select count(*)
    from private.own_tracking_numbers
    where user_id = p_user_id and tracker_made_at >= private.current_month()::timestamp at time zone 'UTC'
  ) < (private.label_limit_of(p_user_id)).monthly_label_limit;
end;
$$;
comment on function private.has_tracker_room(uuid) is
  'Whether the plan has room for one more tracker this month (UTC): as many as labels; without a lock, because one too many costs a few cents.';
grant execute on function private.has_tracker_room(uuid) to service_role;

/*
  Arguments: p_shipment_id.
  Returns:   {attempt, carrier, tracking_number, tracker_id, may_create: the plan has room for another tracker}; null
             without a number that TikTok accepted.
*/
create function public.get_own_tracker(p_shipment_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'attempt', attempt, 'carrier', carrier, 'tracking_number', tracking_number, 'tracker_id', tracker_id,
      'may_create', private.has_tracker_room(user_id)
    )
    from private.current_own_number(p_shipment_id)
    where accepted_at is not null
  );
end;
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
  event private.webhook_events := private.lock_open_event(p_event_id, array[private.seller_of_shipment(p_shipment_id)]);
  outcome text := 'not_tracked';
begin
  perform private.lock_orders_of_purchase(p_shipment_id);
  if event.id is not null and (private.current_own_number(p_shipment_id)).attempt is distinct from p_attempt then
    outcome := 'replaced';
  elsif event.id is not null and p_tracker_id is not null then
    update private.own_tracking_numbers
    set tracker_id = p_tracker_id, tracker_made_at = coalesce(tracker_made_at, now())
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

create function private.own_parcels(p_tracker_id text, p_tracking_number text)
returns setof uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return query
  select shipment.id
  from public.shipments as shipment
  cross join lateral private.current_own_number(shipment.id) as number
  where shipment.tracking_number = p_tracking_number
    and shipment.provider = 'own'
    and shipment.status <> 'voided'
    and number.tracking_number = p_tracking_number
    and (number.tracker_id = p_tracker_id or number.tracker_id is null)
  order by shipment.order_id;
end;
$$;
comment on function private.own_parcels(text, text) is
  'Parcels with an own tracking number that an EasyPost tracker is about, of any seller.';
grant execute on function private.own_parcels(text, text) to service_role;

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
  -- All sellers with this number: EasyPost has one tracker for it. A parcel that gets it later reads the present state.
  sellers uuid[] := array(
    select private.seller_of_shipment(id) from private.own_parcels(p_tracker_id, p_tracking_number) as id
  );
  event private.webhook_events := private.lock_open_event(p_event_id, sellers);
  parcel_id uuid;
  outcome text := 'not_found';
  moved text;
begin
  if event.id is not null then
    -- 1. Lock the orders of the parcels.
    perform from public.orders
    where user_id = any (sellers)
      and id in (
        select shipment.order_id
        from private.own_parcels(p_tracker_id, p_tracking_number) as parcel (id)
        join public.shipments as shipment on shipment.id = parcel.id
      )
    order by id
    for no key update;
    -- 2. Move each parcel.
    for parcel_id in
      select id
      from private.own_parcels(p_tracker_id, p_tracking_number) as id
      where private.seller_of_shipment(id) = any (sellers)
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
  perform private.lock_parcels(new.id);
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
    new.tiktok_status = any ('{DELIVERED,COMPLETED}') and old.tiktok_status is distinct from new.tiktok_status
  )
  execute function private.deliver_untracked_parcels();
