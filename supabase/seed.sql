-- Two sellers for local databases: ada@creatorflow.test pays for the plan growth, bob@creatorflow.test is
-- on trial; the password of both is local-password. It may run again: existing rows stay.
-- The rows of Auth serve the Auth of the local stack and Supabase's own, which reads no row with a null in
-- these texts and times.

insert into auth.users (
  id, aud, role, email, encrypted_password, email_confirmed_at,
  confirmation_token, recovery_token, reauthentication_token, email_change,
  email_change_token_current, email_change_token_new, phone_change, phone_change_token,
  created_at, updated_at, raw_app_meta_data, raw_user_meta_data
)
select
  seed.id, 'authenticated', 'authenticated', seed.email,
  -- bcrypt of local-password.
  '$2b$10$hzXNsdxD.bBDVUHLTf4JeOJhZt7YsnAscMP.cprPQyGabSkSQMxQq', now(),
  '', '', '', '', '', '', '', '', now(), now(),
  '{"provider": "email", "providers": ["email"]}',
  jsonb_build_object(
    'sub', seed.id, 'email', seed.email, 'email_verified', true, 'phone_verified', false
  )
from (
  values
    ('5eed0000-0000-4000-8000-000000000001'::uuid, 'ada@creatorflow.test'),
    ('5eed0000-0000-4000-8000-000000000002'::uuid, 'bob@creatorflow.test')
) as seed (id, email)
on conflict do nothing;

-- Supabase's Auth finds users of this instance only; the Auth of the local stack has no instances.
do $$
begin
  if exists (
    select from pg_attribute where attrelid = 'auth.users'::regclass and attname = 'instance_id'
  ) then
    update auth.users set instance_id = '00000000-0000-0000-0000-000000000000'
    where email in ('ada@creatorflow.test', 'bob@creatorflow.test') and instance_id is null;
  end if;
end
$$;

insert into auth.identities (
  id, provider, provider_id, user_id, last_sign_in_at, created_at, updated_at, identity_data
)
select
  gen_random_uuid(), 'email', id::text, id, now(), now(), now(),
  jsonb_build_object('sub', id, 'email', email, 'email_verified', false, 'phone_verified', false)
from auth.users
where email in ('ada@creatorflow.test', 'bob@creatorflow.test')
on conflict do nothing;

update public.users
set display_name = 'Ada', subscription_status = 'active', subscription_tier = 'growth'
where email = 'ada@creatorflow.test';

update public.users
set display_name = 'Bob'
where email = 'bob@creatorflow.test';

-- The encrypted columns hold placeholders; the key "seed" does not exist.
insert into public.subscriptions (
  user_id, stripe_customer_id, stripe_customer_id_hash, stripe_subscription_id,
  stripe_subscription_id_hash, plan_name, status, current_period_start, current_period_end
)
select
  id, 'v1.seed.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'seed-ada',
  'v1.seed.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'seed-ada',
  'growth', 'active', now(), now() + interval '1 month'
from public.users
where email = 'ada@creatorflow.test'
on conflict do nothing;

-- These shops have no tokens: they need a connection, and can be connected at the simulator.
insert into private.tiktok_logins (user_id, open_id)
select seller.id, 'seed-' || seed.shop_id
from (
  values
    ('ada@creatorflow.test', '7490000000000000101'),
    ('ada@creatorflow.test', '7490000000000000102'),
    ('bob@creatorflow.test', '7490000000000000201')
) as seed (email, shop_id)
join public.users as seller on seller.email = seed.email
on conflict do nothing;

insert into public.tiktok_shops (
  user_id, shop_id, shop_name, region, shop_cipher, open_id, connection_status, status_reason,
  token_expires_at, refresh_token_expires_at
)
select
  seller.id, seed.shop_id, seed.shop_name, seed.region, 'seed', 'seed-' || seed.shop_id,
  'needs_reauth', 'token_refused', now(), now()
from (
  values
    ('ada@creatorflow.test', '7490000000000000101', 'Ada''s Candles', 'US'),
    ('ada@creatorflow.test', '7490000000000000102', 'Ada''s Teas', 'GB'),
    ('bob@creatorflow.test', '7490000000000000201', 'Bob''s Boards', 'US')
) as seed (email, shop_id, shop_name, region)
join public.users as seller on seller.email = seed.email
on conflict do nothing;

