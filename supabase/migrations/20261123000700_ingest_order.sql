-- An order enters here and nowhere else.

create function private.address_wins(incoming text, stored text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select incoming = 'readable' or stored = 'none' or (incoming = 'masked' and stored = 'masked');
$$;
comment on function private.address_wins(text, text) is
  'TikTok masks an address later on and never shows it again: what could be read is kept.';
grant execute on function private.address_wins(text, text) to service_role;

create function private.insert_order(p_user_id uuid, p_tiktok_shop_id uuid, p_order jsonb)
returns uuid
language sql
security invoker
set search_path = ''
as $$
  insert into public.orders (
    user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status, payment_status,
    currency, total_amount, shipping_cost, shipping_type, customer_email,
    shipping_address, address_status, order_items, tiktok_created_at, tiktok_updated_at
  )
  values (
    p_user_id,
    p_tiktok_shop_id,
    p_order ->> 'tiktok_order_id',
    p_order ->> 'tiktok_status',
    coalesce(p_order ->> 'order_status', 'received'),
    coalesce(p_order ->> 'payment_status', 'pending'),
    p_order ->> 'currency',
    (p_order ->> 'total_amount')::numeric,
    coalesce((p_order ->> 'shipping_cost')::numeric, 0),
    p_order ->> 'shipping_type',
    p_order ->> 'customer_email',
    p_order -> 'shipping_address',
    p_order ->> 'address_status',
    p_order -> 'order_items',
    (p_order ->> 'tiktok_created_at')::timestamptz,
    (p_order ->> 'tiktok_updated_at')::timestamptz
  )
  returning id;
$$;
comment on function private.insert_order(uuid, uuid, jsonb) is 'Part of ingest_order: a new row.';
grant execute on function private.insert_order(uuid, uuid, jsonb) to service_role;

create function private.update_order(stored public.orders, p_order jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  -- What TikTok left out is kept: live answers omit what does not apply.
  update public.orders
  set tiktok_status = p_order ->> 'tiktok_status',
      order_status = coalesce(p_order ->> 'order_status', stored.order_status),
      payment_status = coalesce(p_order ->> 'payment_status', stored.payment_status),
      currency = coalesce(p_order ->> 'currency', stored.currency),
      total_amount = coalesce((p_order ->> 'total_amount')::numeric, stored.total_amount),
      shipping_cost = coalesce((p_order ->> 'shipping_cost')::numeric, stored.shipping_cost),
      shipping_type = coalesce(p_order ->> 'shipping_type', stored.shipping_type),
      customer_email = coalesce(p_order ->> 'customer_email', stored.customer_email),
      shipping_address = case
        when private.address_wins(p_order ->> 'address_status', stored.address_status)
          then p_order -> 'shipping_address'
        else stored.shipping_address
      end,
      address_status = case
        when private.address_wins(p_order ->> 'address_status', stored.address_status)
          then p_order ->> 'address_status'
        else stored.address_status
      end,
      order_items = case
        when jsonb_array_length(p_order -> 'order_items') > 0 then p_order -> 'order_items'
        else stored.order_items
      end,
      tiktok_created_at = coalesce(
        (p_order ->> 'tiktok_created_at')::timestamptz,
        stored.tiktok_created_at
      ),
      tiktok_updated_at = (p_order ->> 'tiktok_updated_at')::timestamptz
  where id = stored.id;
$$;
comment on function private.update_order(public.orders, jsonb) is 'Part of ingest_order: a newer state of a stored order.';
grant execute on function private.update_order(public.orders, jsonb) to service_role;

create function public.ingest_order(p_event_id bigint, p_tiktok_shop_id uuid, p_order jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  seller uuid;
  stored public.orders;
  outcome text;
  order_id uuid;
begin
  if event.id is null then
    return jsonb_build_object('outcome', 'settled', 'order_id', null);
  end if;

  select user_id into seller from public.tiktok_shops where id = p_tiktok_shop_id;
  if seller is null then
    raise exception 'There is no shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;

  -- The seller's counter is the lock: from here on no other order of theirs is decided.
  insert into private.monthly_order_counts (user_id, month)
  values (seller, private.current_month())
  on conflict (user_id, month) do nothing;
  perform from private.monthly_order_counts
  where user_id = seller and month = private.current_month()
  for update;

  select * into stored
  from public.orders
  where tiktok_shop_id = p_tiktok_shop_id
    and tiktok_order_id = p_order ->> 'tiktok_order_id';

  if stored.id is not null then
    order_id := stored.id;
    if stored.tiktok_updated_at > (p_order ->> 'tiktok_updated_at')::timestamptz then
      outcome := 'stale';
    else
      perform private.update_order(stored, p_order);
      outcome := 'updated';
    end if;
  elsif public.check_order_limit(seller) then
    order_id := private.insert_order(seller, p_tiktok_shop_id, p_order);
    update private.monthly_order_counts
    set orders = orders + 1
    where user_id = seller and month = private.current_month();
    outcome := 'inserted';
  else
    outcome := 'held';
  end if;

  update private.webhook_events
  set status = case when outcome = 'held' then 'held' else 'done' end,
      reason = case when outcome = 'held' then 'order_limit' end,
      object_id = p_order ->> 'tiktok_order_id',
      settled_at = now()
  where id = p_event_id;
  return jsonb_build_object('outcome', outcome, 'order_id', order_id);
end;
$$;
comment on function public.ingest_order(bigint, uuid, jsonb) is
  'Takes an order in and settles its event, in one transaction. p_order: docs/orders.md. Returns {outcome, order_id}; outcome is inserted, updated, stale (the stored one is newer), held (over the plan''s limit) or settled (the event already was).';
grant execute on function public.ingest_order(bigint, uuid, jsonb) to service_role;
