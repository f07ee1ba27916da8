-- Voiding labels.

/*
  Arguments: p_user_id; p_shipment_id.
  Returns:   {outcome}: requested {purchase}; exists {shipment}; refused {code:
             not_purchased | already_underway | shop_not_connected | shop_paused}.
  Errors:    PT404, the seller has no such label.
*/
create function public.request_label_void(p_user_id uuid, p_shipment_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
  parcel_status text;
  obstacle text;
begin
  select * into purchase
  from private.label_purchases
  where id = p_shipment_id and user_id = p_user_id
  for update;
  if purchase.id is null then
    raise exception 'The seller has no shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  -- TikTok decides about its own labels, and cannot be called without the shop.
  obstacle := private.obstacle_at_shop(purchase);
  if purchase.state = 'void_requested' and obstacle is not null then
    return jsonb_build_object('outcome', 'refused', 'code', obstacle);
  end if;
  if (purchase.state = 'voided' and purchase.provider <> 'own')
    or (purchase.state = 'void_requested' and purchase.checked_at > now() - interval '1 minute') then
    return jsonb_build_object('outcome', 'exists', 'shipment', private.shipment_view(purchase));
  end if;
  -- A later repetition of the request: the provider is called again.
  if purchase.state = 'void_requested' then
    update private.label_purchases set checked_at = now() where id = p_shipment_id;
    return jsonb_build_object('outcome', 'requested', 'purchase', private.purchase_for_worker(purchase));
  end if;
  select status into parcel_status from public.shipments where id = p_shipment_id;
  -- An own tracking number has no label.
  if purchase.provider = 'own' or purchase.state not in ('purchased', 'void_rejected') then
    return jsonb_build_object('outcome', 'refused', 'code', 'not_purchased');
  end if;
  if parcel_status not in ('created', 'purchased') then
    return jsonb_build_object('outcome', 'refused', 'code', 'already_underway');
  end if;
  if obstacle is not null then
    return jsonb_build_object('outcome', 'refused', 'code', obstacle);
  end if;
  update private.label_purchases
  set state = 'void_requested', reason = null, checked_at = now()
  where id = p_shipment_id
  returning * into purchase;
  return jsonb_build_object('outcome', 'requested', 'purchase', private.purchase_for_worker(purchase));
end;
$$;
comment on function public.request_label_void(uuid, uuid) is
  'Stores that a seller wants to void a label.';
grant execute on function public.request_label_void(uuid, uuid) to service_role;

/*
  Arguments: p_purchase, a voided label that is locked.
*/
create function private.settle_void_cost(p_purchase private.label_purchases)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  currency text;
  price numeric;
  invoiced bigint := (
    select coalesce(sum((invoice.value ->> 'cents')::bigint), 0) from jsonb_each(p_purchase.adjustments) as invoice
  );
begin
  if p_purchase.void_used_at is null and p_purchase.cost_cents is null then
    return;
  end if;
  -- An invoice from before the void is in shipping_cost.
  select shipment.currency, least(shipment.shipping_cost, shipment.quoted_cost) into currency, price
  from public.shipments as shipment
  where shipment.id = p_purchase.id and shipment.user_id = p_purchase.user_id;
  -- The carrier may charge the price itself, and not a difference to what was paid and given back.
  if invoiced >= private.label_cents(price, currency) then
    price := 0;
  end if;
  perform private.settle_label_cost(p_purchase, jsonb_build_object('shipping_cost', price, 'currency', currency));
end;
$$;
comment on function private.settle_void_cost(private.label_purchases) is
  'Counts the price of a voided label that is used, or may still be used, unless the carrier has invoiced it.';
grant execute on function private.settle_void_cost(private.label_purchases) to service_role;

/*
  Arguments: p_purchase_id; p_state: voided, its units are free again; void_rejected; void_requested, not decided yet;
             p_reason, a code or null: not_asked means that the provider was not reached; p_event_id or null.
  Returns:   private.shipment_view.
*/
create function public.settle_label_void(
  p_purchase_id uuid,
  p_state text,
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
  -- 1. Lock the seller, the event, the orders, then the purchase.
  perform private.lock_orders_of_purchase(p_purchase_id, p_event_id);
  select * into purchase from private.label_purchases where id = p_purchase_id for update;
  -- 2. Store the answer.
  if purchase.state = 'void_requested' then
    update private.label_purchases
    set state = p_state,
        reason = p_reason,
        -- The provider was not reached: the seller or the worker may call it again at once.
        checked_at = case when p_reason = 'not_asked' then now() - interval '1 day' else now() end
    where id = p_purchase_id
    returning * into purchase;
    -- 3. Free the units of a voided label, or mark a label shipped that stays in use.
    if p_state = 'voided' then
      -- A label that is billed when it is scanned can still be used: its cost leaves the totals with their month only.
      if p_reason is distinct from 'billed_when_scanned' then
        perform private.give_back_label_cost(purchase);
      end if;
      update public.shipments set status = 'voided' where id = p_purchase_id;
      perform private.free_lines_of_purchase(purchase);
      perform private.record_parcel_change(
        purchase.id, 'LABEL_VOIDED', jsonb_build_object('shipment_id', purchase.id)
      );
    elsif p_state = 'void_rejected' then
      perform private.take_free_label_lines(purchase);
      if private.has_label_lines(purchase) and exists (
        select from public.shipments where id = p_purchase_id and tiktok_notified_at is null
      ) then
        perform private.enqueue_label_task('MARK_SHIPPED', purchase, 'void_rejected:' || now());
      end if;
    end if;
  end if;
  -- 4. Settle the event.
  perform private.settle_event(p_event_id);
  return private.shipment_view(purchase);
end;
$$;
comment on function public.settle_label_void(uuid, text, text, bigint) is
  'Stores the answer of the provider to a void request.';
grant execute on function public.settle_label_void(uuid, text, text, bigint) to service_role;
