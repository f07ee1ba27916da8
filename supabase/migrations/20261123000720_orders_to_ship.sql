-- Orders as buying a label needs them.

create table private.senders (
  tiktok_shop_id uuid primary key references public.tiktok_shops (id) on delete cascade,
  user_id uuid not null,
  address jsonb not null,
  updated_at timestamptz not null default now(),
  constraint senders_address_check check (jsonb_typeof(address) = 'object')
);
comment on table private.senders is 'Last sender address of each shop.';

alter table private.senders enable row level security;
grant select, insert, update on private.senders to service_role;

create function private.store_sender(p_user_id uuid, p_order_id uuid, p_address jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into private.senders (tiktok_shop_id, user_id, address)
  select tiktok_shop_id, user_id, p_address
  from public.orders
  where id = p_order_id and user_id = p_user_id and p_address is not null
  on conflict (tiktok_shop_id) do update set address = excluded.address, updated_at = now();
end;
$$;
comment on function private.store_sender(uuid, uuid, jsonb) is
  'Stores the sender address of a shop after a carrier accepted it; null keeps the stored address.';
grant execute on function private.store_sender(uuid, uuid, jsonb) to service_role;

create function private.order_line_item_ids(p_order public.orders)
returns text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(line.id order by line.id), '{}')
    from jsonb_array_elements(p_order.order_items) as item,
      jsonb_array_elements_text(item -> 'line_item_ids') as line (id)
  );
end;
$$;
comment on function private.order_line_item_ids(public.orders) is
  'The TikTok ids of all units of an order that are not cancelled.';
grant execute on function private.order_line_item_ids(public.orders) to service_role;

create function private.cancelled_line_item_ids(p_order public.orders)
returns text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(line.id order by line.id), '{}')
    from jsonb_array_elements(p_order.order_items) as item,
      jsonb_array_elements_text(item -> 'cancelled_line_item_ids') as line (id)
  );
end;
$$;
comment on function private.cancelled_line_item_ids(public.orders) is
  'The TikTok ids of the cancelled units of an order.';
grant execute on function private.cancelled_line_item_ids(public.orders) to service_role;

create function private.shipments_of_order(p_order public.orders)
returns setof public.shipments
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return query
  select shipment.*
  from public.shipment_orders as link
  join public.shipments as shipment on shipment.id = link.shipment_id and shipment.user_id = link.user_id
  where link.order_id = p_order.id and link.user_id = p_order.user_id;
end;
$$;
comment on function private.shipments_of_order(public.orders) is
  'The parcels that an order is in, also those that it shares with others.';
grant execute on function private.shipments_of_order(public.orders) to service_role;

-- The orders that share a package.
create index idx_orders_package_ids on public.orders using gin (private.order_package_ids(order_items));

/*
  TikTok's guide of combined orders: a group is a recommendation, and Ship Package "remains available" for each of its
  orders. Elsewhere than in the United States that call is how TikTok's own label is bought, for one package.
*/
create function private.combine_group_of(p_order public.orders)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_order.shipping_type = 'TIKTOK' and exists (
      select from public.tiktok_shops as shop
      where shop.id = p_order.tiktok_shop_id and shop.user_id = p_order.user_id and shop.region <> 'US'
    ) then null
    else p_order.combine_group_id
  end;
end;
$$;
comment on function private.combine_group_of(public.orders) is
  'TikTok''s group whose orders get one label; null if each gets its own.';
grant execute on function private.combine_group_of(public.orders) to service_role;

/*
  In the United States TikTok names a group, elsewhere combined orders share a package. An order that was shipped in
  another parcel has left the group.
*/
create function private.combined_orders(p_order public.orders)
returns setof public.orders
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  group_id text := private.combine_group_of(p_order);
begin
  -- Two queries, each of which an index answers.
  return query
  with grouped as (
    select id
    from public.orders
    where user_id = p_order.user_id
      and tiktok_shop_id = p_order.tiktok_shop_id and combine_group_id = group_id
    union
    select id
    from public.orders
    where private.order_package_ids(order_items) && private.order_package_ids(p_order.order_items)
      and tiktok_shop_id = p_order.tiktok_shop_id
      and user_id = p_order.user_id
  )
  select other.*
  from grouped
  join public.orders as other on other.id = grouped.id
  where other.user_id = p_order.user_id
    and other.id <> p_order.id
    and (
      other.order_status in ('received', 'on_hold', 'awaiting_shipment', 'partially_shipped')
      -- It has a label, which TikTok does not know yet.
      or other.order_status in ('awaiting_collection', 'in_transit')
        and other.tiktok_status in ('UNPAID', 'ON_HOLD', 'AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING')
      or (
        other.order_status in ('awaiting_collection', 'in_transit')
        and exists (
          select from public.shipment_orders as ours
          join public.shipment_orders as theirs on theirs.shipment_id = ours.shipment_id and theirs.user_id = ours.user_id
          where ours.order_id = p_order.id and ours.user_id = p_order.user_id and theirs.order_id = other.id
        )
      )
    );
end;
$$;
comment on function private.combined_orders(public.orders) is
  'The other orders with which TikTok wants an order shipped in one parcel.';
grant execute on function private.combined_orders(public.orders) to service_role;

