-- Receiving webhooks: which deliveries are new events.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
-- Other events of the inbox are not due.
update private.event_queue set next_attempt_at = 'infinity';

select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select private.insert_new_event(null)',
  'select public.receive_webhook_event(''tiktok'', ''1'', ''x'', null, null, '''')'
]) as statement;

-- A delivery is stored once.
select is(tests.receive('twice') ->> 'duplicate', 'false', 'a new event is not a duplicate');
select is(tests.receive('twice') ->> 'duplicate', 'true', 'the same one is');
select is(
  tests.receive('twice') ->> 'event_id',
  (select id::text from private.webhook_events where external_id = 'twice'),
  'and has the same id'
);
select is(tests.receive('twice') ->> 'due', 'true', 'it is due as long as it was not claimed');
select results_eq(
  $$select status, attempts, body from private.webhook_events where external_id = 'twice'$$,
  $$values ('pending', 0, '{"a": 1}')$$,
  'it is stored as it came'
);

-- What stored it: the request and the span that the API call names.
select set_config('request.headers', $${"x-request-id": "0b0e7a52-5f0c-4c0a-9a53-0f6f5a3f3b11",
  "traceparent": "00-11111111111111111111111111111111-2222222222222222-01"}$$, true);
select tests.receive('named');
select set_config('request.headers', '{"x-request-id": "sb_secret_sent_by_mistake", "traceparent": "x"}', true);
select tests.receive('unnamed');
select set_config('request.headers', '', true);
select results_eq(
  $$select external_id, request_id::text, traceparent from private.webhook_events
    where external_id in ('named', 'unnamed', 'twice') order by id$$,
  $$values ('twice', null, null),
    ('named', '0b0e7a52-5f0c-4c0a-9a53-0f6f5a3f3b11', '00-11111111111111111111111111111111-2222222222222222-01'),
    ('unnamed', null, null)$$,
  'an event keeps the request and the span that stored it; a text that is neither counts as none'
);

-- Another body under the same id is an event of its own; a retry of it is not.
create function tests.deliver(external_id text, digest text, ignored text default null)
returns jsonb
language sql
as $$
  select tests.run_as('service_role', format(
    'select public.receive_webhook_event(''tiktok'', %L, ''X'', null, null, ''{}'', %L, %L)',
    external_id, digest, ignored
  ))::jsonb;
$$;
select is(
  (select string_agg(tests.deliver('two bodies', digest) ->> 'duplicate', ' ') from unnest(array['a', 'b', 'a', 'b']) as digest),
  'false false true true',
  'two bodies under one id are two events'
);
select bag_eq(
  $$select external_id, content_digest from private.webhook_events where external_id like 'two bodies%'$$,
  $$values ('two bodies', 'a'), ('two bodies:b', 'b')$$,
  'and both are stored'
);
select is(tests.receive('two bodies') ->> 'duplicate', 'true', 'without a digest no bodies are compared');
select is(tests.deliver('late', 'a', 'past_last_retry') ->> 'duplicate', 'false', 'an event may be settled when it is stored');
select results_eq(
  $$select status, reason, settled_at from private.webhook_events where external_id = 'late'$$,
  $$values ('ignored', 'past_last_retry', now())$$,
  'with the reason'
);

-- The ids of deleted events stay.
insert into private.webhook_events (source, external_id, event_type, body) values ('creatorflow', 'T:1', 'T', '{}');
delete from private.webhook_events where external_id in ('T:1', 'twice', 'two bodies');
select set_eq(
  $$select source, external_id from private.deleted_event_ids where external_id in ('T:1', 'twice', 'two bodies')$$,
  $$values ('tiktok', 'twice'), ('tiktok', 'two bodies')$$,
  'of senders, not of our own tasks, which may come again'
);
select is(tests.receive('twice'), '{"event_id": null, "duplicate": true, "due": false}', 'a delivery of a deleted event is not new');
select is(tests.deliver('two bodies', 'c') ->> 'duplicate', 'true', 'whatever its body');
select is(tests.deliver('two bodies', 'b') ->> 'duplicate', 'true', 'whichever of its bodies');
select is_empty(
  $$select from private.webhook_events where external_id in ('twice', 'two bodies')$$, 'and is not stored'
);
delete from private.webhook_events where external_id in ('late', 'two bodies:b');

select * from finish();
rollback;
