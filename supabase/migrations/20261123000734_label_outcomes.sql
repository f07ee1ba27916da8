-- Results of a purchase (purchased, failed or unknown), and their effect on the order.

create function private.order_status_of_shipments(p_order public.orders)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    with parcel as (
      select status, line_item_ids
      from private.shipments_of_order(p_order)
      where provider is not null and status <> 'voided'
    ), units as (
      select
        private.order_line_item_ids(p_order) <@ coalesce(
          (select array_agg(line.id) from parcel, unnest(parcel.line_item_ids) as line (id)),
          '{}'
        ) as all_labelled
    )
    select case
      when not exists (select from parcel) then null
      when not all_labelled then 'partially_shipped'
      when (select bool_and(status in ('delivered', 'returned')) and bool_or(status = 'delivered') from parcel)
        then 'delivered'
      when (select bool_or(status not in ('created', 'purchased')) from parcel) then 'in_transit'
      else 'awaiting_collection'
    end
    from units
  );
end;
$$;
comment on function private.order_status_of_shipments(public.orders) is
  'The order status that follows from the parcels of an order; null without a live label.';
grant execute on function private.order_status_of_shipments(public.orders) to service_role;

create function private.record_shipment_change(p_order_id uuid, p_event_type text, p_changes jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  before public.orders;
  becomes text;
begin
  select * into before from public.orders where id = p_order_id for update;
  becomes := private.order_status_of_shipments(before);
  if p_event_type in ('LABEL_VOIDED', 'TRACKING_REFUSED')
    and before.tiktok_status in ('AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING')
    and not exists (
      select from private.shipments_of_order(before) as known
      join public.shipments as withdrawn on withdrawn.line_item_ids && known.line_item_ids
      where withdrawn.id = (p_changes ->> 'shipment_id')::uuid
        and withdrawn.user_id = before.user_id
        and known.provider in ('easypost', 'own')
        and known.tiktok_notified_at is not null
    ) then
    -- TikTok still waits for these units, so the order moves back, which no other change allows.
    becomes := coalesce(
      becomes,
      case before.tiktok_status when 'AWAITING_SHIPMENT' then 'awaiting_shipment' else 'partially_shipped' end
    );
  elsif p_event_type = 'TRACKING_CORRECTED' and before.order_status in ('in_transit', 'delivered') then
    -- What the carrier said of the earlier number counts no more; what TikTok says of the order does.
    becomes := case before.tiktok_status when 'IN_TRANSIT' then 'in_transit' else becomes end;
  else
    becomes := private.next_order_status(before.order_status, becomes);
  end if;
  if becomes is distinct from before.order_status then
    update public.orders
    set order_status = becomes
    where id = p_order_id and user_id = before.user_id;
    p_changes := p_changes
      || jsonb_build_object('order_status', jsonb_build_object('from', before.order_status, 'to', becomes));
  end if;
  insert into public.order_events (order_id, user_id, event_type, changes, happened_at)
  values (p_order_id, before.user_id, p_event_type, p_changes, now());
end;
$$;
comment on function private.record_shipment_change(uuid, text, jsonb) is
  'Moves the order after a change of one of its parcels, and writes its timeline.';
grant execute on function private.record_shipment_change(uuid, text, jsonb) to service_role;

create function private.record_parcel_change(p_shipment_id uuid, p_event_type text, p_changes jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.record_shipment_change(order_id, p_event_type, p_changes)
  from (
    select order_id from public.shipment_orders where shipment_id = p_shipment_id order by order_id
  ) as link;
end;
$$;
comment on function private.record_parcel_change(uuid, text, jsonb) is
  'Moves every order in a parcel after a change of it, and writes their timelines.';
grant execute on function private.record_parcel_change(uuid, text, jsonb) to service_role;

/*
  Arguments: p_purchase_id; p_label {carrier, service_type, tracking_number, label_url, label_expires_at, label_format,
             shipping_cost (decimal string), currency, estimated_delivery, tiktok_package_id}; p_event_id or null.
  Returns:   private.shipment_view.
  Errors:    PT404, unknown purchase.
*/
create function public.finish_label_purchase(
  p_purchase_id uuid,
  p_label jsonb,
  p_event_id bigint default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  -- 1. Lock the seller, the event, the orders, then the purchase.
  perform private.lock_orders_of_purchase(p_purchase_id, p_event_id);
  select * into purchase from private.label_purchases where id = p_purchase_id for update;
  if purchase.id is null then
    raise exception 'Unknown label purchase %', p_purchase_id using errcode = 'PT404';
  end if;
  if purchase.state in ('requested', 'purchasing', 'unknown', 'failed') then
    update private.label_purchases
    set state = 'purchased', reason = null
    where id = p_purchase_id and user_id = purchase.user_id
    returning * into purchase;
    -- 2. Store the purchase as bought, even if it was marked failed.
    perform private.settle_label_cost(purchase, p_label);
    perform private.claim_label_lines(purchase);
    -- 3. Store the shipment.
    insert into public.shipments (
      id, order_id, provider, carrier, service_type, tracking_number, label_url, label_expires_at,
      label_format, shipping_cost, quoted_cost, currency, line_item_ids, estimated_delivery, status,
      tracked_at, tiktok_package_id, tiktok_notified_at
    )
    values (
      p_purchase_id,
      purchase.order_id,
      purchase.provider,
      p_label ->> 'carrier',
      p_label ->> 'service_type',
      p_label ->> 'tracking_number',
      p_label ->> 'label_url',
      (p_label ->> 'label_expires_at')::timestamptz,
      coalesce(p_label ->> 'label_format', purchase.label_format),
      (p_label ->> 'shipping_cost')::numeric,
      purchase.quoted_cost,
      coalesce(p_label ->> 'currency', purchase.currency),
      purchase.line_item_ids,
      (p_label ->> 'estimated_delivery')::date,
      'purchased',
      now(),
      p_label ->> 'tiktok_package_id',
      case when purchase.provider = 'tiktok_shipping' then now() end
    );
    insert into public.shipment_orders (shipment_id, order_id)
    select p_purchase_id, other.id from unnest(purchase.other_order_ids) as other (id);
    perform private.advise_new_shipment(purchase.user_id, p_purchase_id, purchase.address_digest);
    if not private.has_label_lines(purchase) then
      perform private.advise_double_label(purchase.user_id, p_purchase_id);
    end if;
    update private.label_purchases
    set address_digest = null
    where id = p_purchase_id and user_id = purchase.user_id;
    -- 4. Update sender, orders and timelines, and enqueue the follow-up task.
    perform private.store_sender(purchase.user_id, purchase.order_id, purchase.sender);
    perform private.record_parcel_change(
      purchase.id,
      'LABEL_PURCHASED',
      jsonb_build_object('shipment_id', purchase.id, 'carrier', p_label ->> 'carrier')
    );
    if purchase.provider = 'tiktok_shipping' then
      perform private.enqueue_label_task('FETCH_LABEL', purchase, 'purchased');
    elsif private.has_label_lines(purchase) then
      perform private.enqueue_label_task('MARK_SHIPPED', purchase, 'purchased');
    end if;
  end if;
  -- 5. Settle the event.
  perform private.settle_event(p_event_id);
  return private.shipment_view(purchase);
end;
$$;
comment on function public.finish_label_purchase(uuid, jsonb, bigint) is
  'Stores a bought label: purchase, shipment, order, timeline, follow-up task and event in one transaction; repeating it changes nothing.';
grant execute on function public.finish_label_purchase(uuid, jsonb, bigint) to service_role;

create function private.enqueue_order_reads(p_purchase private.label_purchases)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.enqueue_task(
    'ORDER_FOUND', concat_ws(':', 'purchase', p_purchase.id, p_purchase.attempt, orders.id), shop.shop_id,
    orders.tiktok_order_id
  )
  from public.orders
  join public.tiktok_shops as shop
    on shop.id = orders.tiktok_shop_id and shop.user_id = orders.user_id and shop.connection_status = 'active'
  where orders.user_id = p_purchase.user_id
    and orders.id = any (p_purchase.order_id || p_purchase.other_order_ids)
    -- What TikTok shows instead of the stored order. Without paused or disconnected shops: nothing was read.
    and p_purchase.reason in (
      'order_cancelled', 'order_unpaid', 'order_on_hold', 'already_shipped', 'cancellation_requested',
      'fulfilled_by_tiktok', 'unit_cancelled', 'order_changed', 'order_combined', 'line_items_split'
    );
end;
$$;
comment on function private.enqueue_order_reads(private.label_purchases) is
  'Part of fail_label_purchase: the orders are read again, once per attempt, so that the next request sees what this one found at TikTok.';
grant execute on function private.enqueue_order_reads(private.label_purchases) to service_role;

/*
  Arguments: p_purchase_id and p_attempt, the claim; p_reason, a code; p_event_id or null.
  Returns:   private.shipment_view; unchanged if another worker took the purchase over or it is settled.
*/
create function public.fail_label_purchase(
  p_purchase_id uuid,
  p_attempt integer,
  p_reason text,
  p_event_id bigint default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  perform private.lock_orders_of_purchase(p_purchase_id, p_event_id);
  update private.label_purchases
  set state = 'failed', reason = p_reason
  where id = p_purchase_id and attempt = p_attempt and state in ('requested', 'purchasing', 'unknown')
  returning * into purchase;
  if found then
    perform private.give_back_label_cost(purchase);
    perform private.free_lines_of_purchase(purchase);
    perform private.enqueue_order_reads(purchase);
  end if;
  perform private.settle_event(p_event_id);
  select * into purchase from private.label_purchases where id = p_purchase_id;
  return private.shipment_view(purchase);
end;
$$;
comment on function public.fail_label_purchase(uuid, integer, text, bigint) is
  'Marks a purchase failed once it is certain that nothing was bought, frees its units and its money, and has an order read again that TikTok shows differently.';
grant execute on function public.fail_label_purchase(uuid, integer, text, bigint) to service_role;

/*
  Arguments: p_purchase_id and p_attempt, the claim; p_reason, a code.
  Returns:   private.shipment_view.
*/
create function public.mark_label_purchase_unknown(p_purchase_id uuid, p_attempt integer, p_reason text)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  update private.label_purchases
  set state = 'unknown', reason = p_reason
  where id = p_purchase_id and attempt = p_attempt and state = 'purchasing';
  select * into purchase from private.label_purchases where id = p_purchase_id;
  return private.shipment_view(purchase);
end;
$$;
comment on function public.mark_label_purchase_unknown(uuid, integer, text) is
  'Marks a purchase unknown: only the provider knows whether it was bought, so the event worker looks it up.';
grant execute on function public.mark_label_purchase_unknown(uuid, integer, text) to service_role;

/*
  Arguments: p_purchase_id; p_document {label_url, label_expires_at, label_format, tracking_number}; p_event_id or null.
  Returns:   private.shipment_view.
*/
create function public.store_label_document(
  p_purchase_id uuid,
  p_document jsonb,
  p_event_id bigint default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  perform private.lock_orders_of_purchase(p_purchase_id, p_event_id);
  update public.shipments
  set label_url = p_document ->> 'label_url',
      label_expires_at = (p_document ->> 'label_expires_at')::timestamptz,
      label_format = coalesce(p_document ->> 'label_format', label_format),
      tracking_number = coalesce(p_document ->> 'tracking_number', tracking_number)
  where id = p_purchase_id;
  perform private.settle_event(p_event_id);
  select * into purchase from private.label_purchases where id = p_purchase_id;
  return private.shipment_view(purchase);
end;
$$;
comment on function public.store_label_document(uuid, jsonb, bigint) is
  'Stores a fresh link to a label.';
grant execute on function public.store_label_document(uuid, jsonb, bigint) to service_role;

/*
  Arguments: p_purchase_id; p_package_id, p_warning and p_error of TikTok, or null; without p_error it was accepted;
             p_event_id or null.
*/
create function public.record_tiktok_notification(
  p_purchase_id uuid,
  p_package_id text,
  p_warning text,
  p_error text,
  p_event_id bigint default null
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_orders_of_purchase(p_purchase_id, p_event_id);
  update public.shipments
  set tiktok_package_id = coalesce(p_package_id, tiktok_package_id),
      tiktok_notified_at = case when p_error is null then coalesce(tiktok_notified_at, now()) else tiktok_notified_at end,
      tiktok_warning = coalesce(p_warning, tiktok_warning),
      tiktok_error = p_error
  where id = p_purchase_id;
  perform private.settle_event(p_event_id);
end;
$$;
comment on function public.record_tiktok_notification(uuid, text, text, text, bigint) is
  'Stores whether TikTok accepted the tracking number of a shipment.';
grant execute on function public.record_tiktok_notification(uuid, text, text, text, bigint) to service_role;
