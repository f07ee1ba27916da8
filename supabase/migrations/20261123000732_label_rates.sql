-- Rates that providers quoted, stored while they may be chosen.

create table private.label_rates (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
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
  address_digest text,
  carrier_shipment_id text,
  carrier_rate_id text,
  expires_at timestamptz not null default now() + interval '1 hour',
  constraint label_rates_provider_check check (provider in ('tiktok_shipping', 'easypost')),
  constraint label_rates_price_check check ((price is null) = (currency is null) and price >= 0)
);
comment on table private.label_rates is 'Rates that a seller was shown for an order; rate_id refers to them.';
comment on column private.label_rates.service is 'Id of the service at the provider.';
comment on column private.label_rates.price is 'Price in major units of currency; null where TikTok quotes none.';
comment on column private.label_rates.address_digest is 'private.address_digest of the order for which the carrier shipment was made.';
comment on column private.label_rates.carrier_shipment_id is 'EasyPost shipment that the rate belongs to; it can be bought once.';

create index idx_label_rates_order_id on private.label_rates (order_id);
create index idx_label_rates_expires_at on private.label_rates (expires_at);

alter table private.label_rates enable row level security;
grant select, insert on private.label_rates to service_role;

/*
  Arguments: p_user_id; p_order_id; p_request {order_ids?, line_item_ids?}.
  Returns:   {provider, refused_carriers, line_item_ids, order (private.order_to_ship)}, or {refusal, order_ids,
             tiktok_order_ids}: a code of docs/labels.md, the orders that TikTok combined with this one, and the
             unstored_order_ids of private.choose_parcel.
  Errors:    PT404, the seller has no such order.
*/
create function public.get_order_to_ship(p_user_id uuid, p_order_id uuid, p_request jsonb default '{}')
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  named uuid[] := private.named_order_ids(p_order_id, p_request);
  wanted public.orders;
  provider text;
  shop jsonb;
  parcel record;
  refusal text;
begin
  if (select count(*) from public.orders where id = any (named) and user_id = p_user_id) < cardinality(named) then
    raise exception 'The seller lacks one of the orders %', named using errcode = 'PT404';
  end if;
  select * into wanted from public.orders where id = p_order_id and user_id = p_user_id;
  provider := case wanted.shipping_type when 'TIKTOK' then 'tiktok_shipping' else 'easypost' end;
  select * into parcel from private.choose_parcel(p_user_id, named, provider, null, p_request -> 'line_item_ids');
  shop := private.shop_of_order(wanted);
  refusal := coalesce(
    -- First: the orders of a disconnected shop may have lost their data.
    case when shop is null then 'shop_not_connected' end,
    parcel.refusal,
    case when shop ->> 'paused_seconds' is not null then 'shop_paused' end
  );
  if refusal is not null then
    return jsonb_build_object(
      'refusal', refusal, 'order_ids', parcel.other_order_ids, 'tiktok_order_ids', parcel.unstored_order_ids
    );
  end if;
  return jsonb_build_object(
    'provider', provider,
    'refused_carriers', private.refused_carriers(wanted, provider),
    'line_item_ids', parcel.line_item_ids,
    'order', private.order_to_ship(wanted)
  );
end;
$$;
comment on function public.get_order_to_ship(uuid, uuid, jsonb) is
  'An order for which a seller requests rates.';
grant execute on function public.get_order_to_ship(uuid, uuid, jsonb) to service_role;

/*
  Arguments: p_order_id; p_parcel; p_sender or null; p_rates [{provider, carrier, service, service_name, price,
             currency, days_min, days_max, is_default, carrier_shipment_id, carrier_rate_id, address_digest}].
  Returns:   cheapest first: [{rate_id, provider, carrier, service, service_name, price (decimal string), currency,
             days_min, days_max, is_default, expires_at}].
  Errors:    PT404, the order was deleted with its account.
*/
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
  seller uuid := (select user_id from public.orders where id = p_order_id);
  stored jsonb;
begin
  perform private.lock_sellers(seller);
  -- The account may have been deleted while the carriers answered.
  if not exists (select from public.orders where id = p_order_id) then
    raise exception 'Unknown order %', p_order_id using errcode = 'PT404';
  end if;
  perform private.store_sender(seller, p_order_id, p_sender);
  with given as (
    insert into private.label_rates (
      user_id, order_id, provider, carrier, service, service_name, price, currency, days_min, days_max,
      is_default, parcel, address_digest, carrier_shipment_id, carrier_rate_id
    )
    select
      seller, p_order_id, rate.provider, rate.carrier, rate.service, rate.service_name, rate.price::numeric,
      rate.currency, rate.days_min, rate.days_max, rate.is_default, p_parcel,
      rate.address_digest, rate.carrier_shipment_id, rate.carrier_rate_id
    from jsonb_to_recordset(p_rates) as rate (
      provider text, carrier text, service text, service_name text, price text, currency text,
      days_min integer, days_max integer, is_default boolean, carrier_shipment_id text,
      carrier_rate_id text, address_digest text
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
  'Stores rates for an hour, and the sender address of the shop if one is given.';
grant execute on function public.store_label_rates(uuid, jsonb, jsonb, jsonb) to service_role;
