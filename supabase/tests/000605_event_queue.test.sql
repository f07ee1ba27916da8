-- The queue has one row for each event that is not done or ignored, whatever writes the event.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
-- Other events of the inbox are not due.
update private.event_queue set next_attempt_at = 'infinity';

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.event_queue',
  'insert into private.event_queue select * from private.event_queue',
  'select * from private.inbox_events',
  'update private.event_queue set status = ''dead''',
  'delete from private.event_queue',
  'select public.oldest_open_event_seconds()'
]) as statement;

create function tests.differences()
returns setof text
language sql
as $$
  select format('%s: %s', coalesce(event.id, queued.event_id), queued)
  from (select * from private.webhook_events where status not in ('done', 'ignored')) as event
  full join private.event_queue as queued on queued.event_id = event.id
  where (queued.shop_id, queued.received_at, queued.is_found_order)
    is distinct from (coalesce(event.shop_id, ''), event.received_at, event.event_type = 'ORDER_FOUND')
    or queued.status <> case when queued.status = 'processing' then 'processing' else event.status end
$$;

create function tests.queued(external text)
returns text
language sql
as $$
  select queued.status
  from private.event_queue as queued
  join private.webhook_events as event on event.id = queued.event_id
  where event.external_id = external
$$;

-- Storing, claiming, failing, postponing, replaying and settling.
select is_empty('select tests.differences()', 'the queue agrees with the inbox after sign-up and connection');
select tests.receive_event('ada', 'one');
select private.enqueue_task('ORDER_FOUND', 'two', tests.shop_id('ada'), 'order two');
select public.receive_webhook_event('tiktok', 'three', 'X', null, null, '{}', null, 'event_type_not_handled');
select is_empty('select tests.differences()', 'stored events are queued, unless they are ignored at once');
select is(tests.queued('one'), 'pending', 'a new event is pending');
select is(tests.queued('three'), null, 'an event that is ignored at once is not queued');

create table tests.stored as select webhook_events::text from private.webhook_events;
select is(
  jsonb_array_length(tests.run_as('service_role', 'select public.claim_webhook_events(10, 60)')::jsonb), 2,
  'both are claimed'
);
select is_empty('select tests.differences()', 'a claim changes the queue');
select is(tests.queued('one'), 'processing', 'which shows the event as being processed');
select is_empty(
  $$select * from tests.stored except select webhook_events::text from private.webhook_events$$,
  'and nothing in the inbox'
);

select private.fail_webhook_event(id, claims, 'error') from private.inbox_events where external_id = 'one';
select public.settle_webhook_events(
  jsonb_build_array(jsonb_build_object('event_id', id, 'claim', claims, 'ignored', 'no_order_named'))
)
from private.inbox_events where external_id = 'ORDER_FOUND:two';
select is_empty('select tests.differences()', 'a failed event waits in the queue, an ignored one leaves it');
select is(tests.queued('ORDER_FOUND:two'), null, 'the ignored one is gone');

select public.replay_webhook_events('{"object_id": "order two"}');
select is_empty('select tests.differences()', 'a replay queues a settled event again');
select is(tests.queued('ORDER_FOUND:two'), 'pending', 'as due');
select tests.run_as('service_role', 'select public.claim_webhook_events(10, 60)');
select is(
  (select row(claims, status)::text from private.inbox_events where external_id = 'ORDER_FOUND:two'), '(2,processing)',
  'its next claim has another number than those before the replay'
);

update private.webhook_events set status = 'held', reason = 'plan_limit' where external_id = 'one';
update private.webhook_events set status = 'dead', reason = 'x', settled_at = now() where external_id = 'ORDER_FOUND:two';
select is_empty('select tests.differences()', 'held and dead events stay in the queue, where they are counted');
update private.webhook_events set attempts = 5, last_error = 'x' where external_id = 'one';
delete from private.webhook_events where external_id = 'one';
select is_empty('select tests.differences()', 'a deleted event leaves the queue');

-- Settlements are HOT updates.
select is_empty(
  $$
    select distinct attribute.attname
    from pg_index
    cross join lateral (
      select unnest(indkey::smallint[]) as attnum
      union all
      select (regexp_matches(tree, ':varattno (\d+)', 'g'))[1]::smallint
      from unnest(array[indpred::text, indexprs::text]) as tree
    ) as used
    join pg_attribute as attribute on attribute.attrelid = indrelid and attribute.attnum = used.attnum
    where indrelid = 'private.webhook_events'::regclass
      and attribute.attname in (
        'status', 'claims', 'attempts', 'crashes', 'failing_since', 'reason', 'last_error', 'settled_at'
      )
  $$,
  'no index of the inbox names a column that results change'
);

-- Each statement reads the text of these expressions again.
select is_empty(
  $$
    select name
    from (
      select conrelid, conname, conbin::text from pg_constraint
      union all
      select tgrelid, tgname, tgqual::text from pg_trigger
      union all
      select adrelid, attname, adbin::text
      from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum
    ) as expression (relation, name, tree)
    where relation = any ('{public.orders,private.webhook_events,private.event_queue}'::regclass[])
      and tree like '%ARRAYEXPR%'
  $$,
  'an expression that each order evaluates has its codes in one constant: = any (...), not in (...)'
);

select * from finish();
rollback;
