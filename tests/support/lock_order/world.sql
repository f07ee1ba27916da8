-- A small world for calls at random: four sellers, five shops, few orders at a time. Every function takes numbers
-- and picks a row with them, so many calls meet at the same rows.

create schema stress;

-- Events are made due page by page, although there are few.
create or replace function private.max_reopened_events() returns integer language sql immutable as 'select 3';

create function stress.user_id(n integer) returns uuid language sql immutable as $$
  select md5('seller-' || n % 4)::uuid;
$$;

create function stress.shop_id(n integer) returns text language sql immutable as $$
  select (7490000000000000000 + n % 5)::text;
$$;

create function stress.secret(n integer) returns text language sql immutable as $$
  select 'v1.test.' || repeat('i', 16) || '.' || md5('secret-' || n);
$$;

create function stress.email(n integer, variant integer) returns text language sql immutable as $$
  select 'seller-' || n % 4 || '-' || variant % 3 || '@example.com';
$$;

-- Sign-up, the deletion and the change of the address, as Auth does them.
create function stress.sign_up(n integer) returns void language sql as $$
  insert into auth.users (id, email) values (stress.user_id(n), stress.email(n, 0)) on conflict do nothing;
  insert into auth.audit_log_entries (id, payload, created_at)
  select gen_random_uuid(), jsonb_build_object('actor_id', stress.user_id(n)), now() from generate_series(1, 2);
$$;

create function stress.change_email(n integer, variant integer) returns void language sql as $$
  update auth.users set email = stress.email(n, variant) where id = stress.user_id(n);
$$;

create function stress.delete_in_auth(n integer) returns void language sql as $$
  delete from auth.users where id = stress.user_id(n);
$$;

create function stress.delete_account(n integer) returns jsonb language sql as $$
  select public.delete_account(
    stress.user_id(n),
    array(select stripe_customer_id_hash from private.stripe_customers where user_id = stress.user_id(n)),
    array['cus_' || n % 4]
  );
$$;

-- All requests of an account store the same customer, as Stripe answers them; another one once it was deleted.
create function stress.store_customer(n integer, p_email text) returns text language plpgsql as $$
declare
  hash text;
begin
  perform private.lock_sellers(stress.user_id(n));
  select md5('customer-' || created_at) into hash from public.users where id = stress.user_id(n);
  return public.store_stripe_customer(
    stress.user_id(n), stress.secret(n), coalesce(hash, md5(random()::text)), p_email
  );
end;
$$;

-- Picks: our id of a row among the newest, null without one.
create function stress.shop(n integer) returns uuid language sql stable as $$
  select id from public.tiktok_shops order by shop_id, user_id
  offset n % greatest((select count(*) from public.tiktok_shops), 1) limit 1;
$$;

create function stress.order(n integer) returns public.orders language sql stable as $$
  select newest[1 + n % greatest(cardinality(newest), 1)] from (
    select array(select orders from public.orders order by tiktok_order_id desc, id limit 10) as newest
  ) as listed;
$$;

create function stress.purchase(n integer, p_provider text default null)
returns private.label_purchases language sql stable as $$
  select newest[1 + n % greatest(cardinality(newest), 1)] from (
    select array(
      select purchase from private.label_purchases as purchase
      where p_provider is null or (provider = 'own') = (p_provider = 'own')
      order by created_at desc, id limit 8
    ) as newest
  ) as listed;
$$;

create function stress.shipment(n integer, p_provider text default null)
returns public.shipments language sql stable as $$
  select newest[1 + n % greatest(cardinality(newest), 1)] from (
    select array(
      select shipment from public.shipments as shipment
      where p_provider is null or provider = p_provider
      order by created_at desc, id limit 8
    ) as newest
  ) as listed;
$$;

-- A function, because a statement also calls what it selects for the rows that an offset skips.
create function stress.claim(n integer) returns setof private.tiktok_claims language plpgsql stable as $$
begin
  return query
  select * from private.tiktok_claims where connected_at is null order by claim_hash offset n % 3 limit 1;
end;
$$;

create function stress.customer(n integer) returns private.stripe_customers language sql stable as $$
  select customer from private.stripe_customers as customer where user_id = stress.user_id(n);
$$;

create function stress.subscription_hash(n integer) returns text language sql stable as $$
  select hash from (
    select stripe_subscription_id_hash as hash from public.subscriptions order by id limit 8
  ) as listed offset n % 8 limit 1;
$$;