/*
  Arguments: p_order.
  Returns:   TikTok ids of the orders that wait for a place in the plan and have to be shipped with this one; null if
             every known order of its group is stored. TikTok names the group with its first order: it may stay alone.
*/
create function private.unstored_combined_orders(p_order public.orders)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  group_id text := private.combine_group_of(p_order);
begin
  return (
    select array_agg(held.tiktok_order_id order by held.tiktok_order_id)
    from public.tiktok_shops as shop
    join private.held_orders as held on held.shop_id = shop.shop_id
    where shop.id = p_order.tiktok_shop_id
      and shop.user_id = p_order.user_id
      and held.tiktok_order_id <> p_order.tiktok_order_id
      and held.order_status in ('received', 'on_hold', 'awaiting_shipment', 'partially_shipped')
      and (
        held.combine_group_id = group_id
        or held.package_ids && private.order_package_ids(p_order.order_items)
      )
  );
end;
$$;
comment on function private.unstored_combined_orders(public.orders) is
  'The orders that TikTok ships with a stored one and that are not stored themselves.';
grant execute on function private.unstored_combined_orders(public.orders) to service_role;

create function private.lock_orders(p_user_id uuid, p_order_ids uuid[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_sellers(p_user_id);
  -- Other rows may refer to them meanwhile: no key changes.
  perform 1 from public.orders
  where id = any (p_order_ids) and user_id = p_user_id
  order by id
  for no key update;
end;
$$;
comment on function private.lock_orders(uuid, uuid[]) is
  'Locks the seller, then the orders of one parcel.';
grant execute on function private.lock_orders(uuid, uuid[]) to service_role;

create function private.label_refusal(p_order public.orders, p_provider text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return case
    -- A platform's warehouse ships the others: TikTok's, or Tokopedia's.
    when p_order.fulfillment_type <> 'FULFILLMENT_BY_SELLER' then 'fulfilled_by_tiktok'
    when p_order.order_status = 'cancelled' then 'order_cancelled'
    when p_order.payment_status in ('refunded', 'cancelled') then 'order_refunded'
    when p_order.order_status = 'received' then 'order_unpaid'
    when p_order.order_status = 'on_hold' then 'order_on_hold'
    when p_order.order_status in ('delivered', 'completed') then 'already_shipped'
    when p_order.shipping_type is null then 'shipping_type_unknown'
    when p_order.shipping_type = 'TIKTOK' and p_provider <> 'tiktok_shipping' then 'tiktok_label_required'
    when p_order.shipping_type <> 'TIKTOK' and p_provider = 'tiktok_shipping' then 'tiktok_label_unavailable'
    when p_provider = 'easypost' and p_order.address_status = 'masked' then 'address_masked'
    when p_provider = 'easypost' and p_order.address_status = 'none' then 'address_missing'
    -- Shipped with a foreign label; a voided label of ours may be replaced.
    when p_order.order_status in ('awaiting_collection', 'in_transit') and not exists (
      select from private.shipments_of_order(p_order) where provider is not null
    ) then 'already_shipped'
  end;
end;
$$;
comment on function private.label_refusal(public.orders, text) is
  'The code of the reason why no label may be bought for an order, null if one may; docs/labels.md lists the codes.';
grant execute on function private.label_refusal(public.orders, text) to service_role;

create function private.shop_of_order(p_order public.orders)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', shop.id,
      'shop_id', shop.shop_id,
      'shop_cipher', shop.shop_cipher,
      'access_token', shop.access_token,
      'token_version', login.token_version,
      'paused_seconds', private.paused_seconds(shop),
      'region', shop.region
    )
    from public.tiktok_shops as shop
    join private.tiktok_logins as login
      on login.user_id = shop.user_id and login.open_id = shop.open_id
    where shop.id = p_order.tiktok_shop_id and shop.user_id = p_order.user_id
      and shop.connection_status in ('active', 'paused')
  );
end;
$$;
comment on function private.shop_of_order(public.orders) is
  'The live connection of the shop of an order; null without one.';
grant execute on function private.shop_of_order(public.orders) to service_role;

create function private.address_digest(p_order public.orders)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case
    when p_order.address_status = 'readable' then encode(
      sha256(convert_to(
        jsonb_build_array(
          p_order.shipping_address -> 'name', p_order.shipping_address -> 'line1',
          p_order.shipping_address -> 'line2', p_order.shipping_address -> 'city',
          p_order.shipping_address -> 'state', p_order.shipping_address -> 'postal_code',
          p_order.shipping_address -> 'country'
        )::text,
        'UTF8'
      )),
      'hex'
    )
  end;
end;
$$;
comment on function private.address_digest(public.orders) is
  'Digest of a readable address, to see whether it changed while a label was bought; null without one.';
grant execute on function private.address_digest(public.orders) to service_role;

/*
  Arguments: p_order.
  Returns:   {id, tiktok_order_id, shipping_type, shipping_address, line_item_ids,
             cancelled_line_item_ids, shop, sender, tracking_numbers, address_digest}.
*/
create function private.order_to_ship(p_order public.orders)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', p_order.id,
    'tiktok_order_id', p_order.tiktok_order_id,
    'shipping_type', p_order.shipping_type,
    'shipping_address', p_order.shipping_address,
    'line_item_ids', private.order_line_item_ids(p_order),
    'cancelled_line_item_ids', private.cancelled_line_item_ids(p_order),
    'shop', private.shop_of_order(p_order),
    'sender', (
      select address from private.senders
      where tiktok_shop_id = p_order.tiktok_shop_id and user_id = p_order.user_id
    ),
    'address_digest', private.address_digest(p_order),
    'tracking_numbers', (
      select coalesce(jsonb_agg(tracking_number), '[]')
      from private.shipments_of_order(p_order)
      where provider is not null and tracking_number is not null
    )
  );
end;
$$;
comment on function private.order_to_ship(public.orders) is
  'An order as the purchase of a label needs it.';
grant execute on function private.order_to_ship(public.orders) to service_role;
