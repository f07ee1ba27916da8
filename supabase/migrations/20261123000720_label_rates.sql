-- What a label may cost: prices that providers gave, kept for as long as one may be chosen.

create table private.senders (
  tiktok_shop_id uuid primary key references public.tiktok_shops (id) on delete cascade,
  address jsonb not null,
  updated_at timestamptz not null default now(),
  constraint senders_address_check check (jsonb_typeof(address) = 'object')
);
comment on table private.senders is 'Where a shop''s parcels come from: the sender''s address that it gave last.';

alter table private.senders enable row level security;
grant select, insert, update on private.senders to service_role;

create table private.label_rates (
  id uuid primary key default gen_random_uuid(),
  order_id uuid not null references public.orders (id) on delete cascade,
  provider text not null,
  carrier text not null,
  service text not null,
  service_name text not null,
  price numeric(14, 2),
  currency text,
  days_min integer,
  days_max integer,
  is_default boolean not null,
  parcel jsonb not null,
  carrier_shipment_id text,
  carrier_rate_id text,
  expires_at timestamptz not null default now() + interval '1 hour',
  constraint label_rates_provider_check check (provider in ('tiktok_shipping', 'easypost')),
  constraint label_rates_price_check check ((price is null) = (currency is null) and price >= 0)
);
comment on table private.label_rates is 'Prices that a seller was shown for an order: what rate_id names.';
comment on column private.label_rates.service is 'The provider''s own id of the service.';
comment on column private.label_rates.price is 'In major units of currency. Null where TikTok does not tell beforehand.';
comment on column private.label_rates.carrier_shipment_id is 'EasyPost''s shipment that the price was given for; it can be bought once.';

create index idx_label_rates_order_id on private.label_rates (order_id);
create index idx_label_rates_expires_at on private.label_rates (expires_at);

alter table private.label_rates enable row level security;
grant select, insert, delete on private.label_rates to service_role;

create function private.order_line_item_ids(p_order public.orders)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select coalesce(array_agg(line.id order by line.id), '{}')
  from jsonb_array_elements(p_order.order_items) as item,
    jsonb_array_elements_text(item -> 'line_item_ids') as line (id);
$$;
comment on function private.order_line_item_ids(public.orders) is 'Every unit of an order, by TikTok''s id.';
grant execute on function private.order_line_item_ids(public.orders) to service_role;

create function private.label_refusal(p_order public.orders, p_provider text)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select case
    when p_order.order_status = 'cancelled' then 'order_cancelled'
    when p_order.payment_status in ('refunded', 'cancelled') then 'order_refunded'
    when p_order.order_status = 'received' then 'order_unpaid'
    when p_order.order_status = 'on_hold' then 'order_on_hold'
    when p_order.order_status in ('delivered', 'completed') then 'already_shipped'
    when p_order.shipping_type is null then 'shipping_type_unknown'
    when p_order.shipping_type = 'TIKTOK' and p_provider <> 'tiktok_shipping' then 'tiktok_label_required'
    when p_order.shipping_type <> 'TIKTOK' and p_provider = 'tiktok_shipping' then 'tiktok_label_unavailable'
    when p_provider <> 'tiktok_shipping' and p_order.address_status = 'masked' then 'address_masked'
    when p_provider <> 'tiktok_shipping' and p_order.address_status = 'none' then 'address_missing'
    -- Under way already, by somebody else's label; a label of ours that was voided is replaced.
    when p_order.order_status in ('awaiting_collection', 'in_transit') and not exists (
      select from public.shipments where order_id = p_order.id and provider is not null
    ) then 'already_shipped'
  end;
$$;
comment on function private.label_refusal(public.orders, text) is
  'Why no label may be bought for an order as it is, null if one may: docs/labels.md has the codes.';
grant execute on function private.label_refusal(public.orders, text) to service_role;

create function private.shop_of_order(p_order public.orders)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'id', shop.id,
    'shop_id', shop.shop_id,
    'shop_cipher', shop.shop_cipher,
    'access_token', shop.access_token,
    'token_version', login.token_version,
    'region', shop.region
  )
  from public.tiktok_shops as shop
  join private.tiktok_logins as login
    on login.user_id = shop.user_id and login.open_id = shop.open_id
  where shop.id = p_order.tiktok_shop_id and shop.connection_status = 'active';
$$;
comment on function private.shop_of_order(public.orders) is 'The live connection of an order''s shop, null if there is none.';
grant execute on function private.shop_of_order(public.orders) to service_role;