create function stress.event(n integer, p_source text, p_types text[], p_object_id text default null)
returns bigint language sql stable as $$
  select ids[1 + n % greatest(cardinality(ids), 1)] from (
    select array(
      select id from private.webhook_events
      where source = p_source and event_type = any (p_types) and (p_object_id is null or object_id = p_object_id)
        and status in ('pending', 'failing', 'held')
      order by id desc limit 5
    ) as ids
  ) as listed;
$$;

create function stress.event_of(n integer, p_source text, p_types text[])
returns setof private.webhook_events language sql stable as $$
  select * from private.webhook_events where id = stress.event(n, p_source, p_types);
$$;

create function stress.shop_of(p_shop_id text) returns uuid language sql stable as $$
  select id from public.tiktok_shops where shop_id = p_shop_id order by connection_status, id limit 1;
$$;

create function stress.open_event(n integer) returns private.webhook_events language sql stable as $$
  select open from (
    select event from private.webhook_events as event
    where status in ('pending', 'failing') order by id desc limit 30
  ) as listed (open) offset n % 30 limit 1;
$$;

-- Results of several open events, in any order.
create function stress.results(n integer, m integer) returns jsonb language sql as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object('event_id', id, 'claim', claims) || (
        case (id + m) % 3
          when 0 then '{"ignored": "shop_not_connected"}'
          when 1 then '{"failed": "error"}'
          else '{"postponed": "error", "retry_after_seconds": 1, "while_paused": true}'
        end
      )::jsonb
      order by random()
    ),
    '[]'
  )
  from (
    select id, claims from private.inbox_events
    where status in ('pending', 'processing', 'failing') order by id desc offset m % 20 limit 1 + n % 6
  ) as listed;
$$;

-- Events of this source, and about this order, whose number moves on with the calls.
create function stress.order_number(p_shop_id text, n integer, w integer) returns text language sql immutable as $$
  select (w * 100000 + (p_shop_id::numeric % 10) * 100 + n % 6)::text;
$$;

create function stress.receive_order(n integer, w integer, salt integer) returns jsonb language sql as $$
  select public.receive_webhook_event(
    'tiktok', concat_ws(':', n % 5, n % 6, w, salt % 40),
    (array['ORDER_STATUS_CHANGE', 'ORDER_STATUS_CHANGE', 'SELLER_DEAUTHORIZATION', 'CANCELLATION_STATUS_CHANGE',
      'UPCOMING_AUTHORIZATION_EXPIRATION'])[1 + salt % 5],
    stress.shop_id(n), stress.order_number(stress.shop_id(n), n, w), '{}'
  );
$$;

create function stress.receive_other(n integer, salt integer) returns jsonb language sql as $$
  select case n % 2
    when 0 then public.receive_webhook_event(
      'easypost', 'evt_' || salt, 'tracker.updated', null, 'T' || n % 6, '{"id": "evt"}'
    )
    else public.receive_webhook_event(
      'stripe', 'evt_' || salt, 'customer.subscription.updated', null, 'sub_' || n % 4,
      format('{"data": {"object": {"customer": "cus_%s"}}}', n % 4)
    )
  end;
$$;

create function stress.order_json(p_number text, n integer) returns jsonb language sql volatile as $$
  select jsonb_build_object(
    'tiktok_order_id', p_number,
    'tiktok_status', state.tiktok, 'order_status', state.ours, 'payment_status', state.payment,
    'currency', 'USD', 'total_amount', '20.00', 'fulfillment_type', 'FULFILLMENT_BY_SELLER',
    'shipping_type', case when p_number::numeric % 6 in (2, 3) then 'TIKTOK' else 'SELLER' end,
    'shipping_address', jsonb_build_object('name', 'A', 'line1', n % 3, 'country', 'US'),
    'address_status', 'readable',
    'combine_group_id', case when p_number::numeric % 6 < 4 then 'group-' || floor(p_number::numeric / 2) end,
    'order_items', jsonb_build_array(jsonb_build_object(
      'sku_id', '1', 'quantity', 2,
      'line_item_ids', case when n % 17 = 0 then jsonb_build_array(p_number || 'a') else jsonb_build_array(p_number || 'a', p_number || 'b') end,
      'cancelled_line_item_ids', case when n % 17 = 0 then jsonb_build_array(p_number || 'b') else '[]' end,
      'units', jsonb_build_array(
        jsonb_build_object('line_item_id', p_number || 'a'), jsonb_build_object('line_item_id', p_number || 'b')
      )
    )),
    'tiktok_created_at', now() - interval '4 days',
    'tiktok_updated_at', clock_timestamp() - interval '3 days'
  )
  from (
    select (array['AWAITING_SHIPMENT', 'AWAITING_SHIPMENT', 'UNPAID', 'IN_TRANSIT', 'DELIVERED', 'CANCELLED'])[k] as tiktok,
      (array['awaiting_shipment', 'awaiting_shipment', 'received', 'in_transit', 'delivered', 'cancelled'])[k] as ours,
      (array['paid', 'paid', 'pending', 'paid', 'paid', 'cancelled'])[k] as payment
    from (select 1 + case when n % 8 = 0 then n / 8 % 6 else 0 end) as chosen (k)
  ) as state;