with product (sku_id, product_name, sku_name, unit_price, currency) as (
  values
    ('1729000000000000101', 'Candle, beeswax', 'Large', 19.00, 'USD'),
    ('1729000000000000102', 'Tea, first flush', '100 g', 12.50, 'GBP'),
    ('1729000000000000201', 'Longboard', 'Maple', 89.00, 'USD')
), buyer (name, address_status, shipping_address) as (
  values
    ('none yet', 'none', '{}'::jsonb),
    ('Maya', 'readable', '{
      "name": "Maya Torres", "phone": "(+1)5035550142", "line1": "1420 SE Alder St", "line2": "Apt 3",
      "city": "Portland", "state": "Oregon", "postal_code": "97214", "country": "US",
      "full_address": "1420 SE Alder St, Apt 3, Portland, Oregon 97214, United States",
      "districts": [
        {"level": "L0", "type": "Country", "name": "United States"},
        {"level": "L1", "type": "State", "name": "Oregon"},
        {"level": "L3", "type": "City", "name": "Portland"}
      ]
    }'),
    ('Owen', 'readable', '{
      "name": "Owen Hughes", "phone": "(+44)2079460857", "line1": "8 Mill Lane", "line2": null,
      "city": "Bath", "state": "England", "postal_code": "BA1 1AA", "country": "GB",
      "full_address": "8 Mill Lane, Bath, England BA1 1AA, United Kingdom",
      "districts": [
        {"level": "L0", "type": "Country", "name": "United Kingdom"},
        {"level": "L1", "type": "Nation", "name": "England"},
        {"level": "L3", "type": "Town", "name": "Bath"}
      ]
    }'),
    ('masked', 'masked', '{
      "name": "J*** D***", "phone": "(+1)503****199", "line1": "7** *** ***", "line2": null,
      "city": "Salem", "state": "Oregon", "postal_code": "973**", "country": "US",
      "full_address": "7** *** ***, Salem, Oregon 973**, United States",
      "districts": [
        {"level": "L0", "type": "Country", "name": "United States"},
        {"level": "L1", "type": "State", "name": "Oregon"},
        {"level": "L3", "type": "City", "name": "Salem"}
      ]
    }')
), seed (
  shop_id, order_id, tiktok_status, order_status, payment_status, age, buyer, sku_id, quantity,
  shipping_cost
) as (
  values
    ('7490000000000000101', 576461000000000101, 'UNPAID', 'received', 'pending',
      interval '5 minutes', 'none yet', '1729000000000000101', 1, 4.99),
    ('7490000000000000101', 576461000000000102, 'ON_HOLD', 'on_hold', 'paid',
      interval '40 minutes', 'none yet', '1729000000000000101', 2, 4.99),
    ('7490000000000000101', 576461000000000103, 'AWAITING_SHIPMENT', 'awaiting_shipment', 'paid',
      interval '3 hours', 'Maya', '1729000000000000101', 3, 0),
    ('7490000000000000101', 576461000000000104, 'IN_TRANSIT', 'in_transit', 'paid',
      interval '2 days', 'Maya', '1729000000000000101', 1, 4.99),
    ('7490000000000000101', 576461000000000105, 'COMPLETED', 'completed', 'paid',
      interval '45 days', 'masked', '1729000000000000101', 4, 0),
    ('7490000000000000101', 576461000000000106, 'CANCELLED', 'cancelled', 'refunded',
      interval '4 days', 'Maya', '1729000000000000101', 1, 4.99),
    ('7490000000000000102', 576461000000000107, 'AWAITING_COLLECTION', 'awaiting_collection', 'paid',
      interval '1 day', 'Owen', '1729000000000000102', 2, 3.50),
    ('7490000000000000102', 576461000000000108, 'DELIVERED', 'delivered', 'paid',
      interval '9 days', 'Owen', '1729000000000000102', 5, 0),
    ('7490000000000000201', 576461000000000201, 'AWAITING_SHIPMENT', 'awaiting_shipment', 'paid',
      interval '2 hours', 'Maya', '1729000000000000201', 1, 12.00),
    ('7490000000000000201', 576461000000000202, 'IN_TRANSIT', 'in_transit', 'paid',
      interval '3 days', 'Maya', '1729000000000000201', 1, 12.00),
    ('7490000000000000201', 576461000000000203, 'CANCELLED', 'cancelled', 'cancelled',
      interval '35 days', 'none yet', '1729000000000000201', 2, 0)
)
insert into public.orders (
  user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status, payment_status,
  currency, total_amount, shipping_cost, shipping_type, customer_email,
  shipping_address, address_status, order_items, fulfillment_type, paid_at, ship_by, auto_cancel_at,
  cancelled_by, tiktok_created_at, tiktok_updated_at, created_at, updated_at
)
select
  shop.user_id, shop.id, seed.order_id::text, seed.tiktok_status, seed.order_status,
  seed.payment_status, product.currency, seed.quantity * product.unit_price + seed.shipping_cost,
  seed.shipping_cost, 'SELLER', seed.order_id || '@scs.example.com',
  buyer.shipping_address, buyer.address_status,
  jsonb_build_array(jsonb_build_object(
    'sku_id', product.sku_id,
    'product_id', product.sku_id,
    'product_name', product.product_name,
    'sku_name', product.sku_name,
    'seller_sku', null,
    'image_url', null,
    'quantity', jsonb_array_length(units.live),
    'unit_price', product.unit_price::text,
    'total_price', (jsonb_array_length(units.live) * product.unit_price)::text,
    'line_item_ids', units.live,
    'cancelled_line_item_ids', units.cancelled,
    'is_gift', false,
    'gift_retail_price', null,
    'components', '[]'::jsonb,
    'units', units.states
  )),
  'FULFILLMENT_BY_SELLER',
  case when seed.payment_status in ('paid', 'refunded') then now() - seed.age end,
  case when seed.order_status = 'awaiting_shipment' then now() - seed.age + interval '2 days' end,
  case when seed.order_status = 'awaiting_shipment' then now() - seed.age + interval '7 days' end,
  case when seed.order_status = 'cancelled' then 'BUYER' end,
  now() - seed.age, now() - seed.age, now() - seed.age, now() - seed.age
