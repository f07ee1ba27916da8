begin;
\ir helpers.psql
select plan(95);

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
delete from private.webhook_events;
delete from public.system_logs;

-- Who may look and replay.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada', 'bob']) as who
cross join unnest(array[
  'select public.list_webhook_events(''{}'')',
  'select public.show_webhook_event(1)',
  'select public.count_webhook_events()',
  'select public.replay_webhook_event(1)',
  'select public.replay_webhook_events(''{"status": "dead"}'')'
]) as statement;

-- One event in each state; the numbers are their ids.
insert into private.webhook_events (
  id, source, external_id, event_type, shop_id, object_id, body, status, attempts, reason, last_error,
  received_at, next_attempt_at, settled_at
)
overriding system value
values
  (1, 'tiktok', 'e1', 'ORDER_STATUS_CHANGE', tests.shop_id('ada'), 'o1', '{"buyer": "Eve"}', 'dead', 10,
    'TikTok 36009043', 'TikTok 36009043: 100% Inactive', '2026-11-01Z', '2026-11-02Z', '2026-11-02Z'),
  (2, 'tiktok', 'e2', 'ORDER_STATUS_CHANGE', tests.shop_id('bob'), 'o2', '{}', 'held', 1,
    'order_limit', null, '2026-11-02Z', '2026-11-02Z', '2026-11-02Z'),
  (3, 'tiktok', 'e3', 'PACKAGE_UPDATE', tests.shop_id('ada'), 'o1', '{}', 'ignored', 1,
    'nothing to do', null, '2026-11-03Z', '2026-11-03Z', '2026-11-03Z'),
  (4, 'creatorflow', 'e4', 'SYNC_ORDERS', tests.shop_id('ada'), null, '{}', 'done', 2,
    null, 'timeout', '2026-11-04Z', '2026-11-04Z', '2026-11-04Z'),
  (5, 'tiktok', 'e5', 'ORDER_STATUS_CHANGE', tests.shop_id('ada'), 'o5', '{}', 'pending', 3,
    null, 'Timeout', '2026-11-05Z', 'infinity', null),
  (6, 'tiktok', 'e6', 'ORDER_STATUS_CHANGE', tests.shop_id('bob'), 'o6', '{}', 'processing', 1,
    null, null, '2026-11-06Z', 'infinity', null);

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
    'shop_id', tests.shop_id('ada'), 'object_id', 'o1', 'status', 'dead', 'attempts', 10,
    'reason', 'TikTok 36009043', 'last_error', 'TikTok 36009043: 100% Inactive',
    'received_at', timestamptz '2026-11-01Z', 'next_attempt_at', timestamptz '2026-11-02Z',
    'settled_at', timestamptz '2026-11-02Z'
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

-- What is no filter.
create function tests.refusal(call text)
returns text
language plpgsql
as $$
declare
  role_before text := current_setting('role');
begin
  perform tests.become('service_role');
  execute 'select public.' || call;
  perform set_config('role', role_before, true);
  return 'accepted';
exception
  when others then
    return sqlstate || ' ' || sqlerrm;