$$;

-- Up to six orders of a shop, in any sequence, each with an event of its own.
create function stress.numbers(p_shop uuid, n integer, w integer)
returns table (shop_id text, i integer, number text) language sql stable as $$
  select shop.shop_id, i, stress.order_number(shop.shop_id, n + i, w)
  from public.tiktok_shops as shop, generate_series(0, 1 + n % 5) as i
  where shop.id = p_shop;
$$;

create function stress.receive_orders(p_shop uuid, n integer, w integer) returns void language sql as $$
  select public.receive_webhook_event(
    'tiktok', concat_ws(':', 'new', number, n), 'ORDER_STATUS_CHANGE', shop_id, number, '{}'
  )
  from stress.numbers(p_shop, n, w);
$$;

create function stress.order_items(p_shop uuid, n integer, w integer) returns jsonb language sql volatile as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'event_id', event_id,
    'order', stress.order_json(number, n + i) || jsonb_build_object('ship_by', now() + make_interval(hours => (n * (i + 1)) % 17)),
    'notice', case when n % 9 = 0 then '{"refund_id": "r", "refund_total": "5.00"}' else '{}' end::jsonb
  )), '[]')
  from stress.numbers(p_shop, n, w)
  cross join lateral stress.event(n, 'tiktok', array['ORDER_STATUS_CHANGE'], number) as event_id
  where event_id is not null;
$$;

create function stress.grant_of(p_open_id text, n integer, p_shops text[]) returns jsonb language sql volatile as $$
  select jsonb_build_object(
    'open_id', p_open_id, 'granted_scopes', '["seller.order.info"]'::jsonb,
    'requested_at', clock_timestamp(),
    'token_expires_at', now() + interval '12 hours', 'refresh_token_expires_at', now() + make_interval(days => n % 9),
    'shops', (select coalesce(jsonb_agg(jsonb_build_object(
      'shop_id', id, 'shop_id_hashes', jsonb_build_array('hash.' || id), 'shop_name', id, 'region', 'US',
      'shop_cipher', 'cipher', 'access_token', stress.secret(n), 'refresh_token', stress.secret(n)
    )), '[]') from unnest(p_shops) as id)
  );
$$;

-- One or two shops, those of another seller too; two logins a seller.
create function stress.connect_grant(n integer, salt integer) returns jsonb language sql volatile as $$
  select stress.grant_of(
    format('open-%s-%s', n % 4, salt % 2), 1 + salt,
    case salt % 3
      when 0 then array[stress.shop_id(n)]
      when 1 then array[stress.shop_id(n + 1), stress.shop_id(n)]
      else array[stress.shop_id(n + 4), stress.shop_id(n)]
    end
  );
$$;

create function stress.login_grant(p_login private.tiktok_logins, n integer) returns jsonb language sql volatile as $$
  select stress.grant_of((p_login).open_id, 1 + n, array(
    select shop_id from public.tiktok_shops where user_id = (p_login).user_id and open_id = (p_login).open_id
    order by case n % 2 when 0 then shop_id end, shop_id desc
  ));
$$;

create function stress.login(n integer) returns private.tiktok_logins language sql stable as $$
  select login from private.tiktok_logins as login order by user_id, open_id
  offset n % greatest((select count(*) from private.tiktok_logins), 1) limit 1;
$$;

create function stress.label_request(p_order public.orders, n integer) returns jsonb language sql stable as $$
  select '{"parcel": {"weight": "1"}, "label_format": "PDF", "service": "Evri/Standard"}'::jsonb
    || case when (p_order).combine_group_id is null then '{}' else jsonb_build_object('order_ids', (
      select jsonb_agg(id order by case n % 2 when 0 then id end, id desc) from public.orders
      where tiktok_shop_id = (p_order).tiktok_shop_id and combine_group_id = (p_order).combine_group_id
    )) end
    || case when n % 3 = 0 then jsonb_build_object('sender', jsonb_build_object('name', n)) else '{}' end;
