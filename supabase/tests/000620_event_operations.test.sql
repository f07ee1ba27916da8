-- Operators list, show and count events.
begin;
\ir helpers.psql
\ir event_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
delete from private.webhook_events;
delete from public.system_logs;

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada', 'bob']) as who
cross join unnest(array[
  'select public.list_webhook_events(''{}'')',
  'select public.show_webhook_event(1)',
  'select public.count_webhook_events()',
  'select public.replay_webhook_event(1)',
  'select public.replay_webhook_events(''{"status": "dead"}'')'
]) as statement;

select tests.insert_events();

create function tests.list(filter jsonb, paging text default '')
returns jsonb
language sql
as $$
  select tests.run_as('service_role', format('select public.list_webhook_events(%L%s)', filter, paging))::jsonb;
$$;
create function tests.listed(filter jsonb, paging text default '')
returns text
language sql
as $$
  select coalesce(string_agg(entry ->> 'event_id', ' '), 'none')
  from jsonb_array_elements(tests.list(filter, paging) -> 'events') as entry;
$$;

-- Listing.
select is(tests.listed('{}'), '6 5 4 3 2 1', 'the newest comes first');
select is(tests.listed(filter::jsonb), expected, filter)
from (
  values
    ('{"status": "dead"}', '1'),
    ('{"status": "pending"}', '5'),
    ('{"source": "creatorflow"}', '4'),
    ('{"event_type": "PACKAGE_UPDATE"}', '3'),
    (format('{"shop_id": "%s"}', tests.shop_id('bob')), '6 2'),
    ('{"object_id": "o1"}', '3 1'),
    ('{"reason": "order_limit"}', '2'),
    ('{"error": "TIMEOUT"}', '5 4'),
    ('{"error": "0% i"}', '1'),
    ('{"error": "%"}', '1'),
    ('{"error": "_"}', 'none'),
    ('{"error": "''; drop table private.webhook_events; --"}', 'none'),
    ('{"received_after": "2026-11-05T00:00:00Z"}', '6 5'),
    ('{"received_before": "2026-11-02T01:00:00+01:00"}', '1'),
    ('{"object_id": "o1", "status": "dead", "received_before": "2027-01-01"}', '1'),
    ('{"object_id": "o1", "status": "held"}', 'none')
) as filtered (filter, expected);
select is(
  tests.list('{"status": "dead"}') -> 'events' -> 0,
  jsonb_build_object(
    'event_id', 1, 'source', 'tiktok', 'external_id', 'e1', 'event_type', 'ORDER_STATUS_CHANGE',
    'shop_id', tests.shop_id('ada'), 'object_id', 'o1', 'status', 'dead', 'attempts', 10, 'crashes', 0, 'failing_since', null,
    'reason', 'attempts_exhausted', 'last_error', 'TikTok 36009043: 100% Inactive',
    'received_at', timestamptz '2026-11-01Z', 'next_attempt_at', timestamptz '2026-11-02Z',
    'settled_at', timestamptz '2026-11-02Z',
    'request_id', null
  ),
  'an event is listed without its body'
);

-- Paging.
select is(tests.listed('{}', ', 4'), '6 5 4 3', 'a page');
select is(tests.list('{}', ', 4') ->> 'next_before', '3', 'names where the next one begins');
select is(tests.listed('{}', ', 4, 3'), '2 1', 'the next page');
select is(tests.list('{}', ', 4, 3') ->> 'next_before', null, 'is the last');
select is(tests.list('{}', ', 6') ->> 'next_before', null, 'so is one that is just full');
select is(tests.list('{}', ', 4, 1'), '{"events": [], "next_before": null}', 'behind the last there is nothing');

