-- Parcels of orders and their labels, as sellers see them.

create table public.shipments (
  id uuid primary key default gen_random_uuid(),
  order_id uuid not null references public.orders (id) on delete cascade,
  user_id uuid not null,
  provider text,
  carrier text not null,
  service_type text not null,
  tracking_number text,
  label_url text,
  label_expires_at timestamptz,
  label_format text,
  shipping_cost numeric(14, 2),
  quoted_cost numeric(14, 2),
  currency text,
  line_item_ids text[] not null default '{}',
  estimated_delivery date,
  status text not null default 'created',
  tracked_at timestamptz,
  tracking_updated_at timestamptz,
  tiktok_package_id text,
  tiktok_notified_at timestamptz,
  tiktok_warning text,
  tiktok_error text,
  tiktok_error_code text,
  advice text,
  advice_reason text,
  advised_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint shipments_provider_check check (provider in ('tiktok_shipping', 'easypost', 'own')),
  constraint shipments_label_format_check check (label_format in ('PDF', 'PNG', 'ZPL')),
  constraint shipments_shipping_cost_check check (shipping_cost >= 0),
  constraint shipments_quoted_cost_check check (quoted_cost >= 0),
  constraint shipments_advice_check check (advice in ('void_advised', 'stop_parcel')),
  constraint shipments_advice_reason_check check (
    advice_reason in ('labelled_twice', 'order_cancelled', 'unit_cancelled', 'address_changed')
  ),
  constraint shipments_tiktok_error_code_check check (tiktok_error_code ~ '^[a-z][a-z0-9_]*$'),
  constraint shipments_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint shipments_status_check check (
    status in (
      'created', 'purchased', 'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed',
      'delivered', 'returned', 'voided'
    )
  )
);
comment on table public.shipments is 'Parcels of orders and their labels; sellers read, only the backend writes.';
comment on column public.shipments.provider is 'Provider that sold the label, or own for a tracking number from elsewhere: docs/labels.md.';
comment on column public.shipments.carrier is 'Carrier in the words of the provider, e.g. USPS.';
comment on column public.shipments.label_url is 'Null while the provider renders the label.';
comment on column public.shipments.label_expires_at is 'When label_url expires, null if it does not; GET /shipments/:id/label returns a fresh one.';
comment on column public.shipments.shipping_cost is 'Price of the label in major units of currency; null if the provider did not report it.';
comment on column public.shipments.quoted_cost is 'Quoted price in major units of currency.';
comment on column public.shipments.line_item_ids is 'TikTok ids of the units in the parcel, as in orders.order_items.';
comment on column public.shipments.status is 'Status of the parcel: docs/labels.md; it moves back only after a failed delivery.';
comment on column public.shipments.tracked_at is 'When the last update was received or requested.';
comment on column public.shipments.tracking_updated_at is 'Carrier time of the newest update; older updates do not change it.';
comment on column public.shipments.tiktok_package_id is 'TikTok package of its own label, or of a label that TikTok was notified of.';
comment on column public.shipments.tiktok_notified_at is 'When TikTok accepted the present tracking number of a label that it did not sell.';
comment on column public.shipments.tiktok_warning is 'Code: TikTok accepted the tracking number with a warning.';
comment on column public.shipments.tiktok_error is 'Why TikTok has not accepted the tracking number yet: its code and request id, without its words.';
comment on column public.shipments.tiktok_error_code is 'Code of that reason, for a tracking number from elsewhere: docs/own-tracking.md.';

comment on column public.shipments.user_id is 'The seller, as in the order: set by a trigger.';
comment on column public.shipments.order_id is 'The order, or the first of combined ones: shipment_orders has all.';
comment on column public.shipments.advice is 'What to do with a label that is no longer wanted: void_advised, or stop_parcel once it is collected; null otherwise.';
comment on column public.shipments.advice_reason is 'What happened after the purchase: labelled_twice, order_cancelled, unit_cancelled or address_changed.';
comment on column public.shipments.advised_at is 'When that was stored.';

-- Serves the list of a seller, newest first, and row level security.
create index idx_shipments_user_id on public.shipments (user_id, created_at desc);
create index idx_shipments_order_id on public.shipments (order_id);
create index idx_shipments_tracking_number on public.shipments (tracking_number);
create index idx_shipments_status on public.shipments (status);
-- Serves the poll of parcels without recent updates.
create index idx_shipments_underway on public.shipments (tracked_at)
  where status in ('purchased', 'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed');

create trigger update_shipments_updated_at
  before update on public.shipments
  for each row execute function public.update_updated_at_column();

alter table public.shipments enable row level security;
create policy "Users can view shipments of own orders" on public.shipments
  for select to authenticated
  using ((select auth.uid()) = user_id);
grant select on public.shipments to authenticated;
grant select, insert, update on public.shipments to service_role;

-- A key of its own: with the pair as primary key the API would take the table for a second way from orders to shipments.
create table public.shipment_orders (
  id bigint generated always as identity primary key,
  shipment_id uuid not null references public.shipments (id) on delete cascade,
  order_id uuid not null references public.orders (id) on delete cascade,
  user_id uuid not null,
  constraint shipment_orders_shipment_id_order_id_key unique (shipment_id, order_id)
);
comment on table public.shipment_orders is 'Every order in a parcel: one, or all that TikTok combined.';
comment on column public.shipment_orders.user_id is 'The seller, as in the order: set by a trigger.';

create index idx_shipment_orders_order_id on public.shipment_orders (order_id);

alter table public.shipment_orders enable row level security;
create policy "Users can view orders of own shipments" on public.shipment_orders
  for select to authenticated
  using ((select auth.uid()) = user_id);
grant select on public.shipment_orders to authenticated;
grant select, insert on public.shipment_orders to service_role;
grant usage on sequence public.shipment_orders_id_seq to service_role;

create function private.set_owner_of_order()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  select user_id into new.user_id from public.orders where id = new.order_id;
  if new.user_id is null and new.order_id is not null then
    raise exception 'Unknown order %', new.order_id using errcode = 'foreign_key_violation';
  end if;
  return new;
end;
$$;
comment on function private.set_owner_of_order() is
  'Trigger: the row has the seller of its order, so that row level security compares a column.';

create trigger set_shipment_owner
  before insert or update of order_id, user_id on public.shipments
  for each row execute function private.set_owner_of_order();

create trigger set_shipment_order_owner
  before insert or update of order_id, user_id on public.shipment_orders
  for each row execute function private.set_owner_of_order();

create function private.add_shipment_order()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into public.shipment_orders (shipment_id, order_id) values (new.id, new.order_id);
  return null;
end;
$$;
comment on function private.add_shipment_order() is
  'Trigger: a new shipment has its order in shipment_orders too.';

create trigger add_shipment_order
  after insert on public.shipments
  for each row execute function private.add_shipment_order();
