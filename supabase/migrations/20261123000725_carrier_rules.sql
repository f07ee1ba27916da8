-- Carriers that a market refuses: docs/runbooks/labels.md shows how an operator changes the rows.

create table private.carrier_rules (
  region text not null,
  shipping_type text not null,
  provider text not null,
  carrier text not null,
  note text,
  created_at timestamptz not null default now(),
  primary key (region, shipping_type, provider, carrier),
  constraint carrier_rules_region_check check (region ~ '^[A-Z]{2}$'),
  constraint carrier_rules_shipping_type_check check (shipping_type in ('SELLER', 'TIKTOK')),
  constraint carrier_rules_provider_check check (provider in ('tiktok_shipping', 'easypost', 'own')),
  -- An empty name would refuse every carrier.
  constraint carrier_rules_carrier_check check (carrier ~ '[A-Za-z0-9]')
);
comment on table private.carrier_rules is 'Carriers whose labels may not be bought, by region of the shop and type of the order: docs/labels.md.';
comment on column private.carrier_rules.region is 'Region of the shop, two letters; a shop without one counts as US.';
comment on column private.carrier_rules.shipping_type is 'orders.shipping_type.';
comment on column private.carrier_rules.provider is 'Provider that sells the label; own for tracking numbers from elsewhere.';
comment on column private.carrier_rules.carrier is 'Beginning of the carrier''s name; case, spaces and punctuation do not count: USPS also means USPSReturns.';
comment on column private.carrier_rules.note is 'Source of the rule, for people.';

alter table private.carrier_rules enable row level security;
grant select on private.carrier_rules to service_role;

insert into private.carrier_rules (region, shipping_type, provider, carrier, note)
select
  'US', 'SELLER', source.provider, 'USPS',
  'TikTok, since 1 January 2026: a USPS label for a Seller-Shipping order must come from TikTok Shipping.'
from unnest(array['easypost', 'own']) as source (provider);

create function private.plain_carrier(p_carrier text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return upper(regexp_replace(p_carrier, '[^A-Za-z0-9]', '', 'g'));
end;
$$;
comment on function private.plain_carrier(text) is
  'A carrier''s name in capital letters and digits only.';
grant execute on function private.plain_carrier(text) to service_role;

create function private.refused_carriers(p_order public.orders, p_provider text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(private.plain_carrier(rule.carrier) order by rule.carrier), '{}')
    from private.carrier_rules as rule
    join public.tiktok_shops as shop on shop.id = p_order.tiktok_shop_id and shop.user_id = p_order.user_id
    where rule.region = upper(coalesce(shop.region, 'US'))
      and rule.shipping_type = p_order.shipping_type
      and rule.provider = p_provider
  );
end;
$$;
comment on function private.refused_carriers(public.orders, text) is
  'The carriers of a provider whose labels may not be bought for an order, as plain beginnings of names.';
grant execute on function private.refused_carriers(public.orders, text) to service_role;

create function private.is_carrier_refused(p_order public.orders, p_provider text, p_carrier text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(
      bool_or(starts_with(private.plain_carrier(p_carrier), refused.carrier)), false
    )
    from unnest(private.refused_carriers(p_order, p_provider)) as refused (carrier)
  );
end;
$$;
comment on function private.is_carrier_refused(public.orders, text, text) is
  'Whether a rule refuses a carrier for an order; an unknown carrier is not refused.';
grant execute on function private.is_carrier_refused(public.orders, text, text) to service_role;