from seed
join public.tiktok_shops as shop on shop.shop_id = seed.shop_id
join product on product.sku_id = seed.sku_id
join buyer on buyer.name = seed.buyer
cross join lateral (
  select
    coalesce(jsonb_agg(line_item_id) filter (where seed.order_status <> 'cancelled'), '[]') as live,
    coalesce(jsonb_agg(line_item_id) filter (where seed.order_status = 'cancelled'), '[]') as cancelled,
    jsonb_agg(jsonb_build_object(
      'line_item_id', line_item_id,
      'status', seed.tiktok_status,
      'cancelled_by', case when seed.order_status = 'cancelled' then 'BUYER' end,
      'cancel_reason', null,
      'package_id', null
    )) as states
  from (
    select (seed.order_id * 10 + unit)::text as line_item_id from generate_series(1, seed.quantity) as unit
  ) as unit
) as units
on conflict do nothing;

insert into public.shipments (
  id, order_id, carrier, service_type, tracking_number, shipping_cost, estimated_delivery, status,
  created_at
)
select
  seed.id, orders.id, seed.carrier, seed.service_type, seed.tracking_number, seed.shipping_cost,
  (orders.created_at + interval '5 days')::date, seed.status, orders.created_at + interval '3 hours'
from (
  values
    ('5eed0000-0000-4000-8000-000000000104'::uuid, '576461000000000104', 'USPS', 'Ground Advantage',
      '9400100000000000000104', 5.60, 'in_transit'),
    ('5eed0000-0000-4000-8000-000000000105', '576461000000000105', 'USPS', 'Priority',
      '9400100000000000000105', 9.10, 'delivered'),
    ('5eed0000-0000-4000-8000-000000000107', '576461000000000107', 'Royal Mail', 'Tracked 48',
      'RM000000107GB', 3.10, 'purchased'),
    ('5eed0000-0000-4000-8000-000000000108', '576461000000000108', 'Royal Mail', 'Tracked 24',
      'RM000000108GB', 4.20, 'delivered'),
    ('5eed0000-0000-4000-8000-000000000202', '576461000000000202', 'UPS', 'Ground',
      '1Z0000000000000202', 14.30, 'in_transit')
) as seed (id, tiktok_order_id, carrier, service_type, tracking_number, shipping_cost, status)
join public.orders on orders.tiktok_order_id = seed.tiktok_order_id
on conflict do nothing;

-- The plan limit reads counters, not orders. They are never lowered: an order may arrive meanwhile.
insert into private.monthly_order_counts as counter (user_id, month, orders)
select orders.user_id, date_trunc('month', orders.created_at at time zone 'UTC'), count(*)
from public.orders
join public.users on users.id = orders.user_id
where users.email in ('ada@creatorflow.test', 'bob@creatorflow.test')
group by 1, 2
on conflict (user_id, month) do update
  set orders = greatest(counter.orders, excluded.orders);

-- The figures of the dashboard, which ingest_order keeps.
select private.correct_totals(id)
from public.users
where email in ('ada@creatorflow.test', 'bob@creatorflow.test')
order by id;
