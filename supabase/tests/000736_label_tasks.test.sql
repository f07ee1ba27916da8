-- Overdue label tasks.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');

-- Overdue purchases and voids.
create function tests.enqueue()
returns text
language sql
as $$
  select tests.call('enqueue_label_tasks()') #>> '{}';
$$;
create function tests.settle_tasks()
returns void
language sql
as $$
  update private.webhook_events set status = 'done', settled_at = now() where status = 'pending';
$$;
delete from public.orders where tiktok_order_id <> 'a';
delete from private.label_purchases;
delete from private.webhook_events;
insert into private.label_purchases (
  user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, service, label_format, state,
  state_since, checked_at, attempt
)
select
  tests.id('ada'), tests.order_id('a'), key, 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', state, now() - since,
  now() - checked, 7
from (
  values
    ('unknown', 'unknown', interval '0', null::interval),
    ('requested', 'requested', interval '121 seconds', null),
    ('requested just now', 'requested', interval '2 minutes', null),
    ('purchasing', 'purchasing', interval '121 seconds', null),
    ('purchasing just now', 'purchasing', interval '2 minutes', null),
    ('void', 'void_requested', interval '0', interval '6 hours 1 second'),
    ('void just now', 'void_requested', interval '1 year', interval '6 hours'),
    ('purchased', 'purchased', interval '1 year', interval '1 year'),
    ('failed', 'failed', interval '1 year', interval '1 year'),
    ('voided', 'voided', interval '1 year', interval '1 year'),
    ('void rejected', 'void_rejected', interval '1 year', interval '1 year')
) as purchase (key, state, since, checked);
create function tests.inbox()
returns text
language sql
stable
as $$
  select coalesce(string_agg(concat_ws(' ', event_type, idempotency_key), ', ' order by idempotency_key), 'nothing')
  from private.webhook_events
  join private.label_purchases as purchase on purchase.id::text = object_id
  where webhook_events.status = 'pending';
$$;
select is(tests.enqueue(), '4', 'overdue purchases and voids are enqueued');
select is(
  tests.inbox(), 'SETTLE_LABEL purchasing, SETTLE_LABEL requested, SETTLE_LABEL unknown, CHECK_VOID void',
  'exactly what is due'
);
select results_eq(
  $$select source, external_id, shop_id, status, body from private.webhook_events
    where object_id = tests.purchase('unknown')::text$$,
  $$values (
      'creatorflow',
      'SETTLE_LABEL:' || tests.purchase('unknown') || ':7:' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24'),
      tests.shop_id('ada'), 'pending', '{}'
    )$$,
  'for the shop, once for the attempt and the hour'
);
select is(tests.enqueue(), '0', 'not twice');
-- Moves the tasks to another hour.
update private.webhook_events set external_id = external_id || 'before';
select is(tests.enqueue(), '0', 'nor in another hour while it is open');
update private.event_queue set status = 'processing';
select is(tests.enqueue(), '0', 'or being processed');
select tests.settle_tasks();
select is(tests.enqueue(), '4', 'but once that is settled');
select tests.settle_tasks();
select is(tests.enqueue(), '0', 'and not twice in the hour, even so');
update private.label_purchases set attempt = 8 where idempotency_key = 'unknown';
select is(tests.enqueue(), '1', 'unless it is another attempt');
select is(tests.inbox(), 'SETTLE_LABEL unknown', 'of this one');

-- Silent parcels.
delete from private.label_purchases;
delete from private.webhook_events;
create table tests.silent (service_type text, provider text, status text, heard interval, age interval);
insert into tests.silent
select 'due ' || status, 'easypost', status, interval '24 hours 1 second', interval '2 days'
from unnest(array['purchased', 'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed']) as status
union all
select 'not ' || status, 'easypost', status, interval '1 year', interval '2 days'
from unnest(array['created', 'delivered', 'returned', 'voided']) as status
union all
values
  ('due tiktok''s', 'tiktok_shipping', 'in_transit', interval '1 year', interval '2 days'),
  ('due for the last time', 'easypost', 'in_transit', interval '1 year', interval '90 days' - interval '1 second'),
  ('not after 90 days', 'easypost', 'in_transit', interval '1 year', interval '90 days'),
  ('not heard of a day ago', 'easypost', 'in_transit', interval '24 hours', interval '2 days'),
  ('not ours', null, 'in_transit', interval '1 year', interval '2 days'),
  ('not tracked yet', 'easypost', 'in_transit', null, interval '2 days');
insert into public.shipments (order_id, carrier, service_type, provider, status, tracked_at, created_at)
select tests.order_id('a'), 'UPS', service_type, provider, status, now() - heard, now() - age from tests.silent;
select is(tests.enqueue(), '7', 'silent parcels are enqueued');
select results_eq(
  $$select event_type, service_type, external_id, shop_id
    from private.webhook_events join public.shipments on shipments.id::text = object_id
    where webhook_events.status = 'pending' order by service_type collate "C"$$,
  $$select 'CHECK_TRACKING', service_type,
      'CHECK_TRACKING:' || id || ':' || to_char(now() at time zone 'UTC', 'YYYYMMDD'), tests.shop_id('ada')
    from public.shipments where service_type like 'due %' order by service_type collate "C"$$,
  'exactly those that are due'
);
select is(tests.enqueue(), '0', 'not twice');
select tests.settle_tasks();
select is(tests.enqueue(), '0', 'not twice on a day');
update private.webhook_events set external_id = external_id || 'before';
select is(tests.enqueue(), '7', 'on another day again');
select tests.settle_tasks();

-- Parcels that stay silent do not block the others.
insert into public.shipments (id, order_id, carrier, service_type, provider, status, tracked_at)
select
  ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, tests.order_id('a'), 'UPS', 'silent', 'easypost',
  'in_transit', now() - interval '2 days'
from generate_series(1, 1000) as n;
insert into public.shipments (id, order_id, carrier, service_type, provider, status, tracked_at)
values (
  'ffffffff-0000-4000-8000-000000000000', tests.order_id('a'), 'UPS', 'behind them', 'easypost', 'in_transit',
  now() - interval '2 days'
);
select is(tests.enqueue(), '1000', 'a thousand at once');
select tests.settle_tasks();
select is(tests.enqueue(), '1', 'and then the rest, though the first thousand stay silent');

select * from finish();
rollback;