$$;

-- A purchase as far as it gets, in transactions of its own: each step is one call of a worker.
create function stress.choice(p_purchase private.label_purchases) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'service', 'Standard', 'carrier', 'Evri', 'carrier_shipment_id', 'shp_' || (p_purchase).id,
    'quoted_cost', '5.00', 'currency', 'USD'
  );
$$;

create function stress.label(n integer) returns jsonb language sql immutable as $$
  select jsonb_build_object(
    'carrier', 'Evri', 'service_type', 'Standard', 'tracking_number', 'T' || n % 6,
    'shipping_cost', (4 + n % 3) || '.00', 'currency', 'USD', 'label_url', 'https://example.com/label'
  );
$$;

create function stress.tracking(n integer) returns jsonb language sql volatile as $$
  select jsonb_build_object(
    'status', (array['in_transit', 'out_for_delivery', 'delivered'])[1 + n % 3], 'updated_at', clock_timestamp()
  );
$$;

create function stress.subscription(n integer, salt integer) returns jsonb language sql volatile as $$
  select jsonb_build_object(
    'stripe_customer_id', stress.secret(n), 'stripe_customer_id_hash', (stress.customer(n)).stripe_customer_id_hash,
    'stripe_subscription_id', stress.secret(salt % 2),
    'stripe_subscription_id_hash', md5((stress.customer(n)).id::text || salt % 2),
    'stripe_subscription_id_hashes', jsonb_build_array(md5((stress.customer(n)).id::text || salt % 2)),
    'plan_name', (array['scale', 'scale', 'growth', 'starter'])[1 + salt % 4], 'status', case when salt % 9 = 1 then 'canceled' else 'active' end,
    'current_period_start', now(), 'current_period_end', now() + interval '1 month', 'cancel_at_period_end', false
  );
$$;

create function stress.subscription_item(n integer, salt integer, event_ids bigint[] default '{}')
returns jsonb language sql volatile as $$
  select jsonb_build_object(
    'event_ids', array_remove(event_ids, null), 'customer_hashes', array[customer.stripe_customer_id_hash],
    'version', customer.version, 'subscription', stress.subscription(n, salt)
  ) from stress.customer(n) as customer;
$$;

create function stress.compare(n integer) returns jsonb language sql volatile as $$
  select public.compare_subscriptions(coalesce((
    select jsonb_agg(jsonb_build_object(
      'place', 1, 'status', status, 'stripe_subscription_id_hashes', jsonb_build_array(stripe_subscription_id_hash),
      'stripe_customer_id_hashes', jsonb_build_array(stripe_customer_id_hash)
    ) order by case n % 2 when 0 then id end, id desc)
    from public.subscriptions
  ), '[]'));
$$;

-- What sellers insert through the API.
grant usage, create on schema stress to authenticated;
create function stress.insert_analytics(n integer) returns void language sql security definer as $$
  insert into public.analytics_events (user_id, event_type)
  select stress.user_id(n), 'page_viewed' from generate_series(1, 1 + n % 3);
$$;

-- Makes rows old enough for the jobs that remove them.
create function stress.age_rows() returns void language sql as $$
  update private.webhook_events set settled_at = now() - interval '100 days'
  where id in (
    select id from private.webhook_events where status in ('done', 'ignored', 'dead') and settled_at > now() - interval '1 day'
    order by random() limit 20 for update skip locked
  );
  update private.label_rates set expires_at = now() - interval '2 days'
  where id in (select id from private.label_rates order by random() limit 5 for update skip locked);
  update private.tiktok_authorizations set expires_at = now() - interval '2 days'
  where state_hash in (select state_hash from private.tiktok_authorizations order by random() limit 3 for update skip locked);
  update private.tiktok_claims set expires_at = now() - interval '2 days'
  where claim_hash in (select claim_hash from private.tiktok_claims order by random() limit 3 for update skip locked);
$$;
update private.retention_periods set days = 1;
update private.request_limits set requests = 1000000;

-- Orders are counted both ways, also close to the limit: with the counters locked first, and last.
create or replace function private.spare_places() returns integer language plpgsql immutable set search_path = '' as $$
begin
  return 2;
end;
$$;
