-- Where parcels are, from carriers' webhooks and from asking.

create function private.parcel_rank(p_status text)
returns integer
language sql
immutable
set search_path = ''
as $$
  select case p_status
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
$$;
comment on function private.parcel_rank(text) is
  'A parcel only ever goes to a higher rank: late news never move it back. docs/labels.md.';
grant execute on function private.parcel_rank(text) to service_role;

create function private.move_shipment(p_shipment_id uuid, p_news jsonb)
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
  perform from public.orders
  where id = (select order_id from public.shipments where id = p_shipment_id)
  for update;
  select * into before from public.shipments where id = p_shipment_id for update;
  if before.id is null then
    raise exception 'There is no shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  newer := (p_news ->> 'updated_at')::timestamptz is null
    or before.tracking_updated_at is null
    or (p_news ->> 'updated_at')::timestamptz >= before.tracking_updated_at;
  new_status := case
    when private.parcel_rank(p_news ->> 'status') > private.parcel_rank(before.status)
      then p_news ->> 'status'
    else before.status
  end;
  update public.shipments
  set status = new_status,
      tracking_number = coalesce(tracking_number, p_news ->> 'tracking_number'),
      estimated_delivery = case
        when newer then coalesce((p_news ->> 'estimated_delivery')::date, estimated_delivery)
        else estimated_delivery
      end,
      tracking_updated_at = greatest(tracking_updated_at, (p_news ->> 'updated_at')::timestamptz),
      tracked_at = now()
  where id = p_shipment_id;
  if new_status = before.status then
    return case when newer then 'noted' else 'stale' end;
  end if;
  perform private.note_shipment_change(
    before.order_id,
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
  'News of a parcel: {status, estimated_delivery, updated_at, tracking_number}, each of which may be missing. Moves the order and writes its timeline. Returns moved, noted or stale; raises PT404.';
grant execute on function private.move_shipment(uuid, jsonb) to service_role;

create function public.apply_tracking(p_event_id bigint, p_shipment_id uuid, p_news jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  outcome text;
begin
  if event.id is null then
    return jsonb_build_object('outcome', 'settled');
  end if;
  outcome := private.move_shipment(p_shipment_id, p_news);
  perform private.settle_done(p_event_id);
  return jsonb_build_object('outcome', outcome);
end;
$$;
comment on function public.apply_tracking(bigint, uuid, jsonb) is
  'What an event, or a question to the carrier, says of a parcel (private.move_shipment), with the event in one transaction. Returns {outcome}: moved, noted, stale, or settled (the event already was).';
grant execute on function public.apply_tracking(bigint, uuid, jsonb) to service_role;

create function public.find_easypost_shipment(p_carrier_shipment_id text, p_tracking_number text)
returns uuid
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(
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
      -- Carriers use their numbers again.
      order by created_at desc
      limit 1
    )
  );
$$;
comment on function public.find_easypost_shipment(text, text) is
  'Whose tracker an event is about, by EasyPost''s shipment, else by tracking number. Null if it is none of ours.';
grant execute on function public.find_easypost_shipment(text, text) to service_role;

create function private.follow_order()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
declare
  becomes text := case new.tiktok_status when 'IN_TRANSIT' then 'in_transit' when 'DELIVERED' then 'delivered' end;
begin
  if becomes is not null then
    update public.shipments
    set status = becomes, tracked_at = now()
    where order_id = new.id
      and provider = 'tiktok_shipping'
      and private.parcel_rank(status) < private.parcel_rank(becomes);
  end if;
  -- Of several parcels the order tells only of the slowest: the others are asked about.
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select
    'creatorflow',
    'CHECK_TRACKING:' || shipment.id || ':' || extract(epoch from new.tiktok_updated_at),
    'CHECK_TRACKING',
    shop.shop_id,
    shipment.id::text,
    '{}'
  from public.shipments as shipment
  join public.tiktok_shops as shop on shop.id = new.tiktok_shop_id
  where shipment.order_id = new.id
    and shipment.provider = 'tiktok_shipping'
    and shipment.status in ('purchased', 'in_transit')
    and (select count(*) from public.shipments where order_id = new.id and status <> 'voided') > 1
  on conflict (source, external_id) do nothing;
  return null;
end;
$$;
comment on function private.follow_order() is
  'Trigger: TikTok tells where its own parcels are by the state of their order, and of several by its changes.';

create trigger shipments_follow_order
  after update of tiktok_updated_at on public.orders
  for each row when (
    new.shipping_type = 'TIKTOK' and old.tiktok_updated_at is distinct from new.tiktok_updated_at
  )
  execute function private.follow_order();
