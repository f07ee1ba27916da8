-- Status of parcels, from carrier webhooks and from polling.

create function private.parcel_rank(p_status text)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case p_status
    when 'created' then 0
    when 'purchased' then 1
    when 'in_transit' then 2
    when 'available_for_pickup' then 3
    when 'out_for_delivery' then 4
    when 'failed' then 5
    when 'delivered' then 6
    when 'returned' then 7
    when 'voided' then 8
  end;
end;
$$;
comment on function private.parcel_rank(text) is
  'Rank of a parcel status: a parcel only moves to a higher rank, except after a failed delivery, so late updates never move it back; docs/labels.md.';
grant execute on function private.parcel_rank(text) to service_role;

create function private.next_parcel_status(before public.shipments, p_update jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  incoming text := p_update ->> 'status';
  elapsed interval := (p_update ->> 'updated_at')::timestamptz - before.tracking_updated_at;
begin
  return case
    -- The carrier may try again, so only its latest word about a failure counts.
    when incoming = 'failed' and elapsed < interval '0' then before.status
    when before.status = 'failed' and elapsed > interval '0'
      and incoming in ('in_transit', 'available_for_pickup', 'out_for_delivery') then incoming
    when private.parcel_rank(incoming) > private.parcel_rank(before.status) then incoming
    else before.status
  end;
end;
$$;
comment on function private.next_parcel_status(public.shipments, jsonb) is
  'Part of move_shipment: the status of a parcel after a tracking update.';
grant execute on function private.next_parcel_status(public.shipments, jsonb) to service_role;

/*
  Arguments: p_shipment, a voided label whose parcel the carrier has; the caller has locked its orders.
*/
create function private.count_used_void(p_shipment public.shipments)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  update private.label_purchases
  set void_used_at = now()
  where id = p_shipment.id and state = 'voided' and void_used_at is null
  returning * into purchase;
  if purchase.id is null then
    return;
  end if;
  perform private.settle_void_cost(purchase);
  insert into public.system_logs (event_type, details)
  values ('voided_label_used', jsonb_build_object('user_id', p_shipment.user_id, 'shipment_id', p_shipment.id));
end;
$$;
comment on function private.count_used_void(public.shipments) is
  'Part of move_shipment: counts the cost of a voided label again, once, because the carrier bills the scanned parcel; logs it for operators.';
grant execute on function private.count_used_void(public.shipments) to service_role;

/*
  Arguments: p_shipment_id; p_update {status, estimated_delivery, updated_at, scanned_at, tracking_number}, each optional.
  Returns:   moved, recorded or stale.
  Errors:    PT404, unknown shipment.
*/
create function private.move_shipment(p_shipment_id uuid, p_update jsonb)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
declare
  before public.shipments;
  newer boolean;
  new_status text;
begin
  -- 1. Lock the orders, then the shipment.
  perform private.lock_orders(orders.user_id, array_agg(orders.id))
  from public.shipment_orders as link
  join public.orders on orders.id = link.order_id
  where link.shipment_id = p_shipment_id
  group by orders.user_id;
  select * into before from public.shipments where id = p_shipment_id for no key update;
  if before.id is null then
    raise exception 'Unknown shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  -- What was scanned before the order existed is another parcel: carriers use their numbers again.
  if (p_update ->> 'scanned_at')::timestamptz < (
    -- EasyPost does not know the time zone of each scan.
    select tiktok_created_at - interval '1 day' from public.orders where id = before.order_id
  ) then
    p_update := '{}';
  elsif before.status = 'voided' and before.provider = 'easypost'
    and private.parcel_rank(p_update ->> 'status') > private.parcel_rank('purchased') then
    perform private.count_used_void(before);
  end if;
  -- 2. Apply the status, other facts only if the update is newer.
  newer := (p_update ->> 'updated_at')::timestamptz is null
    or before.tracking_updated_at is null
    or (p_update ->> 'updated_at')::timestamptz >= before.tracking_updated_at;
  new_status := private.next_parcel_status(before, p_update);
  update public.shipments
  set status = new_status,
      tracking_number = coalesce(tracking_number, p_update ->> 'tracking_number'),
      estimated_delivery = case
        when newer then coalesce((p_update ->> 'estimated_delivery')::date, estimated_delivery)
        else estimated_delivery
      end,
      tracking_updated_at = greatest(tracking_updated_at, (p_update ->> 'updated_at')::timestamptz),
      tracked_at = now()
  where id = p_shipment_id;
  if new_status = before.status then
    return case when newer then 'recorded' else 'stale' end;
  end if;
  -- 3. Move the orders and write their timelines.
  perform private.record_parcel_change(
    p_shipment_id,
    'TRACKING_UPDATED',
    jsonb_build_object(
      'shipment_id', p_shipment_id,
      'shipment_status', jsonb_build_object('from', before.status, 'to', new_status)
    )
  );
  return 'moved';
end;
$$;
comment on function private.move_shipment(uuid, jsonb) is
  'Applies a tracking update to a parcel, moves its order and writes the timeline.';
grant execute on function private.move_shipment(uuid, jsonb) to service_role;

create function private.seller_of_shipment(p_shipment_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select orders.user_id
    from public.shipments as shipment
    join public.orders on orders.id = shipment.order_id
    where shipment.id = p_shipment_id
  );
end;
$$;
comment on function private.seller_of_shipment(uuid) is 'Seller of a parcel; null for an unknown one.';
grant execute on function private.seller_of_shipment(uuid) to service_role;

/*
  Arguments: p_event_id; p_shipment_id; p_update, see private.move_shipment.
  Returns:   {outcome}: moved; recorded; stale; settled, the event already was.
  Errors:    PT404, unknown shipment or event.
*/
create function public.apply_tracking(p_event_id bigint, p_shipment_id uuid, p_update jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id, array[private.seller_of_shipment(p_shipment_id)]);
  outcome text;
begin
  if event.id is not null then
    outcome := private.move_shipment(p_shipment_id, p_update);
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$$;
comment on function public.apply_tracking(bigint, uuid, jsonb) is
  'Applies a tracking update and settles its event, in one transaction.';
grant execute on function public.apply_tracking(bigint, uuid, jsonb) to service_role;

create function public.find_easypost_shipment(p_carrier_shipment_id text, p_tracking_number text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(
    (
      select shipment.id
      from private.label_purchases as purchase
      join public.shipments as shipment on shipment.id = purchase.id
      where purchase.carrier_shipment_id = p_carrier_shipment_id
    ),
    (
      select id
      from public.shipments
      where tracking_number = p_tracking_number and provider = 'easypost'
      -- Carriers reuse tracking numbers.
      order by created_at desc
      limit 1
    )
  );
end;
$$;
comment on function public.find_easypost_shipment(text, text) is
  'The shipment of an EasyPost tracker, by EasyPost shipment id, else by tracking number; null if unknown.';
grant execute on function public.find_easypost_shipment(text, text) to service_role;

create function public.find_failed_purchase(p_carrier_shipment_id text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select id
    from private.label_purchases
    where carrier_shipment_id = p_carrier_shipment_id and state = 'failed'
  );
end;
$$;
comment on function public.find_failed_purchase(text) is
  'The failed purchase of an EasyPost shipment, whose label may have been sold later; null if it has none.';
grant execute on function public.find_failed_purchase(text) to service_role;

create function private.update_tiktok_parcels()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
declare
  becomes text := case new.tiktok_status when 'IN_TRANSIT' then 'in_transit' when 'DELIVERED' then 'delivered' end;
begin
  if becomes is not null then
    perform private.lock_parcels(new.id);
    update public.shipments
    set status = becomes, tracked_at = now()
    where user_id = new.user_id
      and id in (select shipment_id from public.shipment_orders where order_id = new.id and user_id = new.user_id)
      and provider = 'tiktok_shipping'
      and private.parcel_rank(status) < private.parcel_rank(becomes);
  end if;
  -- The state of an order with several parcels is that of the slowest: track each parcel.
  perform private.enqueue_task(
    'CHECK_TRACKING',
    shipment.id || ':' || extract(epoch from new.tiktok_updated_at),
    shop.shop_id,
    shipment.id::text
  )
  from private.shipments_of_order(new) as shipment
  join public.tiktok_shops as shop on shop.id = new.tiktok_shop_id and shop.user_id = new.user_id
  where shipment.provider = 'tiktok_shipping'
    and shipment.status in ('purchased', 'in_transit')
    and (select count(*) from private.shipments_of_order(new) where status <> 'voided') > 1;
  return null;
end;
$$;
comment on function private.update_tiktok_parcels() is
  'Trigger: updates TikTok parcels from the state of their order; an order with several parcels enqueues CHECK_TRACKING for each.';

create trigger update_tiktok_parcels
  after update of tiktok_updated_at on public.orders
  for each row when (
    new.shipping_type = 'TIKTOK' and old.tiktok_updated_at is distinct from new.tiktok_updated_at
  )
  execute function private.update_tiktok_parcels();
