-- What sellers download.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.ingest('ada', n::text, jsonb_build_object(
  'tiktok_created_at', '2026-10-31T23:59:58Z'::timestamptz + make_interval(secs => n),
  'shipping_address', '{"name": "Eve", "line1": "1 Main St", "state": "Oregon", "country": "US"}'::jsonb,
  'address_status', 'readable',
  'order_items', '[{"quantity": 2, "seller_sku": "MUG"}, {"quantity": 1, "seller_sku": "", "product_name": "Tray"}]'::jsonb
)) from generate_series(1, 3) as n;
select tests.ingest('bob', '9');
insert into public.shipments (order_id, carrier, service_type, tracking_number, created_at)
select id, 'USPS', 'Priority', 'T' || n || '-' || tiktok_order_id, now() + make_interval(secs => n)
from public.orders cross join generate_series(0, 1) as n;
insert into private.senders (tiktok_shop_id, user_id, address) values (tests.shop('ada'), tests.id('ada'), '{"name": "Ada"}');
select tests.subscribe('ada', 'growth');

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select public.list_orders_of_seller(null, now(), now(), null, 1)',
  'select public.list_shipments_of_seller(null, now(), now(), null, 1)',
  'select public.plan_account_export(null, null, 1)',
  'select public.read_account_export(null, ''orders'', null, 1)'
]) as statement;

-- Lists.
create function tests.page(list text, lower_end text, upper_end text, after jsonb, most integer default 2)
returns jsonb
language sql
as $$
  select tests.call(format('list_%s_of_seller(%L, %L, %L, %L, %s)', list, tests.id('ada'), lower_end, upper_end, after, most));
$$;
create function tests.column_of(page jsonb, name text)
returns text
language sql
as $$
  -- Equal times are ordered by id, which is random.
  select string_agg(entry ->> name, ' ' order by entry ->> name)
  from jsonb_array_elements(page -> 'rows') as entry;
$$;
create table tests.pages as
with first as (select tests.page('orders', '2026-01-01Z', '2027-01-01Z', null) as page)
select 1 as number, page from first
union all
select 2, tests.page('orders', '2026-01-01Z', '2027-01-01Z', page -> 'next') from first;
select is(
  (select array_agg(tests.column_of(page, 'tiktok_order_id') order by number) from tests.pages), array['1 2', '3'],
  'pages hold each order of the seller once, oldest first'
);
select is((select page -> 'next' from tests.pages where number = 2), 'null', 'the last page names no next one');
select is(
  tests.column_of(tests.page('orders', '2026-11-01Z', '2026-11-01T00:00:01Z', null), 'tiktok_order_id'), '2',
  'the range is that of the buyer''s order, without its end'
);
select is(
  (select page -> 'rows' -> 0 from tests.pages where number = 1) - array['order_id', 'ordered_at', 'stored_at'],
  jsonb_build_object(
    'tiktok_order_id', '1', 'shop_id', tests.shop_id('ada'), 'shop_name', 'ada''s shop', 'order_kind', 'sale',
    'order_status', 'awaiting_shipment', 'payment_status', 'paid', 'currency', 'USD', 'total_amount', '12.50',
    'shipping_cost', '0.00', 'paid_at', null, 'refunded', '0.00', 'items', '2 x MUG; 1 x Tray', 'state', 'Oregon', 'country', 'US'
  ),
  'a line has no name and no street'
);
create table tests.parcels as
select tests.page('shipments', (now())::text, (now() + interval '1 second')::text, null, 10) as page;
select is(
  tests.column_of(page, 'tracking_number'), 'T0-1 T0-2 T0-3',
  'shipments are those of the range, and of the seller'
)
from tests.parcels;
insert into public.shipment_orders (shipment_id, order_id)
select shipment.id, own.id
from public.shipments as shipment
cross join public.orders as own
where shipment.tracking_number = 'T0-1' and own.tiktok_order_id in ('1', '2', '3') and own.user_id = tests.id('ada')
on conflict do nothing;
select is(
  (
    select array_agg(entry ->> 'tiktok_order_ids' order by entry ->> 'tracking_number')
    from tests.page('shipments', (now())::text, (now() + interval '1 second')::text, null, 10) as page,
      jsonb_array_elements(page -> 'rows') as entry
  ),
  array['1 2 3', '2', '3'], 'a combined shipment is one line, with all its orders'
);
select is(
  tests.call(format('list_%s_of_seller(%L, now(), now(), null, 1)', list, tests.id('cleo'))), '"PT404"',
  'an unknown account: ' || list
)
from unnest(array['orders', 'shipments']) as list;