create function private.order_to_ship(p_order public.orders)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_order.id,
    'tiktok_order_id', p_order.tiktok_order_id,
    'shipping_type', p_order.shipping_type,
    'shipping_address', p_order.shipping_address,
    'line_item_ids', private.order_line_item_ids(p_order),
    'shop', private.shop_of_order(p_order),
    'sender', (select address from private.senders where tiktok_shop_id = p_order.tiktok_shop_id),
    'tracking_numbers', (
      select coalesce(jsonb_agg(tracking_number), '[]')
      from public.shipments
      where order_id = p_order.id and provider is not null and tracking_number is not null
    )
  );
$$;
comment on function private.order_to_ship(public.orders) is
  'What buying a label needs to know of an order: {id, tiktok_order_id, shipping_type, shipping_address, line_item_ids, shop, sender, tracking_numbers}.';
grant execute on function private.order_to_ship(public.orders) to service_role;

create function public.get_order_to_ship(p_user_id uuid, p_order_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  wanted public.orders;
  provider text;
  refusal text;
begin
  select * into wanted from public.orders where id = p_order_id and user_id = p_user_id;
  if wanted.id is null then
    raise exception 'The seller has no order %', p_order_id using errcode = 'PT404';
  end if;
  provider := case wanted.shipping_type when 'TIKTOK' then 'tiktok_shipping' else 'easypost' end;
  refusal := coalesce(
    private.label_refusal(wanted, provider),
    case when private.shop_of_order(wanted) is null then 'shop_not_connected' end,
    (select free.refusal from private.free_label_lines(wanted, null, null) as free)
  );
  if refusal is not null then
    return jsonb_build_object('refusal', refusal);
  end if;
  return jsonb_build_object('provider', provider, 'order', private.order_to_ship(wanted));
end;
$$;
comment on function public.get_order_to_ship(uuid, uuid) is
  'For asking for rates. Returns {provider, order} (private.order_to_ship), or {refusal}; raises PT404 for an order that is not the seller''s.';
grant execute on function public.get_order_to_ship(uuid, uuid) to service_role;

create function private.remember_sender(p_order_id uuid, p_address jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  insert into private.senders (tiktok_shop_id, address)
  select tiktok_shop_id, p_address
  from public.orders
  where id = p_order_id and p_address is not null
  on conflict (tiktok_shop_id) do update set address = excluded.address, updated_at = now();
$$;
comment on function private.remember_sender(uuid, jsonb) is
  'Keeps a sender''s address for the shop of an order, once a carrier has taken it; null keeps what is there.';
grant execute on function private.remember_sender(uuid, jsonb) to service_role;

create function public.store_label_rates(
  p_order_id uuid,
  p_parcel jsonb,
  p_sender jsonb,
  p_rates jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  stored jsonb;
begin
  perform private.remember_sender(p_order_id, p_sender);
  with given as (
    insert into private.label_rates (
      order_id, provider, carrier, service, service_name, price, currency, days_min, days_max,
      is_default, parcel, carrier_shipment_id, carrier_rate_id
    )
    select
      p_order_id, rate.provider, rate.carrier, rate.service, rate.service_name, rate.price::numeric,
      rate.currency, rate.days_min, rate.days_max, rate.is_default, p_parcel,
      rate.carrier_shipment_id, rate.carrier_rate_id
    from jsonb_to_recordset(p_rates) as rate (
      provider text, carrier text, service text, service_name text, price text, currency text,
      days_min integer, days_max integer, is_default boolean, carrier_shipment_id text,
      carrier_rate_id text
    )
    returning *
  )
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'rate_id', id,
        'provider', provider,
        'carrier', carrier,
        'service', service,
        'service_name', service_name,
        'price', price::text,
        'currency', currency,
        'days_min', days_min,
        'days_max', days_max,
        'is_default', is_default,
        'expires_at', expires_at
      )
      order by price nulls last, days_max, service
    ),
    '[]'
  )
  into stored
  from given;
  return stored;
end;
$$;
comment on function public.store_label_rates(uuid, jsonb, jsonb, jsonb) is
  'Keeps rates for an hour, and the sender''s address, if one is given, for the shop. Returns them, cheapest first: [{rate_id, provider, carrier, service, service_name, price (a decimal string), currency, days_min, days_max, is_default, expires_at}].';
grant execute on function public.store_label_rates(uuid, jsonb, jsonb, jsonb) to service_role;
