-- The schema that the migrations make, for review; it is never run.
-- Made by `deno task schema:snapshot`; changes are overwritten.

create schema private; -- {postgres=UC/postgres,service_role=U/postgres,authenticated=U/postgres}
create domain private.month as date constraint month_check CHECK ((EXTRACT(day FROM VALUE) = (1)::numeric));
create table private.carrier_rules (
  region text not null,
  shipping_type text not null,
  provider text not null,
  carrier text not null,
  note text,
  created_at timestamp with time zone not null default now()
);
alter table private.carrier_rules enable row level security;
create table private.daily_event_counts (
  day date not null,
  event_type text not null,
  events bigint not null,
  sellers integer not null
);
alter table private.daily_event_counts enable row level security;
create table private.deleted_event_ids (
  source text not null,
  external_id text not null,
  deleted_at timestamp with time zone not null default now()
);
alter table private.deleted_event_ids enable row level security;
create table private.event_queue (
  event_id bigint not null,
  next_attempt_at timestamp with time zone not null default now(),
  received_at timestamp with time zone not null,
  open_since timestamp with time zone not null,
  claims integer not null,
  is_found_order boolean not null,
  status text not null,
  shop_id text not null
);
alter table private.event_queue enable row level security;
create table private.health_thresholds (
  metric text not null,
  subject text not null default ''::text,
  warning numeric,
  critical numeric,
  bad_when text not null default 'above'::text,
  watched_since timestamp with time zone not null default now()
);
alter table private.health_thresholds enable row level security;
create table private.held_orders (
  shop_id text not null,
  tiktok_order_id text not null,
  order_status text not null,
  ship_by timestamp with time zone,
  tiktok_created_at timestamp with time zone,
  tiktok_updated_at timestamp with time zone not null,
  combine_group_id text,
  package_ids text[] not null default '{}'::text[],
  held_at timestamp with time zone not null default clock_timestamp(),
  urgency smallint not null default private.order_urgency(order_status)
);
alter table private.held_orders enable row level security;
create table private.label_batch_items (
  user_id uuid not null,
  batch_id uuid not null,
  place integer not null,
  order_id uuid not null,
  request jsonb not null,
  state text not null default 'waiting'::text,
  code text
);
alter table private.label_batch_items enable row level security;
create table private.label_batches (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  idempotency_key text not null,
  request_hash text not null,
  created_at timestamp with time zone not null default now()
);
alter table private.label_batches enable row level security;
create table private.label_currencies (
  currency text not null,
  us_cents numeric not null
);
alter table private.label_currencies enable row level security;
create table private.label_limits (
  id bigint not null generated always as identity,
  user_id uuid,
  daily_label_limit integer not null,
  monthly_label_limit integer not null,
  daily_label_cents bigint not null,
  monthly_label_cents bigint not null
);
alter table private.label_limits enable row level security;
create table private.label_purchases (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  order_id uuid not null,
  other_order_ids uuid[] not null default '{}'::uuid[],
  idempotency_key text not null,
  request_hash text not null,
  provider text not null,
  line_item_ids text[] not null,
  parcel jsonb,
  sender jsonb,
  address_digest text,
  service text not null,
  label_format text,
  carrier_shipment_id text,
  carrier_rate_id text,
  quoted_cost numeric(14,2),
  currency text,
  state text not null default 'requested'::text,
  state_since timestamp with time zone not null default now(),
  attempt integer not null default 1,
  reason text,
  checked_at timestamp with time zone,
  cost_cents bigint,
  cost_day date,
  cost_shop_key uuid,
  adjustments jsonb not null default '{}'::jsonb,
  void_used_at timestamp with time zone,
  created_at timestamp with time zone not null default now()
);
alter table private.label_purchases enable row level security;
create table private.label_rates (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  order_id uuid not null,
  provider text not null,
  carrier text not null,
  service text not null,
  service_name text not null,
  price numeric(14,2),
  currency text,
  days_min integer,
  days_max integer,
  is_default boolean not null,
  parcel jsonb not null,
  address_digest text,
  carrier_shipment_id text,
  carrier_rate_id text,
  expires_at timestamp with time zone not null default (now() + '01:00:00'::interval)
);
alter table private.label_rates enable row level security;
create table private.label_spending (
  id bigint not null generated always as identity,
  user_id uuid,
  shop_key uuid,
  month private.month not null,
  labels integer not null default 0,
  cents bigint not null default 0,
  day date not null,
  day_labels integer not null default 0,
  day_cents bigint not null default 0
);
alter table private.label_spending enable row level security;
create table private.label_totals (
  user_id uuid not null,
  currency text not null,
  labels integer not null default 0,
  cost bigint not null default 0
);
alter table private.label_totals enable row level security;
create table private.label_transitions (
  from_state text not null,
  to_state text not null
);
alter table private.label_transitions enable row level security;
create table private.labelled_lines (
  user_id uuid not null,
  order_id uuid not null,
  line_item_id text not null,
  purchase_id uuid not null
);
alter table private.labelled_lines enable row level security;
create table private.monthly_order_counts (
  user_id uuid not null,
  month private.month not null,
  orders integer not null default 0,
  not_counted integer not null default 0
);
alter table private.monthly_order_counts enable row level security;
create table private.monthly_shop_counts (
  shop_key uuid not null,
  month private.month not null,
  orders integer not null default 0
);
alter table private.monthly_shop_counts enable row level security;
create table private.order_totals (
  user_id uuid not null,
  currency text not null,
  orders integer not null default 0,
  amount bigint not null default 0,
  month private.month not null,
  month_orders integer not null default 0,
  month_amount bigint not null default 0,
  paid_orders integer not null default 0,
  gross bigint not null default 0,
  refunded bigint not null default 0,
  last_order_at timestamp with time zone
);
alter table private.order_totals enable row level security;
create table private.order_transitions (
  from_status text not null,
  to_status text not null
);
alter table private.order_transitions enable row level security;
create table private.own_tracking_numbers (
  user_id uuid not null,
  shipment_id uuid not null,
  attempt integer not null,
  carrier text not null,
  tracking_number text not null,
  requested_at timestamp with time zone not null default now(),
  accepted_at timestamp with time zone,
  refusal text,
  tracker_id text,
  tracker_made_at timestamp with time zone
);
alter table private.own_tracking_numbers enable row level security;
create table private.personal_data_reads (
  id bigint not null generated always as identity,
  reader text not null,
  what text not null,
  object_ids text[] not null,
  read_at timestamp with time zone not null default now()
);
alter table private.personal_data_reads enable row level security;
create table private.request_counts (
  user_id uuid not null,
  route text not null,
  window_start timestamp with time zone not null,
  requests integer not null
);
alter table private.request_counts enable row level security;
create table private.request_limits (
  route text not null,
  requests integer not null,
  period interval not null
);
alter table private.request_limits enable row level security;
create table private.retention_periods (
  name text not null,
  days integer not null,
  description text not null
);
alter table private.retention_periods enable row level security;
create table private.senders (
  tiktok_shop_id uuid not null,
  user_id uuid not null,
  address jsonb not null,
  updated_at timestamp with time zone not null default now()
);
alter table private.senders enable row level security;
create table private.shop_identities (
  shop_id_hash text not null,
  shop_key uuid not null
);
alter table private.shop_identities enable row level security;
create table private.source_health (
  source text not null,
  state text not null,
  since timestamp with time zone not null default now(),
  checked_at timestamp with time zone not null default now(),
  last_received_at timestamp with time zone
);
alter table private.source_health enable row level security;
create table private.stripe_attempts (
  user_id uuid not null,
  attempt integer not null
);
alter table private.stripe_attempts enable row level security;
create table private.stripe_customers (
  id uuid not null default gen_random_uuid(),
  user_id uuid,
  stripe_customer_id text not null,
  stripe_customer_id_hash text not null,
  version integer not null default 1,
  account_deleted_at timestamp with time zone,
  deletion_requested boolean not null default false,
  created_at timestamp with time zone not null default now()
);
alter table private.stripe_customers enable row level security;
create table private.tiktok_authorizations (
  state_hash text not null,
  user_id uuid not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone
);
alter table private.tiktok_authorizations enable row level security;
create table private.tiktok_claims (
  claim_hash text not null,
  user_id uuid not null,
  sealed_grant text,
  connected_at timestamp with time zone,
  expires_at timestamp with time zone not null
);
alter table private.tiktok_claims enable row level security;
create table private.tiktok_logins (
  user_id uuid not null,
  open_id text not null,
  token_version integer not null default 1,
  pair_requested_at timestamp with time zone not null default now(),
  last_refreshed_at timestamp with time zone,
  refresh_not_before timestamp with time zone,
  refresh_failures integer not null default 0,
  refresh_refusals integer not null default 0,
  last_refresh_error text,
  lease_id uuid,
  lease_until timestamp with time zone
);
alter table private.tiktok_logins enable row level security;
create table private.unassigned_invoices (
  id text not null,
  cents bigint not null,
  reported_at timestamp with time zone not null
);
alter table private.unassigned_invoices enable row level security;
create table private.webhook_events (
  id bigint not null generated always as identity,
  source text not null,
  external_id text not null,
  event_type text not null,
  shop_id text,
  object_id text,
  body text not null,
  content_digest text,
  status text not null default 'pending'::text,
  claims integer not null default 0,
  attempts integer not null default 0,
  crashes integer not null default 0,
  failing_since timestamp with time zone,
  reason text,
  last_error text,
  received_at timestamp with time zone not null default now(),
  settled_at timestamp with time zone,
  request_id uuid default ("substring"(private.request_header('x-request-id'::text), '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text))::uuid,
  traceparent text default "substring"(private.request_header('traceparent'::text), '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'::text)
);
alter table private.webhook_events enable row level security;
create table public.analytics_events (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  event_type text not null,
  properties jsonb not null default '{}'::jsonb,
  session_id text,
  "timestamp" timestamp with time zone not null default now()
);
alter table public.analytics_events enable row level security;
create table public.order_events (
  id bigint not null generated always as identity,
  order_id uuid not null,
  user_id uuid not null,
  event_type text not null,
  webhook_event_id bigint,
  changes jsonb not null default '{}'::jsonb,
  happened_at timestamp with time zone not null,
  created_at timestamp with time zone not null default now()
);
alter table public.order_events enable row level security;
create table public.orders (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  tiktok_shop_id uuid not null,
  tiktok_order_id text not null,
  tiktok_status text not null,
  order_status text not null default 'received'::text,
  payment_status text not null default 'pending'::text,
  currency text not null,
  total_amount numeric(14,2) not null,
  shipping_cost numeric(14,2) not null default 0,
  shipping_type text,
  customer_email text,
  shipping_address jsonb not null,
  address_status text not null,
  order_items jsonb not null,
  order_kind text not null default 'sale'::text,
  related_order_id text,
  fulfillment_type text,
  warehouse_id text,
  combine_group_id text,
  paid_at timestamp with time zone,
  ship_by timestamp with time zone,
  auto_cancel_at timestamp with time zone,
  cancel_requested_at timestamp with time zone,
  cancel_respond_by timestamp with time zone,
  cancel_reason text,
  cancelled_by text,
  buyer_note text,
  seller_note text,
  amounts jsonb not null default '{}'::jsonb,
  cancelled_amount numeric(14,2) not null default 0,
  cancelled_in_total boolean not null default true,
  refunded_amount numeric(14,2),
  is_revenue boolean not null default ((order_kind = 'sale'::text) AND (order_status <> 'cancelled'::text) AND (payment_status = ANY ('{paid,partially_refunded,refunded}'::text[]))),
  counts_for_plan boolean not null default true,
  mapping_version smallint not null default 0,
  tiktok_created_at timestamp with time zone,
  tiktok_updated_at timestamp with time zone not null,
  tiktok_read_at timestamp with time zone not null default now(),
  final_at timestamp with time zone,
  personal_data_removed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);
alter table public.orders enable row level security;
create table public.plans (
  name text not null,
  monthly_order_limit integer not null,
  daily_label_limit integer not null,
  monthly_label_limit integer not null,
  daily_label_cents bigint not null,
  monthly_label_cents bigint not null
);
alter table public.plans enable row level security;
create table public.shipment_orders (
  id bigint not null generated always as identity,
  shipment_id uuid not null,
  order_id uuid not null,
  user_id uuid not null
);
alter table public.shipment_orders enable row level security;
create table public.shipments (
  id uuid not null default gen_random_uuid(),
  order_id uuid not null,
  user_id uuid not null,
  provider text,
  carrier text not null,
  service_type text not null,
  tracking_number text,
  label_url text,
  label_expires_at timestamp with time zone,
  label_format text,
  shipping_cost numeric(14,2),
  quoted_cost numeric(14,2),
  currency text,
  line_item_ids text[] not null default '{}'::text[],
  estimated_delivery date,
  status text not null default 'created'::text,
  tracked_at timestamp with time zone,
  tracking_updated_at timestamp with time zone,
  tiktok_package_id text,
  tiktok_notified_at timestamp with time zone,
  tiktok_warning text,
  tiktok_error text,
  tiktok_error_code text,
  advice text,
  advice_reason text,
  advised_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);
alter table public.shipments enable row level security;
create table public.subscriptions (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  stripe_customer_id text not null,
  stripe_customer_id_hash text not null,
  stripe_subscription_id text,
  stripe_subscription_id_hash text,
  plan_name text not null,
  status text not null,
  current_period_start timestamp with time zone,
  current_period_end timestamp with time zone,
  cancel_at_period_end boolean not null default false,
  reconciled_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);
alter table public.subscriptions enable row level security;
create table public.system_logs (
  id bigint not null generated always as identity,
  event_type text not null,
  details jsonb not null default '{}'::jsonb,
  created_at timestamp with time zone not null default now()
);
alter table public.system_logs enable row level security;
create table public.tiktok_shops (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  shop_id text not null,
  shop_key uuid not null default gen_random_uuid(),
  shop_name text,
  region text,
  shop_cipher text not null,
  open_id text not null,
  granted_scopes text[] not null default '{}'::text[],
  access_token text,
  refresh_token text,
  token_expires_at timestamp with time zone not null,
  refresh_token_expires_at timestamp with time zone not null,
  webhook_url text,
  orders_synced_until timestamp with time zone,
  returns_synced_until timestamp with time zone,
  first_sync_done boolean not null default false,
  connection_status text not null default 'active'::text,
  status_reason text,
  probe_at timestamp with time zone,
  is_active boolean not null default (connection_status = 'active'::text),
  connected_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);
alter table public.tiktok_shops enable row level security;
create table public.users (
  id uuid not null,
  email text not null,
  display_name text,
  subscription_status text not null default 'trial'::text,
  subscription_tier text not null default 'starter'::text,
  created_at timestamp with time zone not null default now()
);
alter table public.users enable row level security;
create materialized view private.user_dashboard_metrics as
 WITH counted AS MATERIALIZED (
         SELECT counted_order_totals.user_id,
            counted_order_totals.currency,
            counted_order_totals.orders,
            counted_order_totals.amount,
            counted_order_totals.month_orders,
            counted_order_totals.month_amount,
            counted_order_totals.paid_orders,
            counted_order_totals.gross,
            counted_order_totals.refunded,
            counted_order_totals.last_order_at
           FROM private.counted_order_totals
        ), counted_labels AS MATERIALIZED (
         SELECT counted_label_totals.user_id,
            counted_label_totals.currency,
            counted_label_totals.labels,
            counted_label_totals.cost
           FROM private.counted_label_totals
        ), differing AS (
         SELECT user_id
           FROM ((counted
             FULL JOIN private.order_totals kept USING (user_id, currency))
             CROSS JOIN ( SELECT private.current_month() AS month) current)
          WHERE ((COALESCE(counted.orders, 0) <> COALESCE(kept.orders, 0)) OR (COALESCE(counted.amount, (0)::bigint) <> COALESCE(kept.amount, (0)::bigint)) OR (COALESCE(counted.month_orders, 0) <>
                CASE
                    WHEN ((kept.month)::date = current.month) THEN kept.month_orders
                    ELSE 0
                END) OR (COALESCE(counted.month_amount, (0)::bigint) <>
                CASE
                    WHEN ((kept.month)::date = current.month) THEN kept.month_amount
                    ELSE (0)::bigint
                END) OR (COALESCE(counted.paid_orders, 0) <> COALESCE(kept.paid_orders, 0)) OR (COALESCE(counted.gross, (0)::bigint) <> COALESCE(kept.gross, (0)::bigint)) OR (COALESCE(counted.refunded, (0)::bigint) <> COALESCE(kept.refunded, (0)::bigint)))
        UNION
         SELECT user_id
           FROM (counted_labels counted
             FULL JOIN private.label_totals kept USING (user_id, currency))
          WHERE ((COALESCE(counted.labels, 0) <> COALESCE(kept.labels, 0)) OR (COALESCE(counted.cost, (0)::bigint) <> COALESCE(kept.cost, (0)::bigint)))
        ), by_seller AS (
         SELECT counted.user_id,
            sum(counted.orders) AS orders,
            sum(counted.amount) AS amount,
            sum(counted.month_orders) AS month_orders,
            sum(counted.month_amount) AS month_amount,
            jsonb_agg(jsonb_build_object('currency', counted.currency, 'gross', (((counted.gross)::numeric * 0.01))::text, 'refunded', (((counted.refunded)::numeric * 0.01))::text, 'orders', counted.paid_orders) ORDER BY counted.currency) FILTER (WHERE (counted.paid_orders > 0)) AS revenue,
            max(counted.last_order_at) AS last_order_at
           FROM counted
          GROUP BY counted.user_id
        ), labels_by_seller AS (
         SELECT counted_labels.user_id,
            jsonb_agg(jsonb_build_object('currency', counted_labels.currency, 'cost', (((counted_labels.cost)::numeric * 0.01))::text, 'labels', counted_labels.labels) ORDER BY counted_labels.currency) AS costs
           FROM counted_labels
          GROUP BY counted_labels.user_id
        )
 SELECT seller.id AS user_id,
    seller.subscription_tier,
    COALESCE(by_seller.orders, (0)::bigint) AS total_orders,
    COALESCE(by_seller.month_orders, (0)::bigint) AS monthly_orders,
    COALESCE((by_seller.amount * 0.01), 0.00) AS total_revenue,
    COALESCE((by_seller.month_amount * 0.01), 0.00) AS monthly_revenue,
    COALESCE(by_seller.revenue, '[]'::jsonb) AS revenue,
    COALESCE(labels_by_seller.costs, '[]'::jsonb) AS label_costs,
    ( SELECT count(*) AS count
           FROM public.tiktok_shops shop
          WHERE ((shop.user_id = seller.id) AND shop.is_active)) AS connected_shops,
    by_seller.last_order_at AS last_order_date,
    ((EXISTS ( SELECT
           FROM differing
          WHERE (differing.user_id = seller.id))) OR (by_seller.last_order_at IS DISTINCT FROM ( SELECT max(kept.last_order_at) AS max
           FROM private.order_totals kept
          WHERE (kept.user_id = seller.id)))) AS has_drift,
    now() AS refreshed_at
   FROM ((public.users seller
     LEFT JOIN by_seller ON ((by_seller.user_id = seller.id)))
     LEFT JOIN labels_by_seller ON ((labels_by_seller.user_id = seller.id)));
alter table private.carrier_rules add constraint carrier_rules_carrier_check CHECK ((carrier ~ '[A-Za-z0-9]'::text));
alter table private.carrier_rules add constraint carrier_rules_pkey PRIMARY KEY (region, shipping_type, provider, carrier);
alter table private.carrier_rules add constraint carrier_rules_provider_check CHECK ((provider = ANY (ARRAY['tiktok_shipping'::text, 'easypost'::text, 'own'::text])));
alter table private.carrier_rules add constraint carrier_rules_region_check CHECK ((region ~ '^[A-Z]{2}$'::text));
alter table private.carrier_rules add constraint carrier_rules_shipping_type_check CHECK ((shipping_type = ANY (ARRAY['SELLER'::text, 'TIKTOK'::text])));
alter table private.daily_event_counts add constraint daily_event_counts_pkey PRIMARY KEY (day, event_type);
alter table private.daily_event_counts add constraint daily_event_counts_sellers_check CHECK ((sellers >= 5));
alter table private.deleted_event_ids add constraint deleted_event_ids_pkey PRIMARY KEY (source, external_id);
alter table private.event_queue add constraint event_queue_pkey PRIMARY KEY (event_id);
alter table private.event_queue add constraint event_queue_status_check CHECK ((status = ANY ('{pending,processing,failing,held,dead}'::text[])));
alter table private.health_thresholds add constraint health_thresholds_bad_when_check CHECK ((bad_when = ANY (ARRAY['above'::text, 'below'::text])));
alter table private.health_thresholds add constraint health_thresholds_order_check CHECK (((num_nonnulls(warning, critical) > 0) AND (
CASE bad_when
    WHEN 'above'::text THEN (warning <= critical)
    ELSE (warning >= critical)
END IS NOT FALSE)));
alter table private.health_thresholds add constraint health_thresholds_pkey PRIMARY KEY (metric, subject);
alter table private.held_orders add constraint held_orders_pkey PRIMARY KEY (shop_id, tiktok_order_id);
alter table private.label_batch_items add constraint label_batch_items_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES private.label_batches(id) ON DELETE CASCADE;
alter table private.label_batch_items add constraint label_batch_items_pkey PRIMARY KEY (batch_id, place);
alter table private.label_batch_items add constraint label_batch_items_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'purchased'::text, 'failed'::text, 'unknown'::text])));
alter table private.label_batches add constraint label_batches_pkey PRIMARY KEY (id);
alter table private.label_batches add constraint label_batches_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.label_batches add constraint label_batches_user_id_idempotency_key_key UNIQUE (user_id, idempotency_key);
alter table private.label_currencies add constraint label_currencies_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text));
alter table private.label_currencies add constraint label_currencies_pkey PRIMARY KEY (currency);
alter table private.label_currencies add constraint label_currencies_us_cents_check CHECK ((us_cents > (0)::numeric));
alter table private.label_limits add constraint label_limits_check CHECK ((LEAST((daily_label_limit)::bigint, (monthly_label_limit)::bigint, daily_label_cents, monthly_label_cents) >= 0));
alter table private.label_limits add constraint label_limits_pkey PRIMARY KEY (id);
alter table private.label_limits add constraint label_limits_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.label_limits add constraint label_limits_user_id_key UNIQUE NULLS NOT DISTINCT (user_id);
alter table private.label_purchases add constraint label_purchases_cost_check CHECK ((num_nulls(cost_cents, cost_day, cost_shop_key) = ANY (ARRAY[0, 3])));
alter table private.label_purchases add constraint label_purchases_label_format_check CHECK ((label_format = ANY (ARRAY['PDF'::text, 'PNG'::text, 'ZPL'::text])));
alter table private.label_purchases add constraint label_purchases_line_item_ids_check CHECK ((cardinality(line_item_ids) > 0));
alter table private.label_purchases add constraint label_purchases_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;
alter table private.label_purchases add constraint label_purchases_own_check CHECK ((((provider = 'own'::text) = (parcel IS NULL)) AND ((provider = 'own'::text) = (label_format IS NULL))));
alter table private.label_purchases add constraint label_purchases_pkey PRIMARY KEY (id);
alter table private.label_purchases add constraint label_purchases_provider_check CHECK ((provider = ANY (ARRAY['tiktok_shipping'::text, 'easypost'::text, 'own'::text])));
alter table private.label_purchases add constraint label_purchases_reason_check CHECK ((reason ~ '^[a-z][a-z0-9_]*$'::text));
alter table private.label_purchases add constraint label_purchases_state_check CHECK ((state = ANY (ARRAY['requested'::text, 'purchasing'::text, 'purchased'::text, 'failed'::text, 'unknown'::text, 'void_requested'::text, 'voided'::text, 'void_rejected'::text])));
alter table private.label_purchases add constraint label_purchases_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.label_purchases add constraint label_purchases_user_id_idempotency_key_key UNIQUE (user_id, idempotency_key);
alter table private.label_rates add constraint label_rates_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;
alter table private.label_rates add constraint label_rates_pkey PRIMARY KEY (id);
alter table private.label_rates add constraint label_rates_price_check CHECK ((((price IS NULL) = (currency IS NULL)) AND (price >= (0)::numeric)));
alter table private.label_rates add constraint label_rates_provider_check CHECK ((provider = ANY (ARRAY['tiktok_shipping'::text, 'easypost'::text])));
alter table private.label_spending add constraint label_spending_key UNIQUE NULLS NOT DISTINCT (user_id, shop_key, month);
alter table private.label_spending add constraint label_spending_labels_check CHECK (((labels >= 0) AND (day_labels >= 0)));
alter table private.label_spending add constraint label_spending_owner_check CHECK ((num_nonnulls(user_id, shop_key) <= 1));
alter table private.label_spending add constraint label_spending_pkey PRIMARY KEY (id);
alter table private.label_spending add constraint label_spending_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.label_totals add constraint label_totals_pkey PRIMARY KEY (user_id, currency);
alter table private.label_totals add constraint label_totals_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.label_transitions add constraint label_transitions_pkey PRIMARY KEY (from_state, to_state);
alter table private.labelled_lines add constraint labelled_lines_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;
alter table private.labelled_lines add constraint labelled_lines_pkey PRIMARY KEY (order_id, line_item_id);
alter table private.labelled_lines add constraint labelled_lines_purchase_id_fkey FOREIGN KEY (purchase_id) REFERENCES private.label_purchases(id) ON DELETE CASCADE;
alter table private.monthly_order_counts add constraint monthly_order_counts_not_counted_check CHECK ((not_counted >= 0));
alter table private.monthly_order_counts add constraint monthly_order_counts_orders_check CHECK ((orders >= 0));
alter table private.monthly_order_counts add constraint monthly_order_counts_pkey PRIMARY KEY (user_id, month);
alter table private.monthly_order_counts add constraint monthly_order_counts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.monthly_shop_counts add constraint monthly_shop_counts_orders_check CHECK ((orders >= 0));
alter table private.monthly_shop_counts add constraint monthly_shop_counts_pkey PRIMARY KEY (shop_key, month);
alter table private.order_totals add constraint order_totals_pkey PRIMARY KEY (user_id, currency);
alter table private.order_totals add constraint order_totals_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.order_transitions add constraint order_transitions_pkey PRIMARY KEY (from_status, to_status);
alter table private.own_tracking_numbers add constraint own_tracking_numbers_outcome_check CHECK (((accepted_at IS NULL) OR (refusal IS NULL)));
alter table private.own_tracking_numbers add constraint own_tracking_numbers_pkey PRIMARY KEY (shipment_id, attempt);
alter table private.own_tracking_numbers add constraint own_tracking_numbers_refusal_check CHECK ((refusal ~ '^[a-z][a-z0-9_]*$'::text));
alter table private.own_tracking_numbers add constraint own_tracking_numbers_shipment_id_fkey FOREIGN KEY (shipment_id) REFERENCES public.shipments(id) ON DELETE CASCADE;
alter table private.own_tracking_numbers add constraint own_tracking_numbers_tracker_check CHECK (((tracker_id IS NULL) = (tracker_made_at IS NULL)));
alter table private.personal_data_reads add constraint personal_data_reads_pkey PRIMARY KEY (id);
alter table private.personal_data_reads add constraint personal_data_reads_reader_check CHECK (((char_length(reader) >= 1) AND (char_length(reader) <= 200)));
alter table private.personal_data_reads add constraint personal_data_reads_what_check CHECK ((what = ANY (ARRAY['event_body'::text, 'backup'::text])));
alter table private.request_counts add constraint request_counts_pkey PRIMARY KEY (user_id, route);
alter table private.request_counts add constraint request_counts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.request_limits add constraint request_limits_period_check CHECK (((period >= '00:00:01'::interval) AND (period <= '1 day'::interval)));
alter table private.request_limits add constraint request_limits_pkey PRIMARY KEY (route);
alter table private.request_limits add constraint request_limits_requests_check CHECK ((requests > 0));
alter table private.retention_periods add constraint retention_periods_days_check CHECK (((days >= 1) AND (days <= 3650)));
alter table private.retention_periods add constraint retention_periods_pkey PRIMARY KEY (name);
alter table private.senders add constraint senders_address_check CHECK ((jsonb_typeof(address) = 'object'::text));
alter table private.senders add constraint senders_pkey PRIMARY KEY (tiktok_shop_id);
alter table private.senders add constraint senders_tiktok_shop_id_fkey FOREIGN KEY (tiktok_shop_id) REFERENCES public.tiktok_shops(id) ON DELETE CASCADE;
alter table private.shop_identities add constraint shop_identities_pkey PRIMARY KEY (shop_id_hash);
alter table private.source_health add constraint source_health_pkey PRIMARY KEY (source);
alter table private.source_health add constraint source_health_source_check CHECK ((source = ANY (ARRAY['tiktok'::text, 'stripe'::text, 'easypost'::text])));
alter table private.source_health add constraint source_health_state_check CHECK ((state = ANY (ARRAY['healthy'::text, 'silent'::text, 'webhook_missing'::text, 'webhook_switched_off'::text])));
alter table private.stripe_attempts add constraint stripe_attempts_attempt_check CHECK ((attempt > 0));
alter table private.stripe_attempts add constraint stripe_attempts_pkey PRIMARY KEY (user_id);
alter table private.stripe_attempts add constraint stripe_attempts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.stripe_customers add constraint stripe_customers_account_deleted_at_check CHECK (((user_id IS NULL) = (account_deleted_at IS NOT NULL)));
alter table private.stripe_customers add constraint stripe_customers_pkey PRIMARY KEY (id);
alter table private.stripe_customers add constraint stripe_customers_stripe_customer_id_check CHECK (private.is_encrypted(stripe_customer_id));
alter table private.stripe_customers add constraint stripe_customers_stripe_customer_id_hash_key UNIQUE (stripe_customer_id_hash);
alter table private.stripe_customers add constraint stripe_customers_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE SET NULL;
alter table private.stripe_customers add constraint stripe_customers_user_id_key UNIQUE (user_id);
alter table private.tiktok_authorizations add constraint tiktok_authorizations_pkey PRIMARY KEY (state_hash);
alter table private.tiktok_authorizations add constraint tiktok_authorizations_state_hash_check CHECK ((state_hash ~ '^[0-9a-f]{64}$'::text));
alter table private.tiktok_authorizations add constraint tiktok_authorizations_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.tiktok_claims add constraint tiktok_claims_claim_hash_check CHECK ((claim_hash ~ '^[0-9a-f]{64}$'::text));
alter table private.tiktok_claims add constraint tiktok_claims_connected_at_check CHECK (((connected_at IS NULL) OR (sealed_grant IS NULL)));
alter table private.tiktok_claims add constraint tiktok_claims_pkey PRIMARY KEY (claim_hash);
alter table private.tiktok_claims add constraint tiktok_claims_sealed_grant_check CHECK (private.is_encrypted(sealed_grant));
alter table private.tiktok_claims add constraint tiktok_claims_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.tiktok_logins add constraint tiktok_logins_lease_check CHECK (((lease_id IS NULL) = (lease_until IS NULL)));
alter table private.tiktok_logins add constraint tiktok_logins_pkey PRIMARY KEY (user_id, open_id);
alter table private.tiktok_logins add constraint tiktok_logins_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table private.unassigned_invoices add constraint unassigned_invoices_pkey PRIMARY KEY (id);
alter table private.webhook_events add constraint webhook_events_failing_since_check CHECK (((status <> 'failing'::text) OR (failing_since IS NOT NULL)));
alter table private.webhook_events add constraint webhook_events_pkey PRIMARY KEY (id);
alter table private.webhook_events add constraint webhook_events_reason_check CHECK (((status = ANY ('{failing,ignored,held,dead}'::text[])) = (reason IS NOT NULL)));
alter table private.webhook_events add constraint webhook_events_reason_code_check CHECK ((reason ~ '^[a-z][a-z0-9_]*$'::text));
alter table private.webhook_events add constraint webhook_events_source_check CHECK ((source = ANY ('{tiktok,stripe,easypost,creatorflow}'::text[])));
alter table private.webhook_events add constraint webhook_events_source_external_id_key UNIQUE (source, external_id);
alter table private.webhook_events add constraint webhook_events_status_check CHECK ((status = ANY ('{pending,failing,done,ignored,held,dead}'::text[])));
alter table public.analytics_events add constraint analytics_events_event_type_check CHECK ((event_type ~ '^[a-z][a-z0-9_.]{0,63}$'::text));
alter table public.analytics_events add constraint analytics_events_pkey PRIMARY KEY (id);
alter table public.analytics_events add constraint analytics_events_properties_check CHECK (((jsonb_typeof(properties) = 'object'::text) AND (pg_column_size(properties) <= 8192)));
alter table public.analytics_events add constraint analytics_events_session_id_check CHECK ((char_length(session_id) <= 128));
alter table public.analytics_events add constraint analytics_events_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table public.order_events add constraint order_events_changes_check CHECK ((jsonb_typeof(changes) = 'object'::text));
alter table public.order_events add constraint order_events_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;
alter table public.order_events add constraint order_events_pkey PRIMARY KEY (order_id, id);
alter table public.orders add constraint keep_order_totals TRIGGER DEFERRABLE INITIALLY DEFERRED;
alter table public.orders add constraint orders_address_status_check CHECK ((address_status = ANY ('{readable,masked,none}'::text[])));
alter table public.orders add constraint orders_amounts_check CHECK ((jsonb_typeof(amounts) = 'object'::text));
alter table public.orders add constraint orders_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text));
alter table public.orders add constraint orders_order_items_check CHECK ((jsonb_typeof(order_items) = 'array'::text));
alter table public.orders add constraint orders_order_kind_check CHECK ((order_kind = ANY ('{sale,sample,replacement,exchange}'::text[])));
alter table public.orders add constraint orders_order_status_check CHECK ((order_status = ANY ('{received,on_hold,awaiting_shipment,partially_shipped,awaiting_collection,in_transit,delivered,completed,cancelled}'::text[])));
alter table public.orders add constraint orders_payment_status_check CHECK ((payment_status = ANY ('{pending,paid,partially_refunded,refunded,cancelled}'::text[])));
alter table public.orders add constraint orders_pkey PRIMARY KEY (id);
alter table public.orders add constraint orders_shipping_address_check CHECK ((jsonb_typeof(shipping_address) = 'object'::text));
alter table public.orders add constraint orders_shipping_cost_check CHECK ((shipping_cost >= (0)::numeric));
alter table public.orders add constraint orders_tiktok_shop_id_fkey FOREIGN KEY (tiktok_shop_id) REFERENCES public.tiktok_shops(id) ON DELETE CASCADE;
alter table public.orders add constraint orders_tiktok_shop_id_tiktok_order_id_key UNIQUE (tiktok_shop_id, tiktok_order_id);
alter table public.orders add constraint orders_total_amount_check CHECK ((total_amount >= (0)::numeric));
alter table public.orders add constraint orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table public.plans add constraint plans_label_limits_check CHECK ((LEAST((daily_label_limit)::bigint, (monthly_label_limit)::bigint, daily_label_cents, monthly_label_cents) >= 0));
alter table public.plans add constraint plans_monthly_order_limit_check CHECK ((monthly_order_limit > 0));
alter table public.plans add constraint plans_pkey PRIMARY KEY (name);
alter table public.shipment_orders add constraint shipment_orders_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;
alter table public.shipment_orders add constraint shipment_orders_pkey PRIMARY KEY (id);
alter table public.shipment_orders add constraint shipment_orders_shipment_id_fkey FOREIGN KEY (shipment_id) REFERENCES public.shipments(id) ON DELETE CASCADE;
alter table public.shipment_orders add constraint shipment_orders_shipment_id_order_id_key UNIQUE (shipment_id, order_id);
alter table public.shipments add constraint keep_label_totals_on_insert TRIGGER DEFERRABLE INITIALLY DEFERRED;
alter table public.shipments add constraint keep_label_totals_on_update TRIGGER DEFERRABLE INITIALLY DEFERRED;
alter table public.shipments add constraint shipments_advice_check CHECK ((advice = ANY (ARRAY['void_advised'::text, 'stop_parcel'::text])));
alter table public.shipments add constraint shipments_advice_reason_check CHECK ((advice_reason = ANY (ARRAY['labelled_twice'::text, 'order_cancelled'::text, 'unit_cancelled'::text, 'address_changed'::text])));
alter table public.shipments add constraint shipments_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text));
alter table public.shipments add constraint shipments_label_format_check CHECK ((label_format = ANY (ARRAY['PDF'::text, 'PNG'::text, 'ZPL'::text])));
alter table public.shipments add constraint shipments_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;
alter table public.shipments add constraint shipments_pkey PRIMARY KEY (id);
alter table public.shipments add constraint shipments_provider_check CHECK ((provider = ANY (ARRAY['tiktok_shipping'::text, 'easypost'::text, 'own'::text])));
alter table public.shipments add constraint shipments_quoted_cost_check CHECK ((quoted_cost >= (0)::numeric));
alter table public.shipments add constraint shipments_shipping_cost_check CHECK ((shipping_cost >= (0)::numeric));
alter table public.shipments add constraint shipments_status_check CHECK ((status = ANY (ARRAY['created'::text, 'purchased'::text, 'in_transit'::text, 'available_for_pickup'::text, 'out_for_delivery'::text, 'failed'::text, 'delivered'::text, 'returned'::text, 'voided'::text])));
alter table public.shipments add constraint shipments_tiktok_error_code_check CHECK ((tiktok_error_code ~ '^[a-z][a-z0-9_]*$'::text));
alter table public.subscriptions add constraint subscriptions_pkey PRIMARY KEY (id);
alter table public.subscriptions add constraint subscriptions_plan_name_fkey FOREIGN KEY (plan_name) REFERENCES public.plans(name);
alter table public.subscriptions add constraint subscriptions_status_check CHECK ((status = ANY (ARRAY['trialing'::text, 'active'::text, 'past_due'::text, 'unpaid'::text, 'canceled'::text, 'incomplete'::text, 'incomplete_expired'::text, 'paused'::text])));
alter table public.subscriptions add constraint subscriptions_stripe_customer_id_check CHECK (private.is_encrypted(stripe_customer_id));
alter table public.subscriptions add constraint subscriptions_stripe_subscription_id_check CHECK (private.is_encrypted(stripe_subscription_id));
alter table public.subscriptions add constraint subscriptions_stripe_subscription_id_hash_key UNIQUE (stripe_subscription_id_hash);
alter table public.subscriptions add constraint subscriptions_stripe_subscription_id_hash_present CHECK (((stripe_subscription_id IS NULL) = (stripe_subscription_id_hash IS NULL)));
alter table public.subscriptions add constraint subscriptions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table public.system_logs add constraint system_logs_details_check CHECK ((jsonb_typeof(details) = 'object'::text));
alter table public.system_logs add constraint system_logs_event_type_check CHECK ((event_type ~ '^[a-z][a-z0-9_.]{0,63}$'::text));
alter table public.system_logs add constraint system_logs_pkey PRIMARY KEY (id);
alter table public.tiktok_shops add constraint tiktok_shops_access_token_check CHECK (private.is_encrypted(access_token));
alter table public.tiktok_shops add constraint tiktok_shops_connection_status_check CHECK (
CASE connection_status
    WHEN 'active'::text THEN (status_reason IS NULL)
    WHEN 'paused'::text THEN COALESCE((status_reason = ANY (ARRAY['shop_inactive'::text, 'seller_inactive'::text])), false)
    WHEN 'needs_reauth'::text THEN COALESCE((status_reason = ANY (ARRAY['token_refused'::text, 'authorization_expired'::text, 'not_authorized'::text])), false)
    WHEN 'disconnected'::text THEN COALESCE((status_reason = ANY (ARRAY['by_seller'::text, 'deauthorized'::text])), false)
    WHEN 'transferred'::text THEN COALESCE((status_reason = 'connected_elsewhere'::text), false)
    ELSE false
END);
alter table public.tiktok_shops add constraint tiktok_shops_login_fkey FOREIGN KEY (user_id, open_id) REFERENCES private.tiktok_logins(user_id, open_id) ON DELETE CASCADE;
alter table public.tiktok_shops add constraint tiktok_shops_pkey PRIMARY KEY (id);
alter table public.tiktok_shops add constraint tiktok_shops_probe_at_check CHECK (((connection_status = 'paused'::text) = (probe_at IS NOT NULL)));
alter table public.tiktok_shops add constraint tiktok_shops_refresh_token_check CHECK (private.is_encrypted(refresh_token));
alter table public.tiktok_shops add constraint tiktok_shops_shop_id_check CHECK ((shop_id ~ '^[0-9]{1,32}$'::text));
alter table public.tiktok_shops add constraint tiktok_shops_tokens_check CHECK ((((connection_status = ANY (ARRAY['active'::text, 'paused'::text])) = (access_token IS NOT NULL)) AND ((connection_status = ANY (ARRAY['active'::text, 'paused'::text])) = (refresh_token IS NOT NULL))));
alter table public.tiktok_shops add constraint tiktok_shops_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table public.tiktok_shops add constraint tiktok_shops_user_id_shop_id_key UNIQUE (user_id, shop_id);
alter table public.users add constraint users_display_name_check CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 100)));
alter table public.users add constraint users_email_key UNIQUE (email);
alter table public.users add constraint users_id_fkey FOREIGN KEY (id) REFERENCES auth.users(id) ON DELETE CASCADE;
alter table public.users add constraint users_pkey PRIMARY KEY (id);
alter table public.users add constraint users_subscription_status_check CHECK ((subscription_status = ANY (ARRAY['trial'::text, 'trialing'::text, 'active'::text, 'past_due'::text, 'unpaid'::text, 'canceled'::text, 'incomplete'::text, 'incomplete_expired'::text, 'paused'::text])));
alter table public.users add constraint users_subscription_tier_fkey FOREIGN KEY (subscription_tier) REFERENCES public.plans(name);
CREATE INDEX idx_deleted_event_ids_deleted_at ON private.deleted_event_ids USING brin (deleted_at);
CREATE INDEX idx_event_queue_dead ON private.event_queue USING btree (event_id) WHERE (status = 'dead'::text);
CREATE INDEX idx_event_queue_due ON private.event_queue USING btree (next_attempt_at) WHERE (status = 'pending'::text);
CREATE INDEX idx_event_queue_failing ON private.event_queue USING btree (next_attempt_at) WHERE (status = 'failing'::text);
CREATE INDEX idx_event_queue_found ON private.event_queue USING btree (shop_id, received_at) WHERE (is_found_order AND (status <> ALL (ARRAY['failing'::text, 'held'::text, 'dead'::text])));
CREATE INDEX idx_event_queue_held ON private.event_queue USING btree (event_id) WHERE (status = 'held'::text);
CREATE INDEX idx_event_queue_lease ON private.event_queue USING btree (next_attempt_at) WHERE (status = 'processing'::text);
CREATE INDEX idx_event_queue_open ON private.event_queue USING btree (open_since) WHERE (status = 'pending'::text);
CREATE INDEX idx_event_queue_turn ON private.event_queue USING btree (shop_id, next_attempt_at, event_id) WHERE (status = 'pending'::text);
CREATE INDEX idx_held_orders_queue ON private.held_orders USING btree (shop_id, urgency, COALESCE(ship_by, 'infinity'::timestamp with time zone), COALESCE(tiktok_created_at, 'infinity'::timestamp with time zone), held_at, tiktok_order_id);
CREATE INDEX idx_label_batch_items_sender ON private.label_batch_items USING btree (batch_id) WHERE (request ? 'sender'::text);
CREATE INDEX idx_label_purchases_open ON private.label_purchases USING btree (state_since) WHERE (state = ANY (ARRAY['requested'::text, 'purchasing'::text, 'unknown'::text, 'void_requested'::text]));
CREATE INDEX idx_label_purchases_order_id ON private.label_purchases USING btree (order_id);
CREATE INDEX idx_label_purchases_other_orders ON private.label_purchases USING gin (other_order_ids);
CREATE INDEX idx_label_rates_expires_at ON private.label_rates USING btree (expires_at);
CREATE INDEX idx_label_rates_order_id ON private.label_rates USING btree (order_id);
CREATE INDEX idx_labelled_lines_purchase_id ON private.labelled_lines USING btree (purchase_id);
CREATE INDEX idx_own_tracking_numbers_trackers ON private.own_tracking_numbers USING btree (user_id, tracker_made_at) WHERE (tracker_made_at IS NOT NULL);
CREATE INDEX idx_personal_data_reads_read_at ON private.personal_data_reads USING btree (read_at);
CREATE INDEX idx_tiktok_authorizations_expires_at ON private.tiktok_authorizations USING btree (expires_at);
CREATE INDEX idx_tiktok_authorizations_user_id ON private.tiktok_authorizations USING btree (user_id, expires_at);
CREATE INDEX idx_tiktok_claims_expires_at ON private.tiktok_claims USING btree (expires_at);
CREATE INDEX idx_tiktok_claims_user_id ON private.tiktok_claims USING btree (user_id);
CREATE INDEX idx_webhook_events_received ON private.webhook_events USING btree (source, received_at);
CREATE INDEX idx_webhook_events_shop_id ON private.webhook_events USING btree (shop_id, object_id);
CREATE INDEX idx_webhook_events_stripe_names ON private.webhook_events USING gin (private.names_in_event(body)) WHERE (source = 'stripe'::text);
CREATE UNIQUE INDEX label_purchases_carrier_shipment_id_key ON private.label_purchases USING btree (carrier_shipment_id);
CREATE UNIQUE INDEX user_dashboard_metrics_user_id_key ON private.user_dashboard_metrics USING btree (user_id);
CREATE INDEX idx_analytics_event_type ON public.analytics_events USING btree (event_type);
CREATE INDEX idx_analytics_timestamp ON public.analytics_events USING btree ("timestamp");
CREATE INDEX idx_analytics_user_timestamp ON public.analytics_events USING btree (user_id, "timestamp");
CREATE INDEX idx_order_events_user_id ON public.order_events USING btree (user_id, created_at);
CREATE INDEX idx_orders_combine_group ON public.orders USING btree (tiktok_shop_id, combine_group_id) WHERE (combine_group_id IS NOT NULL);
CREATE INDEX idx_orders_created_at ON public.orders USING btree (created_at);
CREATE INDEX idx_orders_package_ids ON public.orders USING gin (private.order_package_ids(order_items));
CREATE INDEX idx_orders_retention_final ON public.orders USING btree (final_at) WHERE ((personal_data_removed_at IS NULL) AND (final_at IS NOT NULL));
CREATE INDEX idx_orders_retention_open ON public.orders USING btree (created_at) WHERE ((personal_data_removed_at IS NULL) AND (final_at IS NULL));
CREATE INDEX idx_orders_retention_shop ON public.orders USING btree (tiktok_shop_id) WHERE (personal_data_removed_at IS NULL);
CREATE INDEX idx_orders_status ON public.orders USING btree (order_status);
CREATE INDEX idx_orders_tiktok_order_id ON public.orders USING btree (tiktok_order_id);
CREATE INDEX idx_orders_user_created ON public.orders USING btree (user_id, created_at);
CREATE INDEX idx_orders_user_ordered ON public.orders USING btree (user_id, COALESCE(tiktok_created_at, created_at), id);
CREATE INDEX idx_shipment_orders_order_id ON public.shipment_orders USING btree (order_id);
CREATE INDEX idx_shipments_order_id ON public.shipments USING btree (order_id);
CREATE INDEX idx_shipments_status ON public.shipments USING btree (status);
CREATE INDEX idx_shipments_tracking_number ON public.shipments USING btree (tracking_number);
CREATE INDEX idx_shipments_underway ON public.shipments USING btree (tracked_at) WHERE (status = ANY (ARRAY['purchased'::text, 'in_transit'::text, 'available_for_pickup'::text, 'out_for_delivery'::text, 'failed'::text]));
CREATE INDEX idx_shipments_user_id ON public.shipments USING btree (user_id, created_at DESC);
CREATE INDEX idx_subscriptions_plan_name ON public.subscriptions USING btree (plan_name);
CREATE INDEX idx_subscriptions_status ON public.subscriptions USING btree (status);
CREATE INDEX idx_subscriptions_stripe_customer ON public.subscriptions USING btree (stripe_customer_id_hash);
CREATE INDEX idx_subscriptions_user_id ON public.subscriptions USING btree (user_id, created_at DESC, id DESC);
CREATE INDEX idx_system_logs_created_at ON public.system_logs USING btree (created_at);
CREATE INDEX idx_system_logs_filter ON public.system_logs USING btree (id) WHERE (details ? 'filter'::text);
CREATE INDEX idx_system_logs_shop ON public.system_logs USING btree (((details ->> 'shop_id'::text))) WHERE ((details ->> 'shop_id'::text) IS NOT NULL);
CREATE INDEX idx_system_logs_user ON public.system_logs USING btree (((details ->> 'user_id'::text))) WHERE ((details ->> 'user_id'::text) IS NOT NULL);
CREATE INDEX idx_tiktok_shops_active ON public.tiktok_shops USING btree (is_active) WHERE (is_active = true);
CREATE INDEX idx_tiktok_shops_authorization ON public.tiktok_shops USING btree (refresh_token_expires_at) WHERE (connection_status = ANY (ARRAY['active'::text, 'paused'::text]));
CREATE INDEX idx_tiktok_shops_ended_at ON public.tiktok_shops USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX idx_tiktok_shops_open_id ON public.tiktok_shops USING btree (open_id);
CREATE INDEX idx_tiktok_shops_probe_at ON public.tiktok_shops USING btree (probe_at) WHERE (connection_status = 'paused'::text);
CREATE INDEX idx_tiktok_shops_shop_id ON public.tiktok_shops USING btree (shop_id);
CREATE INDEX idx_tiktok_shops_shop_key ON public.tiktok_shops USING btree (shop_key);
CREATE INDEX idx_tiktok_shops_token_expires_at ON public.tiktok_shops USING btree (token_expires_at) WHERE (connection_status = 'active'::text);
CREATE INDEX idx_tiktok_shops_user_id ON public.tiktok_shops USING btree (user_id, open_id);
CREATE INDEX idx_users_subscription_status ON public.users USING btree (subscription_status);
CREATE INDEX idx_users_subscription_tier ON public.users USING btree (subscription_tier);
CREATE UNIQUE INDEX tiktok_shops_shop_id_key ON public.tiktok_shops USING btree (shop_id) WHERE (connection_status <> 'transferred'::text);
CREATE OR REPLACE FUNCTION private.add_batch_totals(p_added private.order_totals[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.order_totals as kept
  select * from unnest(p_added) order by currency
  on conflict (user_id, currency) do update
  set orders = kept.orders + excluded.orders,
      amount = kept.amount + excluded.amount,
      month = greatest(kept.month, excluded.month),
      month_orders = case
        when kept.month = excluded.month then kept.month_orders + excluded.month_orders
        when kept.month < excluded.month then excluded.month_orders
        else kept.month_orders
      end,
      month_amount = case
        when kept.month = excluded.month then kept.month_amount + excluded.month_amount
        when kept.month < excluded.month then excluded.month_amount
        else kept.month_amount
      end,
      paid_orders = kept.paid_orders + excluded.paid_orders,
      gross = kept.gross + excluded.gross,
      refunded = kept.refunded + excluded.refunded,
      last_order_at = greatest(kept.last_order_at, excluded.last_order_at);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.add_label_cost(p_user_id uuid, p_shop_key uuid, p_day date, p_labels integer, p_cents bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_label_spending(p_user_id, null, p_day);
  perform private.lock_label_spending(null, p_shop_key, p_day);
  perform private.lock_label_spending(null, null, p_day);
  update private.label_spending
  -- An operator may have lowered a number of labels. A cost may be below 0: a carrier pays back for earlier months.
  set labels = greatest(labels + p_labels, 0),
      cents = cents + p_cents,
      day_labels = case when day = p_day then greatest(day_labels + p_labels, 0) else day_labels end,
      day_cents = case when day = p_day then day_cents + p_cents else day_cents end
  where month = date_trunc('month', p_day)::date
    and (
      (user_id = p_user_id and shop_key is null)
      or (user_id is null and shop_key = p_shop_key)
      or (user_id is null and shop_key is null)
    );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.add_label_totals(p_user_id uuid, p_currency text, p_labels integer, p_cost bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  for attempt in 1 .. 2 loop
    update private.label_totals
    set labels = labels + p_labels, cost = cost + p_cost
    where user_id = p_user_id and currency = p_currency;
    exit when found;
    -- The account may be deleted in this transaction.
    insert into private.label_totals (user_id, currency)
    select id, p_currency from public.users where id = p_user_id
    on conflict (user_id, currency) do nothing;
  end loop;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.add_order_totals(p_order public.orders, p_sign integer DEFAULT 1)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  this_month date := date_trunc('month', p_order.created_at at time zone 'UTC');
  hundredths bigint := p_order.total_amount * 100 * p_sign;
begin
  update private.order_totals as kept
  set orders = kept.orders + p_sign,
      amount = kept.amount + hundredths,
      month = greatest(kept.month, this_month),
      -- Orders of the new month come before the last ones of the old month.
      month_orders = case
        when kept.month = this_month then kept.month_orders + p_sign
        when kept.month < this_month then p_sign
        else kept.month_orders
      end,
      month_amount = case
        when kept.month = this_month then kept.month_amount + hundredths
        when kept.month < this_month then hundredths
        else kept.month_amount
      end,
      paid_orders = kept.paid_orders + case when p_order.is_revenue then p_sign else 0 end,
      gross = kept.gross + case when p_order.is_revenue then hundredths else 0 end,
      refunded = kept.refunded + case
        when p_order.is_revenue and (p_order.payment_status <> 'paid' or p_order.cancelled_amount > 0)
          then (private.refunded_amount(p_order) * 100 * p_sign)::bigint
        else 0
      end,
      last_order_at = greatest(kept.last_order_at, p_order.created_at)
  where kept.user_id = p_order.user_id and kept.currency = p_order.currency;
  if found then
    return;
  end if;
  -- The account may be deleted in this transaction.
  insert into private.order_totals (user_id, currency, month)
  select id, p_order.currency, this_month from public.users where id = p_order.user_id
  on conflict (user_id, currency) do nothing;
  if exists (
    select from private.order_totals where user_id = p_order.user_id and currency = p_order.currency
  ) then
    perform private.add_order_totals(p_order, p_sign);
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.add_shipment_order()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into public.shipment_orders (shipment_id, order_id) values (new.id, new.order_id);
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.address_digest(p_order public.orders)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.address_without_person(p_address jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return jsonb_strip_nulls(
    jsonb_build_object('state', p_address -> 'state', 'country', p_address -> 'country')
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.advice_for(p_status text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return case
    when p_status in ('created', 'purchased') then 'void_advised'
    when p_status in ('in_transit', 'available_for_pickup', 'out_for_delivery', 'failed') then 'stop_parcel'
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.advice_rank(p_reason text)
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return case p_reason
    when 'unit_cancelled' then 1
    when 'address_changed' then 2
    when 'order_cancelled' then 3
    when 'labelled_twice' then 4
    else 0
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.advise_after_order_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  cancelled text[];
begin
  if new.order_status = 'cancelled' and old.order_status <> 'cancelled' then
    perform private.advise_shipments(new, 'order_cancelled');
    return null;
  end if;
  if old.shipping_address is distinct from new.shipping_address and private.is_address_changed(old, new) then
    perform private.advise_shipments(new, 'address_changed');
  end if;
  if old.order_items is distinct from new.order_items then
    select coalesce(array_agg(unit.id), '{}') into cancelled
    from unnest(private.cancelled_line_item_ids(new)) as unit (id)
    where unit.id <> all (private.cancelled_line_item_ids(old));
    if cancelled <> '{}' then
      perform private.advise_shipments(new, 'unit_cancelled', cancelled);
    end if;
  end if;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.advise_double_label(p_user_id uuid, p_shipment_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.shipments
  set advice = private.advice_for(status), advice_reason = 'labelled_twice', advised_at = now()
  where id = p_shipment_id and user_id = p_user_id;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.advise_new_shipment(p_user_id uuid, p_shipment_id uuid, p_address_digest text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  shipped record;
begin
  for shipped in
    select orders, shipment.order_id = orders.id as is_first
    from public.shipment_orders as link
    join public.shipments as shipment on shipment.id = link.shipment_id and shipment.user_id = link.user_id
    join public.orders on orders.id = link.order_id and orders.user_id = link.user_id
    where link.shipment_id = p_shipment_id and link.user_id = p_user_id
    order by orders.id
  loop
    if (shipped.orders).order_status = 'cancelled' then
      perform private.advise_shipments(shipped.orders, 'order_cancelled');
    elsif private.cancelled_line_item_ids(shipped.orders) <> '{}' then
      perform private.advise_shipments(
        shipped.orders, 'unit_cancelled', private.cancelled_line_item_ids(shipped.orders)
      );
    end if;
    if shipped.is_first and private.address_digest(shipped.orders) <> p_address_digest then
      perform private.advise_shipments(shipped.orders, 'address_changed');
    end if;
  end loop;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.advise_shipments(p_order public.orders, p_reason text, p_units text[] DEFAULT NULL::text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_parcels(p_order.id);
  with concerned as (
    select
      shipment.id,
      case
        when p_reason = 'order_cancelled' and exists (
          select from public.shipment_orders as part
          join public.orders as other on other.id = part.order_id
          where part.shipment_id = shipment.id
            and other.id <> p_order.id and other.order_status <> 'cancelled'
        ) then 'unit_cancelled'
        else p_reason
      end as reason
    from public.shipment_orders as link
    join public.shipments as shipment on shipment.id = link.shipment_id
    where link.order_id = p_order.id
      and private.advice_for(shipment.status) is not null
      and (p_units is null or shipment.line_item_ids && p_units)
  )
  update public.shipments
  set advice = private.advice_for(status), advice_reason = concerned.reason, advised_at = now()
  from concerned
  where shipments.id = concerned.id
    and private.advice_rank(shipments.advice_reason) <= private.advice_rank(concerned.reason);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.aggregate_analytics(p_day date)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  groups integer;
begin
  -- Two runs at once would store the same groups.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('daily_event_counts', 0));
  delete from private.daily_event_counts where day = p_day;
  insert into private.daily_event_counts (day, event_type, events, sellers)
  select p_day, event_type, count(*), count(distinct user_id)
  from public.analytics_events
  where timestamp >= p_day::timestamp at time zone 'UTC'
    and timestamp < (p_day + 1)::timestamp at time zone 'UTC'
  group by event_type
  having count(distinct user_id) >= 5;
  get diagnostics groups = row_count;
  return groups;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.answer_repeated_request(p_purchase private.label_purchases, p_order_id uuid, p_request_hash text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.apply_refund(p_order public.orders, p_notice jsonb)
 RETURNS public.orders
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  refunded numeric;
  changed public.orders;
begin
  -- TikTok may report a refund under its own id, and once more as that of a return.
  select greatest(
    coalesce(sum(reported.amount) filter (where reported.is_return), 0),
    coalesce(sum(reported.amount) filter (where not reported.is_return), 0)
  )
  into refunded
  from (
    select (changes ->> 'refund_total')::numeric as amount, changes ? 'return_id' as is_return
    from public.order_events
    where order_id = p_order.id and user_id = p_order.user_id and changes ? 'refund_total'
    union all
    select (p_notice ->> 'refund_total')::numeric, p_notice ? 'return_id'
  ) as reported;
  update public.orders
  set refunded_amount = refunded,
      payment_status = case
        when refunded >= total_amount + case when cancelled_in_total then 0 else cancelled_amount end
          -- The price of a cancelled unit may be unknown.
          and not private.is_partly_cancelled(orders) then 'refunded'
        else 'partially_refunded'
      end
  where id = p_order.id and user_id = p_order.user_id and payment_status <> 'refunded'
  returning * into changed;
  return case when changed.id is null then p_order else changed end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.apply_subscription(p_item jsonb, p_open_events bigint[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  said jsonb := p_item -> 'subscription';
  event_ids bigint[] := array(
    select value::bigint from jsonb_array_elements_text(p_item -> 'event_ids')
  );
  open_events bigint[];
  customer_hashes text[] := array(select jsonb_array_elements_text(p_item -> 'customer_hashes'));
  hashes text[] := array(select jsonb_array_elements_text(said -> 'stripe_subscription_id_hashes'));
  customer private.stripe_customers;
  stored public.subscriptions;
  plan text := said ->> 'plan_name';
  limit_before integer;
  released integer := 0;
  plan_changed boolean;
  changed boolean;
begin
  -- 1. Check that the events are open, and that no other state was stored since.
  if cardinality(event_ids) > 0 then
    open_events := array(select id from unnest(event_ids) as id where id = any (p_open_events));
    if cardinality(open_events) = 0 then
      return jsonb_build_object('outcome', 'settled', 'released', 0);
    end if;
  end if;
  select * into customer
  from private.stripe_customers
  where stripe_customer_id_hash = any (customer_hashes);
  if customer.user_id is null then
    raise exception 'Unknown Stripe customer' using errcode = 'PT404';
  end if;
  if customer.version <> (p_item ->> 'version')::integer then
    return jsonb_build_object('outcome', 'conflict', 'released', 0);
  end if;

  -- 2. Find the stored subscription.
  select * into stored
  from public.subscriptions
  where stripe_subscription_id_hash = any (hashes);
  if stored.id is not null and stored.user_id <> customer.user_id then
    raise exception 'The subscription belongs to another seller' using errcode = 'PT409';
  end if;
  -- 3. Choose the plan: an unknown price creates none and leaves a stored plan unchanged.
  plan := coalesce(plan, stored.plan_name);
  if plan is null then
    return jsonb_build_object('outcome', 'price_unknown', 'released', 0);
  end if;

  -- 4. Store the state.
  plan_changed := stored.id is null
    or (stored.plan_name, stored.status) is distinct from (plan, said ->> 'status');
  changed := plan_changed or (
    stored.current_period_start, stored.current_period_end, stored.cancel_at_period_end
  ) is distinct from (
    (said ->> 'current_period_start')::timestamptz,
    (said ->> 'current_period_end')::timestamptz,
    (said ->> 'cancel_at_period_end')::boolean
  );
  if plan_changed then
    limit_before := private.monthly_order_limit(customer.user_id);
  end if;
  if stored.id is null then
    insert into public.subscriptions (
      user_id, stripe_customer_id, stripe_customer_id_hash, stripe_subscription_id,
      stripe_subscription_id_hash, plan_name, status, current_period_start, current_period_end,
      cancel_at_period_end, reconciled_at
    )
    values (
      customer.user_id,
      said ->> 'stripe_customer_id',
      said ->> 'stripe_customer_id_hash',
      said ->> 'stripe_subscription_id',
      said ->> 'stripe_subscription_id_hash',
      plan,
      said ->> 'status',
      (said ->> 'current_period_start')::timestamptz,
      (said ->> 'current_period_end')::timestamptz,
      (said ->> 'cancel_at_period_end')::boolean,
      now()
    );
  else
    update public.subscriptions
    set reconciled_at = now(),
        plan_name = plan,
        status = said ->> 'status',
        current_period_start = (said ->> 'current_period_start')::timestamptz,
        current_period_end = (said ->> 'current_period_end')::timestamptz,
        cancel_at_period_end = (said ->> 'cancel_at_period_end')::boolean
    where id = stored.id;
  end if;
  -- 5. Update the version and the profile, and release held orders.
  update private.stripe_customers set version = version + 1 where id = customer.id;
  perform private.refresh_user_plan(customer.user_id);
  if plan_changed and private.monthly_order_limit(customer.user_id) > limit_before then
    released := public.release_held_events(customer.user_id);
  end if;
  return jsonb_build_object(
    'outcome', case when changed then 'applied' else 'unchanged' end,
    'released', released
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.backoff(p_failures integer, p_longest_seconds integer)
 RETURNS interval
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return make_interval(
    secs => least(30 * 2 ^ least(p_failures - 1, 20), p_longest_seconds) * (0.5 + random() / 2)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.batch_view(p_batch_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    with items as (
      select
        item.place,
        item.order_id,
        -- The purchase decides about items whose result was unknown or came too late.
        case
          when item.state = 'waiting' or purchase.id is null then item.state
          when purchase.state in ('requested', 'purchasing') then item.state
          when purchase.state in ('unknown', 'failed') then purchase.state
          else 'purchased'
        end as state,
        item.code,
        case when purchase.id is not null then private.shipment_view(purchase) end as shipment
      from private.label_batches as batch
      join private.label_batch_items as item on item.batch_id = batch.id
      left join private.label_purchases as purchase
        on purchase.user_id = batch.user_id
        and purchase.idempotency_key = 'batch:' || batch.id || ':' || item.place
      where batch.id = p_batch_id
    )
    select jsonb_build_object(
      'id', batch.id,
      'state', case when bool_or(items.state = 'waiting') then 'processing' else 'done' end,
      'total', count(*),
      'waiting', count(*) filter (where items.state = 'waiting'),
      'purchased', count(*) filter (where items.state = 'purchased'),
      'failed', count(*) filter (where items.state = 'failed'),
      'unknown', count(*) filter (where items.state = 'unknown'),
      'created_at', batch.created_at,
      'items', jsonb_agg(
        jsonb_build_object(
          'order_id', items.order_id,
          'state', items.state,
          'shipment', items.shipment,
          'code', items.code
        )
        -- What a seller needs to request the label for all.
        || case
          when items.code = 'order_combined' then jsonb_build_object(
            'order_ids', (
              select jsonb_agg(combined.id order by combined.tiktok_order_id)
              from public.orders, private.combined_orders(orders) as combined
              where orders.id = items.order_id and orders.user_id = batch.user_id
            ),
            'tiktok_order_ids', (
              select to_jsonb(private.unstored_combined_orders(orders))
              from public.orders
              where orders.id = items.order_id and orders.user_id = batch.user_id
            )
          )
          else '{}'
        end
        order by items.place
      )
    )
    from private.label_batches as batch, items
    where batch.id = p_batch_id
    group by batch.id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.begin_account_deletion()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.lock_account_alone(old.id);
  return old;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.broadcast_new_orders()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform realtime.send(
    jsonb_build_object('orders', seller.orders),
    'orders_received',
    'user:' || seller.user_id,
    true
  )
  from (
    select
      user_id,
      jsonb_agg(jsonb_build_object(
        'order_id', id, 'order_status', order_status, 'payment_status', payment_status
      )) as orders
    from inserted
    group by user_id
  ) as seller;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.broadcast_order_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform realtime.send(
    jsonb_build_object(
      'order_id', new.id,
      'order_status', new.order_status,
      'payment_status', new.payment_status
    ),
    'order_changed',
    'user:' || new.user_id,
    true
  );
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.broadcast_shipment_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform realtime.send(
    jsonb_build_object('shipment_id', new.id, 'order_id', new.order_id, 'status', new.status),
    case tg_op when 'INSERT' then 'shipment_created' else 'shipment_changed' end,
    'user:' || new.user_id,
    true
  );
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.cache_hit_percent(p_hit bigint, p_read bigint)
 RETURNS numeric
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  -- The first reads of a database all miss the cache.
  return case when p_hit + p_read >= 1000000 then trunc(100.0 * p_hit / (p_hit + p_read), 1) end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.call_figures()
 RETURNS TABLE(metric text, subject text, value numeric)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if to_regclass('net._http_response') is not null then
    -- A call leaves the queue within a second: what waits in it shows that the sender of pg_net has ended.
    return query execute $query$
      select
        'scheduled_calls_failed', '',
        (
          (
            select count(*) from net._http_response
            where created > now() - interval '1 hour' and (status_code between 200 and 299) is not true
          ) + (select count(*) from net.http_request_queue)
        )::numeric
    $query$;
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.cancelled_line_item_ids(p_order public.orders)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(array_agg(line.id order by line.id), '{}')
    from jsonb_array_elements(p_order.order_items) as item,
      jsonb_array_elements_text(item -> 'cancelled_line_item_ids') as line (id)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.cancelled_units(p_items jsonb)
 RETURNS TABLE(line_item_id text, cancelled_by text, cancel_reason text)
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
#variable_conflict use_column
begin
  return query
  select unit ->> 'line_item_id', unit ->> 'cancelled_by', left(unit ->> 'cancel_reason', 100)
  from jsonb_array_elements(p_items) as item,
    jsonb_array_elements(item -> 'units') as unit
  where item -> 'cancelled_line_item_ids' ? (unit ->> 'line_item_id');
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_access()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_nestloop TO 'off'
AS $function$
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return jsonb_build_object(
    'tables', coalesce((
      select jsonb_agg(jsonb_build_object('table', c.oid::regclass::text,
        'kind', case c.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end,
        'row_security', c.relrowsecurity, 'forced', c.relforcerowsecurity,
        'invoker', coalesce('security_invoker=true' = any (c.reloptions) or 'security_invoker=on' = any (c.reloptions), false))
        order by c.oid::regclass::text collate "C")
      from pg_catalog.pg_class as c
      where c.relnamespace = any (ours) and c.relkind in ('r', 'p', 'v', 'm')), '[]'),
    'policies', coalesce((
      select jsonb_agg(jsonb_build_object('table', p.polrelid::regclass::text, 'name', p.polname,
        'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
        'roles', (
          select jsonb_agg(case u.role when 0 then 'public' else u.role::regrole::text end)
          from unnest(p.polroles) as u (role)),
        'permissive', p.polpermissive, 'using', pg_get_expr(p.polqual, p.polrelid),
        'check', pg_get_expr(p.polwithcheck, p.polrelid)) order by p.polrelid::regclass::text collate "C", p.polname)
      from pg_catalog.pg_policy as p
      join pg_catalog.pg_class as c on c.oid = p.polrelid
      where c.relnamespace = any (ours)), '[]'),
    'grants', coalesce((
      select jsonb_agg(jsonb_build_object('table', g.name, 'role', g.role, 'verb', g.verb, 'columns', g.columns)
        order by g.name collate "C", g.role, g.verb)
      from (
        select c.oid::regclass::text as name, case a.grantee when 0 then 'public' else a.grantee::regrole::text end as role,
          lower(a.privilege_type) as verb, null::jsonb as columns
        from pg_catalog.pg_class as c
        cross join lateral pg_catalog.aclexplode(c.relacl) as a
        where c.relnamespace = any (ours) and c.relkind in ('r', 'p', 'v', 'm') and a.grantee <> c.relowner
        union all
        select c.oid::regclass::text, case a.grantee when 0 then 'public' else a.grantee::regrole::text end,
          lower(a.privilege_type), jsonb_agg(quote_ident(l.attname) order by l.attnum)
        from pg_catalog.pg_class as c
        join pg_catalog.pg_attribute as l on l.attrelid = c.oid and not l.attisdropped
        cross join lateral pg_catalog.aclexplode(l.attacl) as a
        where c.relnamespace = any (ours)
        group by 1, 2, 3
      ) as g), '[]'),
    'functions', coalesce((
      select jsonb_agg(jsonb_build_object('function', p.oid::regprocedure::text, 'definer', p.prosecdef,
        'search_path', exists (select from unnest(p.proconfig) as s where s like 'search_path=%'),
        'trigger', p.prorettype = 'pg_catalog.trigger'::regtype,
        'roles', (
          select coalesce(jsonb_agg(distinct case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '[]')
          from pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
          where a.grantee <> p.proowner)) order by p.oid::regprocedure::text collate "C")
      from pg_catalog.pg_proc as p
      where p.pronamespace = any (ours) and p.prokind in ('f', 'p')
        and not exists (
          select from pg_catalog.pg_depend as d
          where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
        )), '[]'),
    'bypass', coalesce((
      select jsonb_agg(r.rolname order by r.rolname)
      from pg_catalog.pg_roles as r where r.rolbypassrls or r.rolsuper), '[]')
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_columns()
 RETURNS TABLE(relation oid, number smallint, definition text, default_id oid, is_separate boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_nestloop TO 'off'
AS $function$
#variable_conflict use_column
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return query
  with separate as materialized (
    select distinct d.objid
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_attrdef as f on f.oid = d.objid
    where d.classid = 'pg_catalog.pg_attrdef'::regclass
      and not (d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = f.adrelid)
  ), identities as materialized (
    select d.refobjid, d.refobjsubid, s.*
    from pg_catalog.pg_sequence as s
    join pg_catalog.pg_depend as d on d.objid = s.seqrelid and d.classid = 'pg_catalog.pg_class'::regclass
      and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype = 'i'
  )
  select a.attrelid, a.attnum,
    concat(quote_ident(a.attname), ' ', format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation end,
      case
        when a.attidentity <> '' then format(' generated %s as identity (sequence name %s start %s increment %s minvalue %s maxvalue %s cache %s%s)',
          case a.attidentity when 'a' then 'always' else 'by default' end, i.seqrelid::regclass, i.seqstart,
          i.seqincrement, i.seqmin, i.seqmax, i.seqcache, case when i.seqcycle then ' cycle' else '' end)
        when a.attgenerated = 's' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
        when d.oid is not null and p.objid is null then ' default ' || pg_get_expr(d.adbin, d.adrelid)
      end,
      case when a.attnotnull then ' not null' end),
    d.oid, p.objid is not null and a.attgenerated = ''
  from pg_catalog.pg_attribute as a
  join pg_catalog.pg_class as c on c.oid = a.attrelid
  join pg_catalog.pg_type as t on t.oid = a.atttypid
  left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join separate as p on p.objid = d.oid
  left join identities as i on i.refobjid = a.attrelid and i.refobjsubid = a.attnum and a.attidentity <> ''
  where c.relnamespace = any (ours) and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_migrations()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if to_regclass('supabase_migrations.schema_migrations') is null then return '[]'; end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('version', m.version, 'name', m.name) order by m.version), '[]')
    from supabase_migrations.schema_migrations as m
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_objects()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_nestloop TO 'off'
AS $function$
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return (
    with parts as materialized (
      select * from private.catalog_parts()
    ), nodes as materialized (
      select row_number() over (order by n.rank, n.kind, n.name collate "C") - 1 as place, n.*
      from (
        select r.*, null::oid as parent_class, null::oid as parent from private.catalog_relations() as r
        union all
        select * from parts
        union all
        select * from private.catalog_privileges()
      ) as n
      where n.class is null or not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = n.class and d.objid = n.object and d.deptype = 'e'
      )
    ), aliases (class, object, place) as materialized (
      select n.class, n.object, n.place from nodes as n where n.object is not null
      union
      -- Row types, views' rules, identity sequences and separate defaults stand for their table.
      select d.classid, d.objid, n.place
      from pg_catalog.pg_depend as d
      join nodes as n on n.class = d.refclassid and n.object = d.refobjid
      where d.deptype = 'i' and n.kind in ('table', 'view', 'materialized_view')
        and d.classid in ('pg_catalog.pg_type'::regclass, 'pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_class'::regclass)
      union
      select 'pg_catalog.pg_attrdef'::regclass, a.oid, n.place
      from pg_catalog.pg_attrdef as a
      join nodes as n on n.class = 'pg_catalog.pg_class'::regclass and n.object = a.adrelid
      where not exists (select from parts as p where p.kind = 'default' and p.object = a.oid)
      union
      select 'pg_catalog.pg_class'::regclass, k.conindid, n.place
      from pg_catalog.pg_constraint as k
      join nodes as n on n.kind = 'constraint' and n.object = k.oid
      where k.contype in ('p', 'u', 'x')
      union
      select 'pg_catalog.pg_type'::regclass, t.oid, n.place
      from pg_catalog.pg_type as t
      join pg_catalog.pg_type as e on e.oid = t.typelem and e.typarray = t.oid
      join nodes as n on n.class = 'pg_catalog.pg_type'::regclass and n.object = e.oid
      union
      select 'pg_catalog.pg_type'::regclass, e.typarray, n.place
      from pg_catalog.pg_type as e
      join nodes as n on n.class = 'pg_catalog.pg_class'::regclass and n.object = e.typrelid
      union
      select 'pg_catalog.pg_constraint'::regclass, k.oid, n.place
      from pg_catalog.pg_constraint as k
      join nodes as n on n.class = 'pg_catalog.pg_type'::regclass and n.object = k.contypid
    ), edges (place, needed) as materialized (
      select a.place, b.place
      from pg_catalog.pg_depend as d
      join aliases as a on a.class = d.classid and a.object = d.objid
      join aliases as b on b.class = d.refclassid and b.object = d.refobjid
      where a.place <> b.place
        and not (d.deptype = 'a' and d.refobjsubid > 0 and exists (select from pg_catalog.pg_sequence as s where s.seqrelid = d.objid))
      union
      select n.place, b.place
      from nodes as n
      join aliases as b on b.class = n.parent_class and b.object = n.parent
      where n.place <> b.place
      union
      -- An owned sequence exists before it is given to its column.
      select n.place, s.place
      from nodes as n
      join nodes as s on s.kind = 'sequence' and s.name = n.name
      where n.kind = 'sequence_owner'
    )
    select jsonb_build_object(
      'objects', coalesce((
        select jsonb_agg(jsonb_build_object('kind', n.kind, 'name', n.name, 'table', n.relation, 'rank', n.rank,
          'sql', n.sql, 'undo', n.undo, 'needs', coalesce(needs.places, '[]')) order by n.place)
        from nodes as n
        left join (
          select e.place, jsonb_agg(e.needed order by e.needed) as places from edges as e group by e.place
        ) as needs using (place)), '[]'),
      'columns', coalesce((
        select jsonb_object_agg(c.name, c.columns)
        from (
          select k.relation::regclass::text as name, jsonb_agg(jsonb_build_object('name', quote_ident(a.attname),
            'type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull, 'definition', k.definition,
            'comment', col_description(a.attrelid, a.attnum)) order by a.attnum) as columns
          from private.catalog_columns() as k
          join pg_catalog.pg_attribute as a on a.attrelid = k.relation and a.attnum = k.number
          join nodes as n on n.class = 'pg_catalog.pg_class'::regclass and n.object = k.relation
          group by k.relation
        ) as c), '{}'),
      'unsupported', coalesce((
        select jsonb_agg(u.name order by u.name)
        from (
          select 'aggregate ' || p.oid::regprocedure as name from pg_catalog.pg_proc as p
          where p.pronamespace = any (ours) and p.prokind = 'a'
          union all
          select 'foreign table ' || c.oid::regclass from pg_catalog.pg_class as c
          where c.relnamespace = any (ours) and c.relkind = 'f'
          union all
          select 'operator ' || o.oid::regoperator from pg_catalog.pg_operator as o where o.oprnamespace = any (ours)
          union all
          select 'range type ' || t.oid::regtype from pg_catalog.pg_type as t
          where t.typnamespace = any (ours) and t.typtype = 'r'
          union all
          select 'rule ' || w.rulename || ' on ' || w.ev_class::regclass from pg_catalog.pg_rewrite as w
          join pg_catalog.pg_class as c on c.oid = w.ev_class
          where c.relnamespace = any (ours) and w.rulename <> '_RETURN'
        ) as u), '[]')
    )
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_owned()
 RETURNS TABLE(class oid, object oid, noun text, name text, relation text, owner oid, acl aclitem[], code "char")
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_nestloop TO 'off'
AS $function$
#variable_conflict use_column
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return query
  select 'pg_catalog.pg_namespace'::regclass::oid, n.oid, 'schema', quote_ident(n.nspname), null::text, n.nspowner, n.nspacl, 'n'::"char"
  from pg_catalog.pg_namespace as n
  -- The platform owns the schema public.
  where n.oid = any (ours) and n.nspname <> 'public'
  union all
  select 'pg_catalog.pg_class'::regclass, c.oid,
    case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
    c.oid::regclass::text, case when c.relkind = 'S' then null else c.oid::regclass::text end, c.relowner, c.relacl,
    (case c.relkind when 'S' then 's' else 'r' end)::"char"
  from pg_catalog.pg_class as c
  where c.relnamespace = any (ours) and c.relkind in ('r', 'p', 'v', 'm', 'S')
  union all
  select 'pg_catalog.pg_proc'::regclass, p.oid, case p.prokind when 'p' then 'procedure' else 'function' end,
    p.oid::regprocedure::text, null, p.proowner, p.proacl, 'f'::"char"
  from pg_catalog.pg_proc as p
  where p.pronamespace = any (ours) and p.prokind in ('f', 'p', 'w')
  union all
  select 'pg_catalog.pg_type'::regclass, t.oid, 'type', t.oid::regtype::text, null, t.typowner, t.typacl, 'T'::"char"
  from pg_catalog.pg_type as t left join pg_catalog.pg_class as c on c.oid = t.typrelid
  where t.typnamespace = any (ours) and (t.typtype in ('e', 'd') or (t.typtype = 'c' and c.relkind = 'c'));
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_parts()
 RETURNS TABLE(class oid, object oid, rank integer, kind text, name text, relation text, sql text, undo text, parent_class oid, parent oid)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_nestloop TO 'off'
AS $function$
#variable_conflict use_column
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return query
  select 'pg_catalog.pg_attrdef'::regclass::oid, d.oid, 6, 'default', format('%s.%I', r.oid::regclass, a.attname),
    r.oid::regclass::text,
    format('alter table %s alter column %I set default %s;', r.oid::regclass, a.attname, pg_get_expr(d.adbin, d.adrelid)),
    format('alter table %s alter column %I drop default;', r.oid::regclass, a.attname),
    'pg_catalog.pg_class'::regclass::oid, r.oid
  from private.catalog_columns() as k
  join pg_catalog.pg_attrdef as d on d.oid = k.default_id
  join pg_catalog.pg_class as r on r.oid = d.adrelid
  join pg_catalog.pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
  where a.attgenerated = '' and (k.is_separate or r.relispartition)

  union all
  select null, null, 7, 'sequence_owner', d.objid::regclass::text, r.oid::regclass::text,
    format('alter sequence %s owned by %s.%I;', d.objid::regclass, r.oid::regclass, a.attname),
    format('alter sequence %s owned by none;', d.objid::regclass), d.refclassid, r.oid
  from pg_catalog.pg_depend as d
  join pg_catalog.pg_sequence as s on s.seqrelid = d.objid
  join pg_catalog.pg_class as r on r.oid = d.refobjid
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum = d.refobjsubid
  where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
    and d.deptype = 'a' and r.relnamespace = any (ours)

  union all
  select 'pg_catalog.pg_constraint'::regclass, k.oid, case when k.contype in ('p', 'u', 'x') then 9 when k.contype = 'f' then 11 else 10 end,
    'constraint', format('%s %I', r.oid::regclass, k.conname), r.oid::regclass::text,
    format('alter table %s add constraint %I %s;', r.oid::regclass, k.conname, pg_get_constraintdef(k.oid)),
    format('alter table %s drop constraint %I;', r.oid::regclass, k.conname), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_constraint as k
  join pg_catalog.pg_class as r on r.oid = k.conrelid
  where r.relnamespace = any (ours) and k.contype in ('p', 'u', 'x', 'f', 'c') and k.conparentid = 0 and k.conislocal

  union all
  select 'pg_catalog.pg_class'::regclass, i.indexrelid, 12, 'index', i.indexrelid::regclass::text, r.oid::regclass::text,
    pg_get_indexdef(i.indexrelid) || ';', format('drop index %s;', i.indexrelid::regclass),
    'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as r on r.oid = i.indrelid
  join pg_catalog.pg_class as x on x.oid = i.indexrelid
  where r.relnamespace = any (ours) and r.relkind in ('r', 'p', 'm') and not x.relispartition
    and not exists (
      select from pg_catalog.pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
    )

  union all
  select 'pg_catalog.pg_statistic_ext'::regclass, s.oid, 13, 'statistics', s.stxname::text, r.oid::regclass::text,
    pg_get_statisticsobjdef(s.oid) || ';', format('drop statistics %I.%I;', n.nspname, s.stxname),
    'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_statistic_ext as s
  join pg_catalog.pg_class as r on r.oid = s.stxrelid
  join pg_catalog.pg_namespace as n on n.oid = s.stxnamespace
  where r.relnamespace = any (ours)

  union all
  select null, null, 13, 'replica_identity', r.oid::regclass::text, r.oid::regclass::text,
    format('alter table %s replica identity %s;', r.oid::regclass, case r.relreplident
      when 'f' then 'full' when 'n' then 'nothing'
      else 'using index ' || (
        select quote_ident(x.relname)
        from pg_catalog.pg_index as i join pg_catalog.pg_class as x on x.oid = i.indexrelid
        where i.indrelid = r.oid and i.indisreplident) end),
    format('alter table %s replica identity default;', r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_class as r
  where r.relnamespace = any (ours) and r.relkind in ('r', 'p') and r.relreplident <> 'd'

  union all
  select 'pg_catalog.pg_trigger'::regclass, t.oid, 14, 'trigger', format('%s %I', r.oid::regclass, t.tgname),
    r.oid::regclass::text,
    pg_get_triggerdef(t.oid) || ';' || case t.tgenabled
      when 'D' then format(E'\nalter table %s disable trigger %I;', r.oid::regclass, t.tgname)
      when 'A' then format(E'\nalter table %s enable always trigger %I;', r.oid::regclass, t.tgname)
      when 'R' then format(E'\nalter table %s enable replica trigger %I;', r.oid::regclass, t.tgname)
      else '' end,
    format('drop trigger %I on %s;', t.tgname, r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_trigger as t
  join pg_catalog.pg_class as r on r.oid = t.tgrelid
  join pg_catalog.pg_proc as p on p.oid = t.tgfoid
  where not t.tgisinternal and t.tgparentid = 0
    and (r.relnamespace = any (ours) or p.pronamespace = any (ours))

  union all
  select null, null, 15, 'row_security', r.oid::regclass::text, r.oid::regclass::text,
    format('alter table %s enable row level security;', r.oid::regclass)
      || case when r.relforcerowsecurity then format(E'\nalter table %s force row level security;', r.oid::regclass) else '' end,
    format('alter table %s disable row level security;', r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_class as r
  where r.relnamespace = any (ours) and r.relkind in ('r', 'p') and r.relrowsecurity

  union all
  select 'pg_catalog.pg_policy'::regclass, p.oid, 16, 'policy', format('%s %I', r.oid::regclass, p.polname),
    r.oid::regclass::text,
    format('create policy %I on %s as %s for %s to %s%s%s;', p.polname, r.oid::regclass,
      case when p.polpermissive then 'permissive' else 'restrictive' end,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      (select string_agg(case u.role when 0 then 'public' else u.role::regrole::text end, ', ' order by u.role::regrole::text)
       from unnest(p.polroles) as u (role)),
      coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''),
      coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')),
    format('drop policy %I on %s;', p.polname, r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_policy as p
  join pg_catalog.pg_class as r on r.oid = p.polrelid
  where r.relnamespace = any (ours) or r.oid in (
    select v.oid from pg_catalog.pg_class as v join pg_catalog.pg_namespace as n on n.oid = v.relnamespace
    where n.nspname = any (array['realtime', 'storage'])
  )

  union all
  select null, null, 17, 'publication', quote_ident(b.pubname), null,
    format('do $do$ begin if not exists (select from pg_catalog.pg_publication where pubname = %L) then create publication %I%s; end if; end $do$;',
      b.pubname, b.pubname, case when b.puballtables then ' for all tables' else '' end),
    format('drop publication %I;', b.pubname), null, null
  from pg_catalog.pg_publication as b

  union all
  select null, null, 18, 'publication_table', format('%I %s', b.pubname, r.oid::regclass), r.oid::regclass::text,
    format('alter publication %I add table %s;', b.pubname, r.oid::regclass),
    format('alter publication %I drop table %s;', b.pubname, r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_publication_rel as m
  join pg_catalog.pg_publication as b on b.oid = m.prpubid
  join pg_catalog.pg_class as r on r.oid = m.prrelid
  where r.relnamespace = any (ours)

  union all
  select null, null, 22, 'refresh', r.oid::regclass::text, r.oid::regclass::text,
    format('refresh materialized view %s;', r.oid::regclass), null, 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_class as r
  where r.relnamespace = any (ours) and r.relkind = 'm' and r.relispopulated;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_performance()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_nestloop TO 'off'
AS $function$
declare
  ours constant oid[] := private.catalog_schemas();
  statements jsonb;
  statistics text;
begin
  select format('%I.pg_stat_statements', n.nspname) into statistics
  from pg_catalog.pg_extension as e
  join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
  where e.extname = 'pg_stat_statements';
  if statistics is not null then
    execute format('select coalesce(jsonb_agg(s), ''[]'') from (
      select left(query, 500) as query, calls, round(mean_exec_time::numeric, 3) as mean_ms,
        round(total_exec_time::numeric, 1) as total_ms, rows
      from %s where dbid = (select oid from pg_catalog.pg_database where datname = current_database())
      order by total_exec_time desc limit 20) as s', statistics) into statements;
  end if;
  return jsonb_build_object(
    'indexes', coalesce((
      select jsonb_agg(jsonb_build_object('index', i.indexrelid::regclass::text, 'table', i.indrelid::regclass::text,
        'method', m.amname, 'keys', (
          select jsonb_agg(concat_ws(' ', pg_get_indexdef(i.indexrelid, n, true), i.indoption[n - 1], i.indclass[n - 1], i.indcollation[n - 1]) order by n)
          from generate_series(1, i.indnkeyatts) as n),
        'columns', (
          select jsonb_agg(i.indkey[n - 1] order by n) from generate_series(1, i.indnkeyatts) as n),
        'included', i.indnatts - i.indnkeyatts,
        'predicate', pg_get_expr(i.indpred, i.indrelid), 'unique', i.indisunique, 'valid', i.indisvalid,
        'constraint', k.conindid is not null,
        'bytes', case when c.relkind = 'I' then 0 else pg_relation_size(i.indexrelid) end,
        'scans', coalesce(s.idx_scan, 0), 'definition', pg_get_indexdef(i.indexrelid))
        order by i.indexrelid::regclass::text collate "C")
      from pg_catalog.pg_index as i
      join pg_catalog.pg_class as c on c.oid = i.indexrelid
      join pg_catalog.pg_class as r on r.oid = i.indrelid
      join pg_catalog.pg_am as m on m.oid = c.relam
      left join (select distinct conindid from pg_catalog.pg_constraint where contype in ('p', 'u', 'x')) as k
        on k.conindid = i.indexrelid
      left join pg_catalog.pg_stat_all_indexes as s on s.indexrelid = i.indexrelid
      where r.relnamespace = any (ours)), '[]'),
    'foreign_keys', coalesce((
      select jsonb_agg(jsonb_build_object('constraint', k.conname, 'table', k.conrelid::regclass::text,
        'references', k.confrelid::regclass::text, 'numbers', to_jsonb(k.conkey), 'columns', (
          select jsonb_agg(quote_ident(a.attname) order by u.place)
          from unnest(k.conkey) with ordinality as u (number, place)
          join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.number))
        order by k.conrelid::regclass::text collate "C", k.conname)
      from pg_catalog.pg_constraint as k
      where k.connamespace = any (ours) and k.contype = 'f'), '[]'),
    'tables', coalesce((
      select jsonb_agg(jsonb_build_object('table', c.oid::regclass::text, 'rows', coalesce(s.n_live_tup, 0),
        'dead_rows', coalesce(s.n_dead_tup, 0), 'sequential_scans', coalesce(s.seq_scan, 0),
        'sequential_rows', coalesce(s.seq_tup_read, 0), 'index_scans', coalesce(s.idx_scan, 0),
        'bytes', pg_total_relation_size(c.oid), 'analyzed', greatest(s.last_analyze, s.last_autoanalyze),
        'vacuumed', greatest(s.last_vacuum, s.last_autovacuum)) order by c.oid::regclass::text collate "C")
      from pg_catalog.pg_class as c
      left join pg_catalog.pg_stat_all_tables as s on s.relid = c.oid
      where c.relnamespace = any (ours) and c.relkind in ('r', 'm')), '[]'),
    'cache', (
      select jsonb_build_object(
        'table_hit_rate', round(sum(heap_blks_hit) / nullif(sum(heap_blks_hit) + sum(heap_blks_read), 0), 4),
        'index_hit_rate', round(sum(idx_blks_hit) / nullif(sum(idx_blks_hit) + sum(idx_blks_read), 0), 4))
      from pg_catalog.pg_statio_all_tables as s
      join pg_catalog.pg_class as c on c.oid = s.relid
      where c.relnamespace = any (ours)),
    'statements', statements,
    'since', (select stats_reset from pg_catalog.pg_stat_database where datname = current_database())
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_privileges()
 RETURNS TABLE(class oid, object oid, rank integer, kind text, name text, relation text, sql text, undo text, parent_class oid, parent oid)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_nestloop TO 'off'
AS $function$
#variable_conflict use_column
begin
  return query
  select null::oid, null::oid, 19, 'grant', format('revoke from public on %s %s', o.noun, o.name), o.relation,
    format('revoke all on %s %s from public;', o.noun, o.name), format('grant execute on %s %s to public;', o.noun, o.name),
    o.class, o.object
  from private.catalog_owned() as o
  where o.noun in ('function', 'procedure') and o.acl is not null
    and not exists (select from pg_catalog.aclexplode(o.acl) as a where a.grantee = 0)

  union all
  select null, null, 20, 'grant', format('%s on %s %s', g.role, o.noun, o.name), o.relation,
    format('grant %s on %s %s to %s%s;', lower(g.privileges), case o.noun when 'view' then 'table' when 'materialized view' then 'table' else o.noun end,
      o.name, g.role, g.option),
    format('revoke %s on %s %s from %s;', lower(g.privileges), case o.noun when 'view' then 'table' when 'materialized view' then 'table' else o.noun end,
      o.name, g.role), o.class, o.object
  from private.catalog_owned() as o
  cross join lateral (
    select case a.grantee when 0 then 'public' else a.grantee::regrole::text end as role,
      case when a.is_grantable then ' with grant option' else '' end as option,
      string_agg(a.privilege_type, ', ' order by a.privilege_type) as privileges
    from pg_catalog.aclexplode(o.acl) as a
    where a.grantee <> o.owner
      and not exists (
        select from pg_catalog.aclexplode(pg_catalog.acldefault(o.code, o.owner)) as d
        where d.grantee = a.grantee and d.privilege_type = a.privilege_type
      )
    group by 1, 2
  ) as g

  union all
  select null, null, 20, 'grant', format('%s on columns of %s', g.role, o.name), o.relation,
    format('grant %s on table %s to %s%s;', g.privileges, o.name, g.role, g.option),
    format('revoke %s on table %s from %s;', g.privileges, o.name, g.role), o.class, o.object
  from private.catalog_owned() as o
  cross join lateral (
    select e.role, e.option, string_agg(format('%s (%s)', lower(e.privilege_type), e.columns), ', ' order by e.privilege_type) as privileges
    from (
      select case a.grantee when 0 then 'public' else a.grantee::regrole::text end as role,
        case when a.is_grantable then ' with grant option' else '' end as option,
        a.privilege_type, string_agg(quote_ident(c.attname), ', ' order by c.attnum) as columns
      from pg_catalog.pg_attribute as c
      cross join lateral pg_catalog.aclexplode(c.attacl) as a
      where c.attrelid = o.object and not c.attisdropped
      group by 1, 2, 3
    ) as e
    group by 1, 2
  ) as g
  where o.class = 'pg_catalog.pg_class'::regclass

  union all
  select null, null, 21, 'comment', format('%s %s', o.noun, o.name), o.relation,
    format('comment on %s %s is %L;', o.noun, o.name, d.description), format('comment on %s %s is null;', o.noun, o.name),
    o.class, o.object
  from private.catalog_owned() as o
  join pg_catalog.pg_description as d on d.classoid = o.class and d.objoid = o.object and d.objsubid = 0

  union all
  select null, null, 21, 'comment', format('column %s.%I', o.name, c.attname), o.relation,
    format('comment on column %s.%I is %L;', o.name, c.attname, d.description),
    format('comment on column %s.%I is null;', o.name, c.attname), o.class, o.object
  from private.catalog_owned() as o
  join pg_catalog.pg_description as d on d.classoid = o.class and d.objoid = o.object and d.objsubid > 0
  join pg_catalog.pg_attribute as c on c.attrelid = o.object and c.attnum = d.objsubid
  where o.class = 'pg_catalog.pg_class'::regclass

  union all
  select p.parent_class, null, 21, 'comment', format('%s %s', p.kind, p.name), p.relation,
    format('comment on %s %s is %L;', p.kind,
      case p.kind when 'index' then p.name
        else replace(p.name, p.relation || ' ', '') || ' on ' || p.relation end, d.description),
    null, p.parent_class, p.parent
  from private.catalog_parts() as p
  join pg_catalog.pg_description as d on d.classoid = p.class and d.objoid = p.object and d.objsubid = 0
  where p.kind in ('index', 'constraint', 'trigger', 'policy')

  union all
  select null, null, 23, 'default_privilege',
    format('%s %s %s %s', p.defaclrole::regrole, p.defaclnamespace::regnamespace, p.defaclobjtype, g.role), null,
    format('alter default privileges for role %s%s %s %s on %s %s %s;', p.defaclrole::regrole,
      case p.defaclnamespace when 0 then '' else ' in schema ' || p.defaclnamespace::regnamespace end,
      case when g.granted then 'grant' else 'revoke' end, lower(g.privileges),
      case p.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' else 'schemas' end,
      case when g.granted then 'to' else 'from' end, g.role),
    null, null, null
  from pg_catalog.pg_default_acl as p
  cross join lateral (
    select x.role, x.granted, string_agg(x.privilege_type, ', ' order by x.privilege_type) as privileges
    from (
      select case a.grantee when 0 then 'public' else a.grantee::regrole::text end as role, true as granted, a.privilege_type
      from pg_catalog.aclexplode(p.defaclacl) as a where a.grantee <> p.defaclrole
      union all
      select case d.grantee when 0 then 'public' else d.grantee::regrole::text end, false, d.privilege_type
      from pg_catalog.aclexplode(pg_catalog.acldefault(case p.defaclobjtype when 'S' then 's' else p.defaclobjtype end, p.defaclrole)) as d
      where p.defaclnamespace = 0 and d.grantee <> p.defaclrole
        and not exists (
          select from pg_catalog.aclexplode(p.defaclacl) as a
          where a.grantee = d.grantee and a.privilege_type = d.privilege_type
        )
    ) as x
    group by 1, 2
  ) as g
  -- Those of the platform's own roles are not the project's, and only these roles may set them.
  where p.defaclrole::regrole::text !~ '^supabase_'
    and (p.defaclnamespace = 0 or p.defaclnamespace = any (private.catalog_schemas()));

  if to_regclass('cron.job') is not null then
    return query
    select null::oid, null::oid, 24, 'job', quote_ident(coalesce(j.jobname, j.jobid::text)), null::text,
      format('select cron.schedule(%L, %L, %L);', j.jobname, j.schedule, j.command),
      format('select cron.unschedule(%L);', j.jobname), null::oid, null::oid
    from cron.job as j
    where j.jobname is not null;
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_relations()
 RETURNS TABLE(class oid, object oid, rank integer, kind text, name text, relation text, sql text, undo text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_nestloop TO 'off'
AS $function$
#variable_conflict use_column
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return query
  with lists as materialized (
    select k.relation, string_agg('  ' || k.definition, E',\n' order by k.number) as lines
    from private.catalog_columns() as k
    join pg_catalog.pg_attribute as a on a.attrelid = k.relation and a.attnum = k.number
    where a.attislocal
    group by k.relation
  )
  select 'pg_catalog.pg_namespace'::regclass::oid, n.oid, 0, 'schema', quote_ident(n.nspname), null,
    format('create schema if not exists %I;', n.nspname), format('drop schema %I;', n.nspname)
  from pg_catalog.pg_namespace as n
  where n.oid = any (ours)

  union all
  select 'pg_catalog.pg_extension'::regclass, e.oid, 1, 'extension', quote_ident(e.extname), null,
    format('create extension if not exists %I with schema %I;', e.extname, n.nspname),
    format('drop extension %I;', e.extname)
  from pg_catalog.pg_extension as e
  join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
  where e.extname <> 'plpgsql'

  union all
  select 'pg_catalog.pg_type'::regclass, t.oid, 2, 'type', t.oid::regtype::text, null,
    case t.typtype
      when 'e' then format('create type %s as enum (%s);', t.oid::regtype, (
        select string_agg(quote_literal(v.enumlabel), ', ' order by v.enumsortorder)
        from pg_catalog.pg_enum as v where v.enumtypid = t.oid))
      when 'c' then format('create type %s as (%s);', t.oid::regtype, (
        select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
        from pg_catalog.pg_attribute as a
        where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped))
      else format('create domain %s as %s%s%s%s;', t.oid::regtype, format_type(t.typbasetype, t.typtypmod),
        coalesce(' default ' || t.typdefault, ''), case when t.typnotnull then ' not null' else '' end,
        coalesce((
          select string_agg(format(' constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), '' order by k.conname)
          from pg_catalog.pg_constraint as k where k.contypid = t.oid and k.contype = 'c'), ''))
    end,
    format('drop type %s;', t.oid::regtype)
  from pg_catalog.pg_type as t
  left join pg_catalog.pg_class as c on c.oid = t.typrelid
  where t.typnamespace = any (ours)
    and (t.typtype in ('e', 'd') or (t.typtype = 'c' and c.relkind = 'c'))

  union all
  select 'pg_catalog.pg_class'::regclass, c.oid, 3, 'sequence', c.oid::regclass::text, null,
    format('create sequence %s as %s start %s increment %s minvalue %s maxvalue %s cache %s%s;', c.oid::regclass,
      format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
      case when s.seqcycle then ' cycle' else '' end),
    format('drop sequence %s;', c.oid::regclass)
  from pg_catalog.pg_class as c
  join pg_catalog.pg_sequence as s on s.seqrelid = c.oid
  where c.relnamespace = any (ours)
    and not exists (
      select from pg_catalog.pg_depend as d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'i'
    )

  union all
  select 'pg_catalog.pg_proc'::regclass, p.oid, 4, 'function', p.oid::regprocedure::text, null,
    rtrim(pg_get_functiondef(p.oid), E'\n') || ';',
    format('drop %s %s;', case p.prokind when 'p' then 'procedure' else 'function' end, p.oid::regprocedure)
  from pg_catalog.pg_proc as p
  where p.pronamespace = any (ours) and p.prokind in ('f', 'p', 'w')

  union all
  select 'pg_catalog.pg_class'::regclass, c.oid, 5, 'table', c.oid::regclass::text, c.oid::regclass::text,
    case
      when c.relispartition then format('create table %s partition of %s %s%s;', c.oid::regclass,
        (select i.inhparent::regclass from pg_catalog.pg_inherits as i where i.inhrelid = c.oid),
        pg_get_expr(c.relpartbound, c.oid),
        case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) else '' end)
      else format(E'create %stable %s (%s)%s%s%s;',
        case c.relpersistence when 'u' then 'unlogged ' else '' end, c.oid::regclass,
        coalesce((
          select E'\n' || l.lines || E'\n' from lists as l where l.relation = c.oid), ''),
        coalesce((
          select ' inherits (' || string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) || ')'
          from pg_catalog.pg_inherits as i where i.inhrelid = c.oid), ''),
        case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) else '' end,
        coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', ''))
    end,
    format('drop table %s;', c.oid::regclass)
  from pg_catalog.pg_class as c
  where c.relnamespace = any (ours) and c.relkind in ('r', 'p')

  union all
  select 'pg_catalog.pg_class'::regclass, c.oid, 8,
    case c.relkind when 'm' then 'materialized_view' else 'view' end, c.oid::regclass::text, c.oid::regclass::text,
    format(E'create %s %s%s as\n%s%s;', case c.relkind when 'm' then 'materialized view' else 'view' end,
      c.oid::regclass, coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', ''),
      rtrim(pg_get_viewdef(c.oid), ';'), case c.relkind when 'm' then E'\nwith no data' else '' end),
    format('drop %s %s;', case c.relkind when 'm' then 'materialized view' else 'view' end, c.oid::regclass)
  from pg_catalog.pg_class as c
  where c.relnamespace = any (ours) and c.relkind in ('v', 'm');
end;
$function$
;
CREATE OR REPLACE FUNCTION private.catalog_schemas()
 RETURNS oid[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return array(
    select n.oid
    from pg_catalog.pg_namespace as n
    where n.nspname !~ '^pg_'
      and n.nspname <> all (array[
        'information_schema', 'auth', 'cron', 'extensions', 'graphql', 'graphql_public', 'net', 'pgbouncer',
        'pgmq', 'pgsodium', 'pgsodium_masks', 'pgtle', 'realtime', '_realtime', 'storage', 'vault', '_analytics',
        'supabase_functions', 'supabase_migrations'
      ])
      and not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e'
      )
    order by n.nspname
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.check_customer_email(p_user_id uuid, p_email text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if exists (select from public.users where id = p_user_id and email is distinct from p_email) then
    perform private.enqueue_customer_email(p_user_id);
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.check_label_transition()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if not exists (
    select from private.label_transitions where from_state = old.state and to_state = new.state
  ) then
    raise exception 'A label purchase does not go from % to %', old.state, new.state
      using errcode = 'PT409';
  end if;
  new.state_since = now();
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.check_shop_limit(p_shop public.tiktok_shops)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return private.monthly_shop_count(p_shop.shop_key) < private.monthly_order_limit(p_shop.user_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.choose_parcel(p_user_id uuid, p_order_ids uuid[], p_provider text, p_purchase_id uuid, p_wanted jsonb, OUT line_item_ids text[], OUT refusal text, OUT other_order_ids uuid[], OUT unstored_order_ids text[])
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  first_order public.orders;
  part public.orders;
  part_lines text[];
begin
  select * into first_order from public.orders where id = p_order_ids[1] and user_id = p_user_id;
  -- 1. The first order alone.
  refusal := private.label_refusal(first_order, p_provider);
  if refusal is not null then
    return;
  end if;
  select free.line_item_ids, free.refusal into line_item_ids, refusal
  from private.free_label_lines(
    first_order, p_purchase_id, case when cardinality(p_order_ids) = 1 then p_wanted end
  ) as free;
  if refusal is not null then
    return;
  end if;
  -- 2. All orders that TikTok combined, and no others.
  select coalesce(array_agg(combined.id order by combined.tiktok_order_id), '{}') into other_order_ids
  from private.combined_orders(first_order) as combined;
  unstored_order_ids := private.unstored_combined_orders(first_order);
  refusal := case
    when unstored_order_ids is not null or not other_order_ids <@ p_order_ids then 'order_combined'
    when not p_order_ids <@ (first_order.id || other_order_ids) then 'orders_not_combined'
  end;
  if refusal is not null or other_order_ids = '{}' then
    return;
  end if;
  -- 3. Every unit of each.
  for part in
    select orders.*
    from public.orders
    where id = any (other_order_ids) and user_id = p_user_id
    order by tiktok_order_id
  loop
    refusal := private.label_refusal(part, p_provider);
    if refusal is not null then
      return;
    end if;
    select free.line_item_ids, free.refusal into part_lines, refusal
    from private.free_label_lines(part, p_purchase_id, null) as free;
    if refusal is not null then
      return;
    end if;
    line_item_ids := line_item_ids || part_lines;
  end loop;
  refusal := case
    when cardinality(line_item_ids) <> (
      select count(*)
      from public.orders, unnest(private.order_line_item_ids(orders)) as unit (id)
      where orders.id = any (p_order_ids) and orders.user_id = p_user_id
    ) then 'line_items_labelled'
    when p_wanted is not null and not (to_jsonb(line_item_ids) <@ p_wanted and p_wanted <@ to_jsonb(line_item_ids))
      then 'order_combined'
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.claim_label_lines(p_purchase private.label_purchases)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  claimed integer;
begin
  insert into private.labelled_lines (user_id, order_id, line_item_id, purchase_id)
  select p_purchase.user_id, private.order_of_unit(p_purchase, line.id), line.id, p_purchase.id
  from unnest(p_purchase.line_item_ids) as line (id)
  on conflict (order_id, line_item_id) do nothing;
  get diagnostics claimed = row_count;
  return claimed = cardinality(p_purchase.line_item_ids);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.claim_own_notification(p_purchase private.label_purchases)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events;
  claim integer;
begin
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select
    'creatorflow', 'MARK_SHIPPED:' || p_purchase.id || ':own:' || p_purchase.attempt, 'MARK_SHIPPED', shop.shop_id,
    p_purchase.id::text, '{}'
  from public.orders
  join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
  where orders.id = p_purchase.order_id
  returning * into event;
  update private.event_queue
  set status = 'processing', claims = claims + 1, next_attempt_at = now() + interval '2 minutes'
  where event_id = event.id
  returning claims into claim;
  return jsonb_build_object(
    'event_id', event.id, 'claim', claim, 'claimed_at', now(), 'attempt', event.attempts + 1, 'failing', false,
    'source', event.source, 'event_type', event.event_type, 'shop_id', event.shop_id, 'object_id', event.object_id,
    'body', event.body, 'shop', null, 'request_id', event.request_id, 'traceparent', event.traceparent
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.clean_orders(p_orders uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.orders
  set customer_email = null,
      buyer_note = null,
      seller_note = null,
      shipping_address = private.address_without_person(shipping_address),
      address_status = 'none',
      personal_data_removed_at = now()
  where id = any (p_orders);
  perform 1 from private.label_purchases where order_id = any (p_orders) order by id for update;
  update private.label_purchases
  set sender = null, address_digest = null
  where order_id = any (p_orders) and (sender is not null or address_digest is not null);
  -- The link opens a label with the address.
  perform 1 from public.shipments where order_id = any (p_orders) order by id for no key update;
  update public.shipments
  set label_url = null, label_expires_at = null
  where order_id = any (p_orders) and label_url is not null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.close_tiktok_shops(p_shops uuid[], p_status text, p_reason text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform 1 from public.tiktok_shops where id = any (p_shops) order by id for no key update;
  -- A statement of its own: it sees the rows as they were locked, and locks no older version again.
  update public.tiktok_shops
  set connection_status = p_status,
      status_reason = p_reason,
      probe_at = null,
      access_token = null,
      refresh_token = null,
      webhook_url = case when p_status = 'disconnected' then null else webhook_url end
  where id = any (p_shops);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.combine_group_of(p_order public.orders)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return case
    when p_order.shipping_type = 'TIKTOK' and exists (
      select from public.tiktok_shops as shop
      where shop.id = p_order.tiktok_shop_id and shop.user_id = p_order.user_id and shop.region <> 'US'
    ) then null
    else p_order.combine_group_id
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.combined_orders(p_order public.orders)
 RETURNS SETOF public.orders
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.connected_by_newer_pair(p_user_id uuid, p_grant jsonb, p_shop_ids text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  connected jsonb;
begin
  if not exists (
    select from public.tiktok_shops as shop
    join private.tiktok_logins as login on login.user_id = shop.user_id and login.open_id = shop.open_id
    where shop.user_id = p_user_id
      and shop.open_id = p_grant ->> 'open_id'
      and shop.connection_status in ('active', 'paused')
      and private.is_older_pair(p_grant, shop.token_expires_at, login.pair_requested_at)
  ) then
    return null;
  end if;
  select jsonb_agg(jsonb_build_object('id', id, 'shop_id', shop_id) order by shop_id)
  into connected
  from public.tiktok_shops
  where user_id = p_user_id
    and open_id = p_grant ->> 'open_id'
    and connection_status in ('active', 'paused');
  -- A further shop would get a pair that TikTok no longer accepts.
  if not connected @> (
    select jsonb_agg(jsonb_build_object('shop_id', shop_id)) from unnest(p_shop_ids) as shop_id
  ) then
    raise exception 'TikTok has replaced these tokens' using errcode = 'PT410';
  end if;
  return connected;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.connection_figures()
 RETURNS TABLE(metric text, subject text, value numeric)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
  with soon as (
    select min(shop.token_expires_at) as ends_at
    from public.tiktok_shops as shop
    where shop.connection_status = 'active' and shop.token_expires_at <= now() + interval '24 hours'
    group by shop.user_id, shop.open_id
  )
  select 'tokens_ending_24h', '', count(*)::numeric from soon
  union all
  -- The refresh is due 24 hours before the end, and runs every 15 minutes.
  select 'tokens_overdue', '', count(*) from soon where soon.ends_at <= now() + interval '22 hours'
  union all
  select 'connections_to_renew', '', count(*)
  from public.tiktok_shops as shop
  where (shop.connection_status = 'needs_reauth' and shop.ended_at > now() - interval '7 days')
    or (
      shop.connection_status in ('active', 'paused')
      and shop.refresh_token_expires_at <= now() + interval '7 days'
    );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.connection_of_event(p_source text, p_shop_id text, p_object_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'id', shop.id,
      'user_id', shop.user_id,
      'shop_id', shop.shop_id,
      'shop_cipher', shop.shop_cipher,
      'access_token', shop.access_token,
      'token_version', login.token_version,
      'paused_seconds', private.paused_seconds(shop)
    )
    from public.tiktok_shops as shop
    join private.tiktok_logins as login
      on login.user_id = shop.user_id and login.open_id = shop.open_id
    where p_source in ('tiktok', 'creatorflow')
      -- Some webhooks name only an order.
      and shop.shop_id = coalesce(
        p_shop_id,
        (
          select owner.shop_id
          from public.orders
          join public.tiktok_shops as owner on owner.id = orders.tiktok_shop_id
          where orders.tiktok_order_id = p_object_id and owner.connection_status in ('active', 'paused')
          limit 1
        )
      )
      and shop.connection_status in ('active', 'paused')
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.correct_totals(p_user_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  this_month date := private.current_month();
  missing jsonb := '{}';
begin
  -- 1. Lock the rows: transactions that change them wait, those before have committed.
  insert into private.order_totals (user_id, currency, month)
  select user_id, currency, this_month from private.counted_order_totals where user_id = p_user_id order by currency
  on conflict (user_id, currency) do nothing;
  perform 1 from private.order_totals where user_id = p_user_id order by currency for no key update;
  insert into private.label_totals (user_id, currency)
  select user_id, currency from private.counted_label_totals where user_id = p_user_id order by currency
  on conflict (user_id, currency) do nothing;
  perform 1 from private.label_totals where user_id = p_user_id order by currency for no key update;
  -- 2. Count the rows again.
  with difference as (
    select
      before.currency,
      coalesce(counted.orders, 0) - before.orders as orders,
      coalesce(counted.amount, 0) - before.amount as amount,
      coalesce(counted.month_orders, 0) - case when before.month = this_month then before.month_orders else 0 end
        as month_orders,
      coalesce(counted.month_amount, 0) - case when before.month = this_month then before.month_amount else 0 end
        as month_amount,
      coalesce(counted.paid_orders, 0) - before.paid_orders as paid_orders,
      coalesce(counted.gross, 0) - before.gross as gross,
      coalesce(counted.refunded, 0) - before.refunded as refunded,
      counted.last_order_at
    from private.order_totals as before
    left join (select * from private.counted_order_totals where user_id = p_user_id) as counted
      on counted.currency = before.currency
    where before.user_id = p_user_id
  ), corrected as (
    update private.order_totals as kept
    set orders = kept.orders + difference.orders,
        amount = kept.amount + difference.amount,
        month = this_month,
        month_orders = case when kept.month = this_month then kept.month_orders else 0 end + difference.month_orders,
        month_amount = case when kept.month = this_month then kept.month_amount else 0 end + difference.month_amount,
        paid_orders = kept.paid_orders + difference.paid_orders,
        gross = kept.gross + difference.gross,
        refunded = kept.refunded + difference.refunded,
        last_order_at = difference.last_order_at
    from difference
    where kept.user_id = p_user_id and kept.currency = difference.currency
    returning difference.*
  )
  select jsonb_build_object(
    'orders', coalesce(jsonb_agg(to_jsonb(corrected) - 'last_order_at' order by currency), '[]')
  )
  into missing
  from corrected;
  with difference as (
    select
      before.currency,
      coalesce(counted.labels, 0) - before.labels as labels,
      coalesce(counted.cost, 0) - before.cost as cost
    from private.label_totals as before
    left join (select * from private.counted_label_totals where user_id = p_user_id) as counted
      on counted.currency = before.currency
    where before.user_id = p_user_id
  ), corrected as (
    update private.label_totals as kept
    set labels = kept.labels + difference.labels, cost = kept.cost + difference.cost
    from difference
    where kept.user_id = p_user_id and kept.currency = difference.currency
    returning difference.*
  )
  select missing || jsonb_build_object('labels', coalesce(jsonb_agg(to_jsonb(corrected) order by currency), '[]'))
  into missing
  from corrected;
  return missing;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.correction_refusal(p_purchase private.label_purchases, p_notifications bigint[], p_carrier text, p_tracking_number text)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  shipped public.orders;
  first_accepted timestamptz;
begin
  if p_purchase.provider <> 'own' then
    return 'tracking_not_own';
  end if;
  if p_purchase.state <> 'purchased' then
    return 'tracking_withdrawn';
  end if;
  select * into shipped from public.orders where id = p_purchase.order_id;
  select min(accepted_at) into first_accepted
  from private.own_tracking_numbers
  where shipment_id = p_purchase.id;
  -- Not the status of the parcel: a wrong number may be that of another one, which has arrived.
  if first_accepted <= now() - interval '72 hours' or shipped.tiktok_status in ('DELIVERED', 'COMPLETED') then
    return 'tracking_final';
  end if;
  if exists (
    select from private.webhook_events
    where shop_id = (
        select shop.shop_id
        from public.orders
        join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
        where orders.id = p_purchase.order_id
      )
      and object_id = p_purchase.id::text and source = 'creatorflow' and event_type = 'MARK_SHIPPED'
      and status in ('pending', 'failing')
      and (
        id <> all (p_notifications)
        or exists (
          select from private.event_queue as queued
          where queued.event_id = webhook_events.id and queued.status = 'processing' and queued.next_attempt_at > now()
        )
      )
  ) then
    return 'tracking_in_progress';
  end if;
  if shipped.order_status = 'cancelled' then
    return 'order_cancelled';
  end if;
  return private.own_number_refusal(shipped, p_carrier, p_tracking_number, p_purchase.id);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.count_adjustment(p_purchase private.label_purchases, p_cents bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- On the day on which the account pays: weeks after the purchase its own month is over.
  perform private.add_label_cost(
    p_purchase.user_id,
    coalesce(
      p_purchase.cost_shop_key,
      (
        select shop.shop_key
        from public.orders
        join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id and shop.user_id = orders.user_id
        where orders.id = p_purchase.order_id and orders.user_id = p_purchase.user_id
      )
    ),
    private.current_day(), 0, p_cents
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.count_orders(p_shop public.tiktok_shops, p_counted integer, p_not_counted integer, p_limit integer DEFAULT NULL::integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  this_month date := private.current_month();
  of_seller integer;
  of_shop integer;
begin
  update private.monthly_order_counts
  set orders = orders + p_counted, not_counted = not_counted + p_not_counted
  where user_id = p_shop.user_id and month = this_month
  returning orders into of_seller;
  if not found then
    insert into private.monthly_order_counts as counter (user_id, month, orders, not_counted)
    values (p_shop.user_id, this_month, p_counted, p_not_counted)
    on conflict (user_id, month) do update
      set orders = counter.orders + excluded.orders, not_counted = counter.not_counted + excluded.not_counted
    returning orders into of_seller;
  end if;
  if p_counted = 0 then
    return;
  end if;
  update private.monthly_shop_counts
  set orders = orders + p_counted
  where shop_key = p_shop.shop_key and month = this_month
  returning orders into of_shop;
  if not found then
    insert into private.monthly_shop_counts as counter (shop_key, month, orders)
    values (p_shop.shop_key, this_month, p_counted)
    on conflict (shop_key, month) do update set orders = counter.orders + excluded.orders
    returning orders into of_shop;
  end if;
  if greatest(of_seller, of_shop) > p_limit then
    raise exception 'The limit of the plan was reached meanwhile' using errcode = '40001';
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.count_requests(p_user_id uuid, p_route text, p_requests integer DEFAULT 1)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  allowed private.request_limits;
  this_window timestamptz;
begin
  select * into strict allowed from private.request_limits where route = p_route;
  this_window := date_bin(allowed.period, clock_timestamp(), '2000-01-01T00:00:00Z');
  if p_requests <= allowed.requests then
    insert into private.request_counts as counted (user_id, route, window_start, requests)
    values (p_user_id, p_route, this_window, p_requests)
    -- A request that waited for the row may come from the window before; one further ahead began by a wrong clock.
    on conflict (user_id, route) do update set
      window_start = case
        when counted.window_start between this_window and this_window + allowed.period then counted.window_start
        else this_window
      end,
      requests = excluded.requests + case
        when counted.window_start between this_window and this_window + allowed.period then counted.requests
        else 0
      end
    where counted.window_start not between this_window and this_window + allowed.period
      or counted.requests + excluded.requests <= allowed.requests;
    if found then
      return null;
    end if;
  end if;
  return greatest(1, ceil(extract(epoch from this_window + allowed.period - clock_timestamp())));
exception
  when foreign_key_violation then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.count_used_void(p_shipment public.shipments)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  purchase private.label_purchases;
begin
  update private.label_purchases
  set void_used_at = now()
  where id = p_shipment.id and state = 'voided' and void_used_at is null
  returning * into purchase;
  if purchase.id is null then
    return;
  end if;
  perform private.settle_void_cost(purchase);
  insert into public.system_logs (event_type, details)
  values ('voided_label_used', jsonb_build_object('user_id', p_shipment.user_id, 'shipment_id', p_shipment.id));
end;
$function$
;
CREATE OR REPLACE FUNCTION private.counts_for_plan(p_shop public.tiktok_shops, p_order jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_order ->> 'fulfillment_type' <> 'FULFILLMENT_BY_SELLER'
    or (p_order ->> 'order_status' = 'cancelled' and p_order ->> 'payment_status' = 'cancelled')
  then
    return false;
  end if;
  if private.order_urgency(p_order ->> 'order_status') < 3
    or coalesce(p_order ->> 'tiktok_created_at', p_order ->> 'tiktok_updated_at')::timestamptz >= p_shop.connected_at
  then
    return true;
  end if;
  -- Held since then: it was not finished at its first reading.
  return exists (
    select from private.held_orders
    where shop_id = p_shop.shop_id
      and tiktok_order_id = p_order ->> 'tiktok_order_id'
      and held_at >= p_shop.connected_at
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.current_day()
 RETURNS date
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (now() at time zone 'UTC')::date;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.current_month()
 RETURNS date
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return date_trunc('month', now() at time zone 'UTC')::date;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.current_own_number(p_shipment_id uuid)
 RETURNS private.own_tracking_numbers
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  number private.own_tracking_numbers;
begin
  select * into number
  from private.own_tracking_numbers
  where shipment_id = p_shipment_id and refusal is null
  order by attempt desc
  limit 1;
  return number;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.delete_account_log(p_user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  -- The entries of a transferred shop belong to its new account.
  shops text[] := array(
    select shop_id from public.tiktok_shops where user_id = p_user_id and connection_status <> 'transferred'
  );
begin
  -- Each part has an index.
  delete from public.system_logs
  where id = any (array(
    select id from public.system_logs where details ->> 'user_id' = p_user_id::text
    union all
    select id from public.system_logs where details ->> 'shop_id' = any (shops)
    union all
    select id
    from public.system_logs
    where details ? 'filter'
      and (
        details #>> '{filter,shop_id}' = any (shops)
        or details #>> '{filter,object_id}' in (
          select tiktok_order_id from public.orders where user_id = p_user_id
          union all
          select p_user_id::text
        )
      )
  ));
end;
$function$
;
CREATE OR REPLACE FUNCTION private.delete_account_traces()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  tasks bigint[];
begin
  -- 1. Our log.
  perform private.delete_account_log(old.id);
  -- 2. Our tasks that name no shop, or one that another account has now; the others go with their shop.
  tasks := array(
    select id
    from private.webhook_events
    where id = any (array(
        select id
        from private.webhook_events
        where shop_id is null
          and object_id in (
            select old.id::text
            union all
            select item.batch_id || ':' || item.place
            from private.label_batches as batch
            join private.label_batch_items as item on item.batch_id = batch.id and item.user_id = batch.user_id
            where batch.user_id = old.id
          )
        union all
        select id
        from private.webhook_events
        where shop_id in (
            select shop_id from public.tiktok_shops where user_id = old.id and connection_status = 'transferred'
          )
          and private.seller_of_label_task(source, object_id) = old.id
      ))
      and source = 'creatorflow'
    order by id
    for update
  );
  delete from private.webhook_events where id = any (tasks);
  -- 3. Stripe events that name the account. One that only quotes the address may be about another seller, for example
  --    if this one pays for both: it stays, without the address.
  perform private.delete_stripe_events(array[old.id::text]);
  perform private.reduce_stripe_events(old.email);
  return old;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.delete_auth_traces()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  ids text[] := array(select id::text from deleted);
  emails text[] := array(select email from deleted where email is not null);
begin
  -- A statement that deletes none, as most runs of the job unconfirmed-accounts.
  if ids = '{}' then
    return null;
  end if;
  -- Auth's log has no such index: it is read once for all accounts of a statement.
  delete from auth.audit_log_entries
  where payload ->> 'actor_id' = any (ids)
    or payload #>> '{traits,user_id}' = any (ids)
    or payload ->> 'actor_username' = any (emails)
    or payload #>> '{traits,user_email}' = any (emails);
  delete from auth.flow_state where user_id in (select id from deleted);
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.delete_expired_claims()
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  deleted integer;
begin
  delete from private.tiktok_claims
  where claim_hash in (
    select claim_hash
    from private.tiktok_claims
    where expires_at <= now()
    order by claim_hash
    for update skip locked
  );
  get diagnostics deleted = row_count;
  return deleted;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.delete_held_orders()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  delete from private.held_orders where shop_id = old.shop_id;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.delete_shop_events()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  locked bigint[] := array(
    select id
    from private.webhook_events
    where source in ('tiktok', 'creatorflow') and shop_id = old.shop_id
      -- Labels of an account that had the shop before are its own.
      and (
        source = 'tiktok' or coalesce(private.seller_of_label_task(source, object_id), old.user_id) = old.user_id
      )
    order by id
    for update
  );
begin
  delete from private.webhook_events where id = any (locked);
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.delete_stripe_events(p_names text[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  locked bigint[] := array(
    select event.id
    from private.webhook_events as event
    where event.source = 'stripe' and private.names_in_event(event.body) && p_names
    order by event.id
    for update
  );
begin
  delete from private.webhook_events where id = any (locked);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.delete_tracking_events()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  locked bigint[] := array(
    select event.id
    from private.webhook_events as event
    where event.source = 'easypost'
      -- Carriers name no shop: so the index finds them by their object.
      and event.shop_id is null
      and event.object_id in (
        select shipment.tracking_number
        from public.shipments as shipment
        join public.orders on orders.id = shipment.order_id
        where orders.user_id = old.id and shipment.tracking_number is not null
        union
        select own.tracking_number
        from private.own_tracking_numbers as own
        join public.shipments as shipment on shipment.id = own.shipment_id
        join public.orders on orders.id = shipment.order_id
        where orders.user_id = old.id
      )
      -- Anyone may enter any number, and EasyPost has one tracker for it: the event is another seller's too.
      and not exists (
        select from public.shipments as other
        where other.tracking_number = event.object_id and other.user_id <> old.id
      )
    order by event.id
    for update of event
  );
begin
  delete from private.webhook_events where id = any (locked);
  return old;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.delete_unconfirmed_accounts(p_limit integer DEFAULT 20)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  deleted integer;
begin
  delete from auth.users
  where id = any (array(
    select account.id
    from auth.users as account
    where account.email_confirmed_at is null
      and account.phone_confirmed_at is null
      and account.last_sign_in_at is null
      -- An operator may wait longer for an answer to an invitation.
      and account.invited_at is null
      and greatest(account.created_at, account.confirmation_sent_at) <= now() - private.retention('unconfirmed_account')
      -- Such an account has neither, unless an operator took its confirmation back.
      and not exists (select from public.tiktok_shops as shop where shop.user_id = account.id)
      and not exists (select from private.stripe_customers as customer where customer.user_id = account.id)
    order by account.id
    limit p_limit
    for update of account skip locked
  ));
  get diagnostics deleted = row_count;
  return deleted;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.deliver_untracked_parcels()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_parcels(new.id);
  update public.shipments
  set status = 'delivered', tracked_at = now()
  where id in (select shipment_id from public.shipment_orders where order_id = new.id)
    and provider = 'own'
    and private.parcel_rank(status) < private.parcel_rank('delivered')
    and (private.current_own_number(shipments.id)).tracker_id is null;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.describe_cancellation(before public.orders, after public.orders)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  if after.order_status = 'cancelled' then
    return case
      when before.order_status is distinct from 'cancelled' then
        jsonb_strip_nulls(jsonb_build_object(
          'cancelled_by', after.cancelled_by,
          'cancel_reason', left(after.cancel_reason, 100)
        ))
      else '{}'
    end;
  end if;
  return coalesce(
    (
      select jsonb_build_object('units_cancelled', jsonb_agg(to_jsonb(unit)))
      from private.cancelled_units(after.order_items) as unit
      where unit.line_item_id not in (
        select earlier.line_item_id from private.cancelled_units(before.order_items) as earlier
      )
      having count(*) > 0
    ),
    '{}'
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.describe_changes(before public.orders, after public.orders, p_order jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  changes jsonb := case
    when after.order_status = 'cancelled' or after.order_items @? '$[*].cancelled_line_item_ids[*]'
      then private.describe_cancellation(before, after)
    else '{}'
  end;
begin
  -- Plain expressions: one query over a list of columns costs more than the insert of the entry.
  if before.order_status is distinct from after.order_status then
    changes := changes
      || jsonb_build_object('order_status', jsonb_build_object('from', before.order_status, 'to', after.order_status));
  end if;
  if before.payment_status is distinct from after.payment_status then
    changes := changes || jsonb_build_object(
      'payment_status', jsonb_build_object('from', before.payment_status, 'to', after.payment_status)
    );
  end if;
  if before.tiktok_status is distinct from after.tiktok_status then
    changes := changes || jsonb_build_object(
      'tiktok_status', jsonb_build_object('from', before.tiktok_status, 'to', after.tiktok_status)
    );
    if after.order_status <> (p_order ->> 'order_status') then
      changes := changes || jsonb_build_object('refused', p_order ->> 'order_status');
    end if;
  end if;
  if before.total_amount::text is distinct from after.total_amount::text then
    changes := changes || jsonb_build_object(
      'total_amount', jsonb_build_object('from', before.total_amount::text, 'to', after.total_amount::text)
    );
  end if;
  if before.combine_group_id is distinct from after.combine_group_id then
    changes := changes || jsonb_build_object(
      'combine_group_id', jsonb_build_object('from', before.combine_group_id, 'to', after.combine_group_id)
    );
  end if;
  if before.cancel_requested_at is distinct from after.cancel_requested_at then
    changes := changes || jsonb_build_object(
      'cancel_requested_at', jsonb_build_object('from', before.cancel_requested_at, 'to', after.cancel_requested_at)
    );
  end if;
  if before.id is not null and before.shipping_address is distinct from after.shipping_address then
    changes := changes || '{"shipping_address": "changed"}';
  end if;
  if before.id is not null and before.order_items is distinct from after.order_items then
    changes := changes || '{"order_items": "changed"}';
  end if;
  return changes;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.describe_items(p_items jsonb)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select string_agg(
      (item ->> 'quantity') || ' x ' || coalesce(
        nullif(item ->> 'seller_sku', ''), item ->> 'product_name', item ->> 'sku_id'
      ),
      '; '
      order by place
    )
    from jsonb_array_elements(p_items) with ordinality as entry (item, place)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.describe_new_order(p_order public.orders)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  -- One expression: describe_changes compares column by column, which costs a batch four times as much.
  return jsonb_build_object(
      'order_status', jsonb_build_object('from', null, 'to', p_order.order_status),
      'payment_status', jsonb_build_object('from', null, 'to', p_order.payment_status),
      'tiktok_status', jsonb_build_object('from', null, 'to', p_order.tiktok_status),
      'total_amount', jsonb_build_object('from', null, 'to', p_order.total_amount::text)
    )
    || case
      when p_order.combine_group_id is null and p_order.cancel_requested_at is null
        and p_order.order_status <> 'cancelled'
        and not p_order.order_items @? '$[*].cancelled_line_item_ids[*]'
        then '{}'
      else private.describe_changes(null, p_order, '{}')
    end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.describe_tiktok_lease(p_login private.tiktok_logins)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'user_id', p_login.user_id,
      'open_id', p_login.open_id,
      'token_version', p_login.token_version,
      'lease_id', p_login.lease_id,
      'shop_ids', jsonb_agg(shop.shop_id order by shop.shop_id),
      -- Every shop of the login stores the same pair, each encrypted for itself.
      'refresh_token', (array_agg(shop.refresh_token order by shop.shop_id))[1]
    )
    from public.tiktok_shops as shop
    where shop.user_id = p_login.user_id
      and shop.open_id = p_login.open_id
      and shop.connection_status in ('active', 'paused')
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.due_events_in_turn(p_limit integer, p_except_shops text[])
 RETURNS bigint[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  max_shops constant integer := 400;
  oldest text;
  shops text[];
  share integer;
  due bigint[];
begin
  -- 1. The shops: the first is that of the oldest event, so that each shop's turn comes.
  select shop_id into oldest
  from private.event_queue
  where status = 'pending' and next_attempt_at <= now()
  order by next_attempt_at
  limit 1;
  if oldest is null then
    return '{}';
  end if;
  shops := array[oldest] || private.shops_in_turn(oldest, max_shops - 1);
  if oldest <> '' and cardinality(shops) < max_shops then
    shops := array(
      select shop from unnest(array_append(shops, '') || private.shops_in_turn('', max_shops - cardinality(shops))) as shop
      group by shop
    );
  end if;
  if p_except_shops <> '{}' then
    shops := array(select shop from unnest(shops) as shop where shop <> all (p_except_shops));
    if shops = '{}' then
      return '{}';
    end if;
  end if;
  -- 2. An equal share of each, a larger one while the shares of some shops are too small.
  share := greatest(p_limit / cardinality(shops), 1);
  loop
    due := array(
      select event.id
      from unnest(shops) as turn (shop)
      cross join lateral (
        select event_id as id, next_attempt_at, row_number() over (order by next_attempt_at, event_id) as place
        from (
          select event_id, next_attempt_at
          from private.event_queue
          where status = 'pending' and shop_id = turn.shop and next_attempt_at <= now()
          order by shop_id, next_attempt_at, event_id
          limit share
        ) as first
      ) as event
      order by event.place, event.next_attempt_at, event.id
      limit p_limit
    );
    exit when cardinality(due) = p_limit or share >= p_limit;
    share := least(share * 4, p_limit);
  end loop;
  -- 3. The oldest of all if the shops after it have few due ones.
  if cardinality(due) < p_limit and cardinality(shops) >= max_shops then
    due := due || array(
      select event_id
      from (
        select event_id from private.event_queue
        where status = 'pending' and next_attempt_at <= now()
        order by next_attempt_at
        limit p_limit
      ) as waiting
      where event_id <> all (due)
    );
  end if;
  return due;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.end_hold(p_shop_id text, p_tiktok_order_id text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  left_out bigint;
  task bigint;
begin
  delete from private.held_orders
  where shop_id = p_shop_id and tiktok_order_id = p_tiktok_order_id;
  perform private.reopen_webhook_events(array(
    select id from private.webhook_events
    where shop_id = p_shop_id and object_id = p_tiktok_order_id and status = 'held'
    order by id
    for update skip locked
  ));
  -- A locked one is being reopened by another transaction. Should that be rolled back, this task comes here again.
  select min(id) into left_out
  from private.webhook_events
  where shop_id = p_shop_id and object_id = p_tiktok_order_id and status = 'held';
  if left_out is not null then
    task := private.enqueue_task(
      'ORDER_REREAD', concat_ws(':', 'held', left_out, extract(epoch from now())), p_shop_id, p_tiktok_order_id
    );
    update private.event_queue set next_attempt_at = now() + interval '1 minute' where event_id = task;
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.end_holds_of_stored_orders()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- Their events are due with those that the connection makes due, page by page.
  delete from private.held_orders as held
  where held.shop_id = new.shop_id
    and exists (
      select from public.orders
      where orders.user_id = new.user_id
        and orders.tiktok_shop_id = new.id
        and orders.tiktok_order_id = held.tiktok_order_id
    );
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.end_sync_page(p_event private.webhook_events, p_shop public.tiktok_shops, p_next text, p_result jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if p_next not in ('later', 'end') then
    return p_result || '{"outcome": "stored"}';
  end if;
  if p_next = 'later' then
    perform private.enqueue_task('SYNC_ORDERS', p_shop.id || ':after:' || p_event.id, p_shop.shop_id);
  end if;
  return private.settle_locked_event(p_event, p_result || '{"outcome": "synced"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION private.enqueue_customer_email(p_user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.enqueue_task(
    'UPDATE_CUSTOMER_EMAIL', gen_random_uuid()::text, p_object_id => p_user_id::text
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.enqueue_found_orders(p_shop public.tiktok_shops, p_orders jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  found record;
  occasion text;
  given_up bigint[];
  enqueued integer := 0;
begin
  for found in
    select entry.order_id, entry.update_time
    from jsonb_to_recordset(p_orders) as entry (order_id text, update_time bigint)
    where not exists (
        select from public.orders
        where orders.tiktok_shop_id = p_shop.id
          and orders.tiktok_order_id = entry.order_id
          -- At most the end of the year 9999, as it is stored.
          and orders.tiktok_updated_at >= to_timestamp(least(entry.update_time, 253402300799))
      )
      and not exists (
        select from private.webhook_events as waiting
        where waiting.shop_id = p_shop.shop_id
          and waiting.object_id = entry.order_id
          and waiting.status in ('pending', 'held')
          -- Without processing: that worker may have read an older state.
          and exists (
            select from private.event_queue as queued
            where queued.event_id = waiting.id and queued.status in ('pending', 'held')
          )
          -- A held order is read again once it has changed: its seller sees its state.
          and not exists (
            select from private.held_orders as held
            where waiting.status = 'held'
              and held.shop_id = p_shop.shop_id
              and held.tiktok_order_id = entry.order_id
              and held.tiktok_updated_at < to_timestamp(least(entry.update_time, 253402300799))
          )
      )
  loop
    -- An earlier connection may have had the same task, whose order was stored for the next account.
    occasion := concat_ws(
      ':', p_shop.id, extract(epoch from p_shop.connected_at), found.order_id,
      coalesce(found.update_time::text, 'unread:' || date_trunc('hour', now()))
    );
    if private.enqueue_task('ORDER_FOUND', occasion, p_shop.shop_id, found.order_id) is not null then
      enqueued := enqueued + 1;
      continue;
    end if;
    -- This state was found before, and its event has failed to the end since.
    given_up := array(
      select id
      from private.webhook_events
      where source = 'creatorflow'
        and external_id = 'ORDER_FOUND:' || occasion
        and status in ('failing', 'dead')
        and exists (
          select from private.event_queue as queued
          where queued.event_id = webhook_events.id and queued.status in ('failing', 'dead')
        )
      for update skip locked
    );
    perform private.reopen_webhook_events(given_up);
    enqueued := enqueued + cardinality(given_up);
  end loop;
  return enqueued;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.enqueue_label_task(p_type text, p_purchase private.label_purchases, p_occasion text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.enqueue_task(
    p_type, p_purchase.id || ':' || p_occasion, shop.shop_id, p_purchase.id::text
  )
  from public.orders
  join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id and shop.user_id = orders.user_id
  where orders.id = p_purchase.order_id and orders.user_id = p_purchase.user_id;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.enqueue_order_reads(p_purchase private.label_purchases)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.enqueue_shop_task(p_shop public.tiktok_shops, p_task text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.enqueue_task(
    p_task, p_shop.id || ':' || extract(epoch from p_shop.connected_at), p_shop.shop_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.enqueue_task(p_type text, p_occasion text, p_shop_id text DEFAULT NULL::text, p_object_id text DEFAULT NULL::text, p_body text DEFAULT '{}'::text)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event_id bigint;
begin
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  values ('creatorflow', p_type || ':' || p_occasion, p_type, p_shop_id, p_object_id, p_body)
  on conflict (source, external_id) do nothing
  returning id into event_id;
  return event_id;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.enqueue_tasks(p_type text, p_tasks jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  enqueued integer;
begin
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select 'creatorflow', p_type || ':' || task.occasion, p_type, task.shop_id, task.object_id, '{}'
  from jsonb_to_recordset(p_tasks) as task (occasion text, shop_id text, object_id text)
  -- Two calls with the same tasks wait for each other in one order.
  order by task.occasion
  on conflict (source, external_id) do nothing;
  get diagnostics enqueued = row_count;
  return enqueued;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.event_without_person(p_source text, p_body text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  event jsonb;
  subject jsonb;
begin
  if p_source not in ('stripe', 'easypost', 'tiktok') then
    return p_body;
  end if;
  event := p_body::jsonb;
  if p_source = 'tiktok' then
    return jsonb_strip_nulls(jsonb_build_object(
      'type', event -> 'type', 'tts_notification_id', event -> 'tts_notification_id',
      'shop_id', event -> 'shop_id', 'timestamp', event -> 'timestamp', 'data', '{}'::jsonb
    ))::text;
  end if;
  if p_source = 'easypost' then
    select jsonb_object_agg(key, value) into subject
    from jsonb_each(case jsonb_typeof(event -> 'result') when 'object' then event -> 'result' else '{}' end)
    where key in (
      'id', 'object', 'mode', 'status', 'tracking_code', 'carrier', 'shipment_id', 'est_delivery_date',
      'created_at', 'updated_at', 'adjustment_amount', 'invoice_currency'
    );
    subject := subject || jsonb_build_object(
      'tracking_details', (
        select jsonb_agg(jsonb_build_object('status', scan -> 'status', 'datetime', scan -> 'datetime'))
        from jsonb_path_query(event, '$.result.tracking_details[*] ? (@.type() == "object")') as scan
      )
    );
    return jsonb_strip_nulls(jsonb_build_object(
      'id', event -> 'id', 'object', event -> 'object', 'description', event -> 'description', 'mode', event -> 'mode',
      'created_at', event -> 'created_at', 'result', subject
    ))::text;
  end if;
  -- An expanded object becomes its id.
  select jsonb_object_agg(key, case jsonb_typeof(value) when 'object' then value -> 'id' else value end) into subject
  from jsonb_each(
    case jsonb_typeof(event #> '{data,object}') when 'object' then event #> '{data,object}' else '{}' end
  )
  where key in (
    'id', 'object', 'customer', 'subscription', 'client_reference_id', 'charge', 'payment_intent', 'status',
    'reason', 'amount', 'currency', 'created'
  );
  subject := subject || jsonb_build_object(
    'parent', jsonb_build_object(
      'subscription_details', jsonb_build_object(
        'subscription',
        case jsonb_typeof(event #> '{data,object,parent,subscription_details,subscription}')
          when 'object' then event #> '{data,object,parent,subscription_details,subscription,id}'
          else event #> '{data,object,parent,subscription_details,subscription}'
        end
      )
    )
  );
  return jsonb_strip_nulls(jsonb_build_object(
    'id', event -> 'id', 'object', event -> 'object', 'type', event -> 'type', 'livemode', event -> 'livemode',
    'account', event -> 'account', 'api_version', event -> 'api_version', 'created', event -> 'created',
    'data', jsonb_build_object('object', subject)
  ))::text;
exception
  -- Text that jsonb cannot hold.
  when data_exception then
    return '{}';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.export_columns(p_relation regclass, p_hidden text[])
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select string_agg(
      -- As text, so a reader of JSON does not round it.
      case atttypid when 'numeric'::regtype then format('item.%1$I::text as %1$I', attname) else format('item.%I', attname) end,
      ', ' order by attnum
    )
    from pg_catalog.pg_attribute
    where attrelid = p_relation
      and attnum > 0
      and not attisdropped
      and attname <> all (p_hidden)
      and case (select relnamespace from pg_catalog.pg_class where oid = p_relation)
        -- Columns of a public table that the seller may select anyway: no token, no Stripe id.
        when 'public'::regnamespace then has_column_privilege('authenticated', p_relation, attnum, 'select')
        else true
      end
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.export_condition(p_part text, p_after jsonb)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select case
      when p_after is null or jsonb_typeof(p_after) = 'null' then source
      else format(
        '%s and (%s, %s) > (%L::%s, %L::%s)',
        source, key_1, key_2, p_after ->> 0, type_1, p_after ->> 1, type_2
      )
    end
    from private.export_parts()
    where part = p_part
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.export_parts()
 RETURNS TABLE(place integer, part text, relation text, source text, key_1 text, type_1 text, key_2 text, type_2 text, hidden text[])
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select *
  from (
    values
      (1, 'account', 'public.users', 'public.users as item where item.id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'uuid', '{}'::text[]),
      (2, 'shops', 'public.tiktok_shops', 'public.tiktok_shops as item where item.user_id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'uuid', '{}'),
      (3, 'senders', 'private.senders',
        'public.tiktok_shops as owner join private.senders as item on item.tiktok_shop_id = owner.id where owner.user_id = $1',
        'owner.created_at', 'timestamptz', 'owner.id', 'uuid', '{}'),
      (4, 'subscriptions', 'public.subscriptions', 'public.subscriptions as item where item.user_id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'uuid', '{}'),
      (5, 'monthly_order_counts', 'private.monthly_order_counts',
        'private.monthly_order_counts as item where item.user_id = $1',
        'item.month', 'date', 'item.user_id', 'uuid', '{}'),
      (6, 'orders', 'public.orders', 'public.orders as item where item.user_id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'uuid', '{}'),
      (7, 'order_events', 'public.order_events', 'public.order_events as item where item.user_id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'bigint', '{}'),
      (8, 'shipments', 'public.shipments',
        'public.orders as owner join public.shipments as item on item.order_id = owner.id where owner.user_id = $1',
        'owner.created_at', 'timestamptz', 'item.id', 'uuid', '{}'),
      (9, 'shipment_orders', 'public.shipment_orders',
        'public.orders as owner join public.shipment_orders as item on item.order_id = owner.id where owner.user_id = $1',
        'owner.created_at', 'timestamptz', 'item.id', 'bigint', '{}'),
      (10, 'label_purchases', 'private.label_purchases', 'private.label_purchases as item where item.user_id = $1',
        'item.idempotency_key', 'text', 'item.id', 'uuid', '{request_hash,address_digest}'),
      (11, 'own_tracking_numbers', 'private.own_tracking_numbers',
        'private.label_purchases as owner join private.own_tracking_numbers as item on item.shipment_id = owner.id where owner.user_id = $1',
        'owner.idempotency_key', 'text', 'item.attempt', 'integer', '{}'),
      (12, 'label_batches', 'private.label_batches', 'private.label_batches as item where item.user_id = $1',
        'item.idempotency_key', 'text', 'item.id', 'uuid', '{request_hash}'),
      (13, 'label_batch_items', 'private.label_batch_items',
        'private.label_batches as owner join private.label_batch_items as item on item.batch_id = owner.id where owner.user_id = $1',
        'owner.idempotency_key', 'text', 'item.place', 'integer', '{}'),
      (14, 'analytics_events', 'public.analytics_events',
        'public.analytics_events as item where item.user_id = $1',
        'item.timestamp', 'timestamptz', 'item.id', 'uuid', '{}'),
      -- What waits for a transferred shop belongs to its new account; tasks about labels to the account of the label.
      (15, 'held_orders', 'private.held_orders',
        'public.tiktok_shops as owner join private.held_orders as item on item.shop_id = owner.shop_id where owner.user_id = $1 and owner.connection_status <> ''transferred''',
        'item.shop_id', 'text', 'item.tiktok_order_id', 'text', '{}'),
      (16, 'webhook_events', 'private.webhook_events',
        'public.tiktok_shops as owner join private.webhook_events as item on item.shop_id = owner.shop_id and item.source in (''tiktok'', ''creatorflow'') where owner.user_id = $1 and coalesce(private.seller_of_label_task(item.source, item.object_id), case when owner.connection_status <> ''transferred'' then owner.user_id end) = owner.user_id',
        'item.id', 'bigint', 'owner.id', 'uuid', '{last_error}')
  ) as listed (place, part, relation, source, key_1, type_1, key_2, type_2, hidden);
$function$
;
CREATE OR REPLACE FUNCTION private.fail_webhook_event(p_event_id bigint, p_claim integer, p_error text, p_retry_after_seconds integer DEFAULT NULL::integer)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events;
begin
  select * into event from private.webhook_events where id = p_event_id for update;
  if not private.has_claim(p_event_id, p_claim) then
    return null;
  end if;
  event.attempts := event.attempts + 1;
  event.last_error := left(p_error, 2000);
  return private.set_back_event(
    event,
    event.attempts >= private.max_webhook_attempts(),
    'attempts_exhausted',
    -- Attempt 10 comes 2 to 4 h after attempt 1.
    private.backoff(event.attempts, 7200),
    make_interval(secs => coalesce(p_retry_after_seconds, 0))
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.failing_interval()
 RETURNS interval
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return interval '7 days';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.free_label_lines(p_order public.orders, p_purchase_id uuid, p_wanted jsonb, OUT line_item_ids text[], OUT refusal text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  free_lines text[];
begin
  select coalesce(array_agg(line.id order by line.id), '{}') into free_lines
  from unnest(private.order_line_item_ids(p_order)) as line (id)
  where not exists (
    select from private.labelled_lines as labelled
    where labelled.order_id = p_order.id and labelled.user_id = p_order.user_id
      and labelled.line_item_id = line.id
      and labelled.purchase_id is distinct from p_purchase_id
  );
  if p_wanted is not null then
    select array_agg(distinct line.id order by line.id) into line_item_ids
    from jsonb_array_elements_text(p_wanted) as line (id);
    refusal := case
      when line_item_ids && private.cancelled_line_item_ids(p_order) then 'unit_cancelled'
      when not line_item_ids <@ private.order_line_item_ids(p_order) then 'line_items_unknown'
      when not line_item_ids <@ free_lines then 'line_items_labelled'
    end;
    return;
  end if;
  line_item_ids := free_lines;
  refusal := case
    when free_lines <> '{}' then null
    when private.order_line_item_ids(p_order) = '{}' and private.cancelled_line_item_ids(p_order) <> '{}'
      then 'no_unit_left'
    when private.order_line_item_ids(p_order) = '{}' then 'line_items_unknown'
    when exists (
      select from private.labelled_lines as labelled
      join private.label_purchases as purchase
        on purchase.id = labelled.purchase_id and purchase.user_id = labelled.user_id
      where labelled.order_id = p_order.id and labelled.user_id = p_order.user_id
        and purchase.state in ('requested', 'purchasing', 'unknown', 'void_requested')
    ) then 'line_items_labelled'
    else 'already_shipped'
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.free_lines_of_purchase(p_purchase private.label_purchases)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  freed text[];
  late private.label_purchases;
begin
  with deleted as (
    delete from private.labelled_lines
    where purchase_id = p_purchase.id and user_id = p_purchase.user_id
    returning line_item_id
  )
  select array_agg(line_item_id) into freed from deleted;
  -- A label that was sold after its purchase had failed is valid, but had to leave them to this one.
  for late in
    select *
    from private.label_purchases
    where user_id = p_purchase.user_id
      and order_id = any (p_purchase.order_id || p_purchase.other_order_ids)
      and id <> p_purchase.id
      and provider = 'easypost'
      and state in ('purchased', 'void_rejected')
      and line_item_ids && freed
    order by id
    for update
  loop
    if private.take_free_label_lines(late) then
      perform private.enqueue_label_task('MARK_SHIPPED', late, 'taken:' || now());
    end if;
  end loop;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.free_places(p_user_id uuid)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return greatest(private.monthly_order_limit(p_user_id) - private.monthly_order_count(p_user_id), 0);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.free_shop_places(p_shop public.tiktok_shops)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return greatest(
    private.monthly_order_limit(p_shop.user_id) - private.monthly_shop_count(p_shop.shop_key), 0
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.give_back_label_cost(p_purchase private.label_purchases)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.give_back_order(p_order public.orders)
 RETURNS public.orders
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  changed public.orders;
begin
  -- The condition gives the place back once, also to workers on both sides of a month's end.
  update public.orders
  set counts_for_plan = false
  where id = p_order.id and user_id = p_order.user_id and counts_for_plan
  returning * into changed;
  if changed.id is null then
    return p_order;
  end if;
  update private.monthly_order_counts
  -- An operator may have lowered the counter.
  set orders = greatest(orders - 1, 0),
      not_counted = not_counted + 1
  where user_id = changed.user_id
    and month = date_trunc('month', changed.created_at at time zone 'UTC')::date;
  update private.monthly_shop_counts as counted
  set orders = greatest(counted.orders - 1, 0)
  from public.tiktok_shops as shop
  where shop.id = changed.tiktok_shop_id
    and shop.user_id = changed.user_id
    and counted.shop_key = shop.shop_key
    and counted.month = date_trunc('month', changed.created_at at time zone 'UTC')::date;
  return changed;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.handle_auth_user()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'UPDATE' then
    -- The new address locks out rows that refer to the seller.
    perform private.lock_seller_alone(new.id);
  end if;
  insert into public.users (id, email) values (new.id, new.email)
  on conflict (id) do update set email = excluded.email;
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.handle_email_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if exists (select from private.stripe_customers where user_id = new.id) then
    perform private.enqueue_customer_email(new.id);
  end if;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.has_claim(p_event_id bigint, p_claim integer)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from private.event_queue
    where event_id = p_event_id and status = 'processing' and claims = p_claim
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.has_held_orders(p_user_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select
    from public.tiktok_shops as shop
    join private.held_orders as held on held.shop_id = shop.shop_id
    where shop.user_id = p_user_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.has_label_lines(p_purchase private.label_purchases)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from private.labelled_lines where purchase_id = p_purchase.id and user_id = p_purchase.user_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.has_label_room(p_spent private.label_spending, p_limit private.label_limits, p_cents bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return p_spent.labels < p_limit.monthly_label_limit
    and p_spent.day_labels < p_limit.daily_label_limit
    and p_spent.cents + p_cents <= p_limit.monthly_label_cents
    and p_spent.day_cents + p_cents <= p_limit.daily_label_cents;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.has_place(p_shop public.tiktok_shops, p_order jsonb, p_undecided integer)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  places integer := private.free_places(p_shop.user_id) - p_undecided;
  shop_places integer := private.free_shop_places(p_shop) - p_undecided;
  own private.held_orders;
  waiting integer;
begin
  -- 1. Enough places for all that wait: nearly always none does.
  select count(*) into waiting
  from (
    select
    from public.tiktok_shops as shop
    join private.held_orders as held on held.shop_id = shop.shop_id
    where shop.user_id = p_shop.user_id
    limit greatest(places, 0)
  ) as held;
  if waiting < least(places, shop_places) then
    return true;
  end if;
  -- 2. Count those that come before it; what TikTok left out this time is known since it was held.
  select * into own
  from private.held_orders
  where shop_id = p_shop.shop_id and tiktok_order_id = p_order ->> 'tiktok_order_id';
  -- Those of a shop without places of its own stand in the way of no other shop.
  return (
    select coalesce(sum(earlier.orders), 0) < places
      and coalesce(sum(earlier.orders) filter (where shop.id = p_shop.id), 0) < shop_places
    from public.tiktok_shops as shop
    cross join lateral (
      select count(*) as orders
      from (
        select
        from private.waiting_orders as waits
        where waits.user_id = p_shop.user_id
          and waits.shop_id = shop.shop_id
          and (waits.shop_id, waits.tiktok_order_id) <> (p_shop.shop_id, p_order ->> 'tiktok_order_id')
          and (waits.urgency, waits.ship_order, waits.age_order, waits.held_at, waits.tiktok_order_id) < (
            private.order_urgency(coalesce(p_order ->> 'order_status', own.order_status)),
            coalesce((p_order ->> 'ship_by')::timestamptz, own.ship_by, 'infinity'),
            coalesce((p_order ->> 'tiktok_created_at')::timestamptz, own.tiktok_created_at, 'infinity'),
            coalesce(own.held_at, 'infinity'),
            p_order ->> 'tiktok_order_id'
          )
        limit greatest(least(places, private.free_shop_places(shop) - p_undecided), 0)
      ) as listed
    ) as earlier
    where shop.user_id = p_shop.user_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.has_room_for_all(p_shop public.tiktok_shops, p_items jsonb[])
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  events bigint[];
  has_refund boolean;
begin
  select array_agg((item ->> 'event_id')::bigint), bool_or(item -> 'notice' ?| array['refund_id', 'refund_total'])
  into events, has_refund
  from unnest(p_items) as item;
  return has_refund is not true
    and public.check_order_limit(p_shop.user_id)
    and private.limit_with_room(p_shop, events) is not null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.has_tracker_room(p_user_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select count(*)
    from private.own_tracking_numbers
    where user_id = p_user_id and tracker_made_at >= private.current_month()::timestamp at time zone 'UTC'
  ) < (private.label_limit_of(p_user_id)).monthly_label_limit;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.health_figures()
 RETURNS TABLE(metric text, subject text, value numeric, status text, warning numeric, critical numeric, bad_when text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
  select
    figure.metric, figure.subject, figure.value, private.judge_figure(figure.value, threshold), threshold.warning,
    threshold.critical, threshold.bad_when
  from (
    select * from private.server_figures()
    union all
    select * from private.inbox_figures()
    union all
    select * from private.source_figures()
    union all
    select * from private.connection_figures()
    union all
    select * from private.label_figures()
    union all
    select * from private.job_figures()
    union all
    select * from private.call_figures()
  ) as figure
  left join private.health_thresholds as threshold
    on threshold.metric = figure.metric and threshold.subject = figure.subject;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.hold_order(p_shop_id text, p_order jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.held_orders as held (
    shop_id, tiktok_order_id, order_status, ship_by, tiktok_created_at, tiktok_updated_at,
    combine_group_id, package_ids
  )
  values (
    p_shop_id,
    p_order ->> 'tiktok_order_id',
    coalesce(p_order ->> 'order_status', 'received'),
    (p_order ->> 'ship_by')::timestamptz,
    (p_order ->> 'tiktok_created_at')::timestamptz,
    (p_order ->> 'tiktok_updated_at')::timestamptz,
    p_order ->> 'combine_group_id',
    private.order_package_ids(p_order -> 'order_items')
  )
  on conflict (shop_id, tiktok_order_id) do update
    set order_status = case
          when p_order ->> 'order_status' is null then held.order_status else excluded.order_status
        end,
        ship_by = coalesce(excluded.ship_by, held.ship_by),
        tiktok_created_at = coalesce(excluded.tiktok_created_at, held.tiktok_created_at),
        tiktok_updated_at = excluded.tiktok_updated_at,
        combine_group_id = excluded.combine_group_id,
        package_ids = excluded.package_ids
    where excluded.tiktok_updated_at >= held.tiktok_updated_at;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.identify_shop(p_shop_id text, p_hashes text[])
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  known uuid;
begin
  if coalesce(cardinality(p_hashes), 0) = 0 then
    raise exception 'A shop needs the hashes of its id' using errcode = 'PT400';
  end if;
  known := coalesce(
    (select shop_key from private.shop_identities where shop_id_hash = any (p_hashes) limit 1),
    -- Its hash may be of a key that left the ring.
    (select shop_key from public.tiktok_shops where shop_id = p_shop_id order by created_at limit 1),
    gen_random_uuid()
  );
  insert into private.shop_identities (shop_id_hash, shop_key)
  select hash, known from unnest(p_hashes) as hash
  on conflict (shop_id_hash) do nothing;
  return known;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.ignore_webhook_events(p_event_ids bigint[], p_claims integer[], p_reasons text[], p_locked bigint[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET enable_nestloop TO 'off'
AS $function$
declare
  reopened bigint[] := '{}';
  statuses jsonb;
begin
  if 'shop_not_connected' = any (p_reasons) then
    reopened := array(
      select event.id
      from private.webhook_events as event
      join unnest(p_event_ids, p_claims, p_reasons) as result (event_id, claim, reason) on result.event_id = event.id
      where event.id = any (p_locked)
        and result.reason = 'shop_not_connected'
        and private.has_claim(event.id, result.claim)
        -- Counted, so that each shop is looked up: as a join it would read all shops.
        and (
          select count(*) from public.tiktok_shops as shop
          where shop.shop_id = event.shop_id and shop.connection_status in ('active', 'paused')
        ) > 0
    );
    perform private.requeue_events(reopened, 'pending', now());
    perform private.reopen_webhook_events(reopened);
  end if;
  with unqueued as (
    -- From the queue at once, in place of the trigger.
    delete from private.event_queue as queued
    using unnest(p_event_ids, p_claims, p_reasons) as result (event_id, claim, reason)
    where queued.event_id = any (p_locked)
      and queued.event_id = result.event_id
      and result.reason is not null
      -- Its claim was not lost; in this form, so that rows are found by the key and not among all claimed ones.
      and case queued.status when 'processing' then queued.claims end = result.claim
    returning queued.event_id, queued.claims, result.reason
  ), ignored as (
    update private.webhook_events as event
    set status = 'ignored', reason = unqueued.reason, settled_at = now(), claims = unqueued.claims
    from unqueued
    where event.id = any (p_locked) and event.id = unqueued.event_id
    returning event.id, event.status
  )
  select coalesce(jsonb_object_agg(id, status), '{}') into statuses
  from (select id, status from ignored union all select id, 'pending' from unnest(reopened) as id) as settled;
  return statuses;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.inbox_figures()
 RETURNS TABLE(metric text, subject text, value numeric)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
  select 'events_open', '', (
    -- Apart: each is counted by its own index.
    (select count(*) from private.event_queue where status = 'pending')
    + (select count(*) from private.event_queue where status = 'processing')
  )::numeric
  union all
  select 'oldest_open_event_seconds', '', public.oldest_open_event_seconds()
  union all
  select 'events_held', '', count(*) from private.event_queue where status = 'held'
  union all
  select 'events_failing', '', count(*) from private.event_queue where status = 'failing'
  union all
  select 'events_dead', '', count(*) from private.event_queue where status = 'dead';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.ingest_batch_counted_first(p_shop public.tiktok_shops, p_items jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  events bigint[] := array(select (entry ->> 'event_id')::bigint from jsonb_array_elements(p_items) as entry);
  locked record;
  new_orders record;
  outcomes jsonb;
  listed record;
  item jsonb;
begin
  -- 1. Lock the counters, then the events, then the orders: docs/architecture.md.
  perform private.lock_order_counts(p_shop);
  locked := private.lock_order_batch(p_shop, p_items);
  -- 2. Store new orders together, if the plan has room.
  new_orders := private.new_orders_of_batch(p_items, locked.open_events, locked.stored_orders);
  if new_orders.items is not null then
    outcomes := private.ingest_new_of_batch(p_shop, new_orders.items);
  end if;
  if outcomes is null then
    outcomes := '[]';
    new_orders.places := '{}';
  end if;
  -- 3. Ingest the others, the most urgent first.
  for listed in
    select * from private.order_batch(p_items) as batch where (batch.place = any (new_orders.places)) is not true
  loop
    item := listed.item;
    begin
      outcomes := outcomes || (
        jsonb_build_object('event_id', item -> 'event_id')
        || private.ingest_locked_order(
          private.lock_open_event((item ->> 'event_id')::bigint), private.lock_stored_order(p_shop, item -> 'order'),
          p_shop, item -> 'order', private.notice_of(item), events
        )
      );
    exception
      -- An order that cannot be stored does not stop the others.
      when others then
        outcomes := outcomes || jsonb_build_object(
          'event_id', item -> 'event_id', 'outcome', 'failed', 'error', sqlstate
        );
    end;
  end loop;
  return outcomes;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.ingest_batch_counted_last(p_shop public.tiktok_shops, p_items jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  locked record;
  new_orders record;
  added record;
  outcomes jsonb := '[]';
  listed record;
  item jsonb;
  stored public.orders;
  events bigint[] := array(select (entry ->> 'event_id')::bigint from jsonb_array_elements(p_items) as entry);
begin
  if jsonb_array_length(p_items) = 1 then
    item := p_items -> 0;
    return jsonb_build_array(
      jsonb_build_object('event_id', item -> 'event_id')
      || private.ingest_counted_last(
        p_shop, (item ->> 'event_id')::bigint, item -> 'order', private.notice_of(item), p_limit
      )
    );
  end if;
  perform private.share_order_counts(p_shop);
  locked := private.lock_order_batch(p_shop, p_items);
  new_orders := private.new_orders_of_batch(p_items, locked.open_events, locked.stored_orders);
  if new_orders.items is not null then
    if not public.check_order_limit(p_shop.user_id) then
      raise exception 'The limit of the plan was reached meanwhile' using errcode = '40001';
    end if;
    added := private.ingest_new_orders(p_shop, new_orders.items);
    outcomes := added.outcomes;
    if jsonb_array_length(outcomes) is distinct from cardinality(new_orders.places) then
      raise exception 'Another event of an order was faster' using errcode = '40001';
    end if;
  end if;
  if jsonb_array_length(outcomes) < jsonb_array_length(p_items) then
    for listed in
      select * from private.order_batch(p_items) as batch where (batch.place = any (new_orders.places)) is not true
    loop
      item := listed.item;
      stored := private.lock_stored_order(p_shop, item -> 'order');
      if stored.id is null and (item ->> 'event_id')::bigint = any (locked.open_events) then
        raise exception 'A new order' using errcode = '40001';
      end if;
      outcomes := outcomes || (
        jsonb_build_object('event_id', item -> 'event_id')
        || private.ingest_locked_order(
          private.lock_open_event((item ->> 'event_id')::bigint), stored, p_shop, item -> 'order',
          private.notice_of(item), events
        )
      );
    end loop;
  end if;
  if new_orders.items is not null then
    perform private.count_orders(p_shop, added.counted, added.not_counted, p_limit);
    perform private.add_batch_totals(added.totals);
  end if;
  return outcomes;
exception
  -- Each has an outcome of its own where the counters are locked first.
  when others then
    return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.ingest_counted_last(p_shop public.tiktok_shops, p_event_id bigint, p_order jsonb, p_notice jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events;
  stored public.orders;
  added public.orders;
begin
  -- 1. Lock the event, which settles it as well, then the order if it was stored: docs/architecture.md.
  perform private.share_order_counts(p_shop);
  update private.webhook_events
  set status = 'done', reason = null, object_id = p_order ->> 'tiktok_order_id', settled_at = now()
  where id = p_event_id and status not in ('done', 'ignored')
  returning * into event;
  if not found then
    event := private.lock_open_event(p_event_id);
  end if;
  if p_limit = 0 then
    stored := private.lock_stored_order(p_shop, p_order);
  end if;
  -- 2. Insert a new order, unless another event of it is faster.
  if event.id is not null and stored.id is null then
    if not public.check_order_limit(p_shop.user_id) then
      raise exception 'The limit of the plan was reached meanwhile' using errcode = '40001';
    end if;
    select * into added from private.insert_orders(p_shop, array[p_order]);
    if added.id is null then
      stored := private.lock_stored_order(p_shop, p_order);
    else
      -- settle_ingested would ask again whether the order is new, and for refunds, which limit_of_order leaves out.
      insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
      values (
        added.id, added.user_id, event.event_type, event.id, p_notice || private.describe_new_order(added),
        case when p_notice = '{}' then least(added.tiktok_updated_at, now()) else event.received_at end
      );
      perform private.settle_others_of_orders(p_shop.shop_id, array[added.tiktok_order_id]);
      perform private.count_orders(
        p_shop, added.counts_for_plan::integer, (not added.counts_for_plan)::integer, p_limit
      );
      perform private.add_order_totals(added);
      return jsonb_build_object('outcome', 'inserted', 'order_id', added.id);
    end if;
  end if;
  -- 3. Update a stored one.
  return private.ingest_locked_order(event, stored, p_shop, p_order, p_notice, array[p_event_id]);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.ingest_locked_order(event private.webhook_events, before public.orders, p_shop public.tiktok_shops, p_order jsonb, p_notice jsonb, p_events bigint[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  after public.orders;
  outcome text;
begin
  -- 1. Nothing is left to do for a settled event.
  if event.id is null then
    return private.settle_locked_event(event, '{"order_id": null}');
  end if;
  -- 2. Update a stored order, insert a new one within the limit, or hold it.
  if before.id is null then
    after := private.insert_or_hold_order(p_shop, p_order, p_events);
    if after.id is null then
      return private.settle_locked_event(
        event, '{"outcome": "held", "order_id": null}', 'held', 'order_limit', p_order ->> 'tiktok_order_id'
      );
    end if;
    outcome := 'inserted';
  elsif before.tiktok_updated_at > (p_order ->> 'tiktok_updated_at')::timestamptz then
    after := before;
    outcome := 'stale';
  elsif before.tiktok_updated_at = (p_order ->> 'tiktok_updated_at')::timestamptz
    and private.is_order_of_readings_unknown(before, p_order)
  then
    return private.read_order_again(event, before.id);
  else
    after := private.update_order(before, p_order);
    if after.order_status = 'cancelled' and private.was_cancelled_unpaid(before, after) then
      after := private.give_back_order(after);
    end if;
    outcome := 'updated';
  end if;
  -- 3. Write the timeline, settle the event, and the others of the order that were held or failed.
  perform private.settle_ingested(event, before, after, p_order, p_notice, outcome = 'stale');
  perform private.settle_others_of_orders(p_shop.shop_id, array[after.tiktok_order_id]);
  return jsonb_build_object('outcome', outcome, 'order_id', after.id);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.ingest_new_of_batch(p_shop public.tiktok_shops, p_items jsonb[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  added record;
begin
  if not private.has_room_for_all(p_shop, p_items) then
    return null;
  end if;
  added := private.ingest_new_orders(p_shop, p_items);
  perform private.count_orders(p_shop, added.counted, added.not_counted);
  perform private.add_batch_totals(added.totals);
  return added.outcomes;
exception
  when others then
    return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.ingest_new_orders(p_shop public.tiktok_shops, p_items jsonb[], OUT outcomes jsonb, OUT counted integer, OUT not_counted integer, OUT totals private.order_totals[])
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  result record;
begin
  -- 1. Insert the orders, write their timelines and settle their events.
  with stored as materialized (
    select
      inserted as row,
      event.id as event_id,
      event.event_type,
      event.received_at,
      private.notice_of(item) as notice
    from private.insert_orders(p_shop, array(select item -> 'order' from unnest(p_items) as item)) as inserted
    join unnest(p_items) as item on item #>> '{order,tiktok_order_id}' = inserted.tiktok_order_id
    join private.webhook_events as event on event.id = (item ->> 'event_id')::bigint
  ), timeline as (
    insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
    select
      (stored.row).id,
      p_shop.user_id,
      stored.event_type,
      stored.event_id,
      stored.notice || private.describe_new_order(stored.row),
      case when stored.notice = '{}' then least((stored.row).tiktok_updated_at, now()) else stored.received_at end
    from stored
  ), settled as (
    update private.webhook_events
    set status = 'done', reason = null, object_id = (stored.row).tiktok_order_id, settled_at = now()
    from stored
    where webhook_events.id = stored.event_id
  ), summed as (
    select row(
      p_shop.user_id, (stored.row).currency, count(*), sum((stored.row).total_amount) * 100,
      private.current_month(), count(*), sum((stored.row).total_amount) * 100,
      count(*) filter (where (stored.row).is_revenue),
      coalesce(sum((stored.row).total_amount) filter (where (stored.row).is_revenue), 0) * 100,
      coalesce(
        sum(private.refunded_amount(stored.row))
          filter (
            where (stored.row).is_revenue
              and ((stored.row).payment_status <> 'paid' or (stored.row).cancelled_amount > 0)
          ),
        0
      ) * 100,
      now()
    )::private.order_totals as of_currency
    from stored
    group by (stored.row).currency
  )
  select
    jsonb_agg(jsonb_build_object('event_id', event_id, 'outcome', 'inserted', 'order_id', (stored.row).id)) as outcomes,
    count(*) filter (where (stored.row).counts_for_plan) as counted,
    count(*) filter (where not (stored.row).counts_for_plan) as not_counted,
    (select array_agg(of_currency) from summed) as totals
  into result
  from stored;
  outcomes := result.outcomes;
  counted := result.counted;
  not_counted := result.not_counted;
  totals := result.totals;
  -- 2. Settle their other events.
  perform private.settle_others_of_orders(
    p_shop.shop_id, array(select item #>> '{order,tiktok_order_id}' from unnest(p_items) as item)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.insert_new_event(p_event private.webhook_events)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event_id bigint;
begin
  insert into private.webhook_events (
    source, external_id, event_type, shop_id, object_id, body, content_digest, status, reason, settled_at
  )
  values (
    p_event.source, p_event.external_id, p_event.event_type, p_event.shop_id, p_event.object_id, p_event.body,
    p_event.content_digest,
    case when p_event.reason is null then 'pending' else 'ignored' end,
    p_event.reason,
    case when p_event.reason is not null then now() end
  )
  on conflict (source, external_id) do nothing
  returning id into event_id;
  -- Looked up afterwards: the insert waits for a deletion of the same id that is not committed yet.
  if exists (
    select from private.deleted_event_ids
    where source = p_event.source and external_id = p_event.external_id
  ) then
    raise exception 'The event was deleted' using errcode = 'CF001';
  end if;
  return event_id;
exception
  -- Takes the insert back.
  when sqlstate 'CF001' then
    return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.insert_or_hold_order(p_shop public.tiktok_shops, p_order jsonb, p_events bigint[])
 RETURNS public.orders
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  inserted public.orders;
begin
  if private.counts_for_plan(p_shop, p_order) and not (
    public.check_order_limit(p_shop.user_id)
    and private.check_shop_limit(p_shop)
    and private.has_place(p_shop, p_order, private.undecided_orders(p_shop.user_id, p_events))
  ) then
    perform private.hold_order(p_shop.shop_id, p_order);
    return null;
  end if;
  select * into inserted from private.insert_orders(p_shop, array[p_order]);
  perform private.count_orders(p_shop, inserted.counts_for_plan::integer, (not inserted.counts_for_plan)::integer);
  perform private.add_order_totals(inserted);
  return inserted;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.insert_orders(p_shop public.tiktok_shops, p_orders jsonb[])
 RETURNS SETOF public.orders
 LANGUAGE plpgsql
 ROWS 10
 SET search_path TO ''
AS $function$
begin
  return query
  insert into public.orders (
    user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status, payment_status,
    currency, total_amount, shipping_cost, shipping_type, customer_email,
    shipping_address, address_status, order_items, order_kind, related_order_id, fulfillment_type,
    warehouse_id, combine_group_id, paid_at, ship_by, auto_cancel_at, cancel_requested_at,
    cancel_respond_by, cancel_reason, cancelled_by, buyer_note, seller_note, amounts, cancelled_amount,
    cancelled_in_total, mapping_version, tiktok_created_at, tiktok_updated_at, counts_for_plan
  )
  select
    p_shop.user_id,
    p_shop.id,
    incoming ->> 'tiktok_order_id',
    incoming ->> 'tiktok_status',
    coalesce(incoming ->> 'order_status', 'received'),
    coalesce(incoming ->> 'payment_status', 'pending'),
    incoming ->> 'currency',
    -- A sample, a replacement and an exchange bring no revenue; without its amount a sale is refused.
    coalesce((incoming ->> 'total_amount')::numeric, case when incoming ->> 'order_kind' <> 'sale' then 0 end),
    coalesce((incoming ->> 'shipping_cost')::numeric, 0),
    incoming ->> 'shipping_type',
    incoming ->> 'customer_email',
    incoming -> 'shipping_address',
    incoming ->> 'address_status',
    incoming -> 'order_items',
    coalesce(incoming ->> 'order_kind', 'sale'),
    incoming ->> 'related_order_id',
    incoming ->> 'fulfillment_type',
    incoming ->> 'warehouse_id',
    incoming ->> 'combine_group_id',
    (incoming ->> 'paid_at')::timestamptz,
    (incoming ->> 'ship_by')::timestamptz,
    (incoming ->> 'auto_cancel_at')::timestamptz,
    (incoming ->> 'cancel_requested_at')::timestamptz,
    (incoming ->> 'cancel_respond_by')::timestamptz,
    incoming ->> 'cancel_reason',
    incoming ->> 'cancelled_by',
    incoming ->> 'buyer_note',
    incoming ->> 'seller_note',
    coalesce(incoming -> 'amounts', '{}'),
    coalesce((incoming ->> 'cancelled_amount')::numeric, 0),
    coalesce((incoming ->> 'cancelled_in_total')::boolean, true),
    private.order_mapping_version(),
    (incoming ->> 'tiktok_created_at')::timestamptz,
    (incoming ->> 'tiktok_updated_at')::timestamptz,
    private.counts_for_plan(p_shop, incoming)
  from unnest(p_orders) as listed (incoming)
  -- Another event of the order may be faster where the counters are locked last.
  on conflict (tiktok_shop_id, tiktok_order_id) do nothing
  returning *;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.invoice_cents(p_amount numeric, p_currency text)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(sign(p_amount) * private.label_cents(abs(p_amount), p_currency), 0);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.invoke_function(function_name text)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  project_url text;
  secret_key text;
begin
  select decrypted_secret into project_url from vault.decrypted_secrets where name = 'project_url';
  select decrypted_secret into secret_key from vault.decrypted_secrets where name = 'secret_key';
  if project_url is null or secret_key is null then
    raise exception 'Vault lacks "project_url" or "secret_key": function "%" was not called', function_name
      using hint = 'select vault.create_secret(''https://<project>.supabase.co'', ''project_url''); the same for the secret key, sb_secret_...';
  end if;
  return net.http_post(
    url => project_url || '/functions/v1/' || function_name,
    body => '{}'::jsonb,
    headers => jsonb_build_object('Content-Type', 'application/json', 'apikey', secret_key),
    timeout_milliseconds => 60000
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_abandoned(p_purchase private.label_purchases)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- Longer than any provider call, which is limited to less than a minute.
  return p_purchase.state in ('requested', 'purchasing')
    and p_purchase.state_since < now() - interval '2 minutes';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_address_changed(before public.orders, after public.orders)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  -- A mask hides the rest of a field, so masked fields are not compared.
  return before.address_status <> 'none' and after.address_status <> 'none' and exists (
    select
    from unnest(array['name', 'line1', 'line2', 'city', 'state', 'postal_code', 'country']) as field (name),
      lateral (
        select before.shipping_address ->> field.name as was, after.shipping_address ->> field.name as becomes
      ) as compared
    where was is distinct from becomes
      and coalesce(was, '') !~ '\*{3}' and coalesce(becomes, '') !~ '\*{3}'
      and (
        (was is not null and becomes is not null)
        or (before.address_status = 'readable' and after.address_status = 'readable')
      )
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_backend_event(event_type text)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return event_type in ('order_received', 'label_bought', 'plan_changed', 'authorization_expiring');
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_carrier_refused(p_order public.orders, p_provider text, p_carrier text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(
      bool_or(starts_with(private.plain_carrier(p_carrier), refused.carrier)), false
    )
    from unnest(private.refused_carriers(p_order, p_provider)) as refused (carrier)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_encrypted(value text)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return value ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}$';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_older_pair(p_grant jsonb, p_stored_expires_at timestamp with time zone, p_stored_requested_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return (p_grant ->> 'requested_at')::timestamptz < p_stored_requested_at
    and (p_grant ->> 'token_expires_at')::timestamptz <= p_stored_expires_at;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_order_of_readings_unknown(stored public.orders, p_order jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- The stored state was read before tiktok_read_at: a reading that began afterwards is the later one.
  if coalesce((p_order ->> 'read_after')::timestamptz, now()) >= stored.tiktok_read_at then
    return false;
  end if;
  return private.merge_order(stored, p_order) is distinct from stored;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_partly_cancelled(p_order public.orders)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return p_order.order_status in ('on_hold', 'awaiting_shipment', 'partially_shipped')
    and p_order.order_items @? '$[*].cancelled_line_item_ids[*]'
    and p_order.order_items @? '$[*].line_item_ids[*]';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_replayable(p_event private.inbox_events)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return case p_event.status
    when 'processing' then false
    -- A task that was enqueued for later waits without an attempt.
    when 'pending' then p_event.attempts > 0 and p_event.next_attempt_at > now()
    else true
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_silent_source(p_source text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return not exists (
      select from private.webhook_events
      where source = p_source and received_at > now() - interval '1 day'
    )
    and case p_source
      when 'tiktok' then exists (
        select from public.system_logs
        where event_type = 'orders_missed' and created_at > now() - interval '1 day'
      )
      when 'easypost' then exists (
        select from public.shipments
        where provider = 'easypost' and tracking_updated_at > now() - interval '1 day'
      )
      when 'stripe' then exists (
        select from public.system_logs
        where event_type in ('subscriptions_reconciled', 'subscriptions_differ')
          and created_at > now() - interval '1 day'
          and (details ->> 'repaired')::integer > 0
      )
    end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.is_taken_back(stored public.orders, incoming text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- Apart from the query: each newer state comes here.
  if incoming not in ('awaiting_shipment', 'partially_shipped') then
    return false;
  end if;
  return (
      stored.order_status = 'awaiting_collection' and stored.tiktok_status = 'AWAITING_COLLECTION'
      or stored.order_status = 'partially_shipped' and stored.tiktok_status = 'PARTIALLY_SHIPPING'
    )
    -- A label of ours that is in use decides: its void moves the order back.
    and not exists (
      select from public.shipment_orders as link
      join public.shipments as shipment on shipment.id = link.shipment_id and shipment.user_id = link.user_id
      where link.order_id = stored.id and link.user_id = stored.user_id
        and shipment.provider is not null and shipment.status <> 'voided'
    );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.job_figures(p_job text DEFAULT NULL::text)
 RETURNS TABLE(metric text, subject text, value numeric)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if to_regclass('cron.job_run_details') is not null then
    -- A job that was removed or switched off has no success. A restored database has no older runs of its own.
    return query execute $query$
      select
        threshold.metric, threshold.subject,
        round(extract(epoch from now() - greatest(
          max(run.end_time), threshold.watched_since, (select min(end_time) from cron.job_run_details)
        )))
      from private.health_thresholds as threshold
      left join cron.job as job on job.jobname = threshold.subject and job.active
      left join cron.job_run_details as run on run.jobid = job.jobid and run.status = 'succeeded'
      where threshold.metric = 'job_age_seconds' and threshold.subject = coalesce($1, threshold.subject)
      group by threshold.metric, threshold.subject, threshold.watched_since
    $query$
    using p_job;
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.judge_figure(p_value numeric, p_threshold private.health_thresholds)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  sign integer := case p_threshold.bad_when when 'below' then -1 else 1 end;
begin
  return case
    when p_value is null or p_threshold.metric is null then 'info'
    when p_value * sign >= p_threshold.critical * sign then 'critical'
    when p_value * sign >= p_threshold.warning * sign then 'warning'
    else 'healthy'
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.keep_event_ids()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.deleted_event_ids (source, external_id)
  select source, external_id
  from deleted
  -- A task of ours may be enqueued again, and its id names rows of the seller.
  where source <> 'creatorflow'
  on conflict (source, external_id) do nothing;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.keep_invoices()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  insert into private.unassigned_invoices (id, cents, reported_at)
  select invoice.key, (invoice.value ->> 'cents')::bigint, (invoice.value ->> 'at')::timestamptz
  from jsonb_each(old.adjustments) as invoice
  on conflict (id) do nothing;
  return old;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.keep_label_link_out()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if exists (
    select from public.orders where id = new.order_id and personal_data_removed_at is not null
  ) then
    new.label_url := null;
    new.label_expires_at := null;
  end if;
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.keep_label_totals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  before numeric;
  after numeric := private.label_cost(new);
begin
  if tg_op = 'UPDATE' then
    before := private.label_cost(old);
    if before is not null then
      perform private.add_label_totals(old.user_id, old.currency, -1, (-before * 100)::bigint);
    end if;
  end if;
  if after is not null then
    perform private.add_label_totals(new.user_id, new.currency, 1, (after * 100)::bigint);
  end if;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.keep_order_totals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if old.currency <> new.currency then
    -- Two transactions that move orders between the same currencies lock them in one order.
    perform 1 from private.order_totals where user_id = new.user_id order by currency for no key update;
  end if;
  perform private.add_order_totals(old, -1);
  perform private.add_order_totals(new);
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.keep_queued_event()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if old.status in ('done', 'ignored') then
    insert into private.event_queue (event_id, received_at, open_since, claims, is_found_order, status, shop_id)
    values (
      new.id, new.received_at, now(), new.claims, new.event_type = 'ORDER_FOUND', new.status, coalesce(new.shop_id, '')
    );
  elsif old.status <> new.status or old.shop_id is distinct from new.shop_id or old.received_at <> new.received_at then
    -- Another result ends a claim.
    update private.event_queue
    set status = case when old.status = new.status then status else new.status end,
        shop_id = coalesce(new.shop_id, ''),
        received_at = new.received_at,
        open_since = case when old.received_at <> new.received_at then new.received_at else open_since end
    where event_id = new.id;
  end if;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.keep_retention()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- 1. The time from which the clock runs.
  if new.order_status in ('completed', 'cancelled') or new.tiktok_status in ('COMPLETED', 'CANCELLED', 'CANCEL') then
    new.final_at := coalesce(new.final_at, least(new.tiktok_updated_at, now()));
  else
    new.final_at := null;
  end if;
  -- 2. What was removed comes back with a live order only: a late refund of an old order does not bring it.
  if tg_op = 'UPDATE' and old.personal_data_removed_at is not null
    and (
      new.customer_email is not null or new.buyer_note is not null or new.seller_note is not null
      or new.address_status <> 'none'
    )
  then
    if new.final_at <= now() - private.retention('final_order') then
      new.customer_email := null;
      new.buyer_note := null;
      new.seller_note := null;
      new.shipping_address := private.address_without_person(new.shipping_address);
      new.address_status := 'none';
    else
      new.personal_data_removed_at := null;
    end if;
  end if;
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.keep_stripe_customer()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  new.account_deleted_at := now();
  perform private.enqueue_task('CLOSE_CUSTOMER', new.id::text, p_object_id => new.id::text);
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.label_cents(p_amount numeric, p_currency text)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select ceil(p_amount * us_cents)::bigint
    from private.label_currencies
    where currency = p_currency and p_amount >= 0
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.label_cost(p_shipment public.shipments)
 RETURNS numeric
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return case
    when p_shipment.status <> 'voided' and p_shipment.currency is not null
      then coalesce(p_shipment.shipping_cost, p_shipment.quoted_cost)
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.label_figures()
 RETURNS TABLE(metric text, subject text, value numeric)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
  select 'labels_unknown', '', count(*)::numeric from private.label_purchases where state = 'unknown'
  union all
  -- Without a limit, or with a limit of 0, nothing can be bought.
  select
    'label_budget_percent', budget.period,
    trunc(100 * greatest(
      coalesce(budget.labels / nullif(budget.label_limit, 0), 1),
      coalesce(budget.cents / nullif(budget.cents_limit, 0), 1)
    ), 1)
  from (select) as always
  left join private.label_limits as allowed on allowed.user_id is null
  left join private.label_spending as spent
    on spent.user_id is null and spent.shop_key is null and spent.month = private.current_month()
  cross join lateral (
    values
      (
        'day',
        case when spent.day = private.current_day() then spent.day_labels else 0 end::numeric,
        allowed.daily_label_limit,
        case when spent.day = private.current_day() then spent.day_cents else 0 end::numeric,
        allowed.daily_label_cents
      ),
      (
        'month', coalesce(spent.labels, 0), allowed.monthly_label_limit, coalesce(spent.cents, 0),
        allowed.monthly_label_cents
      )
  ) as budget (period, labels, label_limit, cents, cents_limit);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.label_limit_of(p_user_id uuid)
 RETURNS private.label_limits
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(
    (select own from private.label_limits as own where own.user_id = p_user_id),
    (
      select row(
        null, p_user_id, plan.daily_label_limit, plan.monthly_label_limit, plan.daily_label_cents,
        plan.monthly_label_cents
      )::private.label_limits
      from public.plans as plan
      where plan.name = coalesce((select plan_name from public.get_user_active_subscription(p_user_id)), 'trial')
    )
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.label_refusal(p_order public.orders, p_provider text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.label_usage(p_user_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'today', jsonb_build_object(
        'labels', own.day_labels,
        'label_limit', (allowed).daily_label_limit,
        'cost', round(own.day_cents / 100.0, 2)::text,
        'cost_limit', round((allowed).daily_label_cents / 100.0, 2)::text,
        'shop_labels', shop.day_labels,
        'shop_limit_reached',
          shop.day_labels >= (allowed).daily_label_limit or shop.day_cents >= (allowed).daily_label_cents
      ),
      'month', jsonb_build_object(
        'labels', own.labels,
        'label_limit', (allowed).monthly_label_limit,
        'cost', round(own.cents / 100.0, 2)::text,
        'cost_limit', round((allowed).monthly_label_cents / 100.0, 2)::text,
        'shop_labels', shop.labels,
        'shop_limit_reached', shop.labels >= (allowed).monthly_label_limit or shop.cents >= (allowed).monthly_label_cents
      ),
      'currency', 'USD'
    )
    from (select private.label_limit_of(p_user_id) as allowed) as limits
    cross join lateral (
      select
        coalesce(max(total.labels), 0) as labels,
        coalesce(max(total.cents), 0) as cents,
        coalesce(max(total.day_labels) filter (where total.day = private.current_day()), 0) as day_labels,
        coalesce(max(total.day_cents) filter (where total.day = private.current_day()), 0) as day_cents
      from private.label_spending as total
      where total.month = private.current_month() and total.user_id = p_user_id
    ) as own
    -- What other accounts paid for the shop is not shown.
    cross join lateral (
      select
        coalesce(max(total.labels), 0) as labels,
        coalesce(max(total.cents), 0) as cents,
        coalesce(max(total.day_labels) filter (where total.day = private.current_day()), 0) as day_labels,
        coalesce(max(total.day_cents) filter (where total.day = private.current_day()), 0) as day_cents
      from private.label_spending as total
      where total.month = private.current_month()
        -- Those of a shop have no seller: so the index finds them by their shop.
        and total.user_id is null
        and total.shop_key in (
          select shop_key from public.tiktok_shops
          where user_id = p_user_id and connection_status in ('active', 'paused')
        )
    ) as shop
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.limit_analytics_events()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  seller record;
begin
  if (select count(*) from inserted) > 100 then
    raise exception 'analytics_rows_limit'
      using errcode = 'PT413', hint = 'Insert at most 100 events in one call.';
  end if;
  for seller in
    select user_id, count(*)::integer as events from inserted group by user_id order by user_id
  loop
    if private.count_requests(seller.user_id, 'analytics_events', seller.events) is not null then
      raise exception 'analytics_daily_limit'
        using errcode = 'PT429', hint = 'Insert further events tomorrow (UTC).';
    end if;
  end loop;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.limit_counted_last(p_shop public.tiktok_shops, p_items jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  new_events bigint[];
  depends_on_places boolean;
begin
  select
    array_agg(listed.event_id) filter (where listed.stored is null),
    bool_or(listed.was_cancelled_unpaid or (listed.stored is null and listed.has_refund))
  into new_events, depends_on_places
  from (
    select
      (item ->> 'event_id')::bigint as event_id,
      item #>> '{order,payment_status}' = 'cancelled' and item #>> '{order,order_status}' = 'cancelled'
        as was_cancelled_unpaid,
      item -> 'notice' ?| array['refund_id', 'refund_total'] as has_refund,
      -- Looked up by its key for each: a join might read all orders of the shop.
      (
        select id
        from public.orders
        where user_id = p_shop.user_id
          and tiktok_shop_id = p_shop.id and tiktok_order_id = item #>> '{order,tiktok_order_id}'
      ) as stored
    from jsonb_array_elements(p_items) as item
  ) as listed;
  if depends_on_places then
    return null;
  end if;
  if new_events is null then
    return 0;
  end if;
  return private.limit_with_room(p_shop, new_events, private.spare_places());
end;
$function$
;
CREATE OR REPLACE FUNCTION private.limit_of_order(p_shop public.tiktok_shops, p_event_id bigint, p_order jsonb, p_notice jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_order ->> 'payment_status' = 'cancelled' and p_order ->> 'order_status' = 'cancelled' then
    return null;
  end if;
  if exists (
    select from public.orders
    where user_id = p_shop.user_id
      and tiktok_shop_id = p_shop.id and tiktok_order_id = p_order ->> 'tiktok_order_id'
  ) then
    return 0;
  end if;
  if p_notice ?| array['refund_id', 'refund_total'] then
    return null;
  end if;
  return private.limit_with_room(p_shop, array[p_event_id], private.spare_places());
end;
$function$
;
CREATE OR REPLACE FUNCTION private.limit_with_room(p_shop public.tiktok_shops, p_events bigint[], p_spare integer DEFAULT 0)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  plan_limit integer := private.monthly_order_limit(p_shop.user_id);
  free integer := plan_limit - cardinality(p_events) - p_spare;
  this_month date;
begin
  -- A small plan never has many spare places: nothing else is read then.
  if free < 0 then
    return null;
  end if;
  this_month := private.current_month();
  free := free - greatest(
    0,
    (select orders from private.monthly_order_counts where user_id = p_shop.user_id and month = this_month),
    (select orders from private.monthly_shop_counts where shop_key = p_shop.shop_key and month = this_month)
  );
  return case
    when free >= (
      select count(*)
      from (
        select
        from public.tiktok_shops as shop
        join private.held_orders as held on held.shop_id = shop.shop_id
        where shop.user_id = p_shop.user_id
        union all
        select
        from private.undecided_events
        where user_id = p_shop.user_id and event_id <> all (p_events)
        limit greatest(free, 0) + 1
      ) as earlier
    ) then plan_limit
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_account_alone(p_user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_seller_alone(p_user_id);
  -- Meanwhile the seller connects no other shop.
  perform private.lock_tiktok_shops_alone(
    variadic array(select shop_id from public.tiktok_shops where user_id = p_user_id)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_claims(p_event_ids bigint[])
 RETURNS bigint[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return array(
    select event_id
    from (
      -- Waits only for a claim, which waits for nothing.
      select event_id, status from private.event_queue where event_id = any (p_event_ids) order by event_id for update
    ) as locked
    where status = 'processing'
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_due_events(p_limit integer, p_except_shops text[])
 RETURNS bigint[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  -- Those of the shops left out may be the first of any number.
  failing bigint[] := private.lock_failing_events(case when p_except_shops = '{}' then p_limit / 5 else 0 end);
  free integer := p_limit - cardinality(failing);
  read integer;
  due bigint[];
  live bigint[];
begin
  -- More than the limit if other workers have locked some of them.
  foreach read in array array[free, p_limit * 4] loop
    due := private.due_events_in_turn(read, p_except_shops);
    live := array(
      select event_id
      from private.event_queue
      where event_id = any (due)
        -- Another worker may have claimed one since; in this form, so that rows are found by the key and not among all
        -- that is due.
        and case status when 'pending' then next_attempt_at <= now() end
      -- The place of each takes as long to find as the list is long: only where some are too many.
      order by case when cardinality(due) > free then array_position(due, event_id) end
      limit free
      for update skip locked
    );
    exit when cardinality(live) = free or cardinality(due) < read;
  end loop;
  if cardinality(failing) = 0 and cardinality(live) = 0 and p_except_shops = '{}' then
    failing := private.lock_failing_events(least(p_limit, 1));
  end if;
  return failing || live;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_event(p_event_id bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform 1 from private.webhook_events where id = p_event_id for update;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_event_of_shop(p_event_id bigint, p_tiktok_shop_id uuid)
 RETURNS private.webhook_events
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_seller_and_shop(p_tiktok_shop_id);
  return private.lock_open_event(p_event_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_failing_events(p_limit integer)
 RETURNS bigint[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return array(
    select event_id
    from private.event_queue
    where status = 'failing' and next_attempt_at <= now()
    order by next_attempt_at
    limit p_limit
    for update skip locked
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_label_spending(p_user_id uuid, p_shop_key uuid, p_day date)
 RETURNS private.label_spending
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  locked private.label_spending;
begin
  insert into private.label_spending as spent (user_id, shop_key, month, day)
  values (p_user_id, p_shop_key, date_trunc('month', p_day)::date, p_day)
  on conflict (user_id, shop_key, month) do update
    set day = greatest(spent.day, excluded.day),
        day_labels = case when spent.day < excluded.day then 0 else spent.day_labels end,
        day_cents = case when spent.day < excluded.day then 0 else spent.day_cents end
  returning * into locked;
  return locked;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_monthly_count(p_user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform 1 from private.monthly_order_counts
  where user_id = p_user_id and month = private.current_month()
  for update;
  if not found then
    insert into private.monthly_order_counts (user_id, month)
    values (p_user_id, private.current_month())
    on conflict (user_id, month) do nothing;
    perform 1 from private.monthly_order_counts
    where user_id = p_user_id and month = private.current_month()
    for update;
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_open_event(p_event_id bigint, p_user_ids uuid[] DEFAULT '{}'::uuid[])
 RETURNS private.webhook_events
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events;
begin
  if p_user_ids <> '{}' then
    perform private.lock_sellers(variadic p_user_ids);
  end if;
  -- Waits while another worker applies the same event, then sees its result.
  select * into event from private.webhook_events where id = p_event_id for update;
  if event.id is null then
    raise exception 'Unknown webhook event %', p_event_id using errcode = 'PT404';
  end if;
  if event.status in ('done', 'ignored') then
    return null;
  end if;
  return event;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_open_events(p_event_ids bigint[])
 RETURNS bigint[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return array(
    select id
    from (
      select id, status from private.webhook_events where id = any (p_event_ids) order by id for update
    ) as locked
    where status not in ('done', 'ignored')
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_order_batch(p_shop public.tiktok_shops, p_items jsonb, OUT open_events bigint[], OUT stored_orders text[])
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  select array_agg(id) filter (where status not in ('done', 'ignored')) into open_events
  from (
    select id, status
    from private.webhook_events
    where id = any (array(select (entry ->> 'event_id')::bigint from jsonb_array_elements(p_items) as entry))
    order by id
    for update
  ) as locked;
  select array_agg(tiktok_order_id) into stored_orders
  from (
    select tiktok_order_id
    from public.orders
    where user_id = p_shop.user_id
      and tiktok_shop_id = p_shop.id
      and tiktok_order_id = any (array(
        select entry #>> '{order,tiktok_order_id}' from jsonb_array_elements(p_items) as entry
      ))
    order by id
    for no key update
  ) as locked;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_order_counts(p_shop public.tiktok_shops)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('orders:' || p_shop.shop_key, 0));
  perform private.lock_monthly_count(p_shop.user_id);
  perform 1 from private.monthly_shop_counts
  where shop_key = p_shop.shop_key and month = private.current_month()
  for update;
  if not found then
    insert into private.monthly_shop_counts (shop_key, month)
    values (p_shop.shop_key, private.current_month())
    on conflict (shop_key, month) do nothing;
    perform 1 from private.monthly_shop_counts
    where shop_key = p_shop.shop_key and month = private.current_month()
    for update;
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_orders(p_user_id uuid, p_order_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_sellers(p_user_id);
  -- Other rows may refer to them meanwhile: no key changes.
  perform 1 from public.orders
  where id = any (p_order_ids) and user_id = p_user_id
  order by id
  for no key update;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_orders_of_purchase(p_purchase_id uuid, p_event_id bigint DEFAULT NULL::bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_sellers((select user_id from private.label_purchases where id = p_purchase_id));
  perform private.lock_event(p_event_id);
  perform private.lock_orders(user_id, order_id || other_order_ids)
  from private.label_purchases
  where id = p_purchase_id;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_parcels(p_order_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform 1 from public.shipments
  where id in (select shipment_id from public.shipment_orders where order_id = p_order_id)
  order by id
  for no key update;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_refused_shops(p_pairs jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  refused text[] := array(
    select shop.shop_id
    from jsonb_to_recordset(p_pairs) as pair (user_id uuid, open_id text)
    join public.tiktok_shops as shop on shop.user_id = pair.user_id and shop.open_id = pair.open_id
    where shop.status_reason = 'token_refused'
  );
begin
  if cardinality(refused) > 0 then
    perform private.lock_tiktok_shops_alone(variadic refused);
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_seller_alone(p_user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- Not the row: shared locks of a row pass those who wait for it alone, so they could wait for ever.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('seller:' || p_user_id, 0));
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_seller_and_shop(p_tiktok_shop_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  named record;
begin
  -- Neither column of a row ever changes.
  select user_id, shop_id into named from public.tiktok_shops where id = p_tiktok_shop_id;
  if found then
    -- As lock_sellers and lock_tiktok_shops, without their calls: every order begins here.
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('seller:' || named.user_id, 0));
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('shop:' || named.shop_id, 0));
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_sellers(VARIADIC p_user_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- Nearly always one, and null takes no lock.
  if cardinality(p_user_ids) = 1 then
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('seller:' || p_user_ids[1], 0));
  elsif cardinality(p_user_ids) > 1 then
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('seller:' || id, 0))
    from (select distinct id from unnest(p_user_ids) as given (id) where id is not null order by id) as seller;
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_shop_of_orders(p_tiktok_shop_id uuid)
 RETURNS public.tiktok_shops
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  shop public.tiktok_shops;
begin
  perform private.lock_seller_and_shop(p_tiktok_shop_id);
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id;
  if shop.id is null then
    raise exception 'Unknown shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  return shop;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_shops(p_user_id uuid, p_open_id text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform 1 from public.tiktok_shops
  where user_id = p_user_id and open_id = p_open_id
  order by id
  for no key update;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_stored_order(p_shop public.tiktok_shops, p_order jsonb)
 RETURNS public.orders
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  stored public.orders;
begin
  select * into stored
  from public.orders
  where user_id = p_shop.user_id
    and tiktok_shop_id = p_shop.id
    and tiktok_order_id = p_order ->> 'tiktok_order_id'
  -- A parcel or a label that changes the order meanwhile would be overwritten.
  for no key update;
  return stored;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_subscription_items(p_items jsonb)
 RETURNS bigint[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  hashes text[] := array(
    select hash.value
    from jsonb_array_elements(p_items) as entry
    cross join jsonb_array_elements_text(entry.value -> 'customer_hashes') as hash
  );
  sellers uuid[] := array(
    select user_id
    from private.stripe_customers
    where stripe_customer_id_hash = any (hashes) and user_id is not null
  );
  open_events bigint[];
begin
  -- The sellers, whose plans change, the events, the customers and their subscriptions: docs/architecture.md.
  perform private.lock_sellers(variadic sellers);
  perform from public.users where id = any (sellers) order by id for no key update;
  open_events := private.lock_open_events(array(
    select event.value::bigint
    from jsonb_array_elements(p_items) as entry
    cross join jsonb_array_elements_text(entry.value -> 'event_ids') as event
  ));
  perform from private.stripe_customers
  where stripe_customer_id_hash = any (hashes)
  order by id
  for update;
  perform from public.subscriptions
  where stripe_subscription_id_hash = any (array(
    select hash.value
    from jsonb_array_elements(p_items) as entry
    cross join jsonb_array_elements_text(entry.value #> '{subscription,stripe_subscription_id_hashes}') as hash
  ))
  order by id
  for no key update;
  return open_events;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_tiktok_shops(VARIADIC p_shop_ids text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if cardinality(p_shop_ids) = 1 then
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('shop:' || p_shop_ids[1], 0));
  elsif cardinality(p_shop_ids) > 1 then
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('shop:' || id, 0))
    from (select distinct id from unnest(p_shop_ids) as given (id) where id is not null order by id) as shop;
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.lock_tiktok_shops_alone(VARIADIC p_shop_ids text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('shop:' || id, 0))
  from (select distinct id from unnest(p_shop_ids) as given (id) order by id) as shop;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.max_refresh_refusals()
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return 12;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.max_reopened_events()
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return 1000;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.max_webhook_attempts()
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return 10;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.max_webhook_crashes()
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return 20;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.merge_order(stored public.orders, p_order jsonb)
 RETURNS public.orders
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  has_address boolean;
begin
  stored.order_status := case
    when private.is_taken_back(stored, p_order ->> 'order_status') then p_order ->> 'order_status'
    else private.next_order_status(stored.order_status, p_order ->> 'order_status')
  end;
  has_address := private.replaces_address(
    p_order ->> 'address_status', stored.address_status, stored.order_status
  );
  -- One statement: an assignment for each column costs a fifth of the update.
  select
    p_order ->> 'tiktok_status',
    private.next_payment_status(stored.payment_status, p_order ->> 'payment_status'),
    -- Fields that TikTok leaves out keep their value: live answers omit what does not apply.
    coalesce(p_order ->> 'currency', stored.currency),
    coalesce((p_order ->> 'total_amount')::numeric, stored.total_amount),
    coalesce((p_order ->> 'shipping_cost')::numeric, stored.shipping_cost),
    coalesce(p_order ->> 'shipping_type', stored.shipping_type),
    coalesce(p_order ->> 'customer_email', stored.customer_email),
    case when has_address then p_order -> 'shipping_address' else stored.shipping_address end,
    case when has_address then p_order ->> 'address_status' else stored.address_status end,
    case
      when jsonb_array_length(p_order -> 'order_items') > 0 then p_order -> 'order_items'
      else stored.order_items
    end,
    coalesce(p_order ->> 'order_kind', stored.order_kind),
    coalesce(p_order ->> 'related_order_id', stored.related_order_id),
    coalesce(p_order ->> 'fulfillment_type', stored.fulfillment_type),
    coalesce(p_order ->> 'warehouse_id', stored.warehouse_id),
    coalesce((p_order ->> 'paid_at')::timestamptz, stored.paid_at),
    coalesce((p_order ->> 'ship_by')::timestamptz, stored.ship_by),
    coalesce(p_order ->> 'cancel_reason', stored.cancel_reason),
    coalesce(p_order ->> 'cancelled_by', stored.cancelled_by),
    case when p_order -> 'amounts' <> '{}' then p_order -> 'amounts' else stored.amounts end,
    coalesce((p_order ->> 'cancelled_amount')::numeric, stored.cancelled_amount),
    coalesce((p_order ->> 'cancelled_in_total')::boolean, stored.cancelled_in_total),
    coalesce((p_order ->> 'tiktok_created_at')::timestamptz, stored.tiktok_created_at),
    (p_order ->> 'tiktok_updated_at')::timestamptz,
    -- These end when TikTok no longer states them.
    p_order ->> 'combine_group_id',
    (p_order ->> 'auto_cancel_at')::timestamptz,
    coalesce(
      (p_order ->> 'cancel_respond_by')::timestamptz,
      -- TikTok states it in another answer, which may be missing.
      case
        when stored.cancel_requested_at = (p_order ->> 'cancel_requested_at')::timestamptz
          then stored.cancel_respond_by
      end
    ),
    (p_order ->> 'cancel_requested_at')::timestamptz,
    p_order ->> 'buyer_note',
    p_order ->> 'seller_note'
  into
    stored.tiktok_status, stored.payment_status, stored.currency, stored.total_amount, stored.shipping_cost,
    stored.shipping_type, stored.customer_email, stored.shipping_address, stored.address_status,
    stored.order_items, stored.order_kind, stored.related_order_id, stored.fulfillment_type,
    stored.warehouse_id, stored.paid_at, stored.ship_by, stored.cancel_reason, stored.cancelled_by,
    stored.amounts, stored.cancelled_amount, stored.cancelled_in_total, stored.tiktok_created_at,
    stored.tiktok_updated_at, stored.combine_group_id, stored.auto_cancel_at, stored.cancel_respond_by,
    stored.cancel_requested_at, stored.buyer_note, stored.seller_note;
  return stored;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.month_end()
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.monthly_order_count(user_uuid uuid)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(
    (
      select orders
      from private.monthly_order_counts
      where user_id = user_uuid and month = private.current_month()
    ),
    0
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.monthly_order_limit(user_uuid uuid)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(
    -- The subscription that get_user_active_subscription names: the live one with the largest plan.
    (
      select max(plans.monthly_order_limit)
      from public.subscriptions as live
      join public.plans on plans.name = live.plan_name
      where live.user_id = user_uuid and live.status in ('active', 'trialing')
    ),
    (select plans.monthly_order_limit from public.plans where plans.name = 'trial')
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.monthly_shop_count(p_shop_key uuid)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(
    (
      select orders
      from private.monthly_shop_counts
      where shop_key = p_shop_key and month = private.current_month()
    ),
    0
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.move_order_without_cancelled_units()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.order_status := private.next_order_status(
    new.order_status, private.order_status_of_shipments(new)
  );
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.move_shipment(p_shipment_id uuid, p_update jsonb)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  before public.shipments;
  newer boolean;
  new_status text;
begin
  -- 1. Lock the orders, then the shipment.
  perform private.lock_orders(orders.user_id, array_agg(orders.id))
  from public.shipment_orders as link
  join public.orders on orders.id = link.order_id
  where link.shipment_id = p_shipment_id
  group by orders.user_id;
  select * into before from public.shipments where id = p_shipment_id for no key update;
  if before.id is null then
    raise exception 'Unknown shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  -- What was scanned before the order existed is another parcel: carriers use their numbers again.
  if (p_update ->> 'scanned_at')::timestamptz < (
    -- EasyPost does not know the time zone of each scan.
    select tiktok_created_at - interval '1 day' from public.orders where id = before.order_id
  ) then
    p_update := '{}';
  elsif before.status = 'voided' and before.provider = 'easypost'
    and private.parcel_rank(p_update ->> 'status') > private.parcel_rank('purchased') then
    perform private.count_used_void(before);
  end if;
  -- 2. Apply the status, other facts only if the update is newer.
  newer := (p_update ->> 'updated_at')::timestamptz is null
    or before.tracking_updated_at is null
    or (p_update ->> 'updated_at')::timestamptz >= before.tracking_updated_at;
  new_status := private.next_parcel_status(before, p_update);
  update public.shipments
  set status = new_status,
      tracking_number = coalesce(tracking_number, p_update ->> 'tracking_number'),
      estimated_delivery = case
        when newer then coalesce((p_update ->> 'estimated_delivery')::date, estimated_delivery)
        else estimated_delivery
      end,
      tracking_updated_at = greatest(tracking_updated_at, (p_update ->> 'updated_at')::timestamptz),
      tracked_at = now()
  where id = p_shipment_id;
  if new_status = before.status then
    return case when newer then 'recorded' else 'stale' end;
  end if;
  -- 3. Move the orders and write their timelines.
  perform private.record_parcel_change(
    p_shipment_id,
    'TRACKING_UPDATED',
    jsonb_build_object(
      'shipment_id', p_shipment_id,
      'shipment_status', jsonb_build_object('from', before.status, 'to', new_status)
    )
  );
  return 'moved';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.move_sync_back()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.orders_synced_until := least(
    new.orders_synced_until - interval '30 days',
    (select min(tiktok_updated_at) from private.held_orders where shop_id = new.shop_id)
  );
  new.returns_synced_until := new.returns_synced_until - interval '30 days';
  new.first_sync_done := false;
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.named_order_ids(p_order_id uuid, p_request jsonb)
 RETURNS uuid[]
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select p_order_id || coalesce(
      array_agg(distinct named.id) filter (where named.id <> p_order_id),
      '{}'
    )
    from (
      select value::uuid as id from jsonb_array_elements_text(coalesce(p_request -> 'order_ids', '[]'))
    ) as named
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.names_in_event(p_body text)
 RETURNS text[]
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return array(
    select quoted
    -- Each text between quotes alone: one pattern for the whole body takes a millisecond for each name.
    from string_to_table(p_body, '"') as quoted
    where case
      -- Most texts are no names, which this finds out for less than the pattern.
      when quoted like 'cus\_%' or quoted like '%@%' or length(quoted) = 36 then
        quoted ~ '^(cus_\w+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[^@\s]+@[^@\s]+)$'
        -- An index takes no longer ones.
        and length(quoted) < 512
    end
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.new_orders_of_batch(p_items jsonb, p_open_events bigint[], p_stored_orders text[], OUT places bigint[], OUT items jsonb[])
 RETURNS record
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  select array_agg(new.place), array_agg(new.item) into places, items
  from (
    -- Further events of an order are updates of it.
    select distinct on (listed.item #>> '{order,tiktok_order_id}') listed.place, listed.item
    from private.order_batch(p_items) with ordinality as listed (place, item, turn)
    where (listed.item ->> 'event_id')::bigint = any (p_open_events)
      and (listed.item #>> '{order,tiktok_order_id}' = any (p_stored_orders)) is not true
    order by listed.item #>> '{order,tiktok_order_id}', listed.turn
  ) as new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.new_part_of_refund(p_order public.orders, p_notice jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select case
      when not p_notice ? 'refund_id' then p_notice
      when not exists (
        select from public.order_events as known
        where known.order_id = p_order.id and known.user_id = p_order.user_id
          and known.changes ->> 'refund_id' = p_notice ->> 'refund_id'
      ) then p_notice
      when added.amount > 0 then p_notice || jsonb_build_object('refund_total', added.amount::text)
      else '{}'
    end
    from (
      select (p_notice ->> 'refund_total')::numeric - coalesce(sum((known.changes ->> 'refund_total')::numeric), 0)
        as amount
      from public.order_events as known
      where known.order_id = p_order.id and known.user_id = p_order.user_id
        and known.changes ->> 'refund_id' = p_notice ->> 'refund_id'
    ) as added
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.next_order_status(stored text, incoming text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if incoming is null or incoming = stored then
    return stored;
  end if;
  return case
    when exists (
      select from private.order_transitions where from_status = stored and to_status = incoming
    ) then incoming
    else stored
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.next_parcel_status(before public.shipments, p_update jsonb)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  incoming text := p_update ->> 'status';
  elapsed interval := (p_update ->> 'updated_at')::timestamptz - before.tracking_updated_at;
begin
  return case
    -- The carrier may try again, so only its latest word about a failure counts.
    when incoming = 'failed' and elapsed < interval '0' then before.status
    when before.status = 'failed' and elapsed > interval '0'
      and incoming in ('in_transit', 'available_for_pickup', 'out_for_delivery') then incoming
    when private.parcel_rank(incoming) > private.parcel_rank(before.status) then incoming
    else before.status
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.next_payment_status(stored text, incoming text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return case
    when incoming is null then stored
    -- A refund stays a refund when the parcel moves on.
    when stored in ('refunded', 'partially_refunded') and incoming in ('pending', 'paid') then stored
    when stored = 'refunded' then stored
    when stored = 'paid' and incoming = 'pending' then stored
    else incoming
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.note_shop_end()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.ended_at := case
    -- A paused shop is still connected: TikTok has deactivated it.
    when new.connection_status not in ('active', 'paused') then coalesce(new.ended_at, now())
  end;
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.notice_of(item jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(nullif(item -> 'notice', 'null'), '{}');
end;
$function$
;
CREATE OR REPLACE FUNCTION private.obstacle_at_shop(p_purchase private.label_purchases)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select case
      when p_purchase.provider <> 'tiktok_shipping' then null
      when private.shop_of_order(orders) is null then 'shop_not_connected'
      when private.shop_of_order(orders) ->> 'paused_seconds' is not null then 'shop_paused'
    end
    from public.orders
    where id = p_purchase.order_id and user_id = p_purchase.user_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.order_batch(p_items jsonb)
 RETURNS TABLE(place bigint, item jsonb)
 LANGUAGE plpgsql
 IMMUTABLE ROWS 50
 SET search_path TO ''
AS $function$
#variable_conflict use_column
begin
  return query
  select listed.place, listed.item
  from jsonb_array_elements(p_items) with ordinality as listed (item, place)
  order by
    private.order_urgency(item #>> '{order,order_status}'),
    item #>> '{order,ship_by}' collate "C" nulls last,
    item #>> '{order,tiktok_created_at}' collate "C" nulls last,
    (item ->> 'event_id')::bigint;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.order_line_item_ids(p_order public.orders)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(array_agg(line.id order by line.id), '{}')
    from jsonb_array_elements(p_order.order_items) as item,
      jsonb_array_elements_text(item -> 'line_item_ids') as line (id)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.order_mapping_version()
 RETURNS smallint
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return 1::smallint;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.order_of_unit(p_purchase private.label_purchases, p_line_item_id text)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(
    (
      select id
      from public.orders
      where user_id = p_purchase.user_id
        and id = any (p_purchase.other_order_ids)
        and p_line_item_id = any (
          private.order_line_item_ids(orders) || private.cancelled_line_item_ids(orders)
        )
    ),
    p_purchase.order_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.order_package_ids(p_order_items jsonb)
 RETURNS text[]
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  packages jsonb := jsonb_path_query_array(p_order_items, '$[*].units[*].package_id ? (@ != null)');
begin
  -- An index calls it for each state of an order: without a query for the ordinary one.
  if jsonb_array_length(packages) = 0 then
    return '{}';
  elsif jsonb_array_length(packages) = 1 then
    return array[packages ->> 0];
  end if;
  return array(select distinct package from jsonb_array_elements_text(packages) as package order by package);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.order_status_of_shipments(p_order public.orders)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.order_to_ship(p_order public.orders)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.order_urgency(p_order_status text)
 RETURNS smallint
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return case
    when p_order_status in ('on_hold', 'awaiting_shipment', 'partially_shipped') then 1
    when p_order_status in ('delivered', 'completed', 'cancelled') then 3
    else 2
  end::smallint;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.orders_in_parcel(p_purchase private.label_purchases)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', orders.id,
          'tiktok_order_id', orders.tiktok_order_id,
          'combine_group_id', orders.combine_group_id,
          'line_item_ids', (
            select coalesce(jsonb_agg(unit.id order by unit.id), '[]')
            from unnest(p_purchase.line_item_ids) as unit (id)
            where private.order_of_unit(p_purchase, unit.id) = orders.id
          ),
          'labelled_elsewhere', (
            select coalesce(jsonb_agg(line_item_id order by line_item_id), '[]')
            from private.labelled_lines
            where order_id = orders.id and user_id = orders.user_id
              and line_item_id = any (p_purchase.line_item_ids) and purchase_id <> p_purchase.id
          ),
          'tracking_numbers', private.order_to_ship(orders) -> 'tracking_numbers'
        )
        order by orders.id <> p_purchase.order_id, orders.tiktok_order_id
      ),
      '[]'
    )
    from public.orders
    where orders.user_id = p_purchase.user_id
      and orders.id = any (p_purchase.order_id || p_purchase.other_order_ids)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.orders_past_retention(p_limit integer)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(array_agg(id), '{}')
    from (
      select id
      from public.orders
      where personal_data_removed_at is null
        and id in (
          (
            select id from public.orders
            where personal_data_removed_at is null
              and final_at is not null
              and final_at <= now() - private.retention('final_order')
            limit p_limit
          )
          union all
          (
            select id from public.orders
            where personal_data_removed_at is null
              and final_at is null
              and created_at <= now() - private.retention('unchanged_order')
              and tiktok_updated_at <= now() - private.retention('unchanged_order')
            limit p_limit
          )
          union all
          (
            select owned.id
            from public.tiktok_shops as shop
            cross join lateral (
              select id from public.orders
              where tiktok_shop_id = shop.id and personal_data_removed_at is null
              limit p_limit
            ) as owned
            where shop.ended_at is not null and shop.ended_at <= now() - private.retention('ended_shop')
            limit p_limit
          )
        )
      order by id
      limit p_limit
      for update skip locked
    ) as due
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.own_dashboard_metrics()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  this_month date := date_trunc('month', now() at time zone 'UTC');
begin
  return (
    select jsonb_build_object(
      'user_id', seller.id,
      'subscription_tier', seller.subscription_tier,
      'total_orders', coalesce(sum(kept.orders), 0),
      'monthly_orders', coalesce(sum(kept.month_orders) filter (where kept.month = this_month), 0),
      'total_revenue', (coalesce(sum(kept.amount), 0) * 0.01)::text,
      'monthly_revenue', (coalesce(sum(kept.month_amount) filter (where kept.month = this_month), 0) * 0.01)::text,
      'revenue', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'currency', kept.currency, 'gross', (kept.gross * 0.01)::text,
            'refunded', (kept.refunded * 0.01)::text, 'orders', kept.paid_orders
          )
          order by kept.currency
        ) filter (where kept.paid_orders > 0),
        '[]'
      ),
      'label_costs', coalesce(
        (
          select jsonb_agg(
            jsonb_build_object('currency', currency, 'cost', (cost * 0.01)::text, 'labels', labels)
            order by currency
          )
          from private.label_totals
          where user_id = seller.id and labels > 0
        ),
        '[]'
      ),
      'connected_shops', (
        select count(*) from public.tiktok_shops as shop where shop.user_id = seller.id and shop.is_active
      ),
      'last_order_date', max(kept.last_order_at)
    )
    from public.users as seller
    left join private.order_totals as kept on kept.user_id = seller.id
    where seller.id = (select auth.uid())
    group by seller.id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.own_held_orders(p_limit integer, p_offset integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return (
    with own as (
      select
        waits.*,
        row_number() over (
          order by waits.urgency, waits.ship_order, waits.age_order, waits.held_at, waits.tiktok_order_id
        ) as place
      from private.waiting_orders as waits
      where waits.user_id = (select auth.uid())
    )
    select jsonb_build_object(
      'total', (select count(*) from own),
      'orders', coalesce(
        (
          select jsonb_agg(
            jsonb_build_object(
              'place', page.place,
              'shop_id', page.shop_id,
              'tiktok_order_id', page.tiktok_order_id,
              'order_status', page.order_status,
              'ship_by', page.ship_by,
              'tiktok_created_at', page.tiktok_created_at,
              'held_at', page.held_at
            )
            order by page.place
          )
          from (select * from own order by place limit p_limit offset p_offset) as page
        ),
        '[]'
      ),
      'month_ends_at', private.month_end()
    )
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.own_number_refusal(p_order public.orders, p_carrier text, p_tracking_number text, p_shipment_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if private.is_carrier_refused(p_order, 'own', p_carrier) then
    return 'carrier_not_accepted';
  end if;
  if private.shop_of_order(p_order) is null then
    return 'shop_not_connected';
  end if;
  -- Two orders that get the same number at once: the second one waits, and sees the first one's.
  perform pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended(p_order.tiktok_shop_id || ':' || p_tracking_number, 0)
  );
  return (
    select 'tracking_number_used'
    from public.shipments as shipment
    join public.orders as other on other.id = shipment.order_id
    where shipment.tracking_number = p_tracking_number
      and other.tiktok_shop_id = p_order.tiktok_shop_id
      and shipment.id is distinct from p_shipment_id
      and shipment.status <> 'voided'
      -- Carriers use their numbers again.
      and shipment.created_at > now() - interval '90 days'
    limit 1
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.own_parcels(p_tracker_id text, p_tracking_number text)
 RETURNS SETOF uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
  select shipment.id
  from public.shipments as shipment
  cross join lateral private.current_own_number(shipment.id) as number
  where shipment.tracking_number = p_tracking_number
    and shipment.provider = 'own'
    and shipment.status <> 'voided'
    and number.tracking_number = p_tracking_number
    and (number.tracker_id = p_tracker_id or number.tracker_id is null)
  order by shipment.order_id;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.own_usage()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'used', private.monthly_order_count(seller.id),
      'limit', private.monthly_order_limit(seller.id),
      'not_counted', coalesce(
        (
          select counted.not_counted
          from private.monthly_order_counts as counted
          where counted.user_id = seller.id and counted.month = private.current_month()
        ),
        0
      ),
      'held', held.orders,
      'held_to_ship', held.to_ship,
      'held_ship_by', held.ship_by,
      'shops', coalesce(
        (
          select jsonb_agg(
            jsonb_build_object('shop_id', shop.shop_id, 'used', private.monthly_shop_count(shop.shop_key))
            order by shop.shop_id
          )
          from public.tiktok_shops as shop
          where shop.user_id = seller.id and shop.connection_status in ('active', 'paused')
        ),
        '[]'
      ),
      'labels', private.label_usage(seller.id),
      'month_ends_at', private.month_end()
    )
    from public.users as seller
    cross join lateral (
      select
        count(*) as orders,
        count(*) filter (where waits.urgency = 1) as to_ship,
        min(waits.ship_by) filter (where waits.urgency = 1) as ship_by
      from private.waiting_orders as waits
      where waits.user_id = seller.id
    ) as held
    where seller.id = (select auth.uid())
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.parcel_rank(p_status text)
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return case p_status
    when 'created' then 0
    when 'purchased' then 1
    when 'in_transit' then 2
    when 'available_for_pickup' then 3
    when 'out_for_delivery' then 4
    when 'failed' then 5
    when 'delivered' then 6
    when 'returned' then 7
    when 'voided' then 8
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.paused_seconds(p_shop public.tiktok_shops)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return case
    when p_shop.probe_at is not null then greatest(60, ceil(extract(epoch from p_shop.probe_at - now())))::integer
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.plain_carrier(p_carrier text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return upper(regexp_replace(p_carrier, '[^A-Za-z0-9]', '', 'g'));
end;
$function$
;
CREATE OR REPLACE FUNCTION private.postpone_found_orders(p_shop_id text, p_is_complete boolean)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update private.event_queue
  set next_attempt_at = now() + case when p_is_complete then interval '0' else interval '10 minutes' end
  where event_id = any (array(
    select event.id
    from private.event_queue as waiting
    join private.webhook_events as event on event.id = waiting.event_id
    where waiting.shop_id = p_shop_id
      and waiting.is_found_order
      and waiting.status not in ('failing', 'held', 'dead')
      and waiting.received_at > now() - interval '10 minutes'
      and waiting.status = 'pending'
      and event.last_error is null
      and (waiting.next_attempt_at > now()) = p_is_complete
    order by event.id
    -- A locked one is being claimed or applied.
    for update of event, waiting skip locked
  ));
end;
$function$
;
CREATE OR REPLACE FUNCTION private.postpone_webhook_event(p_event_id bigint, p_claim integer, p_error text, p_retry_after_seconds integer, p_while_paused boolean DEFAULT false)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events;
  next_attempt timestamptz;
begin
  select * into event from private.webhook_events where id = p_event_id for update;
  if not private.has_claim(p_event_id, p_claim) then
    return null;
  end if;
  next_attempt := now() + case
    -- The shop may be active again since the claim: its waiting events have been made due already.
    when p_while_paused and event.shop_id is not null and not exists (
      select from public.tiktok_shops as shop
      where shop.shop_id = event.shop_id and shop.connection_status = 'paused'
    ) then interval '0'
    else make_interval(secs => p_retry_after_seconds)
  end;
  perform private.requeue_events(
    array[p_event_id],
    'pending',
    next_attempt,
    case
      -- TikTok may deactivate a shop for weeks: what waits for it does not wait for us.
      when p_while_paused then next_attempt
      when event.failing_since is not null then now()
    end
  );
  update private.webhook_events
  set status = 'pending',
      reason = null,
      -- The wait does not use up the seven days of a failing event.
      failing_since = null,
      last_error = left(p_error, 2000)
  where id = p_event_id;
  return 'pending';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.purchase_for_worker(p_purchase private.label_purchases)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return jsonb_build_object(
    'id', p_purchase.id,
    'attempt', p_purchase.attempt,
    'state', p_purchase.state,
    'provider', p_purchase.provider,
    'line_item_ids', to_jsonb(p_purchase.line_item_ids),
    'parcel', p_purchase.parcel,
    'sender', p_purchase.sender,
    'service', p_purchase.service,
    'label_format', p_purchase.label_format,
    'carrier_shipment_id', p_purchase.carrier_shipment_id,
    'carrier_rate_id', p_purchase.carrier_rate_id,
    'quoted_cost', p_purchase.quoted_cost::text,
    'currency', p_purchase.currency,
    'tiktok_package_id', (
      select tiktok_package_id from public.shipments where id = p_purchase.id and user_id = p_purchase.user_id
    ),
    'refused_carriers', (
      select private.refused_carriers(orders, p_purchase.provider)
      from public.orders
      where id = p_purchase.order_id and user_id = p_purchase.user_id
    ),
    'order', (
      select private.order_to_ship(orders) from public.orders
      where id = p_purchase.order_id and user_id = p_purchase.user_id
    ),
    'orders', private.orders_in_parcel(p_purchase)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.purge_auth_log(p_limit integer DEFAULT 100000)
 RETURNS bigint
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  with purged as (
    delete from auth.audit_log_entries
    where id = any (array(
      select entry.id
      from auth.audit_log_entries as entry
      cross join lateral (
        values (
          -- The zero is Auth's own administrator.
          nullif(entry.payload ->> 'actor_id', '00000000-0000-0000-0000-000000000000'),
          nullif(entry.payload #>> '{traits,user_id}', '00000000-0000-0000-0000-000000000000')
        )
      ) as named (actor_id, account_id)
      -- Joins, so that the accounts are read once, not for each entry.
      left join auth.users as actor on actor.id::text = named.actor_id
      left join auth.users as account on account.id::text = named.account_id
      where entry.created_at < now() - interval '90 days'
        or (named.actor_id is not null and actor.id is null)
        or (named.account_id is not null and account.id is null)
      -- A locked one waits for the next run: docs/architecture.md.
      limit p_limit
      for update of entry skip locked
    ))
    returning 1
  )
  select count(*) from purged;
$function$
;
CREATE OR REPLACE FUNCTION private.purge_old_rows(p_limit integer DEFAULT 100000)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  purged jsonb := '{}';
  rows_deleted bigint;
begin
  -- A locked row waits for the next run: docs/architecture.md.
  -- 1. Settled events: senders repeat a delivery for hours, not for weeks.
  delete from private.webhook_events
  where id = any (array(
    select id from private.webhook_events
    -- Received before it was settled: the index has no other time.
    where source in ('tiktok', 'stripe', 'easypost', 'creatorflow') and received_at < now() - interval '30 days'
      and status in ('done', 'ignored') and settled_at < now() - interval '30 days'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('settled_events', rows_deleted);

  -- 2. Dead events.
  delete from private.webhook_events
  where id = any (array(
    select id from private.webhook_events
    where id in (select event_id from private.event_queue where event_queue.status = 'dead')
      and status = 'dead' and settled_at < now() - interval '90 days'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('dead_events', rows_deleted);

  -- Their ids stay for longer, so a replayed delivery is not new.
  delete from private.deleted_event_ids
  where ctid = any (array(
    select ctid from private.deleted_event_ids
    where deleted_at < now() - interval '13 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('deleted_event_ids', rows_deleted);

  -- 3. Held orders that no event can store any more.
  delete from private.held_orders
  where ctid = any (array(
    select held.ctid from private.held_orders as held
    where held_at < now() - interval '30 days'
      and not exists (
        select from private.webhook_events as event
        where event.shop_id = held.shop_id
          and event.object_id = held.tiktok_order_id
          and event.status not in ('done', 'ignored', 'dead')
      )
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('held_orders', rows_deleted);

  -- Counters that outlived their account, and the shops that they were for.
  delete from private.monthly_shop_counts
  where ctid = any (array(
    select ctid from private.monthly_shop_counts
    where month < private.current_month() - interval '3 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('monthly_shop_counts', rows_deleted);

  delete from private.label_spending
  where id = any (array(
    select id from private.label_spending
    where month < private.current_month() - interval '3 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('label_spending', rows_deleted);

  delete from private.unassigned_invoices
  where id = any (array(
    select id from private.unassigned_invoices
    where reported_at < now() - interval '6 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('unassigned_invoices', rows_deleted);

  delete from private.shop_identities
  where shop_id_hash = any (array(
    select shop_id_hash from private.shop_identities as identity
    where not exists (select from public.tiktok_shops as shop where shop.shop_key = identity.shop_key)
      and not exists (select from private.monthly_shop_counts as counted where counted.shop_key = identity.shop_key)
      and not exists (select from private.label_spending as spent where spent.shop_key = identity.shop_key)
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('shop_identities', rows_deleted);

  -- 4. States and rates: kept for a day after they expire, so a late request gets the right error.
  delete from private.tiktok_authorizations
  where state_hash = any (array(
    select state_hash from private.tiktok_authorizations
    where expires_at < now() - interval '1 day'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('tiktok_authorizations', rows_deleted);

  delete from private.label_rates
  where id = any (array(
    select id from private.label_rates
    where expires_at < now() - interval '1 day'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('label_rates', rows_deleted);

  -- 5. Events of accounts after 13 months, a year and the month to compare it with; ended windows of limits.
  delete from public.analytics_events
  where id = any (array(
    select id from public.analytics_events
    where timestamp < now() - interval '13 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('analytics_events', rows_deleted);

  delete from private.request_counts
  where ctid = any (array(
    select ctid from private.request_counts
    where window_start < now() - interval '2 days'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('request_counts', rows_deleted);

  -- 6. Logs and job history.
  delete from public.system_logs
  where id = any (array(
    select id from public.system_logs
    where created_at < now() - interval '90 days'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('system_logs', rows_deleted);

  purged := purged || jsonb_build_object('auth_log', private.purge_auth_log(p_limit));

  if to_regclass('cron.job_run_details') is not null then
    execute 'delete from cron.job_run_details where end_time < now() - interval ''7 days''';
    get diagnostics rows_deleted = row_count;
    purged := purged || jsonb_build_object('job_run_details', rows_deleted);
  end if;

  insert into public.system_logs (event_type, details) values ('purged', purged);
  return purged;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.put_own_number(p_shipment_id uuid, p_carrier text, p_tracking_number text, p_accepted_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- Another number is another parcel at the carrier: what the carrier said of the earlier one does not count.
  update public.shipments
  set carrier = p_carrier,
      tracking_number = p_tracking_number,
      status = 'purchased',
      estimated_delivery = null,
      tracking_updated_at = null,
      tracked_at = now(),
      tiktok_notified_at = p_accepted_at,
      tiktok_warning = null,
      tiktok_error = null,
      tiktok_error_code = null
  where id = p_shipment_id;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.queue_new_events()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.event_queue (event_id, received_at, open_since, claims, is_found_order, status, shop_id)
  select id, received_at, received_at, claims, event_type = 'ORDER_FOUND', status, coalesce(shop_id, '')
  from stored
  where status not in ('done', 'ignored');
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.rate_refusal(p_rate private.label_rates, p_request jsonb)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return case
    when p_rate.id is null then 'rate_not_found'
    when p_rate.expires_at <= now() then 'rate_expired'
    when p_rate.parcel <> p_request -> 'parcel' then 'rate_of_another_parcel'
    when p_request ->> 'provider' <> p_rate.provider then 'rate_of_another_provider'
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.read_order_again(p_event private.webhook_events, p_order_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.requeue_events(array[p_event.id], 'pending', now());
  update private.webhook_events
  set status = 'pending', reason = null, settled_at = null
  where id = p_event.id;
  return jsonb_build_object('outcome', 'reread', 'order_id', p_order_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.record_label_bought()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into public.analytics_events (user_id, event_type, properties)
  values (new.user_id, 'label_bought', jsonb_build_object('order_id', new.order_id, 'shipment_id', new.id));
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.record_order_received()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into public.analytics_events (user_id, event_type, properties)
  select user_id, 'order_received', jsonb_build_object('order_id', id) from inserted;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.record_parcel_change(p_shipment_id uuid, p_event_type text, p_changes jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.record_shipment_change(order_id, p_event_type, p_changes)
  from (
    select order_id from public.shipment_orders where shipment_id = p_shipment_id order by order_id
  ) as link;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.record_personal_data_read(p_reader text, p_what text, p_object_ids text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.personal_data_reads (reader, what, object_ids)
  values (left(coalesce(nullif(p_reader, ''), session_user), 200), p_what, p_object_ids);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.record_plan_changed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into public.analytics_events (user_id, event_type, properties)
  values (
    new.user_id,
    'plan_changed',
    jsonb_build_object('plan_name', new.plan_name, 'status', new.status)
  );
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.record_shipment_change(p_order_id uuid, p_event_type text, p_changes jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.record_source_state(p_source text, p_state text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.source_health as known (source, state, last_received_at)
  values (
    p_source,
    p_state,
    (select max(received_at) from private.webhook_events where source = p_source)
  )
  on conflict (source) do update
    set state = excluded.state,
        since = case when known.state = excluded.state then known.since else now() end,
        checked_at = now(),
        last_received_at = coalesce(excluded.last_received_at, known.last_received_at);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.reduce_settled_event()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if new.status in ('done', 'ignored')
    and (new.source in ('stripe', 'easypost') or new.reason = 'event_type_not_handled')
  then
    new.body := private.event_without_person(new.source, new.body);
  end if;
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.reduce_stripe_events(p_name text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform from private.webhook_events
  where source = 'stripe' and private.names_in_event(body) && array[p_name]
  order by id
  for update;
  update private.webhook_events
  set body = private.event_without_person(source, body)
  where source = 'stripe' and private.names_in_event(body) && array[p_name];
end;
$function$
;
CREATE OR REPLACE FUNCTION private.refresh_user_plan(p_user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.users as seller
  set subscription_status = copied.status,
      subscription_tier = copied.tier
  from (select) as nothing
  left join lateral (
    select subscription.status, subscription.plan_name
    from public.subscriptions as subscription
    join public.plans on plans.name = subscription.plan_name
    where subscription.user_id = p_user_id
    order by
      subscription.status in ('active', 'trialing') desc,
      subscription.status in ('canceled', 'incomplete_expired'),
      plans.monthly_order_limit desc,
      subscription.created_at desc
    limit 1
  ) as shown on true
  cross join lateral (
    select
      coalesce(shown.status, 'trial') as status,
      case
        when shown.status is null or shown.status in ('canceled', 'incomplete_expired') then 'starter'
        else shown.plan_name
      end as tier
  ) as copied
  where seller.id = p_user_id
    and (seller.subscription_status, seller.subscription_tier) is distinct from (copied.status, copied.tier);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.refund_in_currency(p_order public.orders, p_notice jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  if p_notice ->> 'refund_currency' = p_order.currency then
    return p_notice - 'refund_currency';
  end if;
  return p_notice - array['refund_currency', 'refund_total'] || jsonb_build_object(
    'refund_foreign',
    jsonb_build_object('amount', p_notice ->> 'refund_total', 'currency', p_notice ->> 'refund_currency')
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.refunded_amount(p_order public.orders)
 RETURNS numeric
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return case
    when p_order.payment_status = 'refunded' then p_order.total_amount
    when p_order.payment_status not in ('paid', 'partially_refunded') then 0.00
    -- The buyer never gets back more than the order cost.
    else least(
      p_order.total_amount,
      -- Cancelled units are paid back, whether TikTok reports it or not.
      greatest(coalesce(p_order.refunded_amount, 0.00), p_order.cancelled_amount)
        - case when p_order.cancelled_in_total then 0.00 else p_order.cancelled_amount end
    )
  end;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.refuse_own_number(p_purchase private.label_purchases, p_attempt integer, p_answer jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  kept private.own_tracking_numbers;
begin
  update private.own_tracking_numbers
  set refusal = p_answer ->> 'code'
  where shipment_id = p_purchase.id and attempt = p_attempt;
  -- A correction was refused: TikTok keeps the number that it accepted before.
  kept := private.current_own_number(p_purchase.id);
  if kept.accepted_at is not null then
    perform private.put_own_number(p_purchase.id, kept.carrier, kept.tracking_number, kept.accepted_at);
    perform private.enqueue_label_task('CHECK_TRACKING', p_purchase, 'own:kept:' || p_attempt);
  else
    update private.label_purchases set state = 'void_requested', checked_at = now() where id = p_purchase.id;
    update private.label_purchases
    set state = 'voided', reason = p_answer ->> 'code'
    where id = p_purchase.id;
    update public.shipments set status = 'voided' where id = p_purchase.id;
    perform private.free_lines_of_purchase(p_purchase);
  end if;
  update public.shipments
  set tiktok_error = p_answer ->> 'error', tiktok_error_code = p_answer ->> 'code'
  where id = p_purchase.id;
  perform private.record_parcel_change(
    p_purchase.id,
    'TRACKING_REFUSED',
    jsonb_build_object('shipment_id', p_purchase.id, 'code', p_answer ->> 'code')
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.refused_carriers(p_order public.orders, p_provider text)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.remove_personal_data(p_limit integer DEFAULT 2000)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  due uuid[] := private.orders_past_retention(p_limit);
  cleaned jsonb := jsonb_build_object('orders', cardinality(due));
  rows_cleaned integer;
begin
  -- A locked row waits for the next run: docs/architecture.md.
  -- 1. Orders, with their labels and purchases.
  perform private.clean_orders(due);

  -- 2. Senders of shops whose connection ended.
  delete from private.senders
  where tiktok_shop_id = any (array(
    select sender.tiktok_shop_id
    from private.senders as sender
    join public.tiktok_shops as shop on shop.id = sender.tiktok_shop_id
    where shop.ended_at is not null and shop.ended_at <= now() - private.retention('ended_shop')
    for update of sender skip locked
  ));
  get diagnostics rows_cleaned = row_count;
  cleaned := cleaned || jsonb_build_object('senders', rows_cleaned);

  -- 3. Senders in batches.
  update private.label_batch_items as item
  set request = item.request - 'sender'
  where item.ctid = any (array(
    select old_item.ctid
    from private.label_batch_items as old_item
    join private.label_batches as batch on batch.id = old_item.batch_id
    where old_item.request ? 'sender'
      and old_item.state <> 'waiting'
      and batch.created_at <= now() - private.retention('final_order')
    limit p_limit
    for update of old_item skip locked
  ));
  get diagnostics rows_cleaned = row_count;
  cleaned := cleaned || jsonb_build_object('batch_items', rows_cleaned);

  -- 4. Dead events; the others lose theirs as soon as they are processed.
  update private.webhook_events
  set body = private.event_without_person(source, body)
  where id = any (array(
    select id
    from private.webhook_events
    where id in (select event_id from private.event_queue where event_queue.status = 'dead')
      and status = 'dead'
      and source in ('stripe', 'easypost')
      and settled_at <= now() - private.retention('dead_event')
      and body is distinct from private.event_without_person(source, body)
    for update skip locked
  ));
  get diagnostics rows_cleaned = row_count;
  cleaned := cleaned || jsonb_build_object('events', rows_cleaned);

  -- 5. The log of reads, and an entry about this run.
  delete from private.personal_data_reads
  where id = any (array(
    select id from private.personal_data_reads where read_at <= now() - private.retention('read_log')
    for update skip locked
  ));
  if cleaned <> '{"orders": 0, "senders": 0, "batch_items": 0, "events": 0}' then
    insert into public.system_logs (event_type, details) values ('personal_data_removed', cleaned);
  end if;
  return cleaned;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.reopen_events_of_shop(p_shop_id text, p_after bigint DEFAULT 0)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  connected public.tiktok_shops;
  page bigint[];
  last_id bigint;
begin
  select * into connected
  from public.tiktok_shops
  where shop_id = p_shop_id and connection_status in ('active', 'paused');
  page := array(
    select id
    from private.webhook_events as event
    where source in ('tiktok', 'creatorflow')
      and shop_id = p_shop_id
      and id > p_after
      and case status
        when 'failing' then true
        -- Its order found no place in another account, and is stored in this one.
        when 'held' then exists (
          select from public.orders
          where orders.user_id = connected.user_id
            and orders.tiktok_shop_id = connected.id
            and orders.tiktok_order_id = event.object_id
        )
        when 'ignored' then reason in ('shop_not_connected', 'shop_of_another_account')
        when 'pending' then attempts > 0 or exists (
          select from private.event_queue as queued where queued.event_id = event.id and queued.next_attempt_at > now()
        )
        else false
      end
    -- As a sum: Postgres would look for them in the whole inbox, in the order of its primary key.
    order by id + 0
    limit private.max_reopened_events()
    for update skip locked
  );
  last_id := page[private.max_reopened_events()];
  perform private.reopen_webhook_events(page);
  if last_id is not null then
    perform private.enqueue_task(
      'REOPEN_EVENTS', concat_ws(':', p_shop_id, last_id, extract(epoch from now())), p_shop_id, null,
      jsonb_build_object('after', last_id)::text
    );
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.reopen_webhook_events(p_event_ids bigint[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if cardinality(p_event_ids) = 0 then
    return;
  end if;
  -- A worker may have claimed one since: it keeps its claim, and what it has read.
  p_event_ids := array(select unnest(p_event_ids) except all select unnest(private.lock_claims(p_event_ids)));
  perform private.requeue_events(p_event_ids, 'pending', now(), now());
  update private.webhook_events
  set status = 'pending',
      reason = null,
      settled_at = null,
      attempts = 0,
      crashes = 0,
      failing_since = null
  where id = any (p_event_ids);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.replaces_address(incoming text, stored text, order_status text)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return incoming = 'readable'
    or stored = 'none'
    or (incoming = 'masked' and (stored = 'masked' or order_status in ('completed', 'cancelled')));
end;
$function$
;
CREATE OR REPLACE FUNCTION private.report_label_spending(p_spent private.label_spending, p_limit private.label_limits)
 RETURNS text[]
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  with near as (
    select period, began, labels, label_limit, cents, cents_limit
    from (
      values
        ('day', p_spent.day, p_spent.day_labels, p_limit.daily_label_limit, p_spent.day_cents, p_limit.daily_label_cents),
        ('month', p_spent.month, p_spent.labels, p_limit.monthly_label_limit, p_spent.cents, p_limit.monthly_label_cents)
    ) as figures (period, began, labels, label_limit, cents, cents_limit)
    where labels >= 0.8 * label_limit or cents >= 0.8 * cents_limit
  ), logged as (
    insert into public.system_logs (event_type, details)
    select 'label_limit_near', to_jsonb(near)
    from near
    where not exists (
      select from public.system_logs
      where event_type = 'label_limit_near'
        -- The log has no index of its types: only the period is read.
        and created_at >= near.began::timestamp at time zone 'UTC'
        and details ->> 'period' = near.period
        and details ->> 'began' = near.began::text
    )
    returning details ->> 'period' as period
  )
  select coalesce(array_agg(period order by period), '{}') from logged;
$function$
;
CREATE OR REPLACE FUNCTION private.request_header(p_name text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return nullif(current_setting('request.headers', true), '')::json ->> p_name;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.requeue_events(p_event_ids bigint[], p_status text, p_next_attempt_at timestamp with time zone, p_open_since timestamp with time zone DEFAULT NULL::timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update private.event_queue
  set status = p_status,
      next_attempt_at = p_next_attempt_at,
      open_since = coalesce(p_open_since, open_since)
  where event_id = any (p_event_ids);
end;
$function$
;
CREATE OR REPLACE FUNCTION private.require_seller(p_user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if not exists (select from public.users where id = p_user_id) then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.reread_removed_orders()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.enqueue_tasks(
    'ORDER_FOUND',
    coalesce(
      jsonb_agg(jsonb_build_object(
        'occasion', concat_ws(
          ':', new.id, extract(epoch from new.connected_at), tiktok_order_id, extract(epoch from personal_data_removed_at)
        ),
        'shop_id', new.shop_id,
        'object_id', tiktok_order_id
      )),
      '[]'
    )
  )
  from public.orders
  where tiktok_shop_id = new.id and personal_data_removed_at is not null and final_at is null;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.reserve_label_cost(p_user_id uuid, p_shop_key uuid, p_cents bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  today date := private.current_day();
  allowed private.label_limits := private.label_limit_of(p_user_id);
  platform private.label_limits;
  of_seller private.label_spending;
  of_shop private.label_spending;
  of_platform private.label_spending;
begin
  -- 1. Lock the totals, and check each.
  of_seller := private.lock_label_spending(p_user_id, null, today);
  of_shop := private.lock_label_spending(null, p_shop_key, today);
  if not private.has_label_room(of_seller, allowed, p_cents)
    or not private.has_label_room(of_shop, allowed, p_cents) then
    return '{"refusal": "label_limit"}';
  end if;
  select * into platform from private.label_limits where user_id is null;
  of_platform := private.lock_label_spending(null, null, today);
  if not coalesce(private.has_label_room(of_platform, platform, p_cents), false) then
    return '{"refusal": "funds_missing"}';
  end if;
  -- 2. Reserve the price.
  perform private.add_label_cost(p_user_id, p_shop_key, today, 1, p_cents);
  of_platform := private.lock_label_spending(null, null, today);
  return jsonb_build_object(
    'refusal', null, 'near', to_jsonb(private.report_label_spending(of_platform, platform))
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.reserve_purchase_cost(p_purchase private.label_purchases, p_choice jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.restart_label_purchase(p_purchase private.label_purchases, p_order public.orders, p_provider text, p_line_item_ids text[], p_other_order_ids uuid[])
 RETURNS private.label_purchases
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.retention(p_name text)
 RETURNS interval
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select make_interval(days => days) from private.retention_periods where name = p_name
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.return_unstarted_event(p_event_id bigint, p_claim integer)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  status_before text;
begin
  -- A claim does not write the inbox.
  select status into status_before from private.webhook_events where id = p_event_id for update;
  if not private.has_claim(p_event_id, p_claim) then
    return null;
  end if;
  perform private.requeue_events(array[p_event_id], status_before, now());
  return status_before;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.schema_version()
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  newest text;
begin
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    execute 'select max(version) from supabase_migrations.schema_migrations' into newest;
  end if;
  return newest;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.seller_of_label_task(p_source text, p_object_id text)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  subject uuid;
begin
  if p_source <> 'creatorflow' or p_object_id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:[0-9]+)?$' then
    return null;
  end if;
  subject := split_part(p_object_id, ':', 1);
  return coalesce(
    (select user_id from private.label_purchases where id = subject),
    (select user_id from private.label_batches where id = subject)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.seller_of_shipment(p_shipment_id uuid)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select orders.user_id
    from public.shipments as shipment
    join public.orders on orders.id = shipment.order_id
    where shipment.id = p_shipment_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.server_figures()
 RETURNS TABLE(metric text, subject text, value numeric)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  oldest_id bigint := (select max(age(datfrozenxid)) from pg_catalog.pg_database);
begin
  return query
  select 'active_connections', '', count(*)::numeric from pg_catalog.pg_stat_activity where state = 'active'
  union all
  -- Superusers have some of them for themselves.
  select 'connections_percent', '', round(
    100.0 * count(*) / (current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer), 1
  )
  from pg_catalog.pg_stat_activity
  where backend_type = 'client backend'
  union all
  select 'longest_transaction_seconds', '', coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)
  from pg_catalog.pg_stat_activity
  where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
  union all
  select 'database_size_mb', '', pg_database_size(current_database()) / 1024 / 1024
  union all
  select 'orders_last_hour', '', count(*) from public.orders where created_at > now() - interval '1 hour'
  union all
  select 'dashboard_corrections', '', count(*) from public.system_logs
  where event_type = 'dashboard_figures_corrected' and created_at > now() - interval '1 day'
  union all
  select 'cache_hit_percent', '', private.cache_hit_percent(blks_hit, blks_read)
  from pg_catalog.pg_stat_database where datname = current_database()
  union all
  select 'xid_age_percent', '', round(100.0 * oldest_id / 2147483648, 1)
  union all
  -- Each purge writes a row: its transaction id, and its time, give the rate.
  select 'wraparound_days', '', private.wraparound_days(
    oldest_id, age(purged.xmin), extract(epoch from now() - purged.created_at)
  )
  from (select) as always
  left join lateral (
    select log.xmin, log.created_at from public.system_logs as log
    where log.event_type = 'purged'
      and log.created_at between now() - interval '8 days' and now() - interval '1 hour'
    order by log.created_at
    limit 1
  ) as purged on true;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.set_back_event(p_event private.webhook_events, p_exhausted boolean, p_reason text, p_wait interval, p_retry_after interval DEFAULT '00:00:00'::interval)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  new_status text := case
    when p_event.failing_since <= now() - private.failing_interval() then 'dead'
    when p_exhausted or p_event.failing_since is not null then 'failing'
    else 'pending'
  end;
begin
  perform private.requeue_events(
    array[p_event.id],
    new_status,
    -- Spread, so failing events of one outage do not come due in one second.
    now() + greatest(
      case when new_status = 'failing' then interval '1 hour' * (0.8 + random() / 5) else p_wait end,
      p_retry_after
    )
  );
  update private.webhook_events
  set status = new_status,
      attempts = p_event.attempts,
      crashes = p_event.crashes,
      last_error = p_event.last_error,
      reason = case when new_status <> 'pending' then p_reason end,
      failing_since = case when new_status <> 'pending' then coalesce(failing_since, now()) end,
      settled_at = case when new_status = 'dead' then now() end
  where id = p_event.id;
  return new_status;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.set_back_lost_events(p_limit integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events;
begin
  for event in
    select lost.*
    from (
      select event_id
      from private.event_queue
      where status = 'processing' and next_attempt_at <= now()
      order by next_attempt_at
      limit p_limit
    ) as entry
    join private.event_queue as queued on queued.event_id = entry.event_id
    join private.webhook_events as lost on lost.id = entry.event_id
    where queued.status = 'processing' and queued.next_attempt_at <= now()
    order by queued.next_attempt_at
    -- A late worker that is applying its event has locked it: it is not lost.
    for update of lost, queued skip locked
  loop
    event.crashes := event.crashes + 1;
    perform private.set_back_event(
      event,
      event.crashes >= private.max_webhook_crashes(),
      'workers_lost',
      case when event.crashes > 3 then private.backoff(event.crashes - 3, 3600) else interval '0' end
    );
  end loop;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.set_owner_of_order()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  select user_id into new.user_id from public.orders where id = new.order_id;
  if new.user_id is null and new.order_id is not null then
    raise exception 'Unknown order %', new.order_id using errcode = 'foreign_key_violation';
  end if;
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.settle_event(p_event_id bigint, p_status text DEFAULT 'done'::text, p_reason text DEFAULT NULL::text, p_object_id text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update private.webhook_events
  set status = p_status,
      reason = p_reason,
      object_id = coalesce(p_object_id, object_id),
      settled_at = now()
  where id = p_event_id;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.settle_events(p_event_ids bigint[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  with unqueued as (
    -- From the queue at once, in place of the trigger.
    delete from private.event_queue where event_id = any (p_event_ids)
    returning event_id, claims
  )
  update private.webhook_events as event
  set status = 'done', reason = null, settled_at = now(), claims = unqueued.claims
  from unqueued
  where event.id = unqueued.event_id;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.settle_ingested(event private.webhook_events, before public.orders, after public.orders, p_order jsonb, p_notice jsonb, p_is_stale boolean)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  changes jsonb;
begin
  -- 1. Write the timeline; the facts of a replayed event are already in it.
  if p_notice <> '{}' and exists (
    select from public.order_events
    where order_id = after.id and user_id = after.user_id and webhook_event_id = event.id
  ) then
    p_notice := '{}';
  end if;
  if p_notice ? 'refund_currency' then
    p_notice := private.refund_in_currency(after, p_notice);
  end if;
  if p_notice ? 'refund_id' then
    p_notice := private.new_part_of_refund(after, p_notice);
  end if;
  if p_notice ? 'refund_total' then
    after := private.apply_refund(after, p_notice);
  end if;
  changes := p_notice || case
    when before.id is null then private.describe_new_order(after)
    else private.describe_changes(before, after, case when p_is_stale then '{}' else p_order end)
  end;
  if changes <> '{}' then
    insert into public.order_events (
      order_id, user_id, event_type, webhook_event_id, changes, happened_at
    )
    values (
      after.id, after.user_id, event.event_type, event.id, changes,
      -- TikTok's clock may be ahead of ours: no entry lies in the future.
      case when p_notice = '{}' then least(after.tiktok_updated_at, now()) else event.received_at end
    );
  end if;
  -- 2. Settle the event, unless ingest_counted_last did.
  if event.status <> 'done' then
    update private.webhook_events
    set status = 'done', reason = null, object_id = after.tiktok_order_id, settled_at = now()
    where id = event.id;
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.settle_label_cost(p_purchase private.label_purchases, p_label jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.settle_locked_event(p_event private.webhook_events, p_result jsonb, p_status text DEFAULT 'done'::text, p_reason text DEFAULT NULL::text, p_object_id text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if p_event.id is null then
    return p_result || jsonb_build_object('outcome', 'settled');
  end if;
  perform private.settle_event(p_event.id, p_status, p_reason, p_object_id);
  return p_result;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.settle_others_of_orders(p_shop_id text, p_tiktok_order_ids text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  order_id text;
begin
  -- Seldom there are any: this costs half of a loop that finds none.
  if not exists (
    select from private.webhook_events
    where shop_id = p_shop_id
      and object_id = any (p_tiktok_order_ids)
      and status in ('held', 'failing', 'dead')
  ) and not exists (
    select from private.held_orders
    where shop_id = p_shop_id and tiktok_order_id = any (p_tiktok_order_ids)
  ) then
    return;
  end if;
  for order_id in
    select object_id
    from private.webhook_events
    where shop_id = p_shop_id
      and object_id = any (p_tiktok_order_ids)
      and status in ('held', 'failing', 'dead')
    union
    select tiktok_order_id
    from private.held_orders
    where shop_id = p_shop_id and tiktok_order_id = any (p_tiktok_order_ids)
    order by 1
  loop
    perform private.end_hold(p_shop_id, order_id);
    perform private.settle_reads_of_order(p_shop_id, order_id);
  end loop;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.settle_reads_of_order(p_shop_id text, p_tiktok_order_id text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  locked bigint[];
begin
  -- Seldom there are any: this costs half of a query that locks.
  if not exists (
    select from private.webhook_events
    where shop_id = p_shop_id and object_id = p_tiktok_order_id and status in ('failing', 'dead')
  ) then
    return;
  end if;
  locked := array(
    select id
    from private.webhook_events
    where shop_id = p_shop_id
      and object_id = p_tiktok_order_id
      and status in ('failing', 'dead')
      -- Other topics also have facts for the timeline.
      and event_type in (
        'ORDER_STATUS_CHANGE', 'RECIPIENT_ADDRESS_UPDATE', 'PACKAGE_UPDATE', 'ORDER_FOUND', 'ORDER_REREAD'
      )
      -- One that is being processed is left to its worker.
      and not exists (
        select from private.event_queue as queued
        where queued.event_id = webhook_events.id and queued.status = 'processing'
      )
    order by id
    for update skip locked
  );
  if cardinality(locked) > 0 then
    update private.webhook_events
    set status = 'ignored', reason = 'order_read_later', settled_at = now()
    where id = any (locked);
  end if;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.settle_void_cost(p_purchase private.label_purchases)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.share_order_counts(p_shop public.tiktok_shops)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('orders:' || p_shop.shop_key, 0));
end;
$function$
;
CREATE OR REPLACE FUNCTION private.shipment_view(p_purchase private.label_purchases)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'id', p_purchase.id,
      'order_id', p_purchase.order_id,
      'order_ids', to_jsonb(p_purchase.order_id || p_purchase.other_order_ids),
      'state', p_purchase.state,
      'reason', case
        when p_purchase.state = 'void_requested'
          then coalesce(private.obstacle_at_shop(p_purchase), p_purchase.reason)
        else p_purchase.reason
      end,
      'provider', p_purchase.provider,
      'carrier', shipment.carrier,
      'service_type', shipment.service_type,
      'tracking_number', shipment.tracking_number,
      'label_url', shipment.label_url,
      'label_expires_at', shipment.label_expires_at,
      'label_format', coalesce(shipment.label_format, p_purchase.label_format),
      'shipping_cost', shipment.shipping_cost::text,
      'quoted_cost', p_purchase.quoted_cost::text,
      'currency', coalesce(shipment.currency, p_purchase.currency),
      'line_item_ids', to_jsonb(p_purchase.line_item_ids),
      'estimated_delivery', shipment.estimated_delivery,
      'status', shipment.status,
      'tiktok_notified_at', shipment.tiktok_notified_at,
      'tiktok_warning', shipment.tiktok_warning,
      'tiktok_error', shipment.tiktok_error,
      'tiktok_error_code', shipment.tiktok_error_code,
      'advice', shipment.advice,
      'advice_reason', shipment.advice_reason,
      'advised_at', shipment.advised_at,
      'created_at', p_purchase.created_at,
      'updated_at', coalesce(shipment.updated_at, p_purchase.state_since)
    )
    from (select) as nothing
    left join public.shipments as shipment on shipment.id = p_purchase.id and shipment.user_id = p_purchase.user_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.shipments_of_order(p_order public.orders)
 RETURNS SETOF public.shipments
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
  select shipment.*
  from public.shipment_orders as link
  join public.shipments as shipment on shipment.id = link.shipment_id and shipment.user_id = link.user_id
  where link.order_id = p_order.id and link.user_id = p_order.user_id;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.shop_of_order(p_order public.orders)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.shops_in_turn(p_after text, p_limit integer)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return array(
    with recursive turn (shop, place) as (
      select p_after, 0
      union all
      select next.shop, turn.place + 1
      from turn
      cross join lateral (
        select shop_id as shop
        from private.event_queue
        where status = 'pending' and shop_id > turn.shop
        order by shop_id, next_attempt_at, event_id
        limit 1
      ) as next
      where turn.place < p_limit
    )
    select shop from turn where place > 0
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.silence_rest_errors(p_verbosity text DEFAULT current_setting('log_error_verbosity'::text))
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if p_verbosity = 'terse' then
    return false;
  end if;
  -- On Supabase the verbosity is the platform's, and this setting ours. The functions log the code of each error.
  alter role authenticator set log_min_messages = 'fatal';
  return true;
exception
  when insufficient_privilege then
    raise warning 'The log of Postgres may quote rows: set log_error_verbosity to terse (docs/privacy.md)';
    return false;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.source_figures()
 RETURNS TABLE(metric text, subject text, value numeric)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
  with sources as materialized (
    select
      known.name,
      coalesce(
        (
          select max(event.received_at) from private.webhook_events as event
          where event.source = known.name
        ),
        (select health.last_received_at from private.source_health as health where health.source = known.name)
      ) as last_at
    from unnest(array['easypost', 'stripe', 'tiktok']) as known (name)
  ),
  silences as materialized (
    select source.name, source.last_at, extract(epoch from now() - source.last_at) as seconds from sources as source
  )
  select 'sources_unhealthy', '', count(*)::numeric from private.source_health where state <> 'healthy'
  union all
  select 'source_silent_seconds', silence.name, round(silence.seconds) from silences as silence
  union all
  select
    'source_silence', silence.name,
    round(silence.seconds / private.usual_silence_seconds(silence.name, silence.last_at), 2)
  from silences as silence;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.spare_places()
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return 1000;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.store_granted_shops(p_user_id uuid, p_grant jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into public.tiktok_shops as shop (
    user_id, shop_id, shop_key, shop_name, region, shop_cipher, open_id, granted_scopes,
    access_token, refresh_token, token_expires_at, refresh_token_expires_at, connected_at
  )
  select
    p_user_id, entry.shop_id, private.identify_shop(entry.shop_id, entry.shop_id_hashes), entry.shop_name, entry.region,
    entry.shop_cipher, p_grant ->> 'open_id', array(select jsonb_array_elements_text(p_grant -> 'granted_scopes')),
    entry.access_token, entry.refresh_token,
    (p_grant ->> 'token_expires_at')::timestamptz,
    (p_grant ->> 'refresh_token_expires_at')::timestamptz,
    clock_timestamp()
  from jsonb_to_recordset(p_grant -> 'shops') as entry (
    shop_id text, shop_id_hashes text[], shop_name text, region text, shop_cipher text,
    access_token text, refresh_token text
  )
  order by entry.shop_id
  on conflict (user_id, shop_id) do update
    set shop_key = excluded.shop_key,
        shop_name = excluded.shop_name,
        region = excluded.region,
        shop_cipher = excluded.shop_cipher,
        open_id = excluded.open_id,
        granted_scopes = excluded.granted_scopes,
        access_token = excluded.access_token,
        refresh_token = excluded.refresh_token,
        token_expires_at = excluded.token_expires_at,
        refresh_token_expires_at = excluded.refresh_token_expires_at,
        connection_status = 'active',
        status_reason = null,
        probe_at = null,
        connected_at = excluded.connected_at;
exception
  when unique_violation then
    raise exception 'A shop is connected to another account' using errcode = 'PT409';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.store_refreshed_tokens(p_user_id uuid, p_open_id text, p_token_version integer, p_grant jsonb)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  revived text[];
begin
  -- 1. Check the version alone: a worker with an expired lease still has the only valid pair.
  update private.tiktok_logins
  set token_version = token_version + 1,
      pair_requested_at = coalesce((p_grant ->> 'requested_at')::timestamptz, now()),
      last_refreshed_at = now(),
      refresh_not_before = null,
      refresh_failures = 0,
      refresh_refusals = 0,
      last_refresh_error = null,
      lease_id = null,
      lease_until = null
  where user_id = p_user_id and open_id = p_open_id and token_version = p_token_version;
  if not found then
    return 'superseded';
  end if;

  perform private.lock_shops(p_user_id, p_open_id);
  revived := array(
    select shop_id from public.tiktok_shops
    where user_id = p_user_id and open_id = p_open_id and status_reason = 'token_refused'
      and p_grant -> 'shops' @> jsonb_build_array(jsonb_build_object('shop_id', shop_id))
  );
  -- 2. Store the pair, also at shops that another worker gave up while this refresh was slow.
  update public.tiktok_shops as shop
  set access_token = entry.access_token,
      refresh_token = entry.refresh_token,
      token_expires_at = (p_grant ->> 'token_expires_at')::timestamptz,
      refresh_token_expires_at = (p_grant ->> 'refresh_token_expires_at')::timestamptz,
      granted_scopes = case
        when jsonb_array_length(p_grant -> 'granted_scopes') > 0
          then array(select jsonb_array_elements_text(p_grant -> 'granted_scopes'))
        else shop.granted_scopes
      end,
      connection_status = case when shop.connection_status = 'paused' then 'paused' else 'active' end,
      status_reason = case when shop.connection_status = 'paused' then shop.status_reason end
  from jsonb_to_recordset(p_grant -> 'shops') as entry (
    shop_id text, access_token text, refresh_token text
  )
  where shop.user_id = p_user_id
    and shop.open_id = p_open_id
    and shop.shop_id = entry.shop_id
    and (shop.connection_status in ('active', 'paused') or shop.status_reason = 'token_refused');
  -- 3. Make up for what these missed.
  if cardinality(revived) > 0 then
    perform private.reopen_events_of_shop(shop_id) from unnest(revived) as shop_id;
    perform private.enqueue_task('SYNC_ORDERS', shop.id || ':refreshed:' || p_token_version, shop.shop_id)
    from public.tiktok_shops as shop
    where shop.user_id = p_user_id and shop.shop_id = any (revived);
  end if;
  return 'stored';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.store_sender(p_user_id uuid, p_order_id uuid, p_address jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.senders (tiktok_shop_id, user_id, address)
  select tiktok_shop_id, user_id, p_address
  from public.orders
  where id = p_order_id and user_id = p_user_id and p_address is not null
  on conflict (tiktok_shop_id) do update set address = excluded.address, updated_at = now();
end;
$function$
;
CREATE OR REPLACE FUNCTION private.store_tiktok_login(p_user_id uuid, p_grant jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.tiktok_logins as login (user_id, open_id, pair_requested_at)
  values (
    p_user_id,
    p_grant ->> 'open_id',
    coalesce((p_grant ->> 'requested_at')::timestamptz, now())
  )
  on conflict (user_id, open_id) do update
    set token_version = login.token_version + 1,
        pair_requested_at = excluded.pair_requested_at,
        last_refreshed_at = null,
        refresh_not_before = null,
        refresh_failures = 0,
        refresh_refusals = 0,
        last_refresh_error = null,
        lease_id = null,
        lease_until = null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.take_free_label_lines(p_purchase private.label_purchases)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  had_all boolean := cardinality(p_purchase.line_item_ids) = (
    select count(*) from private.labelled_lines
    where purchase_id = p_purchase.id and user_id = p_purchase.user_id
  );
  taken integer;
begin
  if had_all then
    return false;
  end if;
  insert into private.labelled_lines (user_id, order_id, line_item_id, purchase_id)
  select p_purchase.user_id, private.order_of_unit(p_purchase, line.id), line.id, p_purchase.id
  from unnest(p_purchase.line_item_ids) as line (id)
  on conflict (order_id, line_item_id) do nothing;
  get diagnostics taken = row_count;
  if taken = 0 then
    return false;
  end if;
  update public.shipments
  set advice = null, advice_reason = null, advised_at = null, tiktok_notified_at = null
  where id = p_purchase.id and user_id = p_purchase.user_id;
  perform private.advise_new_shipment(p_purchase.user_id, p_purchase.id, null);
  return true;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.take_label_rate(p_purchase private.label_purchases, p_rate private.label_rates, p_order public.orders)
 RETURNS private.label_purchases
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.undecided_orders(p_user_id uuid, p_without bigint[] DEFAULT '{}'::bigint[])
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select count(*)::integer
    from (
      select
      from private.undecided_events
      where user_id = p_user_id and event_id <> all (p_without)
      limit private.free_places(p_user_id)
    ) as undecided
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.unqueue_event()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  claimed integer;
begin
  if tg_op = 'DELETE' then
    delete from private.event_queue where event_id = old.id;
    return old;
  end if;
  -- The event keeps the number of its claims: after a replay no later claim has an earlier one's number.
  delete from private.event_queue where event_id = new.id returning claims into claimed;
  new.claims := coalesce(claimed, new.claims);
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.unstored_combined_orders(p_order public.orders)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION private.update_order(stored public.orders, p_order jsonb)
 RETURNS public.orders
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  merged public.orders := private.merge_order(stored, p_order);
  updated public.orders;
begin
  update public.orders
  set tiktok_status = merged.tiktok_status,
      order_status = merged.order_status,
      payment_status = merged.payment_status,
      currency = merged.currency,
      total_amount = merged.total_amount,
      shipping_cost = merged.shipping_cost,
      shipping_type = merged.shipping_type,
      customer_email = merged.customer_email,
      shipping_address = merged.shipping_address,
      address_status = merged.address_status,
      order_items = merged.order_items,
      order_kind = merged.order_kind,
      related_order_id = merged.related_order_id,
      fulfillment_type = merged.fulfillment_type,
      warehouse_id = merged.warehouse_id,
      paid_at = merged.paid_at,
      ship_by = merged.ship_by,
      cancel_reason = merged.cancel_reason,
      cancelled_by = merged.cancelled_by,
      amounts = merged.amounts,
      cancelled_amount = merged.cancelled_amount,
      cancelled_in_total = merged.cancelled_in_total,
      mapping_version = private.order_mapping_version(),
      combine_group_id = merged.combine_group_id,
      auto_cancel_at = merged.auto_cancel_at,
      cancel_requested_at = merged.cancel_requested_at,
      cancel_respond_by = merged.cancel_respond_by,
      buyer_note = merged.buyer_note,
      seller_note = merged.seller_note,
      tiktok_created_at = merged.tiktok_created_at,
      tiktok_updated_at = merged.tiktok_updated_at,
      tiktok_read_at = greatest(merged.tiktok_read_at, now())
  where id = merged.id and user_id = merged.user_id
  returning * into updated;
  return updated;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.update_shipment_advice()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.advice := private.advice_for(new.status);
  return new;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.update_tiktok_parcels()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  becomes text := case new.tiktok_status when 'IN_TRANSIT' then 'in_transit' when 'DELIVERED' then 'delivered' end;
begin
  if becomes is not null then
    perform private.lock_parcels(new.id);
    update public.shipments
    set status = becomes, tracked_at = now()
    where user_id = new.user_id
      and id in (select shipment_id from public.shipment_orders where order_id = new.id and user_id = new.user_id)
      and provider = 'tiktok_shipping'
      and private.parcel_rank(status) < private.parcel_rank(becomes);
  end if;
  -- The state of an order with several parcels is that of the slowest: track each parcel.
  perform private.enqueue_task(
    'CHECK_TRACKING',
    shipment.id || ':' || extract(epoch from new.tiktok_updated_at),
    shop.shop_id,
    shipment.id::text
  )
  from private.shipments_of_order(new) as shipment
  join public.tiktok_shops as shop on shop.id = new.tiktok_shop_id and shop.user_id = new.user_id
  where shipment.provider = 'tiktok_shipping'
    and shipment.status in ('purchased', 'in_transit')
    and (select count(*) from private.shipments_of_order(new) where status <> 'voided') > 1;
  return null;
end;
$function$
;
CREATE OR REPLACE FUNCTION private.usual_silence_seconds(p_source text, p_last timestamp with time zone)
 RETURNS numeric
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select max(busy.hour - busy.before) * 3600
    from (
      select hour, lag(hour) over (order by hour) as before
      from generate_series(0, 335) as hour
      where exists (
        select from private.webhook_events as event
        where event.source = p_source
          and event.received_at <= p_last - make_interval(hours => hour)
          and event.received_at > p_last - make_interval(hours => hour + 1)
      )
    ) as busy
    having count(*) >= 24
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.was_cancelled_unpaid(before public.orders, after public.orders)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  -- From awaiting_shipment on, an order with cash on delivery has needed work before it was paid.
  return before.payment_status = 'pending'
    and before.order_status in ('received', 'on_hold')
    and after.payment_status = 'cancelled'
    and after.order_status = 'cancelled';
end;
$function$
;
CREATE OR REPLACE FUNCTION private.webhook_event_condition(p_filter jsonb)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  filters constant text[] := array[
    'status', 'source', 'event_type', 'shop_id', 'object_id', 'reason', 'error',
    'received_after', 'received_before'
  ];
  choices constant jsonb := '{
    "status": ["pending", "processing", "failing", "done", "ignored", "held", "dead"],
    "source": ["tiktok", "stripe", "easypost", "creatorflow"]
  }';
  conditions text[] := array['true'];
  given record;
  wanted text;
begin
  -- 1. Require an object.
  if p_filter is null or jsonb_typeof(p_filter) <> 'object' then
    raise exception 'The filter has to be an object, such as {"status": "dead"}' using errcode = 'PT400';
  end if;
  for given in select entry.key, entry.value from jsonb_each(p_filter) as entry loop
    -- 2. Require a known key.
    if given.key <> all (filters) then
      raise exception 'Unknown filter "%"; known filters: %',
        left(given.key, 100), array_to_string(filters, ', ')
        using errcode = 'PT400';
    end if;
    wanted := given.value #>> '{}';
    -- 3. Require a text, for ids too: JSON numbers lose the last digits of a TikTok id.
    if jsonb_typeof(given.value) <> 'string' or wanted = '' then
      raise exception 'The filter "%" takes a text', given.key using errcode = 'PT400';
    end if;
    -- 4. Require one of the choices, or a time.
    if choices ? given.key and not (choices -> given.key) ? wanted then
      raise exception 'The filter "%" takes one of %',
        given.key,
        (select string_agg(choice, ', ') from jsonb_array_elements_text(choices -> given.key) as choice)
        using errcode = 'PT400';
    end if;
    if given.key in ('received_after', 'received_before') then
      begin
        wanted := wanted::timestamptz::text;
      exception
        when data_exception then
          raise exception 'The filter "%" takes a time such as 2026-11-23T10:00:00Z', given.key
            using errcode = 'PT400';
      end;
    end if;
    -- 5. Add the condition with a quoted value.
    conditions := conditions || case given.key
      when 'error' then format('position(lower(%L) in lower(last_error)) > 0', wanted)
      -- The rows of these are in event_queue, among few.
      when 'status' then case
        when wanted in ('done', 'ignored') then format('status = %L', wanted)
        else format(
          'status = %1$L and id in (select event_id from private.event_queue where event_queue.status = %1$L)', wanted
        )
      end
      when 'received_after' then format('received_at >= %L', wanted)
      when 'received_before' then format('received_at < %L', wanted)
      else format('%I = %L', given.key, wanted)
    end;
  end loop;
  return array_to_string(conditions, ' and ');
end;
$function$
;
CREATE OR REPLACE FUNCTION private.webhook_event_summary(event private.inbox_events)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return jsonb_build_object(
    'event_id', event.id,
    'source', event.source,
    'external_id', event.external_id,
    'event_type', event.event_type,
    'shop_id', event.shop_id,
    'object_id', event.object_id,
    'status', event.status,
    'attempts', event.attempts,
    'crashes', event.crashes,
    'failing_since', event.failing_since,
    'reason', event.reason,
    'last_error', event.last_error,
    'received_at', event.received_at,
    'next_attempt_at', event.next_attempt_at,
    'settled_at', event.settled_at,
    'request_id', event.request_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION private.wraparound_days(p_age bigint, p_spent bigint, p_seconds numeric)
 RETURNS numeric
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  -- Postgres stops three million ids before the end.
  return round((2147483648 - 3000000 - p_age)::numeric / nullif(p_spent, 0) * p_seconds / 86400, 1);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.adjust_label_cost(p_event_id bigint, p_shipment_id uuid, p_invoice jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  -- 1. Lock the seller, the event, the orders, then the purchase.
  event private.webhook_events := private.lock_open_event(p_event_id, array[private.seller_of_shipment(p_shipment_id)]);
  purchase private.label_purchases;
  earlier jsonb;
  amount numeric := round((p_invoice ->> 'amount')::numeric, 2);
  cents bigint := private.invoice_cents(amount, p_invoice ->> 'currency');
  difference numeric;
  cost numeric;
  new_cost numeric;
  outcome text;
begin
  if event.id is not null then
    perform private.lock_orders_of_purchase(p_shipment_id);
    select * into purchase from private.label_purchases where id = p_shipment_id for update;
    if purchase.id is null then
      raise exception 'Unknown label purchase %', p_shipment_id using errcode = 'PT404';
    end if;
    -- 2. Compare it with the stored state of the invoice.
    earlier := purchase.adjustments -> (p_invoice ->> 'id');
    difference := amount - coalesce((earlier ->> 'amount')::numeric, 0);
    outcome := case
      when (earlier ->> 'at')::timestamptz > (p_invoice ->> 'at')::timestamptz then 'stale'
      when difference = 0 then 'unchanged'
      else 'adjusted'
    end;
  end if;
  if outcome in ('adjusted', 'unchanged') then
    update private.label_purchases
    set adjustments = adjustments || jsonb_build_object(
      p_invoice ->> 'id',
      jsonb_build_object('amount', amount::text, 'cents', cents, 'at', p_invoice ->> 'at')
    )
    where id = p_shipment_id and user_id = purchase.user_id
    returning * into purchase;
  end if;
  if outcome = 'adjusted' then
    -- 3. Count the difference, and show the seller what the label cost.
    perform private.count_adjustment(purchase, cents - coalesce((earlier ->> 'cents')::bigint, 0));
    if purchase.state = 'voided' then
      perform private.settle_void_cost(purchase);
    end if;
    select coalesce(shipping_cost, quoted_cost) into cost
    from public.shipments
    where id = p_shipment_id and currency = p_invoice ->> 'currency' and status <> 'voided'
    for no key update;
    if cost is not null then
      -- A cost of 0 may have been cut off: what the carrier paid back beyond the price still counts.
      new_cost := greatest(
        coalesce(
          case when cost = 0 then purchase.quoted_cost end + (
            select sum((invoice.value ->> 'amount')::numeric) from jsonb_each(purchase.adjustments) as invoice
          ),
          cost + difference
        ),
        0
      );
      update public.shipments set shipping_cost = new_cost where id = p_shipment_id;
      perform private.record_parcel_change(
        p_shipment_id,
        'LABEL_COST_ADJUSTED',
        jsonb_build_object(
          'shipment_id', p_shipment_id,
          'shipping_cost', jsonb_build_object('from', cost::text, 'to', new_cost::text)
        )
      );
    end if;
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.apply_own_tracking(p_event_id bigint, p_tracker_id text, p_tracking_number text, p_update jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  -- All sellers with this number: EasyPost has one tracker for it. A parcel that gets it later reads the present state.
  sellers uuid[] := array(
    select private.seller_of_shipment(id) from private.own_parcels(p_tracker_id, p_tracking_number) as id
  );
  event private.webhook_events := private.lock_open_event(p_event_id, sellers);
  parcel_id uuid;
  outcome text := 'not_found';
  moved text;
begin
  if event.id is not null then
    -- 1. Lock the orders of the parcels.
    perform from public.orders
    where user_id = any (sellers)
      and id in (
        select shipment.order_id
        from private.own_parcels(p_tracker_id, p_tracking_number) as parcel (id)
        join public.shipments as shipment on shipment.id = parcel.id
      )
    order by id
    for no key update;
    -- 2. Move each parcel.
    for parcel_id in
      select id
      from private.own_parcels(p_tracker_id, p_tracking_number) as id
      where private.seller_of_shipment(id) = any (sellers)
    loop
      moved := private.move_shipment(parcel_id, p_update);
      outcome := case when outcome = 'moved' then outcome else moved end;
    end loop;
    if outcome = 'not_found' then
      return jsonb_build_object('outcome', outcome);
    end if;
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.apply_subscriptions(p_items jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  open_events bigint[] := private.lock_subscription_items(p_items);
  outcomes jsonb := '[]';
  item jsonb;
  result jsonb;
  answered bigint[] := '{}';
begin
  for item in select value from jsonb_array_elements(p_items) loop
    result := private.apply_subscription(item, open_events);
    outcomes := outcomes || result;
    if result ->> 'outcome' in ('applied', 'unchanged') then
      answered := answered || array(select value::bigint from jsonb_array_elements_text(item -> 'event_ids'));
    end if;
  end loop;
  perform private.settle_events(array(select id from unnest(answered) as id where id = any (open_events)));
  return outcomes;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.apply_tracking(p_event_id bigint, p_shipment_id uuid, p_update jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_open_event(p_event_id, array[private.seller_of_shipment(p_shipment_id)]);
  outcome text;
begin
  if event.id is not null then
    outcome := private.move_shipment(p_shipment_id, p_update);
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.begin_tiktok_authorization(p_user_id uuid, p_state_hash text, p_valid_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  valid_until timestamptz := now() + make_interval(secs => p_valid_seconds);
  too_many text[];
begin
  perform private.lock_sellers(p_user_id);
  perform private.require_seller(p_user_id);
  -- A user has at most ten open states: the oldest are deleted.
  too_many := array(
    select state_hash
    from private.tiktok_authorizations
    where user_id = p_user_id and state_hash in (
      select state_hash
      from private.tiktok_authorizations
      where user_id = p_user_id and used_at is null
      order by expires_at desc
      offset 9
    )
    order by state_hash
    for update
  );
  delete from private.tiktok_authorizations where state_hash = any (too_many);
  insert into private.tiktok_authorizations (state_hash, user_id, expires_at)
  values (p_state_hash, p_user_id, valid_until);
  return jsonb_build_object('expires_at', valid_until);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.check_database_health()
 RETURNS TABLE(metric text, value numeric, status text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return query
  select concat_ws('.', figure.metric, nullif(figure.subject, '')), figure.value, figure.status
  from private.health_figures() as figure;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.check_order_limit(user_uuid uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return private.monthly_order_count(user_uuid) < private.monthly_order_limit(user_uuid);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.claim_tiktok_logins(p_limit integer, p_lease_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  expired uuid[];
  due jsonb;
  claimed jsonb;
begin
  -- 1. End connections whose authorization expired: no call can renew them.
  expired := array(
    select id from public.tiktok_shops
    where connection_status in ('active', 'paused') and refresh_token_expires_at <= now()
    for update skip locked
  );
  perform private.close_tiktok_shops(expired, 'needs_reauth', 'authorization_expired');

  -- 2. Lock the due logins.
  select coalesce(jsonb_agg(distinct jsonb_build_object('user_id', user_id, 'open_id', open_id)), '[]') into due
  from (
    -- A login with several shops may come several times: then the next claim takes the rest.
    select login.user_id, login.open_id
    from public.tiktok_shops as shop
    join private.tiktok_logins as login on login.user_id = shop.user_id and login.open_id = shop.open_id
    where shop.connection_status = 'active'
      and shop.token_expires_at <= now() + interval '24 hours'
      and shop.refresh_token_expires_at > now()
      and (login.lease_until is null or login.lease_until <= now())
      and (login.refresh_not_before is null or login.refresh_not_before <= now())
      and (login.last_refreshed_at is null or login.last_refreshed_at <= now() - interval '1 minute')
    order by shop.token_expires_at
    limit p_limit
    for update of login skip locked
  ) as locked;

  -- 3. Lease them in another statement, which sees what was stored just before they were locked.
  with taken as (
    update private.tiktok_logins as login
    set lease_id = gen_random_uuid(),
        lease_until = now() + make_interval(secs => p_lease_seconds)
    from jsonb_to_recordset(due) as entry (user_id uuid, open_id text)
    where login.user_id = entry.user_id
      and login.open_id = entry.open_id
      and exists (
        select from public.tiktok_shops as shop
        where shop.user_id = login.user_id
          and shop.open_id = login.open_id
          and shop.connection_status = 'active'
          and shop.token_expires_at <= now() + interval '24 hours'
          and shop.refresh_token_expires_at > now()
      )
    returning login.*
  )
  select coalesce(jsonb_agg(private.describe_tiktok_lease(taken)), '[]') into claimed from taken;
  return jsonb_build_object('expired', cardinality(expired), 'logins', claimed);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.claim_webhook_events(p_limit integer, p_lease_seconds integer, p_except_shops text[] DEFAULT '{}'::text[])
 RETURNS json
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
AS $function$
declare
  due bigint[];
  claimed json;
begin
  -- 1. Set events of lost workers back. 2. Lock what is due, in the queue alone. 3. Claim it.
  perform private.set_back_lost_events(p_limit * 10);
  due := private.lock_due_events(p_limit, p_except_shops);
  with queued as (
    update private.event_queue
    set status = 'processing', claims = claims + 1, next_attempt_at = now() + make_interval(secs => p_lease_seconds)
    where event_id = any (due)
    returning event_id, claims, shop_id
  ), connected as (
    -- Once for each shop, however many of its events are claimed.
    select named.shop_id, private.connection_of_event('tiktok', named.shop_id, null) as shop
    from (select distinct shop_id from queued where shop_id <> '') as named
  )
  -- Rows become JSON for two thirds of what objects cost that are built key by key.
  select coalesce(json_agg(taken), '[]') into claimed
  from (
    select
      event.id as event_id,
      queued.claims as claim,
      now() as claimed_at,
      event.attempts + 1 as attempt,
      event.failing_since is not null as failing,
      event.source,
      event.event_type,
      event.shop_id,
      event.object_id,
      event.body,
      case
        when event.source not in ('tiktok', 'creatorflow') then null
        when event.shop_id is not null then connected.shop
        when event.object_id is not null
          then private.connection_of_event(event.source, event.shop_id, event.object_id)
      end as shop,
      event.request_id,
      event.traceparent
    from queued
    -- With a limit Postgres looks each event up, also by a plan that it made while there were few.
    cross join lateral (select * from private.webhook_events where id = queued.event_id limit 1) as event
    left join connected on connected.shop_id = event.shop_id
    order by event.id
  ) as taken;
  return claimed;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.compare_subscriptions(p_subscriptions jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  differing jsonb;
  orphaned jsonb;
  unbound jsonb;
  hashes text[];
  sellers uuid[];
begin
  -- 1. Find the subscriptions of known customers that differ.
  select coalesce(jsonb_agg(listed.place order by listed.place), '[]') into differing
  from (
    select (entry.value ->> 'place')::integer as place, entry.value as state
    from jsonb_array_elements(p_subscriptions) as entry
  ) as listed
  left join public.subscriptions as stored
    on stored.stripe_subscription_id_hash = any (array(
      select jsonb_array_elements_text(listed.state -> 'stripe_subscription_id_hashes')
    ))
  where exists (
      select from private.stripe_customers
      where stripe_customer_id_hash = any (array(
        select jsonb_array_elements_text(listed.state -> 'stripe_customer_id_hashes')
      ))
        and user_id is not null
    )
    and (
      stored.id is null
      or (
        stored.plan_name, stored.status, stored.current_period_start, stored.current_period_end,
        stored.cancel_at_period_end
      ) is distinct from (
        coalesce(listed.state ->> 'plan_name', stored.plan_name), listed.state ->> 'status',
        (listed.state ->> 'current_period_start')::timestamptz,
        (listed.state ->> 'current_period_end')::timestamptz,
        (listed.state ->> 'cancel_at_period_end')::boolean
      )
    )
    and not (stored.id is null and listed.state ->> 'plan_name' is null);
  -- 2. Find those of unknown customers. Customers of deleted accounts have their own task.
  select
    coalesce(
      jsonb_agg((entry.value -> 'place') order by (entry.value ->> 'place')::integer)
        filter (where named.id is null),
      '[]'
    ),
    coalesce(
      jsonb_agg((entry.value -> 'place') order by (entry.value ->> 'place')::integer)
        filter (where named.id is not null and bound.id is null),
      '[]'
    )
  into orphaned, unbound
  from jsonb_array_elements(p_subscriptions) as entry
  left join public.users as named on named.id = (entry.value ->> 'user_id')::uuid
  left join private.stripe_customers as bound on bound.user_id = named.id
  where entry.value ->> 'status' not in ('canceled', 'incomplete_expired')
    and entry.value ->> 'user_id' is not null
    and not exists (
      select from private.stripe_customers
      where stripe_customer_id_hash = any (array(
        select jsonb_array_elements_text(entry.value -> 'stripe_customer_id_hashes')
      ))
    );
  -- 3. Mark all of them as seen.
  hashes := array(
    select jsonb_array_elements_text(entry.value -> 'stripe_subscription_id_hashes')
    from jsonb_array_elements(p_subscriptions) as entry
  );
  sellers := array(select user_id from public.subscriptions where stripe_subscription_id_hash = any (hashes));
  perform private.lock_sellers(variadic sellers);
  perform from public.subscriptions
  where user_id = any (sellers) and stripe_subscription_id_hash = any (hashes)
  order by id
  for no key update;
  update public.subscriptions
  set reconciled_at = now()
  where user_id = any (sellers) and stripe_subscription_id_hash = any (hashes);
  return jsonb_build_object('differing', differing, 'orphaned', orphaned, 'unbound', unbound);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.confirm_tiktok_claim(p_user_id uuid, p_claim_hash text, p_grant jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_sellers(p_user_id);
  perform private.require_seller(p_user_id);
  update private.tiktok_claims
  set sealed_grant = null, connected_at = now()
  where claim_hash = p_claim_hash
    and user_id = p_user_id
    and sealed_grant is not null
    and expires_at > now();
  if not found then
    return null;
  end if;
  return public.connect_tiktok_shops(p_user_id, p_grant);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.connect_tiktok_shops(p_user_id uuid, p_grant jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  granted_shops text[] := array(
    select entry ->> 'shop_id' from jsonb_array_elements(p_grant -> 'shops') as entry order by 1
  );
  connected jsonb;
begin
  -- 1. Lock the seller, and the shops alone: against calls for those who had them, and workers that decide whether they
  --    are connected.
  perform private.lock_sellers(p_user_id);
  perform private.lock_tiktok_shops_alone(variadic granted_shops);

  -- 2. Ignore an older pair that arrives late.
  perform from private.tiktok_logins
  where user_id = p_user_id and open_id = p_grant ->> 'open_id'
  for update;
  connected := private.connected_by_newer_pair(p_user_id, p_grant, granted_shops);
  if connected is not null then
    return connected;
  end if;

  -- 3. Store the login, and lock its shops.
  perform private.store_tiktok_login(p_user_id, p_grant);
  perform from public.tiktok_shops
  where shop_id = any (granted_shops) or (user_id = p_user_id and open_id = p_grant ->> 'open_id')
  order by id
  for no key update;

  -- 4. Close shops of the login that it no longer owns or grants.
  perform private.close_tiktok_shops(array_agg(id), 'needs_reauth', 'not_authorized')
  from public.tiktok_shops
  where user_id = p_user_id
    and open_id = p_grant ->> 'open_id'
    and connection_status in ('active', 'paused')
    and shop_id <> all (granted_shops)
    and coalesce((p_grant ->> 'is_complete')::boolean, true);

  -- 5. Take over ended connections of other accounts; a live one raises PT409 in the next step.
  perform private.close_tiktok_shops(array_agg(id), 'transferred', 'connected_elsewhere')
  from public.tiktok_shops
  where shop_id = any (granted_shops)
    and user_id <> p_user_id
    and connection_status in ('needs_reauth', 'disconnected');

  -- 6. Store the shops.
  perform private.store_granted_shops(p_user_id, p_grant);

  -- 7. Enqueue their first tasks.
  perform private.enqueue_shop_task(shop, task)
  from public.tiktok_shops as shop
  cross join unnest(array['SUBSCRIBE_WEBHOOKS', 'SYNC_ORDERS']) as task
  where shop.user_id = p_user_id and shop.shop_id = any (granted_shops);

  -- 8. Make events due that arrived before the connection or failed since.
  perform private.reopen_events_of_shop(shop_id) from unnest(granted_shops) as shop_id;

  -- 9. Return the shops.
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'shop_id', shop_id) order by shop_id), '[]')
  into connected
  from public.tiktok_shops
  where user_id = p_user_id and shop_id = any (granted_shops);
  return connected;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.continue_subscription_sync(p_event_id bigint, p_progress jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
begin
  if event.id is not null and p_progress ? 'finished' then
    insert into public.system_logs (event_type, details)
    values (
      case when coalesce((p_progress ->> 'failed')::integer, 0) = 0 then 'subscriptions_reconciled'
        else 'subscriptions_differ'
      end,
      p_progress - 'finished' || jsonb_build_object('user_id', event.object_id)
    );
    return private.settle_locked_event(event, '{"outcome": "reconciled"}');
  elsif event.id is not null then
    perform private.enqueue_task(
      'SYNC_SUBSCRIPTIONS',
      'after:' || p_event_id,
      p_object_id => event.object_id,
      p_body => p_progress::text
    );
  end if;
  return private.settle_locked_event(event, '{"outcome": "continued"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.correct_shop_cipher(p_tiktok_shop_id uuid, p_token_version integer, p_shop_cipher text)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_seller_and_shop(p_tiktok_shop_id);
  perform from private.tiktok_logins as login
  join public.tiktok_shops as shop on shop.user_id = login.user_id and shop.open_id = login.open_id
  where shop.id = p_tiktok_shop_id
    and login.token_version = p_token_version
    and shop.connection_status in ('active', 'paused')
    and shop.shop_cipher is distinct from p_shop_cipher
  for update of login;
  if not found then
    return null;
  end if;
  if p_shop_cipher is null then
    perform private.close_tiktok_shops(array[p_tiktok_shop_id], 'needs_reauth', 'not_authorized');
    return 'ended';
  end if;
  update public.tiktok_shops set shop_cipher = p_shop_cipher where id = p_tiktok_shop_id;
  return 'corrected';
end;
$function$
;
CREATE OR REPLACE FUNCTION public.count_request(p_user_id uuid, p_route text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return jsonb_build_object('retry_after_seconds', private.count_requests(p_user_id, p_route));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.count_webhook_events(p_filter jsonb DEFAULT '{}'::jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  counts jsonb;
begin
  execute format(
    $query$
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'status', status,
            'source', source,
            'event_type', event_type,
            'events', events,
            'replayable', replayable,
            'oldest_received_at', oldest_received_at
          )
          order by status, source, event_type
        ),
        '[]'
      )
      from (
        select status, source, event_type, count(*) as events,
          count(*) filter (where private.is_replayable(inbox_events)) as replayable,
          min(received_at) as oldest_received_at
        from private.inbox_events
        where %s
        group by status, source, event_type
      ) as kind
    $query$,
    private.webhook_event_condition(p_filter)
  )
  into counts;
  return counts;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.create_backup_point(backup_name text)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  location text;
begin
  if backup_name is null or backup_name !~ '^[A-Za-z0-9][A-Za-z0-9 _.:-]{0,62}$' then
    raise exception 'The name of a backup point has 1 to 63 letters, digits, spaces, _ . : or -'
      using errcode = '22023';
  end if;
  if not pg_catalog.has_function_privilege('pg_catalog.pg_create_restore_point(text)', 'execute') then
    raise exception 'The role % may not create restore points', current_user
      using errcode = '42501',
        hint = 'On Supabase, use the backups or point-in-time recovery of the project; elsewhere: grant execute on function pg_create_restore_point(text) to ' || quote_ident(current_user);
  end if;
  location := pg_catalog.pg_create_restore_point(backup_name)::text;
  insert into public.system_logs (event_type, details)
  values ('backup_created', jsonb_build_object('backup_name', backup_name, 'location', location));
  return location;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.deauthorize_tiktok_shop(p_event_id bigint, p_tiktok_shop_id uuid, p_event_at timestamp with time zone, p_confirmed_after timestamp with time zone DEFAULT NULL::timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
begin
  if event.id is not null then
    perform from private.tiktok_logins as login
    join public.tiktok_shops as shop on shop.user_id = login.user_id and shop.open_id = login.open_id
    where shop.id = p_tiktok_shop_id
    for update of login;

    -- A late delivery concerns an older connection: the seller has authorized the app again since.
    perform private.close_tiktok_shops(array[id], 'disconnected', 'deauthorized')
    from public.tiktok_shops
    where id = p_tiktok_shop_id
      and (
        (
          connection_status in ('active', 'paused')
          and p_confirmed_after is null
          and coalesce(p_event_at, event.received_at) >= date_trunc('second', connected_at)
        )
        or (
          -- The confirmation may have been a refused refresh, which ended the connection.
          (connection_status in ('active', 'paused') or status_reason = 'token_refused')
          and p_confirmed_after >= connected_at
        )
      );
    if not found then
      return private.settle_locked_event(
        event, '{"outcome": "stale"}', 'ignored', 'older_than_connection'
      );
    end if;
  end if;
  return private.settle_locked_event(event, '{"outcome": "disconnected"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.delete_account(p_user_id uuid, p_customer_hashes text[], p_stripe_customer_ids text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
 SET statement_timeout TO '110s'
AS $function$
declare
  customer private.stripe_customers;
  shops jsonb;
begin
  -- 1. Lock the account in Auth, as Auth's own deletion does, the seller and the shops alone, and the customer:
  --    docs/architecture.md.
  perform from auth.users where id = p_user_id for update;
  if not found then
    return jsonb_build_object('outcome', 'absent', 'shops', '[]'::jsonb);
  end if;
  perform private.lock_account_alone(p_user_id);
  select * into customer from private.stripe_customers where user_id = p_user_id for update;
  if customer.id is not null and customer.stripe_customer_id_hash <> all (p_customer_hashes) then
    return jsonb_build_object('outcome', 'customer_changed', 'shops', '[]'::jsonb);
  end if;
  -- 2. Keep what is needed afterwards.
  update private.stripe_customers set deletion_requested = true where id = customer.id;
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'shop_id', shop_id, 'shop_cipher', shop_cipher, 'access_token', access_token
      )
      order by shop_id
    ),
    '[]'
  ) into shops
  from public.tiktok_shops
  where user_id = p_user_id and connection_status in ('active', 'paused');
  -- 3. Delete the raw events of Stripe, and the account with everything that belongs to it. The timelines have
  --    the most rows: one by one with their orders they take three times as long.
  perform private.delete_stripe_events(p_stripe_customer_ids);
  delete from public.order_events where user_id = p_user_id;
  delete from auth.users where id = p_user_id;
  return jsonb_build_object('outcome', 'deleted', 'shops', shops);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.disconnect_tiktok_shop(p_user_id uuid, p_tiktok_shop_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  shop public.tiktok_shops;
begin
  perform private.lock_sellers(p_user_id);
  perform from private.tiktok_logins as login
  join public.tiktok_shops as owned on owned.user_id = login.user_id and owned.open_id = login.open_id
  where owned.id = p_tiktok_shop_id and owned.user_id = p_user_id
  for update of login;

  select * into shop
  from public.tiktok_shops
  where id = p_tiktok_shop_id and user_id = p_user_id
  for no key update;
  if shop.id is null then
    raise exception 'Unknown shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  -- A former account cannot end the connection of the new account.
  if shop.connection_status <> 'transferred' then
    perform private.close_tiktok_shops(array[shop.id], 'disconnected', 'by_seller');
  end if;
  return jsonb_build_object(
    'shop_id', shop.shop_id,
    'shop_cipher', shop.shop_cipher,
    'access_token', shop.access_token
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.end_subscription(p_hashes text[])
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  seller uuid;
  ended public.subscriptions;
begin
  -- The seller, whose plan changes, then the customer: docs/architecture.md.
  seller := (select user_id from public.subscriptions where stripe_subscription_id_hash = any (p_hashes));
  perform private.lock_sellers(seller);
  perform from public.users where id = seller for no key update;
  perform from private.stripe_customers where user_id = seller for update;
  update public.subscriptions
  set status = 'canceled', reconciled_at = now()
  where stripe_subscription_id_hash = any (p_hashes)
    and status not in ('canceled', 'incomplete_expired')
  returning * into ended;
  if ended.id is null then
    return false;
  end if;
  update private.stripe_customers set version = version + 1 where user_id = ended.user_id;
  perform private.refresh_user_plan(ended.user_id);
  return true;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.enqueue_label_tasks()
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return (
    with due as (
      select
        id,
        order_id,
        case state when 'void_requested' then 'CHECK_VOID' else 'SETTLE_LABEL' end as task,
        attempt || ':' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24') as occasion,
        provider = 'tiktok_shipping' and state <> 'requested' as reads_tiktok
      from private.label_purchases as purchase
      where state = 'unknown'
        or (state in ('requested', 'purchasing') and private.is_abandoned(purchase))
        or (state = 'void_requested' and checked_at < now() - interval '6 hours')
      union all
      select
        id, order_id, 'CHECK_TRACKING', to_char(now() at time zone 'UTC', 'YYYYMMDD'),
        provider = 'tiktok_shipping'
      from public.shipments
      where status in ('purchased', 'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed')
        and provider is not null
        and tracked_at < now() - interval '24 hours'
        and created_at > now() - interval '90 days'
    ), next_tasks as (
      select due.id, task, due.id || ':' || occasion as occasion, shop.shop_id
      from due
      join public.orders on orders.id = due.order_id
      join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
      -- TikTok can be read only while the shop is connected: then they are due.
      where (not due.reads_tiktok or shop.connection_status in ('active', 'paused'))
      and not exists (
        select from private.webhook_events as waiting
        join private.event_queue as queued on queued.event_id = waiting.id
        where waiting.shop_id = shop.shop_id
          and waiting.object_id = due.id::text
          and waiting.event_type = task
          and waiting.status in ('pending', 'failing')
          and queued.status in ('pending', 'processing')
      )
      -- Tasks that already ran on this occasion must not use up the limit.
      and not exists (
        select from private.webhook_events as enqueued
        where enqueued.source = 'creatorflow' and enqueued.external_id = task || ':' || due.id || ':' || occasion
      )
      order by due.id, task
      limit 1000
    )
    select count(private.enqueue_task(task, occasion, shop_id, id::text))::integer from next_tasks
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.enqueue_order_rereads(p_event_id bigint, p_tiktok_shop_id uuid, p_page_size integer DEFAULT 500)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  page text[];
  enqueued integer;
begin
  if event.id is null then
    return private.settle_locked_event(event, '{"enqueued": 0}');
  end if;
  -- In the order of the unique key, so a page costs the same behind a million orders.
  select coalesce(array_agg(outdated.tiktok_order_id order by outdated.tiktok_order_id), '{}') into page
  from (
    select tiktok_order_id
    from public.orders
    where tiktok_shop_id = p_tiktok_shop_id
      and tiktok_order_id > coalesce(event.body::jsonb ->> 'after', '')
      and mapping_version < private.order_mapping_version()
    order by tiktok_order_id
    limit p_page_size
  ) as outdated;
  -- Each order once per version and connection, however often a re-read is requested.
  select private.enqueue_tasks(
    'ORDER_REREAD',
    coalesce(
      jsonb_agg(jsonb_build_object(
        'occasion', concat_ws(
          ':', shop.id, extract(epoch from shop.connected_at), outdated.order_id, private.order_mapping_version()
        ),
        'shop_id', event.shop_id,
        'object_id', outdated.order_id
      )),
      '[]'
    )
  )
  into enqueued
  from public.tiktok_shops as shop
  cross join unnest(page) as outdated (order_id)
  where shop.id = p_tiktok_shop_id;
  -- The next page stands behind this one in the inbox, so new orders wait for one page at most.
  if cardinality(page) = p_page_size then
    perform private.enqueue_task(
      'REREAD_ORDERS',
      p_event_id || ':' || page[p_page_size],
      event.shop_id,
      null,
      jsonb_build_object('after', page[p_page_size])::text
    );
  end if;
  return private.settle_locked_event(
    event, jsonb_build_object('outcome', 'requested', 'enqueued', enqueued)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.expand_webhook_event(p_event_id bigint, p_tiktok_shop_id uuid, p_orders jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
begin
  if event.id is not null then
    if jsonb_array_length(p_orders) = 0 then
      perform public.request_order_sync(event.shop_id)
      from public.tiktok_shops
      where id = p_tiktok_shop_id and connection_status = 'active';
    end if;
    perform private.enqueue_task(
      event.event_type,
      event.id || ':' || named.order_id,
      event.shop_id,
      named.order_id,
      jsonb_build_object('notice', coalesce(named.notice, '{}'))::text
    )
    from jsonb_to_recordset(p_orders) as named (order_id text, notice jsonb);
  end if;
  return private.settle_locked_event(event, '{"outcome": "expanded"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.fail_label_purchase(p_purchase_id uuid, p_attempt integer, p_reason text, p_event_id bigint DEFAULT NULL::bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.fail_tiktok_refresh(p_user_id uuid, p_open_id text, p_lease_id uuid, p_kind text, p_error text, p_retry_after_seconds integer DEFAULT NULL::integer)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  login private.tiktok_logins;
begin
  perform private.lock_sellers(p_user_id);
  update private.tiktok_logins
  set lease_id = null,
      lease_until = null,
      refresh_failures = refresh_failures + 1,
      refresh_refusals = refresh_refusals + case when p_kind = 'refused' then 1 else 0 end,
      last_refresh_error = left(p_error, 500),
      -- Up to 1 h after outages, up to 6 h after refusals.
      refresh_not_before = now() + greatest(
        private.backoff(refresh_failures + 1, case when p_kind = 'refused' then 21600 else 3600 end),
        make_interval(secs => coalesce(p_retry_after_seconds, 0))
      )
  where user_id = p_user_id and open_id = p_open_id and lease_id = p_lease_id
  returning * into login;
  if login.user_id is null then
    return 'superseded';
  elsif p_kind <> 'reconnect' and login.refresh_refusals < private.max_refresh_refusals() then
    return 'waiting';
  end if;
  perform private.close_tiktok_shops(array_agg(id), 'needs_reauth', 'token_refused')
  from public.tiktok_shops
  where user_id = p_user_id and open_id = p_open_id and connection_status in ('active', 'paused');
  return 'needs_reauth';
end;
$function$
;
CREATE OR REPLACE FUNCTION public.find_easypost_shipment(p_carrier_shipment_id text, p_tracking_number text)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(
    (
      select shipment.id
      from private.label_purchases as purchase
      join public.shipments as shipment on shipment.id = purchase.id
      where purchase.carrier_shipment_id = p_carrier_shipment_id
    ),
    (
      select id
      from public.shipments
      where tracking_number = p_tracking_number and provider = 'easypost'
      -- Carriers reuse tracking numbers.
      order by created_at desc
      limit 1
    )
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.find_failed_purchase(p_carrier_shipment_id text)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select id
    from private.label_purchases
    where carrier_shipment_id = p_carrier_shipment_id and state = 'failed'
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.find_stripe_customers(p_hashes text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'hash', stripe_customer_id_hash, 'user_id', user_id, 'version', version,
          'deletion_requested', deletion_requested
        )
      ),
      '[]'
    )
    from private.stripe_customers
    where stripe_customer_id_hash = any (p_hashes)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.finish_label_purchase(p_purchase_id uuid, p_label jsonb, p_event_id bigint DEFAULT NULL::bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.finish_webhook_check(p_event_id bigint, p_tiktok_shop_id uuid, p_webhook_url text, p_restored text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  lost boolean := cardinality(p_restored) > 0;
begin
  if event.id is not null and lost then
    update public.tiktok_shops set webhook_url = p_webhook_url where id = p_tiktok_shop_id;
    insert into public.system_logs (event_type, details)
    values ('webhooks_restored', jsonb_build_object('shop_id', event.shop_id, 'topics', to_jsonb(p_restored)));
    -- Orders whose webhooks were lost meanwhile.
    perform private.enqueue_task('SYNC_ORDERS', p_tiktok_shop_id || ':restored:' || p_event_id, event.shop_id);
  end if;
  return private.settle_locked_event(
    event, jsonb_build_object('outcome', case when lost then 'webhooks_restored' else 'webhooks_complete' end)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.finish_webhook_subscription(p_event_id bigint, p_tiktok_shop_id uuid, p_webhook_url text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
begin
  if event.id is not null then
    update public.tiktok_shops set webhook_url = p_webhook_url where id = p_tiktok_shop_id;
  end if;
  return private.settle_locked_event(event, '{"outcome": "subscribed"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_batch_item(p_batch_id uuid, p_place integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object('user_id', batch.user_id, 'request', item.request, 'state', item.state)
    from private.label_batch_items as item
    join private.label_batches as batch on batch.id = item.batch_id
    where item.batch_id = p_batch_id and item.place = p_place
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_dashboard_metrics()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return private.own_dashboard_metrics();
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_deleted_customer(p_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'stripe_customer_id', stripe_customer_id, 'deletion_requested', deletion_requested
    )
    from private.stripe_customers
    where id = p_id and user_id is null
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_held_orders(p_limit integer DEFAULT 100, p_offset integer DEFAULT 0)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_limit is null or p_limit not between 1 and 1000 or p_offset is null or p_offset < 0 then
    raise exception 'p_limit has to be 1 to 1000, p_offset 0 or more' using errcode = 'PT400';
  end if;
  return private.own_held_orders(p_limit, p_offset);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_label_batch(p_user_id uuid, p_batch_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if not exists (select from private.label_batches where id = p_batch_id and user_id = p_user_id) then
    raise exception 'The seller has no batch %', p_batch_id using errcode = 'PT404';
  end if;
  return private.batch_view(p_batch_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_label_purchase(p_purchase_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select private.purchase_for_worker(purchase)
      || jsonb_build_object('abandoned', private.is_abandoned(purchase))
      || jsonb_build_object('seconds', extract(epoch from now() - purchase.state_since)::integer)
      || jsonb_build_object('shipment', private.shipment_view(purchase))
    from private.label_purchases as purchase
    where id = p_purchase_id
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_order_for_own_tracking(p_user_id uuid, p_order_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  wanted public.orders;
  refusal text;
begin
  select * into wanted from public.orders where id = p_order_id and user_id = p_user_id;
  if wanted.id is null then
    raise exception 'The seller has no order %', p_order_id using errcode = 'PT404';
  end if;
  refusal := private.label_refusal(wanted, 'own');
  return jsonb_build_object(
    'order', private.order_to_ship(wanted),
    'refused_carriers', private.refused_carriers(wanted, 'own'),
    'refusal', case
      -- The other reasons end, or concern one parcel: the carriers are the same.
      when refusal in ('fulfilled_by_tiktok', 'tiktok_label_required', 'shipping_type_unknown') then refusal
      when private.shop_of_order(wanted) is null then 'shop_not_connected'
    end
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_order_overview()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  this_hour timestamptz := date_bin('1 hour', now(), '2000-01-01 00:00:00+00');
begin
  return (
    select jsonb_build_object(
      'to_ship', count(*) filter (where own.is_to_ship),
      'late', count(*) filter (where own.is_to_ship and own.ship_by < now()),
      'due_soon', count(*) filter (where own.is_to_ship and own.ship_by < now() + interval '1 day'),
      'awaiting_collection', count(*) filter (where own.order_status = 'awaiting_collection'),
      'in_transit', count(*) filter (where own.order_status = 'in_transit'),
      'hours', (
        select jsonb_agg(
          jsonb_build_object('hour', listed.hour, 'orders', coalesce(counted.orders, 0)) order by listed.hour
        )
        from generate_series(this_hour - interval '23 hours', this_hour, interval '1 hour') as listed (hour)
        left join (
          select date_bin('1 hour', created_at, '2000-01-01 00:00:00+00') as hour, count(*) as orders
          from public.orders
          where created_at >= this_hour - interval '23 hours'
          group by 1
        ) as counted on counted.hour = listed.hour
      )
    )
    from (
      select order_status, ship_by, order_status in ('awaiting_shipment', 'partially_shipped') as is_to_ship
      from public.orders
      where order_status in ('awaiting_shipment', 'partially_shipped', 'awaiting_collection', 'in_transit')
    ) as own
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_order_to_ship(p_user_id uuid, p_order_id uuid, p_request jsonb DEFAULT '{}'::jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.get_own_tracker(p_shipment_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'attempt', attempt, 'carrier', carrier, 'tracking_number', tracking_number, 'tracker_id', tracker_id,
      'may_create', private.has_tracker_room(user_id)
    )
    from private.current_own_number(p_shipment_id)
    where accepted_at is not null
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_shipment(p_user_id uuid, p_shipment_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  purchase private.label_purchases;
begin
  select * into purchase
  from private.label_purchases
  where id = p_shipment_id and user_id = p_user_id;
  if purchase.id is null then
    raise exception 'The seller has no shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    'shipment', private.shipment_view(purchase),
    'purchase', case when purchase.provider <> 'own' then private.purchase_for_worker(purchase) end
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_stripe_customer(p_user_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  seller public.users;
begin
  select * into seller from public.users where id = p_user_id;
  if seller.id is null then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    'email', seller.email,
    'stripe_customer_id', (
      select stripe_customer_id from private.stripe_customers where user_id = p_user_id
    ),
    'attempt', coalesce(
      (select attempt from private.stripe_attempts where user_id = p_user_id), 0
    )
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_usage()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return private.own_usage();
end;
$function$
;
CREATE OR REPLACE FUNCTION public.get_user_active_subscription(user_uuid uuid)
 RETURNS TABLE(subscription_id uuid, plan_name text, status text, current_period_end timestamp with time zone)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
#variable_conflict use_column
begin
  return query
  select s.id, s.plan_name, s.status, s.current_period_end
  from public.subscriptions as s
  join public.plans on plans.name = s.plan_name
  where s.user_id = user_uuid
    and s.status in ('active', 'trialing')
  order by plans.monthly_order_limit desc, s.created_at desc, s.id desc
  limit 1;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.ingest_order(p_event_id bigint, p_tiktok_shop_id uuid, p_order jsonb, p_notice jsonb DEFAULT '{}'::jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  shop public.tiktok_shops := private.lock_shop_of_orders(p_tiktok_shop_id);
  limit_last integer := private.limit_of_order(shop, p_event_id, p_order, p_notice);
begin
  if limit_last is not null then
    return private.ingest_counted_last(shop, p_event_id, p_order, p_notice, limit_last);
  end if;
  perform private.lock_order_counts(shop);
  return private.ingest_locked_order(
    private.lock_open_event(p_event_id), private.lock_stored_order(shop, p_order), shop, p_order, p_notice,
    array[p_event_id]
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.ingest_orders(p_tiktok_shop_id uuid, p_items jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  shop public.tiktok_shops := private.lock_shop_of_orders(p_tiktok_shop_id);
  limit_last integer := case jsonb_array_length(p_items)
    when 1 then private.limit_of_order(
      shop, (p_items #>> '{0,event_id}')::bigint, p_items #> '{0,order}', private.notice_of(p_items -> 0)
    )
    else private.limit_counted_last(shop, p_items)
  end;
  outcomes jsonb;
begin
  if limit_last is not null then
    outcomes := private.ingest_batch_counted_last(shop, p_items, limit_last);
  end if;
  if outcomes is null then
    outcomes := private.ingest_batch_counted_first(shop, p_items);
  end if;
  -- A place may be free again, or these were the last undecided orders.
  return jsonb_build_object(
    'outcomes', outcomes,
    'released', case
      when private.has_held_orders(shop.user_id) and public.check_order_limit(shop.user_id)
        then public.release_held_events(shop.user_id)
      else 0
    end
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.lease_tiktok_login(p_tiktok_shop_id uuid, p_token_version integer, p_lease_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  login private.tiktok_logins;
  shop public.tiktok_shops;
begin
  -- 1. Lock the login of the shop.
  select owner.* into login
  from private.tiktok_logins as owner
  join public.tiktok_shops as owned on owned.user_id = owner.user_id and owned.open_id = owner.open_id
  where owned.id = p_tiktok_shop_id
  for update of owner;
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id;

  -- 2. Decide whether a refresh is needed and allowed.
  if coalesce(shop.connection_status, '') not in ('active', 'paused') then
    return jsonb_build_object('state', 'inactive');
  elsif login.token_version > p_token_version then
    return jsonb_build_object(
      'state', 'fresh', 'access_token', shop.access_token, 'token_version', login.token_version
    );
  elsif login.lease_until > now() then
    return jsonb_build_object('state', 'busy');
  elsif login.refresh_not_before > now() then
    return jsonb_build_object(
      'state', 'waiting',
      'retry_after_seconds', ceil(extract(epoch from login.refresh_not_before - now()))
    );
  elsif login.last_refreshed_at > now() - interval '1 minute' then
    -- TikTok refused a new token: it would refuse the next one too.
    return jsonb_build_object('state', 'waiting', 'retry_after_seconds', 60);
  end if;
  -- 3. Lease it.
  update private.tiktok_logins
  set lease_id = gen_random_uuid(),
      lease_until = now() + make_interval(secs => p_lease_seconds)
  where user_id = login.user_id and open_id = login.open_id
  returning * into login;
  return jsonb_build_object('state', 'leased', 'login', private.describe_tiktok_lease(login));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.list_orders_of_seller(p_user_id uuid, p_from timestamp with time zone, p_to timestamp with time zone, p_after jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  page jsonb;
begin
  perform private.require_seller(p_user_id);
  with sold as (
    select orders, coalesce(orders.tiktok_created_at, orders.created_at) as ordered_at
    from public.orders
    where user_id = p_user_id
      and coalesce(tiktok_created_at, created_at) >= p_from
      and coalesce(tiktok_created_at, created_at) < p_to
      and (coalesce(tiktok_created_at, created_at), id) > (
        coalesce((p_after ->> 0)::timestamptz, '-infinity'),
        coalesce((p_after ->> 1)::uuid, '00000000-0000-0000-0000-000000000000')
      )
    order by coalesce(tiktok_created_at, created_at), id
    limit p_limit
  )
  select jsonb_build_object(
    'rows', coalesce(
      jsonb_agg(
        jsonb_build_object(
          'ordered_at', ordered_at,
          'tiktok_order_id', (orders).tiktok_order_id,
          'order_id', (orders).id,
          'shop_id', shop.shop_id,
          'shop_name', shop.shop_name,
          'order_kind', (orders).order_kind,
          'order_status', (orders).order_status,
          'payment_status', (orders).payment_status,
          'currency', (orders).currency,
          'total_amount', (orders).total_amount::text,
          'shipping_cost', (orders).shipping_cost::text,
          'paid_at', (orders).paid_at,
          'refunded', private.refunded_amount(orders)::text,
          'items', private.describe_items((orders).order_items),
          'state', (orders).shipping_address ->> 'state',
          'country', (orders).shipping_address ->> 'country',
          'stored_at', (orders).created_at
        )
        order by ordered_at, (orders).id
      ),
      '[]'
    ),
    'next', case when count(*) = p_limit then (
      array_agg(jsonb_build_array(ordered_at, (orders).id) order by ordered_at desc, (orders).id desc)
    )[1] end
  )
  into page
  from sold
  join public.tiktok_shops as shop on shop.id = (orders).tiktok_shop_id;
  return page;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.list_shipments(p_user_id uuid, p_order_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if not exists (select from public.orders where id = p_order_id and user_id = p_user_id) then
    raise exception 'The seller has no order %', p_order_id using errcode = 'PT404';
  end if;
  return (
    select coalesce(jsonb_agg(private.shipment_view(purchase) order by purchase.created_at), '[]')
    from private.label_purchases as purchase
    where purchase.order_id = p_order_id or purchase.other_order_ids @> array[p_order_id]
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.list_shipments_of_seller(p_user_id uuid, p_from timestamp with time zone, p_to timestamp with time zone, p_after jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  page jsonb;
begin
  perform private.require_seller(p_user_id);
  -- A shipment is created after its order was stored.
  with sold as (
    select id, tiktok_order_id, created_at
    from public.orders
    where user_id = p_user_id
      and created_at < p_to
      and (created_at, id) > (
        coalesce((p_after ->> 0)::timestamptz, '-infinity'),
        coalesce((p_after ->> 1)::uuid, '00000000-0000-0000-0000-000000000000')
      )
    order by created_at, id
    limit p_limit
  )
  select jsonb_build_object(
    'rows', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'created_at', shipment.created_at,
            'shipment_id', shipment.id,
            'tiktok_order_id', sold.tiktok_order_id,
            'tiktok_order_ids', (
              select string_agg(packed.tiktok_order_id, ' ' order by packed.tiktok_order_id)
              from public.shipment_orders as link
              join public.orders as packed on packed.id = link.order_id
              where link.shipment_id = shipment.id
            ),
            'order_id', sold.id,
            'provider', shipment.provider,
            'carrier', shipment.carrier,
            'service_type', shipment.service_type,
            'tracking_number', shipment.tracking_number,
            'status', shipment.status,
            'units', cardinality(shipment.line_item_ids),
            'currency', shipment.currency,
            'cost', shipment.shipping_cost::text,
            'quoted_cost', shipment.quoted_cost::text,
            'estimated_delivery', shipment.estimated_delivery,
            'tiktok_notified_at', shipment.tiktok_notified_at
          )
          order by sold.created_at, sold.id, shipment.created_at, shipment.id
        ),
        '[]'
      )
      from sold
      join public.shipments as shipment on shipment.order_id = sold.id
      where shipment.created_at >= p_from and shipment.created_at < p_to
    ),
    'next', case when count(*) = p_limit then (
      array_agg(jsonb_build_array(created_at, id) order by created_at desc, id desc)
    )[1] end
  )
  into page
  from sold;
  return page;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.list_stripe_subscriptions(p_customer_hashes text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_agg(subscription.stripe_subscription_id order by subscription.created_at), '[]')
    from private.stripe_customers as customer
    join public.subscriptions as subscription on subscription.user_id = customer.user_id
    where customer.stripe_customer_id_hash = any (p_customer_hashes)
      and subscription.stripe_subscription_id is not null
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.list_unseen_subscriptions(p_started_at timestamp with time zone, p_user_id uuid DEFAULT NULL::uuid, p_after uuid DEFAULT NULL::uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', id,
          'stripe_subscription_id', stripe_subscription_id,
          'stripe_customer_id', stripe_customer_id
        )
        order by id
      ),
      '[]'
    )
    from (
      select id, stripe_subscription_id, stripe_customer_id
      from public.subscriptions
      where status not in ('canceled', 'incomplete_expired')
        and stripe_subscription_id is not null
        and (reconciled_at is null or reconciled_at < p_started_at)
        and created_at < p_started_at
        and (p_user_id is null or user_id = p_user_id)
        and (p_after is null or id > p_after)
      order by id
      limit 100
    ) as unseen
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.list_webhook_events(p_filter jsonb, p_limit integer DEFAULT 50, p_before bigint DEFAULT NULL::bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  condition text := private.webhook_event_condition(p_filter);
  events jsonb;
  next_before jsonb;
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    raise exception 'p_limit has to be 1 to 1000' using errcode = 'PT400';
  end if;
  execute format(
    $query$
      select coalesce(jsonb_agg(private.webhook_event_summary(event) order by event.id desc), '[]')
      from (
        select *
        from private.inbox_events
        where %s and ($1 is null or id < $1)
        order by id desc
        limit $2
      ) as event
    $query$,
    condition
  )
  into events
  -- One more than the limit shows whether another page follows.
  using p_before, p_limit + 1;
  if jsonb_array_length(events) > p_limit then
    events := events - p_limit;
    next_before := events -> (p_limit - 1) -> 'event_id';
  end if;
  return jsonb_build_object('events', events, 'next_before', next_before);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.log_orphaned_subscription(p_subscription jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- A task and a webhook may find the same subscription at the same time.
  perform pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended('subscription_orphaned:' || (p_subscription ->> 'stripe_subscription_id'), 0)
  );
  insert into public.system_logs (event_type, details)
  select 'subscription_orphaned', p_subscription
  where not exists (
    select from public.system_logs
    where event_type = 'subscription_orphaned'
      and details @> (p_subscription - 'status')
      and created_at > now() - interval '12 hours'
  );
  return found;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.mark_label_purchase_unknown(p_purchase_id uuid, p_attempt integer, p_reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  purchase private.label_purchases;
begin
  update private.label_purchases
  set state = 'unknown', reason = p_reason
  where id = p_purchase_id and attempt = p_attempt and state = 'purchasing';
  select * into purchase from private.label_purchases where id = p_purchase_id;
  return private.shipment_view(purchase);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.oldest_open_event_seconds()
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return greatest(
    extract(epoch from now() - least(
      (
        select waiting.open_since
        from private.event_queue as waiting
        where waiting.status = 'pending'
          and (select failing_since is null from private.webhook_events where id = waiting.event_id)
        order by waiting.open_since
        limit 1
      ),
      (
        select min(claimed.open_since)
        from private.event_queue as claimed
        where claimed.status = 'processing'
          and (select failing_since is null from private.webhook_events where id = claimed.event_id)
      )
    ))::integer,
    0
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.open_tiktok_claim(p_user_id uuid, p_claim_hash text, p_state_hash text, p_expires_at timestamp with time zone, p_may_exchange boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  state private.tiktok_authorizations;
  claim private.tiktok_claims;
begin
  -- 1. Lock the seller, then the state.
  perform private.lock_sellers(p_user_id);
  perform private.require_seller(p_user_id);
  if p_state_hash is not null then
    select * into state
    from private.tiktok_authorizations
    where state_hash = p_state_hash
    for update;
    if not found then
      return jsonb_build_object('outcome', 'state_unknown');
    elsif state.user_id <> p_user_id then
      return jsonb_build_object('outcome', 'state_of_another_user');
    end if;
  end if;

  -- 2. A claim that was opened before shows its shops again, to the same seller.
  select * into claim from private.tiktok_claims where claim_hash = p_claim_hash;
  if found then
    return case
      when claim.user_id <> p_user_id or claim.sealed_grant is null
        then jsonb_build_object('outcome', 'claim_used')
      when claim.expires_at <= now() then jsonb_build_object('outcome', 'claim_expired')
      else jsonb_build_object(
        'outcome', 'shown', 'sealed_grant', claim.sealed_grant, 'expires_at', claim.expires_at
      )
    end;
  end if;
  if not p_may_exchange then
    return jsonb_build_object('outcome', 'claim_not_shown');
  end if;

  -- 3. Use the state up, and give the claim to the seller.
  if state.used_at is not null then
    return jsonb_build_object('outcome', 'state_used');
  elsif state.expires_at <= now() then
    return jsonb_build_object('outcome', 'state_expired');
  end if;
  insert into private.tiktok_claims (claim_hash, user_id, expires_at)
  values (p_claim_hash, p_user_id, p_expires_at)
  on conflict (claim_hash) do nothing;
  if not found then
    return jsonb_build_object('outcome', 'claim_used');
  end if;
  update private.tiktok_authorizations set used_at = now() where state_hash = p_state_hash;
  return jsonb_build_object('outcome', 'exchange');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.pause_tiktok_shop(p_tiktok_shop_id uuid, p_token_version integer, p_reason text)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  paused public.tiktok_shops;
  was_active boolean;
begin
  perform private.lock_seller_and_shop(p_tiktok_shop_id);
  perform from private.tiktok_logins as login
  join public.tiktok_shops as shop on shop.user_id = login.user_id and shop.open_id = login.open_id
  where shop.id = p_tiktok_shop_id and login.token_version = p_token_version
  for update of login;
  if not found then
    return null;
  end if;
  select connection_status = 'active' into was_active from public.tiktok_shops where id = p_tiktok_shop_id;
  update public.tiktok_shops
  set connection_status = 'paused',
      status_reason = p_reason,
      probe_at = now() + interval '1 day'
  where id = p_tiktok_shop_id and connection_status in ('active', 'paused')
  returning * into paused;
  if paused.id is not null and was_active then
    insert into public.system_logs (event_type, details)
    values ('shop_paused', jsonb_build_object('shop_id', paused.shop_id, 'reason', p_reason));
  end if;
  return private.paused_seconds(paused);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.plan_account_export(p_user_id uuid, p_from jsonb, p_rows integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  source record;
  start_after jsonb := p_from -> 'after';
  left_over integer := p_rows;
  found_rows integer;
  last_key jsonb;
  slices jsonb := '[]';
begin
  perform private.require_seller(p_user_id);
  for source in
    select * from private.export_parts()
    where place >= coalesce(
      (select first.place from private.export_parts() as first where first.part = p_from ->> 'part'), 1
    )
    order by place
  loop
    execute format(
      $query$
        select count(*), (array_agg(key) filter (where place = $2))[1]
        from (
          select
            jsonb_build_array((%1$s)::text, (%2$s)::text) as key,
            row_number() over (order by %1$s, %2$s) as place
          from %3$s
          order by %1$s, %2$s
          limit $2 + 1
        ) as keys
      $query$,
      source.key_1, source.key_2, private.export_condition(source.part, start_after)
    )
    into found_rows, last_key
    using p_user_id, left_over;
    slices := slices || jsonb_build_object(
      'part', source.part, 'after', start_after, 'rows', least(found_rows, left_over)
    );
    if found_rows > left_over then
      return jsonb_build_object(
        'slices', slices,
        'next', jsonb_build_object('part', source.part, 'after', coalesce(last_key, start_after))
      );
    end if;
    left_over := left_over - found_rows;
    start_after := null;
  end loop;
  return jsonb_build_object('slices', slices, 'next', null);
exception
  when data_exception then
    raise exception 'p_from names no row' using errcode = 'PT400';
end;
$function$
;
CREATE OR REPLACE FUNCTION public.raise_stripe_attempt(p_user_id uuid, p_failed integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.stripe_attempts as stored (user_id, attempt)
  select id, p_failed + 1 from public.users where id = p_user_id
  on conflict (user_id) do update set attempt = p_failed + 1 where stored.attempt = p_failed;
  if not exists (select from private.stripe_attempts where user_id = p_user_id) then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  return (select attempt from private.stripe_attempts where user_id = p_user_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.read_account_export(p_user_id uuid, p_part text, p_after jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  source record;
  page jsonb;
begin
  select * into strict source from private.export_parts() where part = p_part;
  execute format(
    $query$
      select jsonb_build_object(
        'rows', coalesce(jsonb_agg(record order by place), '[]'),
        'next', (array_agg(key order by place desc))[1]
      )
      from (
        select
          jsonb_build_array((%1$s)::text, (%2$s)::text) as key,
          row_number() over (order by %1$s, %2$s) as place,
          (select to_jsonb(exported) from (select %3$s) as exported) as record
        from %4$s
        order by %1$s, %2$s
        limit $2
      ) as page
    $query$,
    source.key_1, source.key_2, private.export_columns(source.relation::regclass, source.hidden),
    private.export_condition(p_part, p_after)
  )
  into page
  using p_user_id, p_limit;
  return page;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.read_catalog(part text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET statement_timeout TO '8s'
AS $function$
begin
  -- For the rest of the transaction, whatever calls this; a stable function may not write either.
  perform pg_catalog.set_config('transaction_read_only', 'on', true);
  case part
    when 'objects' then return private.catalog_objects();
    when 'access' then return private.catalog_access();
    when 'performance' then return private.catalog_performance();
    when 'migrations' then return private.catalog_migrations();
    else raise exception 'Unknown part of the catalog: %', part using errcode = 'PT400';
  end case;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.read_health()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'status', case
        when bool_or(figure.status = 'critical') then 'critical'
        when bool_or(figure.status = 'warning') then 'warning'
        else 'healthy'
      end,
      'version', private.schema_version(),
      'checked_at', now(),
      'figures', jsonb_agg(
        to_jsonb(figure) || jsonb_build_object('subject', nullif(figure.subject, ''))
        order by figure.metric, figure.subject
      )
    )
    from private.health_figures() as figure
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.read_health_status()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return jsonb_build_object(
    'status', case
      when exists (
        select from (
          select 'oldest_open_event_seconds' as metric, '' as subject, public.oldest_open_event_seconds() as value
          union all
          -- Without it nothing is retried. It fails too while the database takes no writes, and no event is stored.
          select * from private.job_figures('event-worker')
        ) as figure
        join private.health_thresholds as threshold
          on threshold.metric = figure.metric and threshold.subject = figure.subject
        where private.judge_figure(figure.value, threshold) = 'critical'
      ) then 'critical'
      else 'healthy'
    end,
    'version', private.schema_version()
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.receive_webhook_event(p_source text, p_external_id text, p_event_type text, p_shop_id text, p_object_id text, p_body text, p_content_digest text DEFAULT NULL::text, p_ignored text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events;
  stored private.webhook_events;
begin
  -- 1. Store the event, unless its id was used before.
  event.source := p_source;
  event.external_id := p_external_id;
  event.event_type := p_event_type;
  event.shop_id := p_shop_id;
  event.object_id := p_object_id;
  event.body := p_body;
  event.content_digest := p_content_digest;
  event.reason := p_ignored;
  event.id := private.insert_new_event(event);
  if event.id is not null then
    return jsonb_build_object('event_id', event.id, 'duplicate', false, 'due', p_ignored is null);
  end if;
  -- 2. Another body under the id is an event of its own: it may state something else.
  select * into stored
  from private.webhook_events
  where source = p_source and external_id = p_external_id;
  if stored.content_digest <> p_content_digest then
    return public.receive_webhook_event(
      p_source, p_external_id || ':' || p_content_digest, p_event_type, p_shop_id, p_object_id, p_body,
      p_content_digest, p_ignored
    );
  end if;
  return jsonb_build_object(
    'event_id', stored.id,
    'duplicate', true,
    'due', exists (
      select from private.event_queue as queued
      where queued.event_id = stored.id and queued.status in ('pending', 'processing') and queued.next_attempt_at <= now()
    )
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.record_authorization_expiry(p_event_id bigint, p_tiktok_shop_id uuid, p_event_at timestamp with time zone, p_expires_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  shop public.tiktok_shops;
begin
  if event.id is not null then
    -- All shops of a login share the authorization and its expiry.
    select named.* into shop
    from public.tiktok_shops as named
    join private.tiktok_logins as login on login.user_id = named.user_id and login.open_id = named.open_id
    where named.id = p_tiktok_shop_id
      and named.connection_status in ('active', 'paused')
      and coalesce(p_event_at, event.received_at) >= date_trunc('second', named.connected_at)
    for update of login;
    if shop.id is null then
      return private.settle_locked_event(
        event, '{"outcome": "stale"}', 'ignored', 'older_than_connection'
      );
    end if;
    perform private.lock_shops(shop.user_id, shop.open_id);
    update public.tiktok_shops
    set refresh_token_expires_at = p_expires_at
    where user_id = shop.user_id and open_id = shop.open_id and connection_status in ('active', 'paused');
    insert into public.analytics_events (user_id, event_type, properties)
    values (
      shop.user_id,
      'authorization_expiring',
      jsonb_build_object('shop_id', shop.shop_id, 'expires_at', p_expires_at)
    );
  end if;
  return private.settle_locked_event(event, '{"outcome": "recorded"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.record_dispute(p_event_id bigint, p_customer_hashes text[], p_dispute jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
begin
  if event.id is not null then
    insert into public.system_logs (event_type, details)
    select
      'dispute_created',
      p_dispute || jsonb_build_object(
        'user_id',
        (
          select user_id
          from private.stripe_customers
          where stripe_customer_id_hash = any (p_customer_hashes)
        )
      );
  end if;
  return private.settle_locked_event(event, '{"outcome": "recorded"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.record_source_health(p_event_id bigint, p_easypost text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  unhealthy jsonb;
begin
  if event.id is not null then
    perform private.record_source_state(
      source,
      case
        when source = 'easypost' and p_easypost <> 'healthy' then p_easypost
        when private.is_silent_source(source) then 'silent'
        else 'healthy'
      end
    )
    from unnest(array['easypost', 'stripe', 'tiktok']) as source;
    insert into public.system_logs (event_type, details)
    select 'source_unhealthy', jsonb_build_object('source', source, 'state', state)
    from private.source_health
    where state <> 'healthy' and since = now();
  end if;
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'source', source, 'state', state, 'since', since, 'last_received_at', last_received_at
      )
      order by source
    ),
    '[]'
  )
  into unhealthy
  from private.source_health
  where state <> 'healthy';
  return private.settle_locked_event(
    event, jsonb_build_object('outcome', 'sources_checked', 'unhealthy', unhealthy)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.record_tiktok_notification(p_purchase_id uuid, p_package_id text, p_warning text, p_error text, p_event_id bigint DEFAULT NULL::bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.record_unassigned_invoice(p_event_id bigint, p_invoice jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  amount numeric := round((p_invoice ->> 'amount')::numeric, 2);
  present_cents bigint := private.invoice_cents(amount, p_invoice ->> 'currency');
  difference bigint;
  earlier private.unassigned_invoices;
  outcome text;
begin
  if event.id is not null then
    -- 1. Lock the total of the platform: it is changed by one invoice at a time.
    perform private.lock_label_spending(null, null, private.current_day());
    -- 2. Compare it with the stored state of the invoice.
    select * into earlier from private.unassigned_invoices where id = p_invoice ->> 'id';
    difference := present_cents - coalesce(earlier.cents, 0);
    outcome := case
      when earlier.reported_at > (p_invoice ->> 'at')::timestamptz then 'stale'
      when difference = 0 then 'unchanged'
      else 'recorded'
    end;
  end if;
  if outcome in ('recorded', 'unchanged') then
    insert into private.unassigned_invoices (id, cents, reported_at)
    values (p_invoice ->> 'id', present_cents, (p_invoice ->> 'at')::timestamptz)
    on conflict (id) do update set cents = excluded.cents, reported_at = excluded.reported_at;
  end if;
  if outcome = 'recorded' then
    -- 3. Count the difference, and show it to operators.
    perform private.add_label_cost(null, null, private.current_day(), 0, difference);
    insert into public.system_logs (event_type, details)
    values (
      'invoice_without_label',
      jsonb_build_object(
        'easypost_shipment_id', p_invoice ->> 'shipment_id', 'amount', amount::text, 'currency', p_invoice ->> 'currency'
      )
    );
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.refresh_dashboard_metrics()
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  sellers uuid[];
  seller uuid;
begin
  -- 1. Count all rows, and compare the kept figures within the same snapshot.
  refresh materialized view concurrently private.user_dashboard_metrics;
  -- 2. Correct and log those that differ; further ones differ at the next run too.
  sellers := array(
    select user_id from private.user_dashboard_metrics where has_drift order by user_id limit 1000
  );
  perform private.lock_sellers(variadic sellers);
  for seller in
    select id from public.users where id = any (sellers) order by id
  loop
    insert into public.system_logs (event_type, details)
    values (
      'dashboard_figures_corrected',
      jsonb_build_object('user_id', seller, 'missing', private.correct_totals(seller))
    );
  end loop;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.release_held_events(p_user_id uuid DEFAULT NULL::uuid)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  chosen bigint[];
begin
  -- 1. Find the shops with held orders, and the places that has_place would give them.
  -- 2. Choose as many of their most urgent orders. 3. Lock the events of these orders.
  with shops as materialized (
    select
      shop.user_id,
      shop.shop_id,
      private.free_places(shop.user_id) - undecided.orders as places,
      private.free_shop_places(shop) - undecided.orders as shop_places
    from public.tiktok_shops as shop
    cross join lateral (select private.undecided_orders(shop.user_id) as orders) as undecided
    where shop.connection_status = 'active'
      and (p_user_id is null or shop.user_id = p_user_id)
      and exists (select from private.held_orders as held where held.shop_id = shop.shop_id)
  ), queue_of_shop as (
    select waits.*, shops.places
    from shops
    -- Lateral, so that only shops with a place are read, and no more of their orders than places.
    cross join lateral (
      select *
      from private.waiting_orders as waits
      where waits.shop_id = shops.shop_id
      order by waits.urgency, waits.ship_order, waits.age_order, waits.held_at, waits.tiktok_order_id
      limit greatest(least(shops.places, shops.shop_places), 0)
    ) as waits
    where least(shops.places, shops.shop_places) > 0
  ), queue as (
    select
      shop_id,
      tiktok_order_id,
      places,
      row_number() over (
        partition by user_id order by urgency, ship_order, age_order, held_at, tiktok_order_id
      ) as place
    from queue_of_shop
  ), locked as (
    select event.id
    from queue
    join private.webhook_events as event
      on event.shop_id = queue.shop_id and event.object_id = queue.tiktok_order_id
    where queue.place <= queue.places and event.status = 'held'
    order by queue.place
    limit private.max_reopened_events()
    -- A locked one is being reopened by another transaction.
    for update of event skip locked
  )
  select coalesce(array_agg(id), '{}') into chosen from locked;
  -- 4. Reopen them.
  perform private.reopen_webhook_events(chosen);
  return cardinality(chosen);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.reopen_shop_events(p_event_id bigint, p_tiktok_shop_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
begin
  if event.id is not null then
    perform private.reopen_events_of_shop(event.shop_id, (event.body::jsonb ->> 'after')::bigint);
  end if;
  return private.settle_locked_event(event, '{"outcome": "reopened"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.replace_stripe_customer(p_user_id uuid, p_deleted_hashes text[], p_stripe_customer_id text, p_stripe_customer_id_hash text, p_email text)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- The seller, whose plan changes, then the customer: docs/architecture.md.
  perform private.lock_sellers(p_user_id);
  perform from public.users where id = p_user_id for no key update;
  if not found then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  perform from private.stripe_customers where user_id = p_user_id for update;
  update private.stripe_customers
  set stripe_customer_id = p_stripe_customer_id,
      stripe_customer_id_hash = p_stripe_customer_id_hash,
      version = version + 1
  where user_id = p_user_id and stripe_customer_id_hash = any (p_deleted_hashes);
  if found then
    -- Stripe sends no more events about the subscriptions of a deleted customer.
    perform from public.subscriptions where user_id = p_user_id order by id for no key update;
    update public.subscriptions
    set status = 'canceled', reconciled_at = now()
    where user_id = p_user_id and status not in ('canceled', 'incomplete_expired');
    perform private.refresh_user_plan(p_user_id);
  end if;
  perform private.check_customer_email(p_user_id, p_email);
  return (select stripe_customer_id from private.stripe_customers where user_id = p_user_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.replay_webhook_event(p_event_id bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.inbox_events;
  is_replayed boolean;
begin
  -- Waits for a worker that is settling or claiming the event, and then reports the new status.
  perform private.lock_event(p_event_id);
  perform private.lock_claims(array[p_event_id]);
  select * into event from private.inbox_events where id = p_event_id;
  if event.id is null then
    raise exception 'Unknown webhook event %', p_event_id using errcode = 'PT404';
  end if;
  is_replayed := private.is_replayable(event);
  if is_replayed then
    perform private.reopen_webhook_events(array[p_event_id]);
  end if;
  insert into public.system_logs (event_type, details)
  values (
    'events_replayed',
    jsonb_build_object('event_id', p_event_id, 'status_before', event.status, 'count', is_replayed::integer)
  );
  return jsonb_build_object(
    'event_id', p_event_id,
    'status_before', event.status,
    'replayed', is_replayed
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.replay_webhook_events(p_filter jsonb, p_limit integer DEFAULT 1000)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  condition text := private.webhook_event_condition(p_filter)
    || ' and private.is_replayable(inbox_events)';
  chosen bigint[];
  remaining bigint;
begin
  -- 1. Require a narrow filter: a source or a time alone matches nearly all events.
  if not p_filter ?| array['status', 'reason', 'error', 'event_type', 'shop_id', 'object_id'] then
    raise exception 'Replaying needs a filter with status, reason, error, event_type, shop_id or object_id'
      using errcode = 'PT400';
  end if;
  if p_limit is null or p_limit not between 1 and 10000 then
    raise exception 'p_limit has to be 1 to 10000' using errcode = 'PT400';
  end if;
  -- 2. Lock the oldest that can be replayed; skip locked ones, which the next call finds if they still match.
  execute format(
    $query$
      select coalesce(array_agg(id), '{}')
      from (
        select oldest.id
        from private.webhook_events as oldest
        where exists (select from private.inbox_events where inbox_events.id = oldest.id and %s)
        order by oldest.id
        limit $1
        for update of oldest skip locked
      ) as locked
    $query$,
    condition
  )
  into chosen
  using p_limit;
  -- 3. Reopen them, count the rest and log it.
  perform private.reopen_webhook_events(chosen);
  execute format('select count(*) from private.inbox_events where %s', condition) into remaining;
  insert into public.system_logs (event_type, details)
  values ('events_replayed', jsonb_build_object('filter', p_filter, 'count', cardinality(chosen)));
  return jsonb_build_object('replayed', cardinality(chosen), 'remaining', remaining);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.request_label(p_user_id uuid, p_idempotency_key text, p_request_hash text, p_order_id uuid, p_request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.request_label_batch(p_user_id uuid, p_idempotency_key text, p_request_hash text, p_items jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  batch private.label_batches;
begin
  perform private.lock_sellers(p_user_id);
  perform private.require_seller(p_user_id);
  insert into private.label_batches (user_id, idempotency_key, request_hash)
  values (p_user_id, p_idempotency_key, p_request_hash)
  on conflict (user_id, idempotency_key) do nothing
  returning * into batch;
  if batch.id is null then
    select * into batch
    from private.label_batches
    where user_id = p_user_id and idempotency_key = p_idempotency_key;
    if batch.request_hash <> p_request_hash then
      return jsonb_build_object('outcome', 'key_reused');
    end if;
    return jsonb_build_object('outcome', 'exists', 'batch', private.batch_view(batch.id));
  end if;
  insert into private.label_batch_items (user_id, batch_id, place, order_id, request)
  select p_user_id, batch.id, item.place, (item.request ->> 'order_id')::uuid, item.request
  from jsonb_array_elements(p_items) with ordinality as item (request, place);
  perform private.enqueue_task(
    'BUY_LABEL', batch.id || ':' || item.place, shop.shop_id, batch.id || ':' || item.place
  )
  from private.label_batch_items as item
  left join public.orders on orders.id = item.order_id and orders.user_id = p_user_id
  left join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
  where item.batch_id = batch.id;
  return jsonb_build_object('outcome', 'accepted', 'batch', private.batch_view(batch.id));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.request_label_void(p_user_id uuid, p_shipment_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.request_order_reread(p_shop_id text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  requested integer;
begin
  if p_shop_id is not null and not exists (
    select from public.tiktok_shops where shop_id = p_shop_id and connection_status = 'active'
  ) then
    raise exception 'Shop % is not connected', p_shop_id using errcode = 'PT404';
  end if;
  select private.enqueue_tasks(
    'REREAD_ORDERS',
    coalesce(
      jsonb_agg(jsonb_build_object('occasion', shop.id || ':' || gen_random_uuid(), 'shop_id', shop.shop_id)), '[]'
    )
  )
  into requested
  from public.tiktok_shops as shop
  where shop.connection_status = 'active'
    and (p_shop_id is null or shop.shop_id = p_shop_id)
    and exists (
      select from public.orders
      where orders.tiktok_shop_id = shop.id
        and orders.mapping_version < private.order_mapping_version()
    )
    and not exists (
      select from private.webhook_events as waiting
      join private.event_queue as queued on queued.event_id = waiting.id
      where waiting.shop_id = shop.shop_id
        and waiting.event_type = 'REREAD_ORDERS'
        and waiting.object_id is null
        and waiting.status in ('pending', 'failing')
        and queued.status in ('pending', 'processing')
    );
  return jsonb_build_object('requested', requested);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.request_order_sync(p_shop_id text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  requested integer;
begin
  if p_shop_id is not null and not exists (
    select from public.tiktok_shops where shop_id = p_shop_id and connection_status = 'active'
  ) then
    raise exception 'Shop % is not connected', p_shop_id using errcode = 'PT404';
  end if;
  select private.enqueue_tasks(
    'SYNC_ORDERS',
    coalesce(
      jsonb_agg(jsonb_build_object('occasion', shop.id || ':' || gen_random_uuid(), 'shop_id', shop.shop_id)), '[]'
    )
  )
  into requested
  from public.tiktok_shops as shop
  where shop.connection_status = 'active'
    and (p_shop_id is null or shop.shop_id = p_shop_id)
    and not exists (
      select from private.webhook_events as waiting
      join private.event_queue as queued on queued.event_id = waiting.id
      where waiting.shop_id = shop.shop_id
        and waiting.event_type = 'SYNC_ORDERS'
        and waiting.object_id is null
        and waiting.status in ('pending', 'failing')
        and (queued.status = 'pending' or (queued.status = 'processing' and p_shop_id is null))
    );
  return jsonb_build_object('requested', requested);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.request_own_tracking(p_user_id uuid, p_idempotency_key text, p_request_hash text, p_order_id uuid, p_request jsonb, p_is_check boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  wanted public.orders;
  purchase private.label_purchases;
  parcel record;
  refusal text;
begin
  -- 1. Lock the seller and the order: all its labels and numbers are decided under this lock.
  perform private.lock_orders(p_user_id, array[p_order_id]);
  select * into wanted from public.orders where id = p_order_id and user_id = p_user_id;
  if wanted.id is null then
    raise exception 'The seller has no order %', p_order_id using errcode = 'PT404';
  end if;

  -- 2. Answer a repeated request.
  select * into purchase
  from private.label_purchases
  where user_id = p_user_id and idempotency_key = p_idempotency_key;
  if purchase.id is not null then
    return case
      when purchase.request_hash <> p_request_hash or purchase.order_id <> p_order_id or purchase.provider <> 'own'
        then jsonb_build_object('outcome', 'key_reused')
      else jsonb_build_object('outcome', 'exists', 'shipment', private.shipment_view(purchase))
    end;
  end if;

  -- 3. Check the order, its units, the carrier and the number.
  select * into parcel
  from private.choose_parcel(p_user_id, array[p_order_id], 'own', null, p_request -> 'line_item_ids');
  refusal := coalesce(
    parcel.refusal,
    private.own_number_refusal(wanted, p_request ->> 'carrier', p_request ->> 'tracking_number', null)
  );
  if refusal is not null then
    return jsonb_build_object(
      'outcome', 'refused', 'code', refusal,
      'order_ids', parcel.other_order_ids, 'tiktok_order_ids', parcel.unstored_order_ids
    );
  end if;
  if p_is_check then
    return jsonb_build_object(
      'outcome', 'ready',
      'order', private.order_to_ship(wanted),
      'part', jsonb_build_object(
        'id', wanted.id,
        'tiktok_order_id', wanted.tiktok_order_id,
        'combine_group_id', wanted.combine_group_id,
        'line_item_ids', to_jsonb(parcel.line_item_ids),
        'labelled_elsewhere', '[]'::jsonb,
        'tracking_numbers', private.order_to_ship(wanted) -> 'tracking_numbers'
      ),
      'refused_carriers', private.refused_carriers(wanted, 'own')
    );
  end if;

  -- 4. Store it, and take its units.
  insert into private.label_purchases (
    user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, service, state
  )
  values (
    p_user_id, p_order_id, p_idempotency_key, p_request_hash, 'own', parcel.line_item_ids, 'own', 'purchased'
  )
  returning * into purchase;
  perform private.claim_label_lines(purchase);
  insert into public.shipments (
    id, order_id, provider, carrier, service_type, tracking_number, line_item_ids, status, tracked_at
  )
  values (
    purchase.id, p_order_id, 'own', p_request ->> 'carrier', 'own', p_request ->> 'tracking_number',
    parcel.line_item_ids, 'purchased', now()
  );
  insert into private.own_tracking_numbers (user_id, shipment_id, attempt, carrier, tracking_number)
  values (p_user_id, purchase.id, purchase.attempt, p_request ->> 'carrier', p_request ->> 'tracking_number');
  perform private.record_parcel_change(
    purchase.id,
    'TRACKING_ADDED',
    jsonb_build_object('shipment_id', purchase.id, 'carrier', p_request ->> 'carrier')
  );
  return jsonb_build_object(
    'outcome', 'stored',
    'shipment', private.shipment_view(purchase),
    'event', private.claim_own_notification(purchase)
  );
exception
  -- Two concurrent requests used one key for two orders.
  when unique_violation then
    return jsonb_build_object('outcome', 'key_reused');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.request_source_checks()
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return (
    select count(private.enqueue_task(task.event_type, task.occasion, task.shop_id))::integer
    from (
      select 'CHECK_SOURCES' as event_type, current_date::text as occasion, null as shop_id
      union all
      select 'CHECK_WEBHOOKS', id || ':' || current_date, shop_id
      from public.tiktok_shops
      where connection_status = 'active' and connected_at < now() - interval '1 day'
      union all
      select 'PROBE_SHOP', id || ':' || extract(epoch from probe_at), shop_id
      from public.tiktok_shops
      where connection_status = 'paused' and probe_at <= now()
      -- Two runs at once wait for each other's tasks.
      order by occasion, event_type
    ) as task
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.request_subscription_sync(p_user_id uuid DEFAULT NULL::uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event_id bigint;
begin
  if p_user_id is not null and not exists (
    select from private.stripe_customers where user_id = p_user_id
  ) then
    raise exception 'User % has no Stripe customer', p_user_id using errcode = 'PT404';
  end if;
  -- All sellers: one run at a time. One seller: as many runs as requested.
  if p_user_id is null then
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('SYNC_SUBSCRIPTIONS', 0));
  end if;
  select event.id into event_id
  from private.webhook_events as event
  where event.event_type = 'SYNC_SUBSCRIPTIONS'
    and event.source = 'creatorflow'
    and event.id in (
      select waiting.event_id from private.event_queue as waiting
      where waiting.status in ('pending', 'processing') and waiting.shop_id = ''
    )
    and p_user_id is null and event.object_id is null
  limit 1;
  if event_id is null then
    event_id := private.enqueue_task(
      'SYNC_SUBSCRIPTIONS',
      gen_random_uuid()::text,
      p_object_id => p_user_id::text,
      p_body => jsonb_build_object('started_at', now(), 'checked', 0, 'repaired', 0)::text
    );
    if p_user_id is null then
      perform private.enqueue_task('CLOSE_CUSTOMER', id || ':' || event_id, p_object_id => id::text)
      from private.stripe_customers
      where user_id is null;
    end if;
  end if;
  return jsonb_build_object('event_id', event_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.request_tracking_correction(p_user_id uuid, p_shipment_id uuid, p_carrier text, p_tracking_number text, p_is_check boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  purchase private.label_purchases;
  shipment public.shipments;
  shipped public.orders;
  notifications bigint[];
  refusal text;
begin
  -- 1. Lock the order, the purchase, the parcel and its open notifications; one that is locked is being sent.
  perform private.lock_orders_of_purchase(p_shipment_id);
  select * into purchase from private.label_purchases where id = p_shipment_id and user_id = p_user_id for update;
  if purchase.id is null then
    raise exception 'The seller has no shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  select * into shipment from public.shipments where id = p_shipment_id for no key update;
  select * into shipped from public.orders where id = purchase.order_id;
  notifications := array(
    select event.id
    from private.webhook_events as event
    join private.event_queue as queued on queued.event_id = event.id
    where event.shop_id = (select shop_id from public.tiktok_shops where id = shipped.tiktok_shop_id)
      and event.object_id = p_shipment_id::text and event.source = 'creatorflow' and event.event_type = 'MARK_SHIPPED'
      and event.status in ('pending', 'failing')
    order by event.id
    for update of event, queued skip locked
  );

  -- 2. A repeated request changes nothing.
  if purchase.provider = 'own' and purchase.state = 'purchased' and shipment.tracking_number = p_tracking_number
    and private.plain_carrier(shipment.carrier) = private.plain_carrier(p_carrier) then
    return jsonb_build_object('outcome', 'exists', 'shipment', private.shipment_view(purchase));
  end if;
  refusal := private.correction_refusal(purchase, notifications, p_carrier, p_tracking_number);
  if refusal is not null then
    return jsonb_build_object('outcome', 'refused', 'code', refusal);
  end if;
  if p_is_check then
    return jsonb_build_object(
      'outcome', 'ready',
      'order', private.order_to_ship(shipped),
      'refused_carriers', private.refused_carriers(shipped, 'own')
    );
  end if;

  -- 3. Replace the number; the earlier one is not sent any more.
  update private.webhook_events
  set status = 'ignored', reason = 'tracking_replaced', settled_at = now()
  where id = any (notifications)
    and exists (
      select from private.event_queue as queued
      where queued.event_id = webhook_events.id and queued.status in ('pending', 'processing')
    );
  update private.label_purchases set attempt = attempt + 1 where id = p_shipment_id returning * into purchase;
  insert into private.own_tracking_numbers (user_id, shipment_id, attempt, carrier, tracking_number)
  values (purchase.user_id, p_shipment_id, purchase.attempt, p_carrier, p_tracking_number);
  perform private.put_own_number(p_shipment_id, p_carrier, p_tracking_number, null);
  perform private.record_parcel_change(
    p_shipment_id,
    'TRACKING_CORRECTED',
    jsonb_build_object('shipment_id', p_shipment_id, 'carrier', p_carrier)
  );
  return jsonb_build_object(
    'outcome', 'stored',
    'shipment', private.shipment_view(purchase),
    'event', private.claim_own_notification(purchase)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.resume_tiktok_shop(p_event_id bigint, p_tiktok_shop_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events;
  resumed public.tiktok_shops;
begin
  perform private.lock_sellers(user_id) from public.tiktok_shops where id = p_tiktok_shop_id;
  -- Alone, against workers that are setting events of the shop back.
  perform private.lock_tiktok_shops_alone(shop_id) from public.tiktok_shops where id = p_tiktok_shop_id;
  event := private.lock_open_event(p_event_id);
  if event.id is not null then
    perform from private.tiktok_logins as login
    join public.tiktok_shops as shop on shop.user_id = login.user_id and shop.open_id = login.open_id
    where shop.id = p_tiktok_shop_id
    for update of login;
    update public.tiktok_shops
    set connection_status = 'active', status_reason = null, probe_at = null
    where id = p_tiktok_shop_id and connection_status = 'paused'
    returning * into resumed;
    if resumed.id is not null then
      perform private.reopen_events_of_shop(resumed.shop_id);
      perform private.enqueue_task('SYNC_ORDERS', resumed.id || ':resumed:' || p_event_id, resumed.shop_id);
      perform private.enqueue_task('CHECK_WEBHOOKS', resumed.id || ':resumed:' || p_event_id, resumed.shop_id);
      insert into public.system_logs (event_type, details)
      values ('shop_resumed', jsonb_build_object('shop_id', resumed.shop_id));
    end if;
  end if;
  return private.settle_locked_event(event, '{"outcome": "resumed"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.set_label_limit(p_user_id uuid, p_limits jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  names text[] := array['daily_label_limit', 'monthly_label_limit', 'daily_label_cents', 'monthly_label_cents'];
  wanted private.label_limits;
begin
  if p_user_id is not null then
    perform private.require_seller(p_user_id);
  end if;
  if (p_limits is null and p_user_id is null) or jsonb_typeof(p_limits) <> 'object' or p_limits - names <> '{}'
    or exists (select from jsonb_each_text(p_limits) as entry where entry.value !~ '^[0-9]{1,9}$' or entry.value is null) then
    raise exception 'Limits are whole numbers named %', names using errcode = 'PT400';
  end if;
  delete from private.label_limits where user_id = p_user_id and p_limits is null;
  if p_limits is not null then
    select * into wanted from private.label_limits where user_id is not distinct from p_user_id for update;
    if wanted.id is null then
      wanted := private.label_limit_of(p_user_id);
    end if;
    wanted := jsonb_populate_record(wanted, p_limits);
    insert into private.label_limits (
      user_id, daily_label_limit, monthly_label_limit, daily_label_cents, monthly_label_cents
    )
    values (
      p_user_id, wanted.daily_label_limit, wanted.monthly_label_limit, wanted.daily_label_cents,
      wanted.monthly_label_cents
    )
    on conflict (user_id) do update
      set daily_label_limit = excluded.daily_label_limit,
          monthly_label_limit = excluded.monthly_label_limit,
          daily_label_cents = excluded.daily_label_cents,
          monthly_label_cents = excluded.monthly_label_cents;
  end if;
  insert into public.system_logs (event_type, details)
  values ('label_limit_set', jsonb_build_object('user_id', p_user_id, 'limits', p_limits));
  return to_jsonb(
    coalesce(
      (select own from private.label_limits as own where own.user_id is not distinct from p_user_id),
      private.label_limit_of(p_user_id)
    )
  ) - array['id', 'user_id'];
end;
$function$
;
CREATE OR REPLACE FUNCTION public.settle_batch_item(p_event_id bigint, p_batch_id uuid, p_place integer, p_result jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_sellers((select user_id from private.label_batches where id = p_batch_id));
  perform private.lock_event(p_event_id);
  update private.label_batch_items
  set state = p_result ->> 'state',
      code = p_result ->> 'code'
  where batch_id = p_batch_id and place = p_place;
  perform private.settle_event(p_event_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.settle_customer_email(p_event_id bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return private.settle_locked_event(private.lock_open_event(p_event_id), '{"outcome": "updated"}');
end;
$function$
;
CREATE OR REPLACE FUNCTION public.settle_deleted_customer(p_event_id bigint, p_id uuid, p_closed_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  outcome text := case when p_closed_id is null then 'reported' else 'closed' end;
begin
  if event.id is not null and p_closed_id is not null then
    perform private.delete_stripe_events(array[p_closed_id]);
    -- Stripe may still send events about the end: a day later nothing comes any more.
    delete from private.stripe_customers
    where id = p_id and user_id is null and account_deleted_at < now() - interval '1 day';
    if found then
      outcome := 'forgotten';
    end if;
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.settle_label_void(p_purchase_id uuid, p_state text, p_reason text, p_event_id bigint DEFAULT NULL::bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.settle_own_notification(p_shipment_id uuid, p_attempt integer, p_answer jsonb, p_event_id bigint DEFAULT NULL::bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  purchase private.label_purchases;
  current_number private.own_tracking_numbers;
begin
  perform private.lock_orders_of_purchase(p_shipment_id, p_event_id);
  select * into purchase from private.label_purchases where id = p_shipment_id for update;
  current_number := private.current_own_number(p_shipment_id);
  -- A number that was replaced meanwhile says nothing about the present one.
  if purchase.state = 'purchased' and current_number.attempt = p_attempt then
    if p_answer ? 'code' then
      perform private.refuse_own_number(purchase, p_attempt, p_answer);
    elsif p_answer ? 'error' then
      update public.shipments
      set tiktok_error = p_answer ->> 'error', tiktok_error_code = p_answer ->> 'temporary_code'
      where id = p_shipment_id;
    else
      update private.own_tracking_numbers
      set accepted_at = now()
      where shipment_id = p_shipment_id and attempt = p_attempt and accepted_at is null;
      update public.shipments
      set tiktok_package_id = coalesce(p_answer ->> 'package_id', tiktok_package_id),
          tiktok_notified_at = coalesce(tiktok_notified_at, now()),
          tiktok_warning = p_answer ->> 'warning',
          tiktok_error = null,
          tiktok_error_code = null
      where id = p_shipment_id;
      perform private.enqueue_label_task('CHECK_TRACKING', purchase, 'own:' || p_attempt);
    end if;
  end if;
  perform private.settle_event(p_event_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.settle_webhook_events(p_results jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
AS $function$
declare
  event_ids bigint[];
  claims integer[];
  reasons text[];
  depends_on_shops boolean;
  statuses jsonb := '{}';
  result jsonb;
  locked bigint[];
begin
  select
    coalesce(array_agg(event_id order by event_id), '{}'),
    array_agg(claim order by event_id),
    array_agg(ignored order by event_id),
    bool_or(ignored = 'shop_not_connected' or while_paused)
  into event_ids, claims, reasons, depends_on_shops
  from jsonb_to_recordset(p_results) as listed (event_id bigint, claim integer, ignored text, while_paused boolean);
  -- 1. Lock the shops on whose connection a result depends, then the events: docs/architecture.md.
  if depends_on_shops then
    perform private.lock_tiktok_shops(variadic array(
      select event.shop_id
      from private.webhook_events as event
      join jsonb_to_recordset(p_results) as result (event_id bigint, ignored text, while_paused boolean)
        on result.event_id = event.id and (result.ignored = 'shop_not_connected' or result.while_paused)
      where event.id = any (event_ids) and event.shop_id is not null
    ));
  end if;
  if cardinality(event_ids) = 1 then
    locked := array(select id from private.webhook_events where id = event_ids[1] for update);
  else
    -- The deletion of an account locks events shop by shop: waiting here for the second of two could be a deadlock.
    locked := array(
      select id from private.webhook_events where id = any (event_ids) order by id for update skip locked
    );
  end if;
  -- 2. Settle what needs no action, at once; put the others back, one by one.
  if cardinality(array_remove(reasons, null)) > 0 then
    statuses := private.ignore_webhook_events(event_ids, claims, reasons, locked);
  end if;
  if array_position(reasons, null) is not null then
    for result in
      select entry
      from jsonb_array_elements(p_results) as entry
      where entry ?| array['failed', 'postponed', 'unstarted'] and (entry ->> 'event_id')::bigint = any (locked)
    loop
      statuses := statuses || jsonb_build_object(
        result ->> 'event_id',
        case
          when result ? 'unstarted' then private.return_unstarted_event(
            (result ->> 'event_id')::bigint, (result ->> 'claim')::integer
          )
          when result ? 'failed' then private.fail_webhook_event(
            (result ->> 'event_id')::bigint, (result ->> 'claim')::integer, result ->> 'failed',
            (result ->> 'retry_after_seconds')::numeric::integer
          )
          else private.postpone_webhook_event(
            (result ->> 'event_id')::bigint, (result ->> 'claim')::integer, result ->> 'postponed',
            (result ->> 'retry_after_seconds')::numeric::integer, (result -> 'while_paused') = 'true'
          )
        end
      );
    end loop;
  end if;
  -- 3. Name those that another transaction has.
  if cardinality(locked) < cardinality(event_ids) then
    statuses := statuses || (
      select coalesce(jsonb_object_agg(id, 'locked'), '{}')
      from private.webhook_events where id = any (event_ids) and id <> all (locked)
    );
  end if;
  return (
    select coalesce(jsonb_agg(statuses -> (listed.entry ->> 'event_id') order by listed.n), '[]')
    from jsonb_array_elements(p_results) with ordinality as listed (entry, n)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.show_webhook_event(p_event_id bigint, p_with_body boolean DEFAULT false, p_reader text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.inbox_events;
  shown jsonb;
begin
  select * into event from private.inbox_events where id = p_event_id;
  if event.id is null then
    raise exception 'Unknown webhook event %', p_event_id using errcode = 'PT404';
  end if;
  shown := private.webhook_event_summary(event)
    || jsonb_build_object('body_characters', char_length(event.body));
  if p_with_body then
    -- Our own tasks have no personal data.
    if event.source <> 'creatorflow' then
      perform private.record_personal_data_read(p_reader, 'event_body', array[p_event_id::text]);
    end if;
    shown := shown || jsonb_build_object('body', event.body);
  end if;
  return shown;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.start_label_purchase(p_purchase_id uuid, p_attempt integer, p_choice jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.store_exchanged_tokens(p_open_id text, p_grant jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  -- One who connects the login later stores a newer pair.
  sellers uuid[] := array(select distinct user_id from public.tiktok_shops where open_id = p_open_id);
  stored integer;
begin
  -- 1. Lock the login in every account, and its shops.
  perform private.lock_sellers(variadic sellers);
  perform from private.tiktok_logins
  where user_id = any (sellers) and open_id = p_open_id
  order by user_id
  for update;
  perform from public.tiktok_shops
  where user_id = any (sellers) and open_id = p_open_id
  order by id
  for no key update;
  -- 2. Store the pair at its live shops, unless theirs is newer.
  update public.tiktok_shops as shop
  set access_token = entry.access_token,
      refresh_token = entry.refresh_token,
      token_expires_at = (p_grant ->> 'token_expires_at')::timestamptz,
      refresh_token_expires_at = (p_grant ->> 'refresh_token_expires_at')::timestamptz
  from jsonb_to_recordset(p_grant -> 'shops') as entry (
      shop_id text, access_token text, refresh_token text
    ),
    private.tiktok_logins as login
  where shop.user_id = any (sellers)
    and shop.open_id = p_open_id
    and shop.shop_id = entry.shop_id
    and shop.connection_status in ('active', 'paused')
    and login.user_id = shop.user_id
    and login.open_id = shop.open_id
    and not coalesce(
      private.is_older_pair(p_grant, shop.token_expires_at, login.pair_requested_at), false
    );
  get diagnostics stored = row_count;
  -- 3. Raise the version, so a running refresh stores nothing.
  if stored > 0 then
    update private.tiktok_logins as login
    set token_version = token_version + 1,
        pair_requested_at = coalesce((p_grant ->> 'requested_at')::timestamptz, now()),
        lease_id = null,
        lease_until = null
    where user_id = any (sellers)
      and open_id = p_open_id
      and exists (
        select from public.tiktok_shops as shop
        where shop.user_id = login.user_id
          and shop.open_id = login.open_id
          and shop.connection_status in ('active', 'paused')
      );
  end if;
  return stored;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.store_label_document(p_purchase_id uuid, p_document jsonb, p_event_id bigint DEFAULT NULL::bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.store_label_rates(p_order_id uuid, p_parcel jsonb, p_sender jsonb, p_rates jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
$function$
;
CREATE OR REPLACE FUNCTION public.store_order_page(p_event_id bigint, p_tiktok_shop_id uuid, p_orders jsonb, p_synced_until timestamp with time zone, p_next text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  shop public.tiktok_shops;
  enqueued integer;
  missed integer;
begin
  -- 1. Lock the event and the shop.
  if event.id is null then
    return private.settle_locked_event(event, '{"enqueued": 0, "missed": 0}');
  end if;
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id for no key update;
  if shop.id is null then
    raise exception 'Unknown shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  -- 2. Enqueue the orders; those of a later sync count as missed by the webhooks.
  enqueued := private.enqueue_found_orders(shop, p_orders);
  missed := case when shop.first_sync_done then enqueued else 0 end;
  if missed > 0 then
    insert into public.system_logs (event_type, details)
    values ('orders_missed', jsonb_build_object('shop_id', shop.shop_id, 'orders', missed));
  end if;
  perform private.postpone_found_orders(shop.shop_id, p_next = 'returns');
  -- 3. Move the watermark.
  update public.tiktok_shops
  set orders_synced_until = greatest(orders_synced_until, p_synced_until),
      first_sync_done = first_sync_done or p_next = 'returns'
  where id = p_tiktok_shop_id;
  return private.end_sync_page(
    event, shop, p_next, jsonb_build_object('enqueued', enqueued, 'missed', missed)
  );
end;
$function$
;
CREATE OR REPLACE FUNCTION public.store_own_tracker(p_event_id bigint, p_shipment_id uuid, p_attempt integer, p_tracker_id text, p_update jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_open_event(p_event_id, array[private.seller_of_shipment(p_shipment_id)]);
  outcome text := 'not_tracked';
begin
  perform private.lock_orders_of_purchase(p_shipment_id);
  if event.id is not null and (private.current_own_number(p_shipment_id)).attempt is distinct from p_attempt then
    outcome := 'replaced';
  elsif event.id is not null and p_tracker_id is not null then
    update private.own_tracking_numbers
    set tracker_id = p_tracker_id, tracker_made_at = coalesce(tracker_made_at, now())
    where shipment_id = p_shipment_id and attempt = p_attempt;
    outcome := private.move_shipment(p_shipment_id, p_update);
  elsif event.id is not null then
    update public.shipments set tracked_at = now() where id = p_shipment_id;
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.store_refreshed_logins(p_pairs jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  pair jsonb;
  outcomes jsonb := '[]';
begin
  -- 1. Lock all sellers, then the shops that were given up, all logins, all shops: docs/architecture.md.
  perform private.lock_sellers(
    variadic array(select (value ->> 'user_id')::uuid from jsonb_array_elements(p_pairs))
  );
  perform private.lock_refused_shops(p_pairs);
  perform from private.tiktok_logins
  where (user_id, open_id) in (
    select (value ->> 'user_id')::uuid, value ->> 'open_id' from jsonb_array_elements(p_pairs)
  )
  order by user_id, open_id
  for no key update;
  perform from public.tiktok_shops
  where (user_id, open_id) in (
    select (value ->> 'user_id')::uuid, value ->> 'open_id' from jsonb_array_elements(p_pairs)
  )
  order by id
  for no key update;
  -- 2. Store them.
  for pair in select value from jsonb_array_elements(p_pairs) loop
    outcomes := outcomes || to_jsonb(private.store_refreshed_tokens(
      (pair ->> 'user_id')::uuid, pair ->> 'open_id', (pair ->> 'token_version')::integer, pair -> 'grant'
    ));
  end loop;
  return outcomes;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.store_return_page(p_event_id bigint, p_tiktok_shop_id uuid, p_returns jsonb, p_synced_until timestamp with time zone, p_next text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  shop public.tiktok_shops;
  enqueued integer;
begin
  -- 1. Lock the event and the shop.
  if event.id is null then
    return private.settle_locked_event(event, '{"enqueued": 0}');
  end if;
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id for no key update;
  if shop.id is null then
    raise exception 'Unknown shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  -- 2. Enqueue the returns whose refund is not in the timeline of their order.
  select count(
    private.enqueue_task(
      'RETURN_FOUND',
      concat_ws(':', shop.id, extract(epoch from shop.connected_at), found.return_id, found.update_time),
      shop.shop_id, found.order_id, jsonb_build_object('notice', found.notice)::text
    )
  )
  into enqueued
  from jsonb_to_recordset(p_returns) as found (return_id text, order_id text, update_time bigint, notice jsonb)
  where not exists (
    select from public.orders
    join public.order_events as known on known.order_id = orders.id and known.user_id = orders.user_id
    where orders.user_id = shop.user_id
      and orders.tiktok_shop_id = shop.id
      and orders.tiktok_order_id = found.order_id
      and known.changes ->> 'refund_id' = 'return/' || found.return_id
  );
  -- 3. Move the watermark.
  update public.tiktok_shops
  set returns_synced_until = greatest(returns_synced_until, p_synced_until)
  where id = p_tiktok_shop_id;
  return private.end_sync_page(event, shop, p_next, jsonb_build_object('enqueued', enqueued));
end;
$function$
;
CREATE OR REPLACE FUNCTION public.store_stripe_customer(p_user_id uuid, p_stripe_customer_id text, p_stripe_customer_id_hash text, p_email text)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- A change of the address is stored before this, or finds the customer's row after it. Two requests that store the
  -- same customer at once would both find none, and the second one break the key of its id.
  perform private.lock_sellers(p_user_id);
  perform from public.users where id = p_user_id for no key update;
  if not found then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  insert into private.stripe_customers (user_id, stripe_customer_id, stripe_customer_id_hash)
  values (p_user_id, p_stripe_customer_id, p_stripe_customer_id_hash)
  on conflict (user_id) do nothing;
  perform private.check_customer_email(p_user_id, p_email);
  return (select stripe_customer_id from private.stripe_customers where user_id = p_user_id);
end;
$function$
;
CREATE OR REPLACE FUNCTION public.store_tiktok_claim(p_user_id uuid, p_claim_hash text, p_sealed_grant text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  expiry timestamptz;
begin
  update private.tiktok_claims
  set sealed_grant = p_sealed_grant
  where claim_hash = p_claim_hash
    and user_id = p_user_id
    and sealed_grant is null
    and connected_at is null
    and expires_at > now()
  returning expires_at into expiry;
  return expiry;
end;
$function$
;
CREATE OR REPLACE FUNCTION public.update_updated_at_column()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.updated_at = now();
  return new;
end;
$function$
;
CREATE TRIGGER delete_auth_traces AFTER DELETE ON auth.users REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION private.delete_auth_traces();
CREATE TRIGGER on_auth_user_deleted BEFORE DELETE ON auth.users FOR EACH ROW EXECUTE FUNCTION private.begin_account_deletion();
CREATE TRIGGER on_auth_user_written AFTER INSERT OR UPDATE OF email ON auth.users FOR EACH ROW EXECUTE FUNCTION private.handle_auth_user();
CREATE TRIGGER check_label_transition BEFORE UPDATE OF state ON private.label_purchases FOR EACH ROW WHEN ((old.state IS DISTINCT FROM new.state)) EXECUTE FUNCTION private.check_label_transition();
CREATE TRIGGER keep_invoices BEFORE DELETE ON private.label_purchases FOR EACH ROW WHEN ((old.adjustments <> '{}'::jsonb)) EXECUTE FUNCTION private.keep_invoices();
CREATE TRIGGER keep_stripe_customer BEFORE UPDATE OF user_id ON private.stripe_customers FOR EACH ROW WHEN (((new.user_id IS NULL) AND (old.user_id IS NOT NULL))) EXECUTE FUNCTION private.keep_stripe_customer();
CREATE TRIGGER keep_event_ids AFTER DELETE ON private.webhook_events REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION private.keep_event_ids();
CREATE TRIGGER keep_queued_event AFTER UPDATE OF status, shop_id, received_at ON private.webhook_events FOR EACH ROW WHEN ((new.status <> ALL ('{done,ignored}'::text[]))) EXECUTE FUNCTION private.keep_queued_event();
CREATE TRIGGER queue_new_events AFTER INSERT ON private.webhook_events REFERENCING NEW TABLE AS stored FOR EACH STATEMENT EXECUTE FUNCTION private.queue_new_events();
CREATE TRIGGER reduce_settled_event BEFORE UPDATE OF status ON private.webhook_events FOR EACH ROW WHEN (((new.source <> 'tiktok'::text) OR (new.reason IS NOT NULL))) EXECUTE FUNCTION private.reduce_settled_event();
CREATE TRIGGER unqueue_deleted_event BEFORE DELETE ON private.webhook_events FOR EACH ROW WHEN ((old.status <> ALL ('{done,ignored}'::text[]))) EXECUTE FUNCTION private.unqueue_event();
CREATE TRIGGER unqueue_settled_event BEFORE UPDATE OF status ON private.webhook_events FOR EACH ROW WHEN (((new.status = ANY ('{done,ignored}'::text[])) AND (old.claims = new.claims))) EXECUTE FUNCTION private.unqueue_event();
CREATE TRIGGER limit_analytics_events AFTER INSERT ON public.analytics_events REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT WHEN ((CURRENT_USER = 'authenticated'::name)) EXECUTE FUNCTION private.limit_analytics_events();
CREATE TRIGGER advise_after_order_change AFTER UPDATE OF order_status, order_items, shipping_address ON public.orders FOR EACH ROW WHEN ((((new.order_status = 'cancelled'::text) AND (old.order_status <> 'cancelled'::text)) OR (old.order_items IS DISTINCT FROM new.order_items) OR (old.shipping_address IS DISTINCT FROM new.shipping_address))) EXECUTE FUNCTION private.advise_after_order_change();
CREATE TRIGGER broadcast_new_orders AFTER INSERT ON public.orders REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION private.broadcast_new_orders();
CREATE TRIGGER broadcast_order_update AFTER UPDATE ON public.orders FOR EACH ROW WHEN (((old.* IS DISTINCT FROM new.*) AND (NOT ((old.personal_data_removed_at IS NULL) AND (new.personal_data_removed_at IS NOT NULL))))) EXECUTE FUNCTION private.broadcast_order_change();
CREATE TRIGGER deliver_untracked_parcels AFTER UPDATE OF tiktok_status ON public.orders FOR EACH ROW WHEN (((new.tiktok_status = ANY ('{DELIVERED,COMPLETED}'::text[])) AND (old.tiktok_status IS DISTINCT FROM new.tiktok_status))) EXECUTE FUNCTION private.deliver_untracked_parcels();
CREATE CONSTRAINT TRIGGER keep_order_totals AFTER UPDATE ON public.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.total_amount <> new.total_amount) OR (old.currency <> new.currency) OR (old.is_revenue <> new.is_revenue) OR (old.payment_status <> new.payment_status) OR (old.refunded_amount IS DISTINCT FROM new.refunded_amount) OR (old.cancelled_amount <> new.cancelled_amount) OR (old.cancelled_in_total <> new.cancelled_in_total))) EXECUTE FUNCTION private.keep_order_totals();
CREATE TRIGGER keep_retention BEFORE INSERT OR UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION private.keep_retention();
CREATE TRIGGER move_order_without_cancelled_units BEFORE UPDATE OF order_items ON public.orders FOR EACH ROW WHEN ((old.order_items IS DISTINCT FROM new.order_items)) EXECUTE FUNCTION private.move_order_without_cancelled_units();
CREATE TRIGGER record_order_received AFTER INSERT ON public.orders REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION private.record_order_received();
CREATE TRIGGER update_orders_updated_at BEFORE UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.update_updated_at_column();
CREATE TRIGGER update_tiktok_parcels AFTER UPDATE OF tiktok_updated_at ON public.orders FOR EACH ROW WHEN (((new.shipping_type = 'TIKTOK'::text) AND (old.tiktok_updated_at IS DISTINCT FROM new.tiktok_updated_at))) EXECUTE FUNCTION private.update_tiktok_parcels();
CREATE TRIGGER set_shipment_order_owner BEFORE INSERT OR UPDATE OF order_id, user_id ON public.shipment_orders FOR EACH ROW EXECUTE FUNCTION private.set_owner_of_order();
CREATE TRIGGER add_shipment_order AFTER INSERT ON public.shipments FOR EACH ROW EXECUTE FUNCTION private.add_shipment_order();
CREATE TRIGGER broadcast_shipment_insert AFTER INSERT ON public.shipments FOR EACH ROW EXECUTE FUNCTION private.broadcast_shipment_change();
CREATE TRIGGER broadcast_shipment_update AFTER UPDATE ON public.shipments FOR EACH ROW WHEN (((old.* IS DISTINCT FROM new.*) AND (NOT ((old.label_url IS NOT NULL) AND (new.label_url IS NULL))))) EXECUTE FUNCTION private.broadcast_shipment_change();
CREATE TRIGGER keep_label_link_out BEFORE INSERT OR UPDATE OF label_url ON public.shipments FOR EACH ROW WHEN ((new.label_url IS NOT NULL)) EXECUTE FUNCTION private.keep_label_link_out();
CREATE CONSTRAINT TRIGGER keep_label_totals_on_insert AFTER INSERT ON public.shipments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.currency IS NOT NULL)) EXECUTE FUNCTION private.keep_label_totals();
CREATE CONSTRAINT TRIGGER keep_label_totals_on_update AFTER UPDATE ON public.shipments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.shipping_cost IS DISTINCT FROM new.shipping_cost) OR (old.quoted_cost IS DISTINCT FROM new.quoted_cost) OR (old.currency IS DISTINCT FROM new.currency) OR ((old.status = 'voided'::text) <> (new.status = 'voided'::text)))) EXECUTE FUNCTION private.keep_label_totals();
CREATE TRIGGER record_label_bought_on_insert AFTER INSERT ON public.shipments FOR EACH ROW WHEN ((new.status = 'purchased'::text)) EXECUTE FUNCTION private.record_label_bought();
CREATE TRIGGER record_label_bought_on_update AFTER UPDATE OF status ON public.shipments FOR EACH ROW WHEN (((new.status = 'purchased'::text) AND (old.status IS DISTINCT FROM new.status))) EXECUTE FUNCTION private.record_label_bought();
CREATE TRIGGER set_shipment_owner BEFORE INSERT OR UPDATE OF order_id, user_id ON public.shipments FOR EACH ROW EXECUTE FUNCTION private.set_owner_of_order();
CREATE TRIGGER update_shipment_advice BEFORE UPDATE OF status ON public.shipments FOR EACH ROW WHEN (((new.advice_reason IS NOT NULL) AND (old.status IS DISTINCT FROM new.status))) EXECUTE FUNCTION private.update_shipment_advice();
CREATE TRIGGER update_shipments_updated_at BEFORE UPDATE ON public.shipments FOR EACH ROW EXECUTE FUNCTION public.update_updated_at_column();
CREATE TRIGGER record_plan_changed_on_insert AFTER INSERT ON public.subscriptions FOR EACH ROW EXECUTE FUNCTION private.record_plan_changed();
CREATE TRIGGER record_plan_changed_on_update AFTER UPDATE OF plan_name, status ON public.subscriptions FOR EACH ROW WHEN (((old.plan_name IS DISTINCT FROM new.plan_name) OR (old.status IS DISTINCT FROM new.status))) EXECUTE FUNCTION private.record_plan_changed();
CREATE TRIGGER update_subscriptions_updated_at BEFORE UPDATE ON public.subscriptions FOR EACH ROW EXECUTE FUNCTION public.update_updated_at_column();
CREATE TRIGGER delete_held_orders AFTER DELETE ON public.tiktok_shops FOR EACH ROW WHEN ((old.connection_status <> 'transferred'::text)) EXECUTE FUNCTION private.delete_held_orders();
CREATE TRIGGER delete_shop_events AFTER DELETE ON public.tiktok_shops FOR EACH ROW WHEN ((old.connection_status <> 'transferred'::text)) EXECUTE FUNCTION private.delete_shop_events();
CREATE TRIGGER end_holds_of_stored_orders AFTER UPDATE OF connection_status ON public.tiktok_shops FOR EACH ROW WHEN (((old.connection_status = 'transferred'::text) AND (new.connection_status = 'active'::text))) EXECUTE FUNCTION private.end_holds_of_stored_orders();
CREATE TRIGGER move_sync_back BEFORE UPDATE OF connection_status ON public.tiktok_shops FOR EACH ROW WHEN (((new.connection_status = 'transferred'::text) AND (old.connection_status <> 'transferred'::text) AND (new.orders_synced_until IS NOT NULL))) EXECUTE FUNCTION private.move_sync_back();
CREATE TRIGGER note_shop_end BEFORE INSERT OR UPDATE OF connection_status ON public.tiktok_shops FOR EACH ROW EXECUTE FUNCTION private.note_shop_end();
CREATE TRIGGER reread_removed_orders AFTER UPDATE OF connection_status ON public.tiktok_shops FOR EACH ROW WHEN (((new.connection_status = 'active'::text) AND (old.connection_status <> 'active'::text))) EXECUTE FUNCTION private.reread_removed_orders();
CREATE TRIGGER update_tiktok_shops_updated_at BEFORE UPDATE ON public.tiktok_shops FOR EACH ROW EXECUTE FUNCTION public.update_updated_at_column();
CREATE TRIGGER delete_account_traces BEFORE DELETE ON public.users FOR EACH ROW EXECUTE FUNCTION private.delete_account_traces();
CREATE TRIGGER delete_tracking_events BEFORE DELETE ON public.users FOR EACH ROW EXECUTE FUNCTION private.delete_tracking_events();
CREATE TRIGGER handle_email_change AFTER UPDATE OF email ON public.users FOR EACH ROW WHEN ((old.email IS DISTINCT FROM new.email)) EXECUTE FUNCTION private.handle_email_change();
create policy "Users can insert own analytics" on public.analytics_events as permissive for insert to authenticated with check (((( SELECT auth.uid() AS uid) = user_id) AND (NOT private.is_backend_event(event_type))));
create policy "Users can view own analytics" on public.analytics_events as permissive for select to authenticated using ((( SELECT auth.uid() AS uid) = user_id));
create policy "Users can view own order events" on public.order_events as permissive for select to authenticated using ((( SELECT auth.uid() AS uid) = user_id));
create policy "Users can view own orders" on public.orders as permissive for select to authenticated using ((( SELECT auth.uid() AS uid) = user_id));
create policy "Signed-in users can read the plans" on public.plans as permissive for select to authenticated using (true);
create policy "Users can view orders of own shipments" on public.shipment_orders as permissive for select to authenticated using ((( SELECT auth.uid() AS uid) = user_id));
create policy "Users can view shipments of own orders" on public.shipments as permissive for select to authenticated using ((( SELECT auth.uid() AS uid) = user_id));
create policy "Users can view own subscriptions" on public.subscriptions as permissive for select to authenticated using ((( SELECT auth.uid() AS uid) = user_id));
create policy "Users can view own shops" on public.tiktok_shops as permissive for select to authenticated using ((( SELECT auth.uid() AS uid) = user_id));
create policy "Users can update own profile" on public.users as permissive for update to authenticated using ((( SELECT auth.uid() AS uid) = id)) with check ((( SELECT auth.uid() AS uid) = id));
create policy "Users can view own profile" on public.users as permissive for select to authenticated using ((( SELECT auth.uid() AS uid) = id));
create policy "Users can receive broadcasts of their own topic" on realtime.messages as permissive for select to authenticated using (((extension = 'broadcast'::text) AND (topic = ( SELECT realtime.topic() AS topic)) AND (( SELECT realtime.topic() AS topic) = ('user:'::text || (( SELECT auth.uid() AS uid))::text))));
grant select on private.carrier_rules to service_role;
grant select on private.counted_label_totals to service_role;
grant select on private.counted_order_totals to service_role;
grant select on private.daily_event_counts to service_role;
grant select on private.deleted_event_ids to service_role;
grant delete on private.event_queue to service_role;
grant insert on private.event_queue to service_role;
grant select on private.event_queue to service_role;
grant update on private.event_queue to service_role;
grant select on private.health_thresholds to service_role;
grant delete on private.held_orders to service_role;
grant insert on private.held_orders to service_role;
grant select on private.held_orders to service_role;
grant update on private.held_orders to service_role;
grant select on private.inbox_events to service_role;
grant insert on private.label_batch_items to service_role;
grant select on private.label_batch_items to service_role;
grant update on private.label_batch_items to service_role;
grant insert on private.label_batches to service_role;
grant select on private.label_batches to service_role;
grant select on private.label_currencies to service_role;
grant delete on private.label_limits to service_role;
grant insert on private.label_limits to service_role;
grant select on private.label_limits to service_role;
grant update on private.label_limits to service_role;
grant usage on private.label_limits_id_seq to service_role;
grant insert on private.label_purchases to service_role;
grant select on private.label_purchases to service_role;
grant update on private.label_purchases to service_role;
grant insert on private.label_rates to service_role;
grant select on private.label_rates to service_role;
grant insert on private.label_spending to service_role;
grant select on private.label_spending to service_role;
grant update on private.label_spending to service_role;
grant usage on private.label_spending_id_seq to service_role;
grant insert on private.label_totals to service_role;
grant select on private.label_totals to service_role;
grant update on private.label_totals to service_role;
grant select on private.label_transitions to service_role;
grant delete on private.labelled_lines to service_role;
grant insert on private.labelled_lines to service_role;
grant select on private.labelled_lines to service_role;
grant insert on private.monthly_order_counts to service_role;
grant select on private.monthly_order_counts to service_role;
grant update on private.monthly_order_counts to service_role;
grant insert on private.monthly_shop_counts to service_role;
grant select on private.monthly_shop_counts to service_role;
grant update on private.monthly_shop_counts to service_role;
grant insert on private.order_totals to service_role;
grant select on private.order_totals to service_role;
grant update on private.order_totals to service_role;
grant select on private.order_transitions to service_role;
grant insert on private.own_tracking_numbers to service_role;
grant select on private.own_tracking_numbers to service_role;
grant update on private.own_tracking_numbers to service_role;
grant insert on private.personal_data_reads to service_role;
grant select on private.personal_data_reads to service_role;
grant usage on private.personal_data_reads_id_seq to service_role;
grant insert on private.request_counts to service_role;
grant select on private.request_counts to service_role;
grant update on private.request_counts to service_role;
grant select on private.request_limits to service_role;
grant select on private.retention_periods to service_role;
grant insert on private.senders to service_role;
grant select on private.senders to service_role;
grant update on private.senders to service_role;
grant insert on private.shop_identities to service_role;
grant select on private.shop_identities to service_role;
grant insert on private.source_health to service_role;
grant select on private.source_health to service_role;
grant update on private.source_health to service_role;
grant insert on private.stripe_attempts to service_role;
grant select on private.stripe_attempts to service_role;
grant update on private.stripe_attempts to service_role;
grant delete on private.stripe_customers to service_role;
grant insert on private.stripe_customers to service_role;
grant select on private.stripe_customers to service_role;
grant update on private.stripe_customers to service_role;
grant delete on private.tiktok_authorizations to service_role;
grant insert on private.tiktok_authorizations to service_role;
grant select on private.tiktok_authorizations to service_role;
grant update on private.tiktok_authorizations to service_role;
grant insert on private.tiktok_claims to service_role;
grant select on private.tiktok_claims to service_role;
grant update on private.tiktok_claims to service_role;
grant insert on private.tiktok_logins to service_role;
grant select on private.tiktok_logins to service_role;
grant update on private.tiktok_logins to service_role;
grant insert on private.unassigned_invoices to service_role;
grant select on private.unassigned_invoices to service_role;
grant update on private.unassigned_invoices to service_role;
grant select on private.undecided_events to service_role;
grant select on private.user_dashboard_metrics to service_role;
grant select on private.waiting_orders to service_role;
grant insert on private.webhook_events to service_role;
grant select on private.webhook_events to service_role;
grant update on private.webhook_events to service_role;
grant usage on private.webhook_events_id_seq to service_role;
grant select on public.analytics_events to authenticated;
grant insert on public.analytics_events to service_role;
grant select on public.analytics_events to service_role;
grant select on public.order_events to authenticated;
grant insert on public.order_events to service_role;
grant select on public.order_events to service_role;
grant usage on public.order_events_id_seq to service_role;
grant select on public.orders to authenticated;
grant insert on public.orders to service_role;
grant select on public.orders to service_role;
grant update on public.orders to service_role;
grant select on public.plans to authenticated;
grant select on public.plans to service_role;
grant select on public.shipment_orders to authenticated;
grant insert on public.shipment_orders to service_role;
grant select on public.shipment_orders to service_role;
grant usage on public.shipment_orders_id_seq to service_role;
grant select on public.shipments to authenticated;
grant insert on public.shipments to service_role;
grant select on public.shipments to service_role;
grant update on public.shipments to service_role;
grant insert on public.subscriptions to service_role;
grant select on public.subscriptions to service_role;
grant update on public.subscriptions to service_role;
grant insert on public.system_logs to service_role;
grant select on public.system_logs to service_role;
grant usage on public.system_logs_id_seq to service_role;
grant insert on public.tiktok_shops to service_role;
grant select on public.tiktok_shops to service_role;
grant update on public.tiktok_shops to service_role;
grant select on public.users to authenticated;
grant select on public.users to service_role;
grant update on public.users to service_role;
grant insert (event_type) on public.analytics_events to authenticated;
grant insert (properties) on public.analytics_events to authenticated;
grant insert (session_id) on public.analytics_events to authenticated;
grant insert (user_id) on public.analytics_events to authenticated;
grant select (cancel_at_period_end) on public.subscriptions to authenticated;
grant select (created_at) on public.subscriptions to authenticated;
grant select (current_period_end) on public.subscriptions to authenticated;
grant select (current_period_start) on public.subscriptions to authenticated;
grant select (id) on public.subscriptions to authenticated;
grant select (plan_name) on public.subscriptions to authenticated;
grant select (status) on public.subscriptions to authenticated;
grant select (updated_at) on public.subscriptions to authenticated;
grant select (user_id) on public.subscriptions to authenticated;
grant select (connected_at) on public.tiktok_shops to authenticated;
grant select (connection_status) on public.tiktok_shops to authenticated;
grant select (created_at) on public.tiktok_shops to authenticated;
grant select (ended_at) on public.tiktok_shops to authenticated;
grant select (granted_scopes) on public.tiktok_shops to authenticated;
grant select (id) on public.tiktok_shops to authenticated;
grant select (is_active) on public.tiktok_shops to authenticated;
grant select (refresh_token_expires_at) on public.tiktok_shops to authenticated;
grant select (region) on public.tiktok_shops to authenticated;
grant select (shop_id) on public.tiktok_shops to authenticated;
grant select (shop_name) on public.tiktok_shops to authenticated;
grant select (status_reason) on public.tiktok_shops to authenticated;
grant select (token_expires_at) on public.tiktok_shops to authenticated;
grant select (updated_at) on public.tiktok_shops to authenticated;
grant select (user_id) on public.tiktok_shops to authenticated;
grant select (webhook_url) on public.tiktok_shops to authenticated;
grant update (display_name) on public.users to authenticated;
grant execute on function private.add_batch_totals(private.order_totals[]) to service_role;
grant execute on function private.add_label_cost(uuid,uuid,date,integer,bigint) to service_role;
grant execute on function private.add_label_totals(uuid,text,integer,bigint) to service_role;
grant execute on function private.add_order_totals(public.orders,integer) to service_role;
grant execute on function private.address_digest(public.orders) to service_role;
grant execute on function private.address_without_person(jsonb) to service_role;
grant execute on function private.advice_for(text) to service_role;
grant execute on function private.advice_rank(text) to service_role;
grant execute on function private.advise_double_label(uuid,uuid) to service_role;
grant execute on function private.advise_new_shipment(uuid,uuid,text) to service_role;
grant execute on function private.advise_shipments(public.orders,text,text[]) to service_role;
grant execute on function private.answer_repeated_request(private.label_purchases,uuid,text) to service_role;
grant execute on function private.apply_refund(public.orders,jsonb) to service_role;
grant execute on function private.apply_subscription(jsonb,bigint[]) to service_role;
grant execute on function private.backoff(integer,integer) to service_role;
grant execute on function private.batch_view(uuid) to service_role;
grant execute on function private.cancelled_line_item_ids(public.orders) to service_role;
grant execute on function private.cancelled_units(jsonb) to service_role;
grant execute on function private.check_customer_email(uuid,text) to service_role;
grant execute on function private.check_shop_limit(public.tiktok_shops) to service_role;
grant execute on function private.choose_parcel(uuid,uuid[],text,uuid,jsonb) to service_role;
grant execute on function private.claim_label_lines(private.label_purchases) to service_role;
grant execute on function private.claim_own_notification(private.label_purchases) to service_role;
grant execute on function private.close_tiktok_shops(uuid[],text,text) to service_role;
grant execute on function private.combine_group_of(public.orders) to service_role;
grant execute on function private.combined_orders(public.orders) to service_role;
grant execute on function private.connected_by_newer_pair(uuid,jsonb,text[]) to service_role;
grant execute on function private.connection_of_event(text,text,text) to service_role;
grant execute on function private.correction_refusal(private.label_purchases,bigint[],text,text) to service_role;
grant execute on function private.count_adjustment(private.label_purchases,bigint) to service_role;
grant execute on function private.count_orders(public.tiktok_shops,integer,integer,integer) to service_role;
grant execute on function private.count_requests(uuid,text,integer) to service_role;
grant execute on function private.count_used_void(public.shipments) to service_role;
grant execute on function private.counts_for_plan(public.tiktok_shops,jsonb) to service_role;
grant execute on function private.current_day() to service_role;
grant execute on function private.current_month() to service_role;
grant execute on function private.current_own_number(uuid) to service_role;
grant execute on function private.delete_stripe_events(text[]) to service_role;
grant execute on function private.describe_cancellation(public.orders,public.orders) to service_role;
grant execute on function private.describe_changes(public.orders,public.orders,jsonb) to service_role;
grant execute on function private.describe_items(jsonb) to service_role;
grant execute on function private.describe_new_order(public.orders) to service_role;
grant execute on function private.describe_tiktok_lease(private.tiktok_logins) to service_role;
grant execute on function private.due_events_in_turn(integer,text[]) to service_role;
grant execute on function private.end_hold(text,text) to service_role;
grant execute on function private.end_sync_page(private.webhook_events,public.tiktok_shops,text,jsonb) to service_role;
grant execute on function private.enqueue_customer_email(uuid) to service_role;
grant execute on function private.enqueue_found_orders(public.tiktok_shops,jsonb) to service_role;
grant execute on function private.enqueue_label_task(text,private.label_purchases,text) to service_role;
grant execute on function private.enqueue_order_reads(private.label_purchases) to service_role;
grant execute on function private.enqueue_shop_task(public.tiktok_shops,text) to service_role;
grant execute on function private.enqueue_task(text,text,text,text,text) to service_role;
grant execute on function private.enqueue_tasks(text,jsonb) to service_role;
grant execute on function private.event_without_person(text,text) to service_role;
grant execute on function private.export_columns(regclass,text[]) to service_role;
grant execute on function private.export_condition(text,jsonb) to service_role;
grant execute on function private.export_parts() to service_role;
grant execute on function private.fail_webhook_event(bigint,integer,text,integer) to service_role;
grant execute on function private.failing_interval() to service_role;
grant execute on function private.free_label_lines(public.orders,uuid,jsonb) to service_role;
grant execute on function private.free_lines_of_purchase(private.label_purchases) to service_role;
grant execute on function private.free_places(uuid) to service_role;
grant execute on function private.free_shop_places(public.tiktok_shops) to service_role;
grant execute on function private.give_back_label_cost(private.label_purchases) to service_role;
grant execute on function private.give_back_order(public.orders) to service_role;
grant execute on function private.has_claim(bigint,integer) to service_role;
grant execute on function private.has_held_orders(uuid) to service_role;
grant execute on function private.has_label_lines(private.label_purchases) to service_role;
grant execute on function private.has_label_room(private.label_spending,private.label_limits,bigint) to service_role;
grant execute on function private.has_place(public.tiktok_shops,jsonb,integer) to service_role;
grant execute on function private.has_room_for_all(public.tiktok_shops,jsonb[]) to service_role;
grant execute on function private.has_tracker_room(uuid) to service_role;
grant execute on function private.hold_order(text,jsonb) to service_role;
grant execute on function private.identify_shop(text,text[]) to service_role;
grant execute on function private.ignore_webhook_events(bigint[],integer[],text[],bigint[]) to service_role;
grant execute on function private.ingest_batch_counted_first(public.tiktok_shops,jsonb) to service_role;
grant execute on function private.ingest_batch_counted_last(public.tiktok_shops,jsonb,integer) to service_role;
grant execute on function private.ingest_counted_last(public.tiktok_shops,bigint,jsonb,jsonb,integer) to service_role;
grant execute on function private.ingest_locked_order(private.webhook_events,public.orders,public.tiktok_shops,jsonb,jsonb,bigint[]) to service_role;
grant execute on function private.ingest_new_of_batch(public.tiktok_shops,jsonb[]) to service_role;
grant execute on function private.ingest_new_orders(public.tiktok_shops,jsonb[]) to service_role;
grant execute on function private.insert_new_event(private.webhook_events) to service_role;
grant execute on function private.insert_or_hold_order(public.tiktok_shops,jsonb,bigint[]) to service_role;
grant execute on function private.insert_orders(public.tiktok_shops,jsonb[]) to service_role;
grant execute on function private.invoice_cents(numeric,text) to service_role;
grant execute on function private.is_abandoned(private.label_purchases) to service_role;
grant execute on function private.is_address_changed(public.orders,public.orders) to service_role;
grant execute on function private.is_backend_event(text) to authenticated;
grant execute on function private.is_backend_event(text) to service_role;
grant execute on function private.is_carrier_refused(public.orders,text,text) to service_role;
grant execute on function private.is_encrypted(text) to service_role;
grant execute on function private.is_older_pair(jsonb,timestamp with time zone,timestamp with time zone) to service_role;
grant execute on function private.is_order_of_readings_unknown(public.orders,jsonb) to service_role;
grant execute on function private.is_partly_cancelled(public.orders) to service_role;
grant execute on function private.is_replayable(private.inbox_events) to service_role;
grant execute on function private.is_silent_source(text) to service_role;
grant execute on function private.is_taken_back(public.orders,text) to service_role;
grant execute on function private.label_cents(numeric,text) to service_role;
grant execute on function private.label_cost(public.shipments) to service_role;
grant execute on function private.label_limit_of(uuid) to service_role;
grant execute on function private.label_refusal(public.orders,text) to service_role;
grant execute on function private.limit_counted_last(public.tiktok_shops,jsonb) to service_role;
grant execute on function private.limit_of_order(public.tiktok_shops,bigint,jsonb,jsonb) to service_role;
grant execute on function private.limit_with_room(public.tiktok_shops,bigint[],integer) to service_role;
grant execute on function private.lock_claims(bigint[]) to service_role;
grant execute on function private.lock_due_events(integer,text[]) to service_role;
grant execute on function private.lock_event(bigint) to service_role;
grant execute on function private.lock_event_of_shop(bigint,uuid) to service_role;
grant execute on function private.lock_failing_events(integer) to service_role;
grant execute on function private.lock_label_spending(uuid,uuid,date) to service_role;
grant execute on function private.lock_monthly_count(uuid) to service_role;
grant execute on function private.lock_open_event(bigint,uuid[]) to service_role;
grant execute on function private.lock_open_events(bigint[]) to service_role;
grant execute on function private.lock_order_batch(public.tiktok_shops,jsonb) to service_role;
grant execute on function private.lock_order_counts(public.tiktok_shops) to service_role;
grant execute on function private.lock_orders(uuid,uuid[]) to service_role;
grant execute on function private.lock_orders_of_purchase(uuid,bigint) to service_role;
grant execute on function private.lock_parcels(uuid) to service_role;
grant execute on function private.lock_refused_shops(jsonb) to service_role;
grant execute on function private.lock_seller_alone(uuid) to service_role;
grant execute on function private.lock_seller_and_shop(uuid) to service_role;
grant execute on function private.lock_sellers(uuid[]) to service_role;
grant execute on function private.lock_shop_of_orders(uuid) to service_role;
grant execute on function private.lock_shops(uuid,text) to service_role;
grant execute on function private.lock_stored_order(public.tiktok_shops,jsonb) to service_role;
grant execute on function private.lock_subscription_items(jsonb) to service_role;
grant execute on function private.lock_tiktok_shops(text[]) to service_role;
grant execute on function private.lock_tiktok_shops_alone(text[]) to service_role;
grant execute on function private.max_refresh_refusals() to service_role;
grant execute on function private.max_reopened_events() to service_role;
grant execute on function private.max_webhook_attempts() to service_role;
grant execute on function private.max_webhook_crashes() to service_role;
grant execute on function private.merge_order(public.orders,jsonb) to service_role;
grant execute on function private.monthly_order_count(uuid) to service_role;
grant execute on function private.monthly_order_limit(uuid) to service_role;
grant execute on function private.monthly_shop_count(uuid) to service_role;
grant execute on function private.move_shipment(uuid,jsonb) to service_role;
grant execute on function private.named_order_ids(uuid,jsonb) to service_role;
grant execute on function private.names_in_event(text) to service_role;
grant execute on function private.new_orders_of_batch(jsonb,bigint[],text[]) to service_role;
grant execute on function private.new_part_of_refund(public.orders,jsonb) to service_role;
grant execute on function private.next_order_status(text,text) to service_role;
grant execute on function private.next_parcel_status(public.shipments,jsonb) to service_role;
grant execute on function private.next_payment_status(text,text) to service_role;
grant execute on function private.notice_of(jsonb) to service_role;
grant execute on function private.obstacle_at_shop(private.label_purchases) to service_role;
grant execute on function private.order_batch(jsonb) to service_role;
grant execute on function private.order_line_item_ids(public.orders) to service_role;
grant execute on function private.order_mapping_version() to service_role;
grant execute on function private.order_of_unit(private.label_purchases,text) to service_role;
grant execute on function private.order_package_ids(jsonb) to service_role;
grant execute on function private.order_status_of_shipments(public.orders) to service_role;
grant execute on function private.order_to_ship(public.orders) to service_role;
grant execute on function private.order_urgency(text) to service_role;
grant execute on function private.orders_in_parcel(private.label_purchases) to service_role;
grant execute on function private.own_dashboard_metrics() to authenticated;
grant execute on function private.own_held_orders(integer,integer) to authenticated;
grant execute on function private.own_number_refusal(public.orders,text,text,uuid) to service_role;
grant execute on function private.own_parcels(text,text) to service_role;
grant execute on function private.own_usage() to authenticated;
grant execute on function private.parcel_rank(text) to service_role;
grant execute on function private.paused_seconds(public.tiktok_shops) to service_role;
grant execute on function private.plain_carrier(text) to service_role;
grant execute on function private.postpone_found_orders(text,boolean) to service_role;
grant execute on function private.postpone_webhook_event(bigint,integer,text,integer,boolean) to service_role;
grant execute on function private.purchase_for_worker(private.label_purchases) to service_role;
grant execute on function private.put_own_number(uuid,text,text,timestamp with time zone) to service_role;
grant execute on function private.rate_refusal(private.label_rates,jsonb) to service_role;
grant execute on function private.read_order_again(private.webhook_events,uuid) to service_role;
grant execute on function private.record_parcel_change(uuid,text,jsonb) to service_role;
grant execute on function private.record_personal_data_read(text,text,text[]) to service_role;
grant execute on function private.record_shipment_change(uuid,text,jsonb) to service_role;
grant execute on function private.record_source_state(text,text) to service_role;
grant execute on function private.refresh_user_plan(uuid) to service_role;
grant execute on function private.refund_in_currency(public.orders,jsonb) to service_role;
grant execute on function private.refunded_amount(public.orders) to service_role;
grant execute on function private.refuse_own_number(private.label_purchases,integer,jsonb) to service_role;
grant execute on function private.refused_carriers(public.orders,text) to service_role;
grant execute on function private.reopen_events_of_shop(text,bigint) to service_role;
grant execute on function private.reopen_webhook_events(bigint[]) to service_role;
grant execute on function private.replaces_address(text,text,text) to service_role;
grant execute on function private.report_label_spending(private.label_spending,private.label_limits) to service_role;
grant execute on function private.request_header(text) to service_role;
grant execute on function private.requeue_events(bigint[],text,timestamp with time zone,timestamp with time zone) to service_role;
grant execute on function private.require_seller(uuid) to service_role;
grant execute on function private.reserve_label_cost(uuid,uuid,bigint) to service_role;
grant execute on function private.reserve_purchase_cost(private.label_purchases,jsonb) to service_role;
grant execute on function private.restart_label_purchase(private.label_purchases,public.orders,text,text[],uuid[]) to service_role;
grant execute on function private.retention(text) to service_role;
grant execute on function private.return_unstarted_event(bigint,integer) to service_role;
grant execute on function private.seller_of_label_task(text,text) to service_role;
grant execute on function private.seller_of_shipment(uuid) to service_role;
grant execute on function private.set_back_event(private.webhook_events,boolean,text,interval,interval) to service_role;
grant execute on function private.set_back_lost_events(integer) to service_role;
grant execute on function private.settle_event(bigint,text,text,text) to service_role;
grant execute on function private.settle_events(bigint[]) to service_role;
grant execute on function private.settle_ingested(private.webhook_events,public.orders,public.orders,jsonb,jsonb,boolean) to service_role;
grant execute on function private.settle_label_cost(private.label_purchases,jsonb) to service_role;
grant execute on function private.settle_locked_event(private.webhook_events,jsonb,text,text,text) to service_role;
grant execute on function private.settle_others_of_orders(text,text[]) to service_role;
grant execute on function private.settle_reads_of_order(text,text) to service_role;
grant execute on function private.settle_void_cost(private.label_purchases) to service_role;
grant execute on function private.share_order_counts(public.tiktok_shops) to service_role;
grant execute on function private.shipment_view(private.label_purchases) to service_role;
grant execute on function private.shipments_of_order(public.orders) to service_role;
grant execute on function private.shop_of_order(public.orders) to service_role;
grant execute on function private.shops_in_turn(text,integer) to service_role;
grant execute on function private.spare_places() to service_role;
grant execute on function private.store_granted_shops(uuid,jsonb) to service_role;
grant execute on function private.store_refreshed_tokens(uuid,text,integer,jsonb) to service_role;
grant execute on function private.store_sender(uuid,uuid,jsonb) to service_role;
grant execute on function private.store_tiktok_login(uuid,jsonb) to service_role;
grant execute on function private.take_free_label_lines(private.label_purchases) to service_role;
grant execute on function private.take_label_rate(private.label_purchases,private.label_rates,public.orders) to service_role;
grant execute on function private.undecided_orders(uuid,bigint[]) to service_role;
grant execute on function private.unstored_combined_orders(public.orders) to service_role;
grant execute on function private.update_order(public.orders,jsonb) to service_role;
grant execute on function private.was_cancelled_unpaid(public.orders,public.orders) to service_role;
grant execute on function private.webhook_event_condition(jsonb) to service_role;
grant execute on function private.webhook_event_summary(private.inbox_events) to service_role;
grant execute on function public.adjust_label_cost(bigint,uuid,jsonb) to service_role;
grant execute on function public.apply_own_tracking(bigint,text,text,jsonb) to service_role;
grant execute on function public.apply_subscriptions(jsonb) to service_role;
grant execute on function public.apply_tracking(bigint,uuid,jsonb) to service_role;
grant execute on function public.begin_tiktok_authorization(uuid,text,integer) to service_role;
grant execute on function public.check_database_health() to service_role;
grant execute on function public.check_order_limit(uuid) to service_role;
grant execute on function public.claim_tiktok_logins(integer,integer) to service_role;
grant execute on function public.claim_webhook_events(integer,integer,text[]) to service_role;
grant execute on function public.compare_subscriptions(jsonb) to service_role;
grant execute on function public.confirm_tiktok_claim(uuid,text,jsonb) to service_role;
grant execute on function public.connect_tiktok_shops(uuid,jsonb) to service_role;
grant execute on function public.continue_subscription_sync(bigint,jsonb) to service_role;
grant execute on function public.correct_shop_cipher(uuid,integer,text) to service_role;
grant execute on function public.count_request(uuid,text) to service_role;
grant execute on function public.count_webhook_events(jsonb) to service_role;
grant execute on function public.create_backup_point(text) to service_role;
grant execute on function public.deauthorize_tiktok_shop(bigint,uuid,timestamp with time zone,timestamp with time zone) to service_role;
grant execute on function public.delete_account(uuid,text[],text[]) to service_role;
grant execute on function public.disconnect_tiktok_shop(uuid,uuid) to service_role;
grant execute on function public.end_subscription(text[]) to service_role;
grant execute on function public.enqueue_label_tasks() to service_role;
grant execute on function public.enqueue_order_rereads(bigint,uuid,integer) to service_role;
grant execute on function public.expand_webhook_event(bigint,uuid,jsonb) to service_role;
grant execute on function public.fail_label_purchase(uuid,integer,text,bigint) to service_role;
grant execute on function public.fail_tiktok_refresh(uuid,text,uuid,text,text,integer) to service_role;
grant execute on function public.find_easypost_shipment(text,text) to service_role;
grant execute on function public.find_failed_purchase(text) to service_role;
grant execute on function public.find_stripe_customers(text[]) to service_role;
grant execute on function public.finish_label_purchase(uuid,jsonb,bigint) to service_role;
grant execute on function public.finish_webhook_check(bigint,uuid,text,text[]) to service_role;
grant execute on function public.finish_webhook_subscription(bigint,uuid,text) to service_role;
grant execute on function public.get_batch_item(uuid,integer) to service_role;
grant execute on function public.get_dashboard_metrics() to authenticated;
grant execute on function public.get_deleted_customer(uuid) to service_role;
grant execute on function public.get_held_orders(integer,integer) to authenticated;
grant execute on function public.get_label_batch(uuid,uuid) to service_role;
grant execute on function public.get_label_purchase(uuid) to service_role;
grant execute on function public.get_order_for_own_tracking(uuid,uuid) to service_role;
grant execute on function public.get_order_overview() to authenticated;
grant execute on function public.get_order_to_ship(uuid,uuid,jsonb) to service_role;
grant execute on function public.get_own_tracker(uuid) to service_role;
grant execute on function public.get_shipment(uuid,uuid) to service_role;
grant execute on function public.get_stripe_customer(uuid) to service_role;
grant execute on function public.get_usage() to authenticated;
grant execute on function public.get_user_active_subscription(uuid) to authenticated;
grant execute on function public.get_user_active_subscription(uuid) to service_role;
grant execute on function public.ingest_order(bigint,uuid,jsonb,jsonb) to service_role;
grant execute on function public.ingest_orders(uuid,jsonb) to service_role;
grant execute on function public.lease_tiktok_login(uuid,integer,integer) to service_role;
grant execute on function public.list_orders_of_seller(uuid,timestamp with time zone,timestamp with time zone,jsonb,integer) to service_role;
grant execute on function public.list_shipments(uuid,uuid) to service_role;
grant execute on function public.list_shipments_of_seller(uuid,timestamp with time zone,timestamp with time zone,jsonb,integer) to service_role;
grant execute on function public.list_stripe_subscriptions(text[]) to service_role;
grant execute on function public.list_unseen_subscriptions(timestamp with time zone,uuid,uuid) to service_role;
grant execute on function public.list_webhook_events(jsonb,integer,bigint) to service_role;
grant execute on function public.log_orphaned_subscription(jsonb) to service_role;
grant execute on function public.mark_label_purchase_unknown(uuid,integer,text) to service_role;
grant execute on function public.oldest_open_event_seconds() to service_role;
grant execute on function public.open_tiktok_claim(uuid,text,text,timestamp with time zone,boolean) to service_role;
grant execute on function public.pause_tiktok_shop(uuid,integer,text) to service_role;
grant execute on function public.plan_account_export(uuid,jsonb,integer) to service_role;
grant execute on function public.raise_stripe_attempt(uuid,integer) to service_role;
grant execute on function public.read_account_export(uuid,text,jsonb,integer) to service_role;
grant execute on function public.read_catalog(text) to service_role;
grant execute on function public.read_health() to service_role;
grant execute on function public.read_health_status() to service_role;
grant execute on function public.receive_webhook_event(text,text,text,text,text,text,text,text) to service_role;
grant execute on function public.record_authorization_expiry(bigint,uuid,timestamp with time zone,timestamp with time zone) to service_role;
grant execute on function public.record_dispute(bigint,text[],jsonb) to service_role;
grant execute on function public.record_source_health(bigint,text) to service_role;
grant execute on function public.record_tiktok_notification(uuid,text,text,text,bigint) to service_role;
grant execute on function public.record_unassigned_invoice(bigint,jsonb) to service_role;
grant execute on function public.refresh_dashboard_metrics() to service_role;
grant execute on function public.release_held_events(uuid) to service_role;
grant execute on function public.reopen_shop_events(bigint,uuid) to service_role;
grant execute on function public.replace_stripe_customer(uuid,text[],text,text,text) to service_role;
grant execute on function public.replay_webhook_event(bigint) to service_role;
grant execute on function public.replay_webhook_events(jsonb,integer) to service_role;
grant execute on function public.request_label(uuid,text,text,uuid,jsonb) to service_role;
grant execute on function public.request_label_batch(uuid,text,text,jsonb) to service_role;
grant execute on function public.request_label_void(uuid,uuid) to service_role;
grant execute on function public.request_order_reread(text) to service_role;
grant execute on function public.request_order_sync(text) to service_role;
grant execute on function public.request_own_tracking(uuid,text,text,uuid,jsonb,boolean) to service_role;
grant execute on function public.request_source_checks() to service_role;
grant execute on function public.request_subscription_sync(uuid) to service_role;
grant execute on function public.request_tracking_correction(uuid,uuid,text,text,boolean) to service_role;
grant execute on function public.resume_tiktok_shop(bigint,uuid) to service_role;
grant execute on function public.set_label_limit(uuid,jsonb) to service_role;
grant execute on function public.settle_batch_item(bigint,uuid,integer,jsonb) to service_role;
grant execute on function public.settle_customer_email(bigint) to service_role;
grant execute on function public.settle_deleted_customer(bigint,uuid,text) to service_role;
grant execute on function public.settle_label_void(uuid,text,text,bigint) to service_role;
grant execute on function public.settle_own_notification(uuid,integer,jsonb,bigint) to service_role;
grant execute on function public.settle_webhook_events(jsonb) to service_role;
grant execute on function public.show_webhook_event(bigint,boolean,text) to service_role;
grant execute on function public.start_label_purchase(uuid,integer,jsonb) to service_role;
grant execute on function public.store_exchanged_tokens(text,jsonb) to service_role;
grant execute on function public.store_label_document(uuid,jsonb,bigint) to service_role;
grant execute on function public.store_label_rates(uuid,jsonb,jsonb,jsonb) to service_role;
grant execute on function public.store_order_page(bigint,uuid,jsonb,timestamp with time zone,text) to service_role;
grant execute on function public.store_own_tracker(bigint,uuid,integer,text,jsonb) to service_role;
grant execute on function public.store_refreshed_logins(jsonb) to service_role;
grant execute on function public.store_return_page(bigint,uuid,jsonb,timestamp with time zone,text) to service_role;
grant execute on function public.store_stripe_customer(uuid,text,text,text) to service_role;
grant execute on function public.store_tiktok_claim(uuid,text,text) to service_role;
alter publication supabase_realtime add table public.analytics_events;
alter publication supabase_realtime add table public.order_events;
alter publication supabase_realtime add table public.orders;
alter publication supabase_realtime add table public.shipments;
select cron.schedule('aggregate-analytics', '10 0 * * *', 'select private.aggregate_analytics((now() at time zone ''UTC'')::date - 1)');
select cron.schedule('event-worker', '* * * * *', 'select private.invoke_function(''event-worker'')');
select cron.schedule('expired-claims', '2-57/5 * * * *', 'select private.delete_expired_claims()');
select cron.schedule('order-sync', '7-59/15 * * * *', 'select public.request_order_sync()');
select cron.schedule('purge-old-rows', '20 * * * *', 'select private.purge_old_rows()');
select cron.schedule('refresh-dashboard-metrics', '0 * * * *', 'set local statement_timeout = ''50min''; select public.refresh_dashboard_metrics()');
select cron.schedule('remove-personal-data', '3-58/5 * * * *', 'select private.remove_personal_data()');
select cron.schedule('source-checks', '50 * * * *', 'select public.request_source_checks()');
select cron.schedule('subscription-sync', '40 2 * * *', 'select public.request_subscription_sync()');
select cron.schedule('tiktok-token-refresh', '*/15 * * * *', 'select private.invoke_function(''tiktok-token-refresh'')');
select cron.schedule('unconfirmed-accounts', '*/5 * * * *', 'select private.delete_unconfirmed_accounts()');
comment on relation private.carrier_rules is 'Carriers whose labels may not be bought, by region of the shop and type of the order: docs/labels.md.';
comment on column private.carrier_rules.region is 'Region of the shop, two letters; a shop without one counts as US.';
comment on column private.carrier_rules.shipping_type is 'orders.shipping_type.';
comment on column private.carrier_rules.provider is 'Provider that sells the label; own for tracking numbers from elsewhere.';
comment on column private.carrier_rules.carrier is 'Beginning of the carrier''s name; case, spaces and punctuation do not count: USPS also means USPSReturns.';
comment on column private.carrier_rules.note is 'Source of the rule, for people.';
comment on relation private.counted_label_totals is 'label_totals as the shipments say; its cost grows with them.';
comment on relation private.counted_order_totals is 'order_totals as the orders say; its cost grows with them.';
comment on relation private.daily_event_counts is 'Number of events of all sellers by day (UTC) and type, without groups of fewer than 5 sellers.';
comment on relation private.deleted_event_ids is 'Ids of deleted events, for 13 months: a late or replayed delivery of one is not new.';
comment on relation private.event_queue is 'One narrow row for each event that is not done or ignored: who may claim it, and when.';
comment on column private.event_queue.next_attempt_at is 'pending and failing: earliest next attempt; processing: end of the lease, after which another worker may claim it.';
comment on column private.event_queue.received_at is 'As in webhook_events, whose trigger keeps it: found orders of the last hour are read from an index.';
comment on column private.event_queue.open_since is 'Since when it waits for us: since it was received or opened again, or since the end of its wait for a deactivated shop, which may lie ahead.';
comment on column private.event_queue.claims is 'Number of claims; a worker whose claim was lost has an older number. webhook_events keeps it once the event has left the queue.';
comment on column private.event_queue.is_found_order is 'Whether it is ORDER_FOUND, which keeps a place of the plan free.';
comment on column private.event_queue.status is 'processing while a worker has claimed it, else as in webhook_events, whose trigger keeps it: the indexes of claims need it.';
comment on column private.event_queue.shop_id is 'As in webhook_events, whose trigger keeps it; empty for an event without a shop: these take one turn.';
comment on relation private.health_thresholds is 'From which value on a figure of the health is a warning or critical: docs/health.md; an operator changes them with an update, which counts at once. A figure without a row is not judged.';
comment on column private.health_thresholds.subject is 'The job, source or period that the figure is of; empty for a figure of the whole system.';
comment on column private.health_thresholds.bad_when is 'above: the threshold and every value above it are bad; below: the threshold and every value below it.';
comment on column private.health_thresholds.watched_since is 'A job that has not succeeded yet is judged by the time since then, or since the oldest run that is kept.';
comment on relation private.held_orders is 'Orders that the plan had no place for, without any data of the buyer; a row is deleted when its order is stored.';
comment on column private.held_orders.shop_id is 'The TikTok shop id: a shop that moves to another account takes its held orders along.';
comment on column private.held_orders.urgency is 'Class of its state: private.order_urgency.';
comment on column private.held_orders.order_status is 'State at the last reading, as in public.orders.';
comment on column private.held_orders.combine_group_id is 'As in public.orders: a stored order of the group is shipped with this one.';
comment on column private.held_orders.package_ids is 'TikTok packages of its units, which it may share with stored orders.';
comment on column private.held_orders.held_at is 'When the order was held first.';
comment on relation private.inbox_events is 'Each event with what only the queue knows of it: processing, the number of its claims and its next attempt.';
comment on relation private.label_batch_items is 'The labels of a batch and their results.';
comment on column private.label_batch_items.order_id is 'As the seller sent it; the order may be unknown or belong to another seller.';
comment on column private.label_batch_items.code is 'Why the label was not bought: a code of docs/labels.md.';
comment on relation private.label_batches is 'Requests for the labels of up to 100 orders.';
comment on relation private.label_currencies is 'Currencies in which EasyPost quotes; a label in another one is not bought.';
comment on column private.label_currencies.us_cents is 'Value of one major unit for the limits, rounded up: no exchange rate.';
comment on relation private.label_limits is 'Limits that operators set: of one seller in place of those of the plan; without a seller, of the platform.';
comment on column private.label_limits.daily_label_limit is 'As in public.plans, like the others.';
comment on relation private.label_purchases is 'Every requested label: the intent, stored before the provider is called, and its result; and every tracking number from elsewhere (own).';
comment on column private.label_purchases.id is 'Also the id of the shipment that it becomes and its reference at EasyPost.';
comment on column private.label_purchases.address_digest is 'private.address_digest of the order for which the carrier shipment was made; null once the label is bought.';
comment on column private.label_purchases.service is 'Id of the service at the provider; "cheapest" or "default" until it is chosen; own for a tracking number from elsewhere.';
comment on column private.label_purchases.carrier_shipment_id is 'EasyPost shipment, stored before it is bought, and bought at most once.';
comment on column private.label_purchases.quoted_cost is 'In major units of currency; null where the provider quotes none.';
comment on column private.label_purchases.attempt is 'A worker that lost the purchase has an older number; of an own tracking number, each correction is an attempt.';
comment on column private.label_purchases.reason is 'Code of the reason why it failed, is unknown or was not voided: docs/labels.md.';
comment on column private.label_purchases.checked_at is 'When the provider was last called about a void.';
comment on column private.label_purchases.cost_cents is 'What the label adds to private.label_spending, in US cents; null while it adds nothing.';
comment on column private.label_purchases.cost_day is 'Day (UTC) to which it is added.';
comment on column private.label_purchases.cost_shop_key is 'Shop to which it is added.';
comment on column private.label_purchases.adjustments is 'What the carrier charged or paid back later, by the id of the EasyPost invoice: {amount, cents, at}; cents, of US dollars, count.';
comment on column private.label_purchases.void_used_at is 'When the carrier was first seen to have the parcel of this voided label.';
comment on column private.label_purchases.other_order_ids is 'The other orders in a combined parcel.';
comment on column private.label_purchases.request_hash is 'Hash of the whole request; the same key with another request is refused.';
comment on relation private.label_rates is 'Rates that a seller was shown for an order; rate_id refers to them.';
comment on column private.label_rates.address_digest is 'private.address_digest of the order for which the carrier shipment was made.';
comment on column private.label_rates.carrier_shipment_id is 'EasyPost shipment that the rate belongs to; it can be bought once.';
comment on column private.label_rates.service is 'Id of the service at the provider.';
comment on column private.label_rates.price is 'Price in major units of currency; null where TikTok quotes none.';
comment on relation private.label_spending is 'EasyPost labels of a month (UTC) that are bought or being bought: of a seller, of a shop, and, without either, of the platform; those of a shop outlive its accounts for three months.';
comment on column private.label_spending.cents is 'US cents; below 0 in a month in which carriers pay back more than labels cost.';
comment on column private.label_spending.day is 'Newest day of the month (UTC) with a purchase; day_labels and day_cents are of this day.';
comment on relation private.label_totals is 'Labels of a seller by currency that are not voided and have a price; kept as order_totals, in a row of its own: orders do not wait for labels.';
comment on column private.label_totals.cost is 'In hundredths of the currency.';
comment on relation private.label_transitions is 'Allowed transitions of label_purchases.state: docs/labels.md.';
comment on relation private.labelled_lines is 'Units that have a label or a pending purchase, at most one each; freed when the purchase fails or the label is voided.';
comment on relation private.monthly_order_counts is 'Number of orders that a seller received in a month (UTC); ingest_order locks the row, so the limit holds under concurrency.';
comment on column private.monthly_order_counts.orders is 'Orders that count for the plan.';
comment on column private.monthly_order_counts.not_counted is 'Stored orders that do not count: docs/orders.md.';
comment on relation private.monthly_shop_counts is 'Number of orders that count for the plan which a shop received in a month (UTC), in all accounts together; outlives them, and is deleted after three months.';
comment on relation private.order_totals is 'Orders of a seller by currency; each transaction that changes them keeps the row exact, and refresh_dashboard_metrics compares it with the orders.';
comment on column private.order_totals.amount is 'Amounts of all orders, whatever their state; like the others in hundredths of the currency, which add up faster than decimals.';
comment on column private.order_totals.month is 'Month (UTC) of the newest order; month_orders and month_amount are of the orders stored in it.';
comment on column private.order_totals.paid_orders is 'Orders with is_revenue; gross and refunded are of these.';
comment on relation private.order_transitions is 'Allowed transitions of order_status: docs/orders.md; a status may be skipped, but none moves back: private.is_taken_back has the exception.';
comment on relation private.own_tracking_numbers is 'Every number that a seller gave for a parcel: the first one and its corrections.';
comment on column private.own_tracking_numbers.tracker_made_at is 'When it got its tracker, which the account of the platform pays.';
comment on column private.own_tracking_numbers.attempt is 'label_purchases.attempt at that time.';
comment on column private.own_tracking_numbers.accepted_at is 'When TikTok accepted it.';
comment on column private.own_tracking_numbers.refusal is 'Code of the reason why TikTok refused it: docs/own-tracking.md.';
comment on column private.own_tracking_numbers.tracker_id is 'EasyPost tracker; null until EasyPost tracks the parcel.';
comment on relation private.personal_data_reads is 'Who read personal data through our commands, without the data: docs/privacy.md.';
comment on column private.personal_data_reads.reader is 'Name of the login at the operator''s machine, else the database role.';
comment on column private.personal_data_reads.what is 'event_body: the body of events of the inbox; backup: all rows.';
comment on column private.personal_data_reads.object_ids is 'Ids of what was read; empty for a backup.';
comment on relation private.request_counts is 'Requests of a seller in the current window of a limit; one row for each route that they have used.';
comment on relation private.request_limits is 'Limits for each seller; an operator changes them with an update, which counts at once.';
comment on column private.request_limits.route is 'Method and path of a function, such as POST /shipments/rates, or analytics_events.';
comment on relation private.retention_periods is 'How long personal data stay; an operator changes days, and the next run of the clock follows.';
comment on relation private.senders is 'Last sender address of each shop.';
comment on relation private.shop_identities is 'Every shop that was ever connected, by a keyed hash of its TikTok id: a shop keeps its key in any account; deleted three months after its last use.';
comment on column private.shop_identities.shop_id_hash is 'Blind index (shared/crypto) of tiktok_shops.shop_id, one row for each key of the ring.';
comment on column private.shop_identities.shop_key is 'Random, the same in all rows of one shop and in tiktok_shops.shop_key.';
comment on relation private.source_health is 'Whether each sender of webhooks still sends them: docs/inbox.md.';
comment on column private.source_health.state is 'silent: our own reads found changes that no webhook announced; webhook_...: the sender has no webhook for us, or switched it off.';
comment on column private.source_health.since is 'When the state began.';
comment on column private.source_health.checked_at is 'When it was last checked.';
comment on column private.source_health.last_received_at is 'When the last webhook of the sender arrived; null without one in the inbox.';
comment on relation private.stripe_attempts is 'Number of the attempt that the Idempotency-Keys of a seller name; raised once Stripe has saved a failure for a key.';
comment on relation private.stripe_customers is 'The Stripe customer of each seller; only the checkout creates rows, so no other statement about a customer binds it.';
comment on column private.stripe_customers.user_id is 'Null once the account was deleted: docs/account.md.';
comment on column private.stripe_customers.stripe_customer_id is 'Encrypted (shared/crypto).';
comment on column private.stripe_customers.stripe_customer_id_hash is 'Keyed hash of the id, used to find the row.';
comment on column private.stripe_customers.version is 'Raised with every stored state; a worker that read Stripe before that reads it again.';
comment on column private.stripe_customers.account_deleted_at is 'When the account was deleted; the row stays until nothing at Stripe can charge any more.';
comment on column private.stripe_customers.deletion_requested is 'The seller deleted the account here, so a subscription that is still found is always cancelled.';
comment on relation private.tiktok_authorizations is 'States that sellers took to the TikTok authorization page; each is valid once, for its seller.';
comment on column private.tiktok_authorizations.state_hash is 'SHA-256 of the state in hexadecimal; the state itself is not stored.';
comment on relation private.tiktok_claims is 'Authorizations that came back from TikTok and wait for the confirmation of their seller.';
comment on column private.tiktok_claims.claim_hash is 'SHA-256 of the code from TikTok in hexadecimal; the code itself is not stored.';
comment on column private.tiktok_claims.sealed_grant is 'Tokens and shops, encrypted; null while the code is exchanged, after a failed exchange and once connected.';
comment on column private.tiktok_claims.expires_at is 'Until then the seller may confirm; the job expired-claims then deletes the row.';
comment on relation private.tiktok_logins is 'TikTok logins that sellers connected with; the shops of a login share one token pair, so a refresh is leased here: docs/tiktok.md.';
comment on column private.tiktok_logins.lease_until is 'Until then only the worker with lease_id may refresh.';
comment on column private.tiktok_logins.open_id is 'The TikTok id of the login for this app.';
comment on column private.tiktok_logins.token_version is 'Raised with every new token pair; a worker with an older number used a pair that is no longer stored.';
comment on column private.tiktok_logins.pair_requested_at is 'When the stored pair was requested; a late answer with an older pair does not replace it.';
comment on column private.tiktok_logins.refresh_not_before is 'Earliest time of the next refresh after a failure.';
comment on column private.tiktok_logins.refresh_failures is 'Consecutive failures; they decide the length of the next wait.';
comment on column private.tiktok_logins.refresh_refusals is 'Consecutive failures in which TikTok refused; the last of them ends the connection.';
comment on relation private.unassigned_invoices is 'What a carrier charged or paid back for a label that no account has; the account of the platform pays it.';
comment on column private.unassigned_invoices.id is 'Of the EasyPost invoice.';
comment on column private.unassigned_invoices.cents is 'US cents, which count for the platform.';
comment on column private.unassigned_invoices.reported_at is 'Time of the last EasyPost event; the row goes six months later.';
comment on relation private.undecided_events is 'Orders of each seller that a search found and that were not read yet: each may be more urgent than the order at hand.';
comment on relation private.user_dashboard_metrics is 'Dashboard figures as the rows said at refreshed_at, one row per seller: what the kept figures are compared with; in private, because a materialized view has no row level security.';
comment on column private.user_dashboard_metrics.has_drift is 'Whether the kept figures of the seller differed from the rows in the same snapshot.';
comment on column private.user_dashboard_metrics.total_revenue is 'Requested column: the amounts of all orders, whatever their currency and state; revenue has the true figures.';
comment on column private.user_dashboard_metrics.monthly_revenue is 'As total_revenue, of the orders of this month (UTC).';
comment on column private.user_dashboard_metrics.revenue is '[{currency, gross, refunded, orders}] of the orders that buyers paid: docs/orders.md.';
comment on column private.user_dashboard_metrics.label_costs is '[{currency, cost, labels}] of the labels that are not voided and have a price.';
comment on relation private.waiting_orders is 'Held orders of connected shops; order by urgency, ship_order, age_order, held_at, tiktok_order_id.';
comment on relation private.webhook_events is 'The inbox: webhooks of TikTok, Stripe and EasyPost, and our own tasks: docs/inbox.md.';
comment on column private.webhook_events.claims is 'Number of claims until it was last done or ignored; those of an open event are in event_queue.';
comment on column private.webhook_events.attempts is 'Number of failures that a worker reported.';
comment on column private.webhook_events.crashes is 'Number of claims whose lease expired without a result.';
comment on column private.webhook_events.failing_since is 'When its attempts were used up; seven days later the next failure is the last.';
comment on column private.webhook_events.reason is 'Code of the reason why it is failing, ignored, held or dead: docs/inbox.md.';
comment on column private.webhook_events.last_error is 'Text of the last failed attempt, for operators; kept when a later attempt succeeds.';
comment on column private.webhook_events.request_id is 'Id of the request that stored it, as in the log lines; null for a task that the database stored itself.';
comment on column private.webhook_events.traceparent is 'The span that stored it, as W3C writes it: its processing is part of that trace.';
comment on column private.webhook_events.source is 'The sender; creatorflow marks our own tasks.';
comment on column private.webhook_events.external_id is 'The id that the sender gave the event, or one derived from its content: a repeated delivery is the same row. Another body under the id has <id>:<content_digest>.';
comment on column private.webhook_events.shop_id is 'The TikTok shop id.';
comment on column private.webhook_events.object_id is 'Id of the subject: a TikTok order id, or the id that a task names.';
comment on column private.webhook_events.body is 'The body as received.';
comment on column private.webhook_events.content_digest is 'Digest of the body without what differs between deliveries of one event; null for our own tasks.';
comment on column private.webhook_events.status is 'The result of the last attempt: pending is open; failing is tried again each hour; done, ignored, held and dead are settled; held waits for a larger plan or the next month.';
comment on relation public.analytics_events is 'Events of the account of a seller, who reads and inserts their own; events are never changed.';
comment on relation public.order_events is 'The timeline of each order; its seller reads, only the backend writes.';
comment on column public.order_events.event_type is 'Source of the change: the TikTok topic, or ORDER_FOUND and RETURN_FOUND after a sync.';
comment on column public.order_events.webhook_event_id is 'Id of the event in the inbox, which deletes it after a while.';
comment on column public.order_events.changes is 'By column: {"order_status": {"from": ..., "to": ...}}; an address only as "changed"; refused: a status that may not follow; units_cancelled: [{line_item_id, cancelled_by, cancel_reason}]; facts of the TikTok event: cancel_status, return_status, refund_total.';
comment on column public.order_events.happened_at is 'When the order changed at TikTok, or when the event with further facts was received.';
comment on relation public.orders is 'One row per TikTok order; sellers read, only ingest_order writes.';
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
comment on column public.orders.counts_for_plan is 'Whether the order uses a place of the monthly limit: docs/orders.md, "Which orders count".';
comment on column public.orders.mapping_version is 'private.order_mapping_version() when the order was last read.';
comment on column public.orders.tiktok_updated_at is 'update_time of TikTok; an older state never overwrites a newer one.';
comment on column public.orders.tiktok_read_at is 'The stored state was read at TikTok before this time; it decides between two states of one second.';
comment on column public.orders.final_at is 'When it became completed or cancelled, at TikTok; null before.';
comment on column public.orders.personal_data_removed_at is 'When the personal data of the buyer was removed: docs/privacy.md; null while the order may have them.';
comment on column public.orders.created_at is 'When the order was stored here; it counts for this month (UTC).';
comment on column public.orders.tiktok_status is 'The status as TikTok sent it, including values that order_status does not cover.';
comment on column public.orders.order_status is 'Mapped from tiktok_status: docs/orders.md.';
comment on column public.orders.total_amount is 'Amount that the buyer pays, in major units of currency.';
comment on relation public.plans is 'The plans and their limits; trial is the plan of a seller without a live subscription.';
comment on column public.plans.name is 'Code of the plan.';
comment on column public.plans.monthly_order_limit is 'Number of new orders that a seller may receive per calendar month (UTC).';
comment on column public.plans.daily_label_limit is 'Number of EasyPost labels that a seller may buy per day (UTC): the account of the platform pays them.';
comment on column public.plans.monthly_label_limit is 'Number of EasyPost labels per calendar month (UTC).';
comment on column public.plans.daily_label_cents is 'Cost of the EasyPost labels of a day, in US cents.';
comment on column public.plans.monthly_label_cents is 'Cost of the EasyPost labels of a calendar month, in US cents.';
comment on relation public.shipment_orders is 'Every order in a parcel: one, or all that TikTok combined.';
comment on column public.shipment_orders.user_id is 'The seller, as in the order: set by a trigger.';
comment on relation public.shipments is 'Parcels of orders and their labels; sellers read, only the backend writes.';
comment on column public.shipments.shipping_cost is 'Price of the label in major units of currency; null if the provider did not report it.';
comment on column public.shipments.quoted_cost is 'Quoted price in major units of currency.';
comment on column public.shipments.line_item_ids is 'TikTok ids of the units in the parcel, as in orders.order_items.';
comment on column public.shipments.status is 'Status of the parcel: docs/labels.md; it moves back only after a failed delivery.';
comment on column public.shipments.tracked_at is 'When the last update was received or requested.';
comment on column public.shipments.tracking_updated_at is 'Carrier time of the newest update; older updates do not change it.';
comment on column public.shipments.tiktok_package_id is 'TikTok package of its own label, or of a label that TikTok was notified of.';
comment on column public.shipments.order_id is 'The order, or the first of combined ones: shipment_orders has all.';
comment on column public.shipments.tiktok_notified_at is 'When TikTok accepted the present tracking number of a label that it did not sell.';
comment on column public.shipments.tiktok_warning is 'Code: TikTok accepted the tracking number with a warning.';
comment on column public.shipments.tiktok_error is 'Why TikTok has not accepted the tracking number yet: its code and request id, without its words.';
comment on column public.shipments.tiktok_error_code is 'Code of that reason, for a tracking number from elsewhere: docs/own-tracking.md.';
comment on column public.shipments.advice is 'What to do with a label that is no longer wanted: void_advised, or stop_parcel once it is collected; null otherwise.';
comment on column public.shipments.advice_reason is 'What happened after the purchase: labelled_twice, order_cancelled, unit_cancelled or address_changed.';
comment on column public.shipments.advised_at is 'When that was stored.';
comment on column public.shipments.user_id is 'The seller, as in the order: set by a trigger.';
comment on column public.shipments.provider is 'Provider that sold the label, or own for a tracking number from elsewhere: docs/labels.md.';
comment on column public.shipments.carrier is 'Carrier in the words of the provider, e.g. USPS.';
comment on column public.shipments.label_url is 'Null while the provider renders the label.';
comment on column public.shipments.label_expires_at is 'When label_url expires, null if it does not; GET /shipments/:id/label returns a fresh one.';
comment on relation public.subscriptions is 'The last known state of each Stripe subscription; written by the backend only.';
comment on column public.subscriptions.reconciled_at is 'When its state was last read from Stripe.';
comment on column public.subscriptions.stripe_customer_id is 'Encrypted (shared/crypto).';
comment on column public.subscriptions.stripe_customer_id_hash is 'Keyed hash of the id, used to find the row.';
comment on column public.subscriptions.stripe_subscription_id is 'Encrypted (shared/crypto).';
comment on column public.subscriptions.stripe_subscription_id_hash is 'Keyed hash of the id, used to find the row.';
comment on relation public.system_logs is 'Log of automatic and operator actions, for the backend only.';
comment on relation public.tiktok_shops is 'Connected TikTok shops; sellers read the columns without secrets, only the backend writes.';
comment on column public.tiktok_shops.access_token is 'Encrypted (shared/crypto), with column and shop_id as associated data.';
comment on column public.tiktok_shops.refresh_token is 'Encrypted (shared/crypto), with column and shop_id as associated data.';
comment on column public.tiktok_shops.refresh_token_expires_at is 'End of the authorization by the seller; may be a century ahead.';
comment on column public.tiktok_shops.webhook_url is 'The URL that TikTok sends the webhooks of this shop to.';
comment on column public.tiktok_shops.orders_synced_until is 'Every order of the shop that changed before this time is stored or in the inbox.';
comment on column public.tiktok_shops.returns_synced_until is 'Every return of the shop that was paid back before this time is in the timeline of its order or in the inbox.';
comment on column public.tiktok_shops.first_sync_done is 'Once true, an order that only a sync finds counts as missed by the webhooks.';
comment on column public.tiktok_shops.connection_status is 'active; paused: TikTok has deactivated the shop; needs_reauth: the seller has to connect again; disconnected: by the seller, here or at TikTok; transferred: another account connected the shop later.';
comment on column public.tiktok_shops.status_reason is 'Code of the reason why it is not active: docs/tiktok.md.';
comment on column public.tiktok_shops.probe_at is 'paused: when the next probe reads from TikTok whether the shop is active again.';
comment on column public.tiktok_shops.connected_at is 'When the seller last authorized the app at TikTok; earlier TikTok events concern an older connection.';
comment on column public.tiktok_shops.ended_at is 'When the connection ended; null while the shop is connected. Personal data stay for a time after it: docs/privacy.md.';
comment on column public.tiktok_shops.shop_id is 'The TikTok shop id, as in webhooks.';
comment on column public.tiktok_shops.shop_key is 'Key of what is counted for the shop in every account: private.shop_identities; connect_tiktok_shops finds it.';
comment on column public.tiktok_shops.shop_cipher is 'Opaque query parameter shop_cipher of TikTok API calls.';
comment on column public.tiktok_shops.open_id is 'The TikTok id of the login that connected the shop; a login may own several shops with one token pair.';
comment on column public.tiktok_shops.granted_scopes is 'Scopes that TikTok granted for the shop, e.g. seller.order.info; empty if TikTok did not name them.';
comment on relation public.users is 'Profiles of sellers, created at sign-up and deleted with the account.';
comment on column public.users.subscription_status is 'trial, or the Stripe status of the subscription that counts, else of the newest: docs/billing.md; written by the backend only.';
comment on column public.users.subscription_tier is 'The plan that the seller sees: docs/billing.md; limits are read from subscriptions, not from here.';
