-- Requesting a label: bought at most once per request: docs/labels.md.

create function private.answer_repeated_request(
  p_purchase private.label_purchases,
  p_order_id uuid,
  p_request_hash text
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_purchase.id is null then null
    when p_purchase.request_hash <> p_request_hash or p_purchase.order_id <> p_order_id
      then jsonb_build_object('outcome', 'key_reused')
    when p_purchase.state = 'unknown'
        or (p_purchase.state = 'purchasing' and private.is_abandoned(p_purchase))
      then jsonb_build_object('outcome', 'unsettled', 'purchase', private.purchase_for_worker(p_purchase))
    when p_purchase.state in ('requested', 'purchasing') and not private.is_abandoned(p_purchase)
      then jsonb_build_object('outcome', 'in_progress', 'shipment', private.shipment_view(p_purchase))
    when p_purchase.state not in ('requested', 'failed')
      then jsonb_build_object('outcome', 'exists', 'shipment', private.shipment_view(p_purchase))
  end;
end;
$$;
comment on function private.answer_repeated_request(private.label_purchases, uuid, text) is
  'The answer to a request whose Idempotency-Key is known; null if the purchase has to be started or restarted.';
grant execute on function private.answer_repeated_request(private.label_purchases, uuid, text) to service_role;

/*
  Arguments: p_rate, null if the order has no such rate; p_request, that of request_label.
  Returns:   why the label cannot be bought at the rate, a code of docs/labels.md; null if it can.
*/
create function private.rate_refusal(p_rate private.label_rates, p_request jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return case
    when p_rate.id is null then 'rate_not_found'
    when p_rate.expires_at <= now() then 'rate_expired'
    when p_rate.parcel <> p_request -> 'parcel' then 'rate_of_another_parcel'
    when p_request ->> 'provider' <> p_rate.provider then 'rate_of_another_provider'
  end;
end;
$$;
comment on function private.rate_refusal(private.label_rates, jsonb) is
  'Part of request_label: whether the label can be bought at the rate.';
grant execute on function private.rate_refusal(private.label_rates, jsonb) to service_role;

/*
  Arguments: p_purchase, which failed or was abandoned; p_order; p_provider, p_line_item_ids and p_other_order_ids as they
             are now.
  Returns:   the purchase.
*/
create function private.restart_label_purchase(
  p_purchase private.label_purchases,
  p_order public.orders,
  p_provider text,
  p_line_item_ids text[],
  p_other_order_ids uuid[]
)
returns private.label_purchases
language plpgsql
security invoker
set search_path = ''
as $$
declare
  present_digest text := private.address_digest(p_order);
  restarted private.label_purchases;
begin
  update private.label_purchases
  set state = 'requested',
      state_since = now(),
      attempt = attempt + 1,
      reason = null,
      provider = p_provider,
      line_item_ids = p_line_item_ids,
      other_order_ids = p_other_order_ids,
      -- A carrier shipment of an earlier attempt keeps its address, unless TikTok showed another one.
      address_digest = case
        when carrier_shipment_id is null or reason = 'order_changed' then present_digest
        else address_digest
      end,
      carrier_shipment_id = case
        when reason = 'order_changed' and address_digest is distinct from present_digest then null
        else carrier_shipment_id
      end,
      -- A purchase that failed without a sender uses the one that the shop stored since.
      sender = coalesce(
        sender,
        (
          select address from private.senders
          where tiktok_shop_id = p_order.tiktok_shop_id and user_id = p_order.user_id
        )
      )
  where id = p_purchase.id and user_id = p_order.user_id
  returning * into restarted;
  return restarted;
end;
$$;
comment on function private.restart_label_purchase(private.label_purchases, public.orders, text, text[], uuid[]) is
  'Part of request_label: a purchase that bought nothing begins again.';
grant execute on function private.restart_label_purchase(private.label_purchases, public.orders, text, text[], uuid[])
  to service_role;

/*
  Arguments: p_purchase; p_rate, null if a service was chosen; p_order.
  Returns:   the purchase. It buys the rate's carrier shipment, unless another label used that, or it has an old address.
*/
create function private.take_label_rate(
  p_purchase private.label_purchases,
  p_rate private.label_rates,
  p_order public.orders
)
returns private.label_purchases
language plpgsql
security invoker
set search_path = ''
as $$
declare
  taken private.label_purchases;
begin
  if p_rate.id is not null and p_purchase.carrier_shipment_id is null then
    update private.label_purchases
    set carrier_shipment_id = p_rate.carrier_shipment_id,
        carrier_rate_id = p_rate.carrier_rate_id
    where id = p_purchase.id and user_id = p_order.user_id
      and p_rate.address_digest is not distinct from private.address_digest(p_order)
      and not exists (
        select from private.label_purchases as other
        where other.carrier_shipment_id = p_rate.carrier_shipment_id and other.user_id = p_order.user_id
      );
  end if;
  update private.label_purchases
  set quoted_cost = coalesce(p_rate.price, quoted_cost),
      currency = coalesce(p_rate.currency, currency)
  where id = p_purchase.id and user_id = p_order.user_id
  returning * into taken;
  return taken;
end;
$$;
comment on function private.take_label_rate(private.label_purchases, private.label_rates, public.orders) is
  'Part of request_label: the label is bought at the rate that the seller saw.';
grant execute on function private.take_label_rate(private.label_purchases, private.label_rates, public.orders)
  to service_role;

/*
  Arguments: p_user_id; p_idempotency_key; p_request_hash, hash of the whole request; p_order_id; p_request {parcel,
             label_format, rate_id | service, order_ids?, provider?, line_item_ids?, sender?}.
  Returns:   {outcome}: requested {purchase}, buy it now; exists {shipment}; in_progress {shipment}; unsettled
             {purchase}, look it up at the provider; key_reused; refused {code, order_ids, tiktok_order_ids}, see
             docs/labels.md: the orders that TikTok combined with this one, stored ones and others (see
             unstored_order_ids of private.choose_parcel).
  Errors:    PT404, the seller has no such order.
*/
create function public.request_label(
  p_user_id uuid,
  p_idempotency_key text,
  p_request_hash text,
  p_order_id uuid,
  p_request jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  wanted public.orders;
  rate private.label_rates;
  purchase private.label_purchases;
  chosen_provider text;
  named uuid[] := private.named_order_ids(p_order_id, p_request);
  parcel record;
  refusal text;
  repeated jsonb;
begin
  -- 1. Lock the orders: all their labels are decided under this lock.
  perform private.lock_orders(p_user_id, named);
  if (select count(*) from public.orders where id = any (named) and user_id = p_user_id) < cardinality(named) then
    raise exception 'The seller lacks one of the orders %', named using errcode = 'PT404';
  end if;
  select * into wanted from public.orders where id = p_order_id and user_id = p_user_id;

  -- 2. Answer a repeated request from its purchase.
  select * into purchase
  from private.label_purchases
  where user_id = p_user_id and idempotency_key = p_idempotency_key
  for update;
  repeated := private.answer_repeated_request(purchase, p_order_id, p_request_hash);
  if repeated is not null then
    return repeated;
  end if;

  -- 3. Check the rate, if one was chosen.
  if p_request ? 'rate_id' then
    select * into rate
    from private.label_rates
    where id = (p_request ->> 'rate_id')::uuid and order_id = p_order_id and user_id = p_user_id;
    refusal := private.rate_refusal(rate, p_request);
    if refusal is not null then
      return jsonb_build_object('outcome', 'refused', 'code', refusal);
    end if;
  end if;
  -- 4. Choose the provider, check the orders and choose their units.
  chosen_provider := coalesce(
    rate.provider,
    p_request ->> 'provider',
    case wanted.shipping_type when 'TIKTOK' then 'tiktok_shipping' else 'easypost' end
  );
  select * into parcel
  from private.choose_parcel(p_user_id, named, chosen_provider, purchase.id, p_request -> 'line_item_ids');
  refusal := coalesce(
    -- First: the orders of a disconnected shop may have lost their data.
    case when private.shop_of_order(wanted) is null then 'shop_not_connected' end,
    private.label_refusal(wanted, chosen_provider),
    -- EasyPost's services are named <carrier>/<service>.
    case
      when private.is_carrier_refused(
        wanted, chosen_provider, coalesce(rate.carrier, split_part(p_request ->> 'service', '/', 1))
      ) then 'carrier_not_accepted'
    end,
    parcel.refusal
  );
  if refusal is not null then
    return jsonb_build_object(
      'outcome', 'refused', 'code', refusal,
      'order_ids', parcel.other_order_ids, 'tiktok_order_ids', parcel.unstored_order_ids
    );
  end if;

  -- 5. Store the purchase, or start the stored one again.
  if purchase.id is null then
    insert into private.label_purchases (
      user_id, order_id, other_order_ids, idempotency_key, request_hash, provider, line_item_ids, parcel, sender,
      address_digest, service, label_format
    )
    values (
      p_user_id, p_order_id, parcel.other_order_ids, p_idempotency_key, p_request_hash, chosen_provider,
      parcel.line_item_ids, p_request -> 'parcel',
      coalesce(
        p_request -> 'sender',
        (
          select address from private.senders
          where tiktok_shop_id = wanted.tiktok_shop_id and user_id = p_user_id
        )
      ),
      private.address_digest(wanted), coalesce(rate.service, p_request ->> 'service'), p_request ->> 'label_format'
    )
    returning * into purchase;
  else
    purchase := private.restart_label_purchase(
      purchase, wanted, chosen_provider, parcel.line_item_ids, parcel.other_order_ids
    );
  end if;
  purchase := private.take_label_rate(purchase, rate, wanted);
  -- 6. Reserve the units.
  perform private.claim_label_lines(purchase);
  return jsonb_build_object('outcome', 'requested', 'purchase', private.purchase_for_worker(purchase));
exception
  -- Two concurrent requests used one key for two orders.
  when unique_violation then
    return jsonb_build_object('outcome', 'key_reused');
end;
$$;
comment on function public.request_label(uuid, text, text, uuid, jsonb) is
  'Stores the intent to buy a label and reserves its units; a failed purchase, or one abandoned before it was bought, starts again.';
grant execute on function public.request_label(uuid, text, text, uuid, jsonb) to service_role;

/*
  Arguments: p_purchase_id; p_event_id, the event that the calling function settles, or null.
*/
create function private.lock_orders_of_purchase(p_purchase_id uuid, p_event_id bigint default null)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_sellers((select user_id from private.label_purchases where id = p_purchase_id));
  perform private.lock_event(p_event_id);
  perform private.lock_orders(user_id, order_id || other_order_ids)
  from private.label_purchases
  where id = p_purchase_id;
end;
$$;
comment on function private.lock_orders_of_purchase(uuid, bigint) is
  'Locks the seller, the event and the orders of a purchase: docs/architecture.md.';
grant execute on function private.lock_orders_of_purchase(uuid, bigint) to service_role;

create function private.reserve_purchase_cost(p_purchase private.label_purchases, p_choice jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  cents bigint := private.label_cents((p_choice ->> 'quoted_cost')::numeric, p_choice ->> 'currency');
  shop_key uuid;
  reserved jsonb;
begin
  -- The seller pays TikTok's labels at TikTok.
  if p_purchase.provider <> 'easypost' then
    return null;
  end if;
  if cents is null then
    return '{"refusal": "service_unavailable"}';
  end if;
  select shop.shop_key into shop_key
  from public.orders
  join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id and shop.user_id = orders.user_id
  where orders.id = p_purchase.order_id and orders.user_id = p_purchase.user_id;
  reserved := private.reserve_label_cost(p_purchase.user_id, shop_key, cents);
  if reserved ->> 'refusal' is null then
    update private.label_purchases
    set cost_cents = cents, cost_day = private.current_day(), cost_shop_key = shop_key
    where id = p_purchase.id and user_id = p_purchase.user_id;
  end if;
  return reserved;
end;
$$;
comment on function private.reserve_purchase_cost(private.label_purchases, jsonb) is
  'Part of start_label_purchase: reserves the price of a label that the platform pays; answers like reserve_label_cost, or null.';
grant execute on function private.reserve_purchase_cost(private.label_purchases, jsonb) to service_role;

create function private.give_back_label_cost(p_purchase private.label_purchases)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if p_purchase.cost_cents is null then
    return;
  end if;
  perform private.add_label_cost(
    p_purchase.user_id, p_purchase.cost_shop_key, p_purchase.cost_day, -1, -p_purchase.cost_cents
  );
  update private.label_purchases
  set cost_cents = null, cost_day = null, cost_shop_key = null
  where id = p_purchase.id and user_id = p_purchase.user_id;
end;
$$;
comment on function private.give_back_label_cost(private.label_purchases) is
  'Takes a label that was not bought, or was voided, out of the totals, once; the caller has locked the purchase.';
grant execute on function private.give_back_label_cost(private.label_purchases) to service_role;

/*
  Arguments: p_purchase; p_label, see finish_label_purchase: its price counts in place of the reserved one.
*/
create function private.settle_label_cost(p_purchase private.label_purchases, p_label jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  cents bigint := coalesce(
    private.label_cents(
      (p_label ->> 'shipping_cost')::numeric, coalesce(p_label ->> 'currency', p_purchase.currency)
    ),
    p_purchase.cost_cents,
    private.label_cents(p_purchase.quoted_cost, p_purchase.currency),
    0
  );
  today date := private.current_day();
begin
  if p_purchase.provider <> 'easypost' or cents = p_purchase.cost_cents then
    return;
  end if;
  if p_purchase.cost_cents is null then
    -- Bought although it had been given up.
    update private.label_purchases as bought
    set cost_cents = cents, cost_day = today, cost_shop_key = shop.shop_key
    from public.orders
    join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id and shop.user_id = orders.user_id
    where bought.id = p_purchase.id and bought.user_id = p_purchase.user_id
      and orders.id = p_purchase.order_id and orders.user_id = bought.user_id
    returning bought.* into p_purchase;
    perform private.add_label_cost(p_purchase.user_id, p_purchase.cost_shop_key, today, 1, cents);
    return;
  end if;
  perform private.add_label_cost(
    p_purchase.user_id, p_purchase.cost_shop_key, p_purchase.cost_day, 0, cents - p_purchase.cost_cents
  );
  update private.label_purchases
  set cost_cents = cents
  where id = p_purchase.id and user_id = p_purchase.user_id;
end;
$$;
comment on function private.settle_label_cost(private.label_purchases, jsonb) is
  'Part of finish_label_purchase: counts what a bought label cost, above a limit too, because the money is spent.';
grant execute on function private.settle_label_cost(private.label_purchases, jsonb) to service_role;

/*
  Arguments: p_purchase_id and p_attempt, the claim; p_choice {service, carrier, carrier_shipment_id, carrier_rate_id,
             quoted_cost, currency}.
  Returns:   {outcome}: started {near}, see private.reserve_label_cost; or nothing may be bought: taken_over, another
             worker has the purchase; refused {code}, see docs/labels.md.
*/
create function public.start_label_purchase(
  p_purchase_id uuid,
  p_attempt integer,
  p_choice jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
  reserved jsonb;
begin
  -- 1. Lock the seller, the orders, then the purchase: docs/architecture.md.
  perform private.lock_orders_of_purchase(p_purchase_id);
  select * into purchase
  from private.label_purchases
  where id = p_purchase_id and state = 'requested' and attempt = p_attempt
  for update;
  if purchase.id is null then
    return jsonb_build_object('outcome', 'taken_over');
  end if;
  -- 2. Check the carrier, and reserve the money.
  if exists (
    select from public.orders
    where orders.id = purchase.order_id and orders.user_id = purchase.user_id
      and private.is_carrier_refused(orders, purchase.provider, p_choice ->> 'carrier')
  ) then
    return jsonb_build_object('outcome', 'refused', 'code', 'carrier_not_accepted');
  end if;
  reserved := private.reserve_purchase_cost(purchase, p_choice);
  if reserved ->> 'refusal' is not null then
    return jsonb_build_object('outcome', 'refused', 'code', reserved ->> 'refusal');
  end if;
  -- 3. Store what will be bought.
  update private.label_purchases
  set state = 'purchasing',
      service = p_choice ->> 'service',
      carrier_shipment_id = p_choice ->> 'carrier_shipment_id',
      carrier_rate_id = p_choice ->> 'carrier_rate_id',
      quoted_cost = (p_choice ->> 'quoted_cost')::numeric,
      currency = p_choice ->> 'currency'
  where id = purchase.id and user_id = purchase.user_id;
  return jsonb_build_object('outcome', 'started', 'near', coalesce(reserved -> 'near', '[]'));
end;
$$;
comment on function public.start_label_purchase(uuid, integer, jsonb) is
  'The last step before money is spent: reserves it within the limits, and stores what will be bought.';
grant execute on function public.start_label_purchase(uuid, integer, jsonb) to service_role;