end;
$$;
select is(
  tests.refusal(format('list_webhook_events(%L)', filter)), 'PT400 ' || message, coalesce(filter, 'null') || ' is refused'
)
from (
  values
    (null, 'The filter has to be an object, such as {"status": "dead"}'),
    ('null', 'The filter has to be an object, such as {"status": "dead"}'),
    ('["dead"]', 'The filter has to be an object, such as {"status": "dead"}'),
    ('{"state": "dead"}', 'There is no filter "state". There are: status, source, event_type, shop_id, object_id, reason, error, received_after, received_before'),
    ('{"id = 1 or id": "1"}', 'There is no filter "id = 1 or id". There are: status, source, event_type, shop_id, object_id, reason, error, received_after, received_before'),
    ('{"status": "lost"}', 'The filter "status" takes one of pending, processing, done, ignored, held, dead, not "lost"'),
    ('{"status": ["dead"]}', 'The filter "status" takes a text, not ["dead"]'),
    ('{"source": "ebay"}', 'The filter "source" takes one of tiktok, stripe, easypost, creatorflow, not "ebay"'),
    ('{"shop_id": 7490000000000000001}', 'The filter "shop_id" takes a text, not 7490000000000000001'),
    ('{"reason": null}', 'The filter "reason" takes a text, not null'),
    ('{"error": ""}', 'The filter "error" takes a text, not ""'),
    ('{"received_after": "soon"}', 'The filter "received_after" takes a time such as 2026-11-23T10:00:00Z, not "soon"'),
    ('{"received_before": "2026-13-01"}', 'The filter "received_before" takes a time such as 2026-11-23T10:00:00Z, not "2026-13-01"')
) as wrong (filter, message);
select is(tests.refusal(call), message, call)
from (
  values
    ('list_webhook_events(''{}'', 0)', 'PT400 p_limit has to be 1 to 1000'),
    ('list_webhook_events(''{}'', 1001)', 'PT400 p_limit has to be 1 to 1000'),
    ('list_webhook_events(''{}'', null)', 'PT400 p_limit has to be 1 to 1000'),
    ('count_webhook_events(''{"status": "lost"}'')', 'PT400 The filter "status" takes one of pending, processing, done, ignored, held, dead, not "lost"'),
    ('show_webhook_event(99)', 'PT404 There is no webhook event 99'),
    ('show_webhook_event(null)', 'PT404 There is no webhook event <NULL>'),
    ('replay_webhook_event(99)', 'PT404 There is no webhook event 99')
) as wrong (call, message);

-- One, and how many.
select is(
  tests.run_as('service_role', 'select public.show_webhook_event(1)')::jsonb,
  (tests.list('{"status": "dead"}') -> 'events' -> 0) || '{"body": "{\"buyer\": \"Eve\"}"}',
  'one event is shown with its body'
);
insert into private.webhook_events (id, source, external_id, event_type, body, status, reason, received_at)
overriding system value
values (7, 'tiktok', 'e7', 'ORDER_STATUS_CHANGE', '{}', 'dead', 'its workers vanished', '2026-10-01Z');
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

-- Replaying one.
create function tests.replay(call text)
returns jsonb
language sql
as $$
  select tests.run_as('service_role', 'select public.' || call)::jsonb;
$$;
create view tests.states as
select id, concat_ws(' ', status, attempts, reason, last_error, next_attempt_at = now(), settled_at is null) as state
from private.webhook_events;
create table tests.before as select * from private.webhook_events;
select is(
  tests.replay(format('replay_webhook_event(%s)', id)),
  jsonb_build_object('event_id', id, 'status_before', status, 'replayed', true),
  'a ' || status || ' event is replayed'
)
from tests.before where id <= 4 order by id;
select results_eq(
  'select id, state from tests.states where id <= 4 order by id',
  $$values
    (1::bigint, 'pending 0 TikTok 36009043: 100% Inactive t t'),
    (2, 'pending 0 t t'),
    (3, 'pending 0 t t'),
    (4, 'pending 0 timeout t t')$$,
  'it is due now with all its attempts, and its last error stays'
);
select is_empty(
  $$select id, source, external_id, event_type, shop_id, object_id, body, received_at, last_error
    from private.webhook_events
    except
    select id, source, external_id, event_type, shop_id, object_id, body, received_at, last_error
    from tests.before$$,
  'what came, and when, stays'
);
select is(
  tests.replay(format('replay_webhook_event(%s)', id)),
  jsonb_build_object('event_id', id, 'status_before', status, 'replayed', false),
  'a ' || status || ' event is not replayed'
)
from tests.before where id in (5, 6) order by id;
select set_eq(
  'select * from private.webhook_events where id >= 5',
  'select * from tests.before where id >= 5',
  'it stays as it is, like all others'
);
select set_eq(
  'select event_type, details from public.system_logs',
  $$select 'events_replayed', jsonb_build_object(
      'event_id', id, 'status_before', status, 'count', case when id <= 4 then 1 else 0 end
    )
    from tests.before where id <= 6$$,
  'each is in the log'
);
select is(
  tests.run_as(
    'service_role',
    'select string_agg(entry ->> ''event_id'', '' '' order by entry ->> ''event_id'')
     from jsonb_array_elements(public.claim_webhook_events(10, 60)) as entry'
  ),
  '1 2 3 4',
  'a worker takes what was replayed'
);