-- The export, in parts of two rows.
create table tests.exported (part text, record jsonb);
create function tests.export(nickname text)
returns integer
language plpgsql
as $$
declare
  plan jsonb;
  slice jsonb;
  start jsonb;
  parts integer := 0;
begin
  delete from tests.exported;
  loop
    plan := tests.call(format('plan_account_export(%L, %L, 2)', tests.id(nickname), start));
    parts := parts + 1;
    for slice in select jsonb_array_elements(plan -> 'slices') loop
      insert into tests.exported
      select slice ->> 'part', record
      from jsonb_array_elements(
        tests.call(format(
          'read_account_export(%L, %L, %L, %s)', tests.id(nickname), slice ->> 'part', slice -> 'after', slice ->> 'rows'
        )) -> 'rows'
      ) as record
      where (slice ->> 'rows')::integer > 0;
    end loop;
    start := plan -> 'next';
    exit when start = 'null';
  end loop;
  return parts;
end;
$$;
select cmp_ok(tests.export('ada'), '>', 8, 'many rows come in many parts');
select is(
  (select jsonb_object_agg(part, rows) from (select part, count(*) as rows from tests.exported group by part) as counted),
  '{"account": 1, "shops": 1, "senders": 1, "subscriptions": 1, "monthly_order_counts": 1, "orders": 3, "order_events": 3,
    "shipments": 6, "shipment_orders": 8, "analytics_events": 4, "webhook_events": 3}',
  'the export has every row of the seller once'
);
select is_empty(
  format('select * from tests.exported where record::text ~ %L', tests.id('bob') || '|T0-9|v1\.test|stripe|cipher'),
  'and no row of another seller, no token and no id of Stripe'
);
select is(
  (select record -> 'total_amount' from tests.exported where part = 'orders' limit 1), '"12.50"',
  'amounts are decimal strings'
);
select is(tests.call(format('plan_account_export(%L, null, 2)', tests.id('cleo'))), '"PT404"', 'an unknown account');
select is(
  tests.call(format('plan_account_export(%L, %L, 2)', tests.id('ada'), '{"part": "orders", "after": ["x", "y"]}')),
  '"PT400"', 'a key that was changed'
);

-- Which tables are exported.
select set_eq(
  $$
    select format('%s.%s', namespace.nspname, relation.relname)
    from pg_class as relation
    join pg_namespace as namespace on namespace.oid = relation.relnamespace
    where namespace.nspname in ('public', 'private') and relation.relkind = 'r'
      and not exists (
        select from private.export_parts() as listed where listed.relation::regclass = relation.oid
      )
  $$,
  array[
    -- The same for everyone.
    'public.plans', 'private.order_transitions', 'private.label_transitions', 'private.retention_periods',
    'private.carrier_rules', 'private.source_health', 'private.label_currencies', 'private.health_thresholds',
    -- For operators.
    'public.system_logs', 'private.personal_data_reads', 'private.daily_event_counts',
    -- Figures of shops in all accounts, and of the platform; get_usage shows what concerns the seller.
    'private.shop_identities', 'private.monthly_shop_counts', 'private.label_spending', 'private.label_limits',
    -- Labels that no account has.
    'private.unassigned_invoices',
    -- Sums of orders and labels, which are exported.
    'private.order_totals', 'private.label_totals',
    -- Secrets and short-lived states, without facts about the seller.
    'private.tiktok_logins', 'private.tiktok_authorizations', 'private.tiktok_claims',
    'private.stripe_customers',
    'private.stripe_attempts',
    -- Quotes of the last hour; units that label_purchases lists too; events that webhook_events lists too.
    'private.deleted_event_ids', 'private.event_queue',
    'private.label_rates', 'private.labelled_lines', 'private.request_limits', 'private.request_counts'
  ],
  'every table is exported, or stands here with the reason why not'
);

select * from finish();
rollback;