-- Invalid filters.
select is(
  tests.refusal(format('list_webhook_events(%L)', filter)), 'PT400 ' || message, coalesce(filter, 'null') || ' is refused'
)
from (
  values
    (null, 'The filter has to be an object, such as {"status": "dead"}'),
    ('null', 'The filter has to be an object, such as {"status": "dead"}'),
    ('["dead"]', 'The filter has to be an object, such as {"status": "dead"}'),
    ('{"state": "dead"}', 'Unknown filter "state"; known filters: status, source, event_type, shop_id, object_id, reason, error, received_after, received_before'),
    ('{"id = 1 or id": "1"}', 'Unknown filter "id = 1 or id"; known filters: status, source, event_type, shop_id, object_id, reason, error, received_after, received_before'),
    ('{"status": "lost"}', 'The filter "status" takes one of pending, processing, failing, done, ignored, held, dead'),
    ('{"status": ["dead"]}', 'The filter "status" takes a text'),
    ('{"source": "ebay"}', 'The filter "source" takes one of tiktok, stripe, easypost, creatorflow'),
    ('{"shop_id": 7490000000000000001}', 'The filter "shop_id" takes a text'),
    ('{"reason": null}', 'The filter "reason" takes a text'),
    ('{"error": ""}', 'The filter "error" takes a text'),
    ('{"received_after": "soon"}', 'The filter "received_after" takes a time such as 2026-11-23T10:00:00Z'),
    ('{"received_before": "2026-13-01"}', 'The filter "received_before" takes a time such as 2026-11-23T10:00:00Z')
) as wrong (filter, message);
select is(tests.refusal(call), message, call)
from (
  values
    ('list_webhook_events(''{}'', 0)', 'PT400 p_limit has to be 1 to 1000'),
    ('list_webhook_events(''{}'', 1001)', 'PT400 p_limit has to be 1 to 1000'),
    ('list_webhook_events(''{}'', null)', 'PT400 p_limit has to be 1 to 1000'),
    ('count_webhook_events(''{"status": "lost"}'')', 'PT400 The filter "status" takes one of pending, processing, failing, done, ignored, held, dead'),
    ('show_webhook_event(99)', 'PT404 Unknown webhook event 99'),
    ('show_webhook_event(null)', 'PT404 Unknown webhook event <NULL>'),
    ('replay_webhook_event(99)', 'PT404 Unknown webhook event 99')
) as wrong (call, message);

-- One, and how many.
select is(
  tests.run_as('service_role', 'select public.show_webhook_event(1)')::jsonb,
  (tests.list('{"status": "dead"}') -> 'events' -> 0) || '{"body_characters": 16}',
  'one event is shown without its body'
);
select is(
  tests.run_as('service_role', 'select public.show_webhook_event(1, true)')::jsonb ->> 'body', '{"buyer": "Eve"}',
  'and with it where it is asked for'
);
insert into private.webhook_events (id, source, external_id, event_type, body, status, reason, received_at)
overriding system value
values (7, 'tiktok', 'e7', 'ORDER_STATUS_CHANGE', '{}', 'dead', 'workers_lost', '2026-10-01Z');
create function tests.counts(filter text default '')
returns text
language sql
as $$
  select string_agg(
    concat_ws(
      ' ', kind ->> 'status', kind ->> 'source', kind ->> 'event_type', kind ->> 'events',
      ((kind ->> 'oldest_received_at')::timestamptz at time zone 'UTC')::date
    ),
    ', '
  )
  from jsonb_array_elements(
    tests.run_as('service_role', format('select public.count_webhook_events(%s)', filter))::jsonb
  ) as kind;
$$;
select is(
  tests.counts(),
  'dead tiktok ORDER_STATUS_CHANGE 2 2026-10-01, done creatorflow SYNC_ORDERS 1 2026-11-04, '
    || 'held tiktok ORDER_STATUS_CHANGE 1 2026-11-02, ignored tiktok PACKAGE_UPDATE 1 2026-11-03, '
    || 'pending tiktok ORDER_STATUS_CHANGE 1 2026-11-05, processing tiktok ORDER_STATUS_CHANGE 1 2026-11-06',
  'counts by status, source and type, with the oldest'
);
select is(
  tests.counts(quote_literal('{"object_id": "o1"}')),
  'dead tiktok ORDER_STATUS_CHANGE 1 2026-11-01, ignored tiktok PACKAGE_UPDATE 1 2026-11-03',
  'counts of a filter'
);
select is(tests.counts(quote_literal('{"object_id": "o9"}')), null, 'or of none');
select is_empty('select * from public.system_logs', 'looking is not logged');

select * from finish();
rollback;