-- A done order is not taken in twice.
delete from private.webhook_events;
select is(tests.ingest('ada', '77'), 'inserted', 'an order is in');
select tests.replay(format('replay_webhook_event(%s)', id)) from private.webhook_events;
select is(
  tests.run_as('service_role', format(
    'select public.ingest_order(%L, %L, %L) ->> ''outcome''',
    (select id from private.webhook_events), tests.shop('ada'), tests.order_json('77')
  )),
  'updated',
  'its event, replayed, brings it up to date'
);
select is((select count(*) from public.orders), 1::bigint, 'it is there once');
select is(private.monthly_order_count(tests.id('ada')), 1, 'and counted once');

-- Replaying a filter.
select is(tests.refusal(call), message, call)
from (
  values
    ('replay_webhook_events(''{}'')', 'PT400 Replaying needs a filter with status, reason, error, event_type, shop_id or object_id'),
    ('replay_webhook_events(''{"source": "tiktok", "received_after": "2020-01-01"}'')', 'PT400 Replaying needs a filter with status, reason, error, event_type, shop_id or object_id'),
    ('replay_webhook_events(''{"state": "dead"}'')', 'PT400 There is no filter "state". There are: status, source, event_type, shop_id, object_id, reason, error, received_after, received_before'),
    ('replay_webhook_events(null)', 'PT400 The filter has to be an object, such as {"status": "dead"}'),
    ('replay_webhook_events(''{"status": "dead"}'', 0)', 'PT400 p_limit has to be 1 to 10000'),
    ('replay_webhook_events(''{"status": "dead"}'', null)', 'PT400 p_limit has to be 1 to 10000')
) as wrong (call, message);
delete from private.webhook_events;
delete from public.system_logs;
insert into private.webhook_events overriding system value select * from tests.before;
create function tests.pending()
returns text
language sql
stable
as $$
  select coalesce(string_agg(id::text, ' ' order by id), 'none')
  from private.webhook_events where attempts = 0 and next_attempt_at = now() and status = 'pending';
$$;
select is(
  tests.replay('replay_webhook_events(''{"status": "dead"}'', 1)'),
  '{"replayed": 1, "remaining": 1}',
  'as many as were asked for'
);
select is(tests.pending(), '1', 'the oldest');
select is(
  tests.replay('replay_webhook_events(''{"status": "dead"}'')'),
  '{"replayed": 1, "remaining": 0}',
  'then the rest'
);
select is(tests.pending(), '1 7', 'all are open now');
select is(
  tests.replay('replay_webhook_events(''{"status": "dead"}'')'),
  '{"replayed": 0, "remaining": 0}',
  'and then there is nothing'
);
select is(
  tests.replay('replay_webhook_events(''{"status": "processing"}'')'),
  '{"replayed": 0, "remaining": 0}',
  'an open event is not replayed by a filter either'
);
select is(
  tests.replay(format('replay_webhook_events(''{"shop_id": "%s", "source": "tiktok"}'')', tests.shop_id('ada'))),
  '{"replayed": 1, "remaining": 0}',
  'nor the open ones among others'
);
select is(tests.pending(), '1 3 7', 'only what matches');
select set_eq(
  'select * from private.webhook_events where id in (2, 4, 5, 6)',
  'select * from tests.before where id in (2, 4, 5, 6)',
  'everything else stays as it is'
);
select results_eq(
  $$select details from public.system_logs where event_type = 'events_replayed' order by id$$,
  format(
    $$values
      ('{"filter": {"status": "dead"}, "count": 1}'::jsonb),
      ('{"filter": {"status": "dead"}, "count": 1}'),
      ('{"filter": {"status": "dead"}, "count": 0}'),
      ('{"filter": {"status": "processing"}, "count": 0}'),
      ('{"filter": {"shop_id": "%s", "source": "tiktok"}, "count": 1}')$$,
    tests.shop_id('ada')
  ),
  'each call is in the log, and no refused one'
);

select * from finish();
rollback;
