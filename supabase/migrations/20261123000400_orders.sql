-- Orders as sellers see them.

create table public.orders (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  tiktok_shop_id uuid not null references public.tiktok_shops (id) on delete cascade,
  tiktok_order_id text not null,
  tiktok_status text not null,
  order_status text not null default 'received',
  payment_status text not null default 'pending',
  currency text not null,
  -- Wider than the requested (10,2): an order of 100,000,000 VND or IDR is ordinary.
  total_amount numeric(14, 2) not null,
  shipping_cost numeric(14, 2) not null default 0,
  shipping_type text,
  customer_email text,
  shipping_address jsonb not null,
  address_status text not null,
  order_items jsonb not null,
  order_kind text not null default 'sale',
  related_order_id text,
  fulfillment_type text,
  warehouse_id text,
  combine_group_id text,
  paid_at timestamptz,
  ship_by timestamptz,
  auto_cancel_at timestamptz,
  cancel_requested_at timestamptz,
  cancel_respond_by timestamptz,
  cancel_reason text,
  cancelled_by text,
  buyer_note text,
  seller_note text,
  amounts jsonb not null default '{}',
  cancelled_amount numeric(14, 2) not null default 0,
  cancelled_in_total boolean not null default true,
  refunded_amount numeric(14, 2),
  is_revenue boolean not null generated always as (
    order_kind = 'sale'
    and order_status <> 'cancelled'
    and payment_status = any ('{paid,partially_refunded,refunded}')
  ) stored,
  counts_for_plan boolean not null default true,
  mapping_version smallint not null default 0,
  tiktok_created_at timestamptz,
  tiktok_updated_at timestamptz not null,
  tiktok_read_at timestamptz not null default now(),
  final_at timestamptz,
  personal_data_removed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- One order, one row. Replaces the requested idx_orders_tiktok_shop_id.
  constraint orders_tiktok_shop_id_tiktok_order_id_key unique (tiktok_shop_id, tiktok_order_id),
  -- Not "in": each statement reads its CHECKs again, and would make these lists of single codes.
  constraint orders_order_status_check check (
    order_status = any (
      '{received,on_hold,awaiting_shipment,partially_shipped,awaiting_collection,in_transit,delivered,completed,cancelled}'
    )
  ),
  constraint orders_payment_status_check check (
    payment_status = any ('{pending,paid,partially_refunded,refunded,cancelled}')
  ),
  constraint orders_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint orders_total_amount_check check (total_amount >= 0),
  constraint orders_shipping_cost_check check (shipping_cost >= 0),
  constraint orders_shipping_address_check check (jsonb_typeof(shipping_address) = 'object'),
  constraint orders_address_status_check check (address_status = any ('{readable,masked,none}')),
  constraint orders_order_items_check check (jsonb_typeof(order_items) = 'array'),
  constraint orders_order_kind_check check (order_kind = any ('{sale,sample,replacement,exchange}')),
  constraint orders_amounts_check check (jsonb_typeof(amounts) = 'object')
);
comment on table public.orders is 'One row per TikTok order; sellers read, only ingest_order writes.';
comment on column public.orders.tiktok_status is 'The status as TikTok sent it, including values that order_status does not cover.';
comment on column public.orders.order_status is 'Mapped from tiktok_status: docs/orders.md.';
comment on column public.orders.total_amount is 'Amount that the buyer pays, in major units of currency.';
comment on column public.orders.shipping_cost is 'Shipping that the buyer pays, in major units of currency.';
comment on column public.orders.shipping_type is 'TIKTOK (TikTok''s own labels only) or SELLER.';
comment on column public.orders.customer_email is 'Forwarding address of the buyer at TikTok.';
comment on column public.orders.shipping_address is 'Address in our own shape: docs/orders.md; {} while TikTok shows none.';
comment on column public.orders.address_status is 'readable, masked (TikTok replaced parts by asterisks) or none; while the order ships, a readable address is not overwritten by another kind.';
comment on column public.orders.order_items is 'One entry per SKU with quantity and line item ids, both without cancelled units: docs/orders.md.';
comment on column public.orders.order_kind is 'sale, sample, replacement or exchange; only a sale brings revenue.';
comment on column public.orders.related_order_id is 'TikTok id of the order that this one replaces or was exchanged for.';
comment on column public.orders.fulfillment_type is 'FULFILLMENT_BY_SELLER, FULFILLMENT_BY_TIKTOK or FULFILLMENT_BY_DILAYANI_TOKOPEDIA; the seller ships only the first.';
comment on column public.orders.warehouse_id is 'TikTok id of the warehouse that the order ships from.';
comment on column public.orders.combine_group_id is 'TikTok''s auto_combine_group_id: orders of one buyer that are shipped in one parcel.';
comment on column public.orders.paid_at is 'When the buyer paid.';
comment on column public.orders.ship_by is 'Latest time to ship that TikTok states (rts_sla_time, else tts_sla_time).';
comment on column public.orders.auto_cancel_at is 'When TikTok cancels the order if its next step does not happen.';
comment on column public.orders.cancel_requested_at is 'When the buyer asked for the cancellation that waits for the seller; null without such a request.';
comment on column public.orders.cancel_respond_by is 'Until when the seller may answer that request; null if TikTok does not say.';
comment on column public.orders.cancel_reason is 'TikTok''s reason for the cancellation of the order.';
comment on column public.orders.cancelled_by is 'BUYER, SELLER, OPERATOR or SYSTEM.';
comment on column public.orders.buyer_note is 'Note of the buyer to the seller.';
comment on column public.orders.seller_note is 'Note that the seller wrote in Seller Center.';
comment on column public.orders.amounts is 'Discounts, taxes and fees under TikTok''s own names, as decimal strings of currency: docs/orders.md.';
comment on column public.orders.cancelled_amount is 'Price and taxes of the units that were cancelled while the order goes on.';
comment on column public.orders.cancelled_in_total is 'Whether total_amount still contains the cancelled units: docs/orders.md.';
comment on column public.orders.refunded_amount is 'Sum of the refunds that TikTok reported; null before the first.';
comment on column public.orders.is_revenue is 'Whether it is a sale that the buyer paid and that was not cancelled.';
comment on column public.orders.mapping_version is 'private.order_mapping_version() when the order was last read.';
comment on column public.orders.tiktok_updated_at is 'update_time of TikTok; an older state never overwrites a newer one.';
comment on column public.orders.tiktok_read_at is 'The stored state was read at TikTok before this time; it decides between two states of one second.';
comment on column public.orders.final_at is 'When it became completed or cancelled, at TikTok; null before.';
comment on column public.orders.personal_data_removed_at is 'When the personal data of the buyer was removed: docs/privacy.md; null while the order may have them.';
comment on column public.orders.created_at is 'When the order was stored here; it counts for this month (UTC).';
comment on column public.orders.counts_for_plan is 'Whether the order uses a place of the monthly limit: docs/orders.md, "Which orders count".';

create index idx_orders_tiktok_order_id on public.orders (tiktok_order_id);
create index idx_orders_status on public.orders (order_status);
-- The orders that a combined order is shipped with.
create index idx_orders_combine_group on public.orders (tiktok_shop_id, combine_group_id)
  where combine_group_id is not null;
create index idx_orders_created_at on public.orders (created_at);
-- Replaces the requested idx_orders_user_id.
create index idx_orders_user_created on public.orders (user_id, created_at);

create trigger update_orders_updated_at
  before update on public.orders
  for each row execute function public.update_updated_at_column();

alter table public.orders enable row level security;
create policy "Users can view own orders" on public.orders
  for select to authenticated using ((select auth.uid()) = user_id);
grant select on public.orders to authenticated;
grant select, insert, update on public.orders to service_role;

create function private.order_mapping_version()
returns smallint
language plpgsql
immutable
set search_path = ''
as $$
begin
  return 1::smallint;
end;
$$;
comment on function private.order_mapping_version() is
  'Version of the columns that come from TikTok; orders of an older one can be read again: docs/orders.md.';
grant execute on function private.order_mapping_version() to service_role;
