-- Tracking numbers that sellers bring from elsewhere: docs/own-tracking.md.

create table private.own_tracking_numbers (
  user_id uuid not null,
  shipment_id uuid not null references public.shipments (id) on delete cascade,
  attempt integer not null,
  carrier text not null,
  tracking_number text not null,
  requested_at timestamptz not null default now(),
  accepted_at timestamptz,
  refusal text,
  tracker_id text,
  tracker_made_at timestamptz,
  primary key (shipment_id, attempt),
  constraint own_tracking_numbers_refusal_check check (refusal ~ '^[a-z][a-z0-9_]*$'),
  constraint own_tracking_numbers_outcome_check check (accepted_at is null or refusal is null),
  constraint own_tracking_numbers_tracker_check check ((tracker_id is null) = (tracker_made_at is null))
);
comment on table private.own_tracking_numbers is 'Every number that a seller gave for a parcel: the first one and its corrections.';
comment on column private.own_tracking_numbers.attempt is 'label_purchases.attempt at that time.';
comment on column private.own_tracking_numbers.accepted_at is 'When TikTok accepted it.';
comment on column private.own_tracking_numbers.refusal is 'Code of the reason why TikTok refused it: docs/own-tracking.md.';
comment on column private.own_tracking_numbers.tracker_id is 'EasyPost tracker; null until EasyPost tracks the parcel.';
comment on column private.own_tracking_numbers.tracker_made_at is 'When it got its tracker, which the account of the platform pays.';

create index idx_own_tracking_numbers_trackers on private.own_tracking_numbers (user_id, tracker_made_at)
  where tracker_made_at is not null;

alter table private.own_tracking_numbers enable row level security;
grant select, insert, update on private.own_tracking_numbers to service_role;

create function private.current_own_number(p_shipment_id uuid)
returns private.own_tracking_numbers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  number private.own_tracking_numbers;
begin
  select * into number
  from private.own_tracking_numbers
  where shipment_id = p_shipment_id and refusal is null
  order by attempt desc
  limit 1;
  return number;
end;
$$;
comment on function private.current_own_number(uuid) is
  'The number of a parcel that counts: the newest one that TikTok has not refused.';
grant execute on function private.current_own_number(uuid) to service_role;

/*
  Arguments: p_purchase, whose number changed in this transaction.
  Returns:   a claimed event, as claim_webhook_events returns it.
*/
create function private.claim_own_notification(p_purchase private.label_purchases)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
  claim integer;
begin
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select
    'creatorflow', 'MARK_SHIPPED:' || p_purchase.id || ':own:' || p_purchase.attempt, 'MARK_SHIPPED', shop.shop_id,
    p_purchase.id::text, '{}'
  from public.orders
  join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
  where orders.id = p_purchase.order_id
  returning * into event;
  update private.event_queue
  set status = 'processing', claims = claims + 1, next_attempt_at = now() + interval '2 minutes'
  where event_id = event.id
  returning claims into claim;
  return jsonb_build_object(
    'event_id', event.id, 'claim', claim, 'claimed_at', now(), 'attempt', event.attempts + 1, 'failing', false,
    'source', event.source, 'event_type', event.event_type, 'shop_id', event.shop_id, 'object_id', event.object_id,
    'body', event.body, 'shop', null, 'request_id', event.request_id, 'traceparent', event.traceparent
  );
end;
$$;
comment on function private.claim_own_notification(private.label_purchases) is
  'Stores MARK_SHIPPED already claimed by the seller''s request: it notifies TikTok at once, and a worker only if it dies.';
grant execute on function private.claim_own_notification(private.label_purchases) to service_role;

create function private.put_own_number(
  p_shipment_id uuid,
  p_carrier text,
  p_tracking_number text,
  p_accepted_at timestamptz
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
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
end;
$$;
comment on function private.put_own_number(uuid, text, text, timestamptz) is
  'Gives a parcel another number.';
grant execute on function private.put_own_number(uuid, text, text, timestamptz) to service_role;

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
    perform private.free_lines_of_purchase(p_purchase);
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
  perform private.lock_orders_of_purchase(p_shipment_id, p_event_id);
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
