-- Operators replay events.
begin;
\ir helpers.psql
\ir event_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
delete from private.webhook_events;
delete from public.system_logs;

select tests.insert_events();
insert into private.webhook_events (id, source, external_id, event_type, body, status, reason, received_at)
overriding system value
values (7, 'tiktok', 'e7', 'ORDER_STATUS_CHANGE', '{}', 'dead', 'workers_lost', '2026-10-01Z');
-- It waits for its first attempt.
update private.webhook_events set attempts = 0 where id = 5;

-- Replaying one.
create view tests.states as
select id, concat_ws(' ', status, attempts, reason, last_error, next_attempt_at = now(), settled_at is null) as state
from private.inbox_events;
create table tests.before as select * from private.inbox_events;
create table tests.stored as select * from private.webhook_events;
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
  'select * from private.inbox_events where id >= 5',
  'select * from tests.before where id >= 5',
  'it stays as it is, like all others'
);
select set_eq(
  'select event_type, details from public.system_logs',
  $$select 'events_replayed', jsonb_build_object(
      'event_id', id, 'status_before', status, 'count', case when id <= 4 then 1 else 0 end
    )
    from tests.before where id <= 6$$,
  'each is logged'
);
select is(
  tests.run_as(
    'service_role',
    'select string_agg(entry ->> ''event_id'', '' '' order by entry ->> ''event_id'')
     from jsonb_array_elements(public.claim_webhook_events(10, 60)::jsonb) as entry'
  ),
  '1 2 3 4',
  'a worker takes what was replayed'
);

-- A done order is not taken in twice.
delete from private.webhook_events;
select is(tests.ingest('ada', '77'), 'inserted', 'an order is stored');
select tests.replay(format('replay_webhook_event(%s)', id)) from private.webhook_events;
select is(
  tests.run_as('service_role', format(
    'select public.ingest_order(%L, %L, %L) ->> ''outcome''',
    (select id from private.webhook_events), tests.shop('ada'), tests.order_json('77')
  )),
  'updated',
  'its event, replayed, brings it up to date'
);
select is((select count(*) from public.orders), 1::bigint, 'it is stored once');
select is(private.monthly_order_count(tests.id('ada')), 1, 'and counted once');

-- Replaying a filter.
select is(tests.refusal(call), message, call)
from (
  values
    ('replay_webhook_events(''{}'')', 'PT400 Replaying needs a filter with status, reason, error, event_type, shop_id or object_id'),
    ('replay_webhook_events(''{"source": "tiktok", "received_after": "2020-01-01"}'')', 'PT400 Replaying needs a filter with status, reason, error, event_type, shop_id or object_id'),
    ('replay_webhook_events(''{"state": "dead"}'')', 'PT400 Unknown filter "state"; known filters: status, source, event_type, shop_id, object_id, reason, error, received_after, received_before'),
    ('replay_webhook_events(null)', 'PT400 The filter has to be an object, such as {"status": "dead"}'),
    ('replay_webhook_events(''{"status": "dead"}'', 0)', 'PT400 p_limit has to be 1 to 10000'),
    ('replay_webhook_events(''{"status": "dead"}'', null)', 'PT400 p_limit has to be 1 to 10000')
) as wrong (call, message);
delete from private.webhook_events;
delete from public.system_logs;
insert into private.webhook_events overriding system value select * from tests.stored;
select tests.queue_inserted();
create function tests.pending()
returns text
language sql
stable
as $$
  select coalesce(string_agg(id::text, ' ' order by id), 'none')
  from private.inbox_events where attempts = 0 and next_attempt_at = now() and status = 'pending';
$$;
select is(
  tests.replay('replay_webhook_events(''{"status": "dead"}'', 1)'),
  '{"replayed": 1, "remaining": 1}',
  'as many as requested'
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
  'select * from private.inbox_events where id in (2, 4, 5, 6)',
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
  'each call is logged, except refused ones'
);

-- An event that waits after a failed attempt, as after an outage.
delete from private.webhook_events;
insert into private.webhook_events (id, source, external_id, event_type, body, status, attempts)
overriding system value
select id, 'tiktok', id::text, 'ORDER_STATUS_CHANGE', '{}', 'pending', attempts
from (values (11, 4), (12, 4), (13, 4), (14, 0)) as waiting (id, attempts);
update private.event_queue set next_attempt_at = now() + wait
from (
  values (11, interval '110 minutes'), (12, interval '110 minutes'), (13, interval '0'), (14, interval '1 day')
) as waiting (id, wait)
where event_id = id;
select is(
  (
    select string_agg(kind ->> 'events' || ' ' || (kind ->> 'replayable'), ', ')
    from jsonb_array_elements(tests.run_as('service_role', 'select public.count_webhook_events()')::jsonb) as kind
  ),
  '4 2',
  'counts say how many a replay would change'
);
select is(
  tests.replay('replay_webhook_event(11)'),
  '{"event_id": 11, "replayed": true, "status_before": "pending"}',
  'it is due now'
);
select is(
  tests.replay('replay_webhook_events(''{"status": "pending"}'')'),
  '{"replayed": 1, "remaining": 0}',
  'also by a filter; one that is due, or that waits for its first attempt, is left alone'
);
select is(tests.pending(), '11 12', 'with all their attempts');

select * from finish();
rollback;
