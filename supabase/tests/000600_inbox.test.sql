-- Tasks are stored once; what the inbox refuses.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
-- Other events of the inbox are not due.
update private.event_queue set next_attempt_at = 'infinity';

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada', 'bob']) as who
cross join unnest(array[
  'select * from private.webhook_events',
  'insert into private.webhook_events (source, external_id, event_type, body) values (''tiktok'', ''1'', ''x'', '''')',
  'update private.webhook_events set status = ''done''',
  'delete from private.webhook_events',
  'select * from private.deleted_event_ids',
  'insert into private.deleted_event_ids (source, external_id) values (''tiktok'', ''1'')',
  'select private.request_header(''authorization'')',
  'select public.claim_webhook_events(1, 1)',
  'select public.release_held_events()'
]) as statement;
select tests.receive_event('ada', 'for the backend');
select tests.reaches(
  'service_role', 1, 'select * from private.webhook_events where external_id = ''for the backend''',
  'the backend reads events'
);
select tests.reaches(
  'service_role', 1,
  'update private.webhook_events set attempts = 1 where external_id = ''for the backend'' returning id',
  'the backend updates events'
);
select tests.refused('service_role', 'delete from private.webhook_events', 'not even the backend deletes one');
delete from private.webhook_events where external_id = 'for the backend';

-- Tasks of our own.
create function tests.enqueue(occasion text)
returns bigint
language sql
as $$
  select tests.run_as('service_role', format(
    'select private.enqueue_task(''SYNC_ORDERS'', %L, %L, p_body => ''{"page": 2}'')', occasion, tests.shop_id('bob')
  ))::bigint;
$$;
create table tests.task as select tests.enqueue('x') as id;
select results_eq(
  $$select id, source, external_id, event_type, shop_id, object_id, body, status from private.webhook_events
    where source = 'creatorflow'$$,
  $$select id, 'creatorflow', 'SYNC_ORDERS:x', 'SYNC_ORDERS', tests.shop_id('bob'), null::text, '{"page": 2}', 'pending'
    from tests.task$$,
  'a task is an event of source creatorflow'
);
select is(tests.enqueue('x'), null, 'the same occasion enqueues no second task');
select isnt(tests.enqueue('y'), null, 'another occasion enqueues another task');
select is((select count(*) from private.webhook_events where source = 'creatorflow'), 2::bigint, 'two tasks are stored');

-- Checks.
select throws_like(
  format('update private.webhook_events set %s', assignment),
  '%webhook_events_' || name || '_check%',
  assignment || ' is refused'
)
from (
  values
    ('source = ''ebay''', 'source'),
    ('status = ''lost'', reason = null', 'status'),
    ('status = ''done'', reason = ''x''', 'reason'),
    ('status = ''held'', reason = null', 'reason'),
    ('status = ''ignored'', reason = ''not a code''', 'reason_code')
) as wrong (assignment, name);

-- Many tasks with one statement.
select is(
  private.enqueue_tasks('MANY', '[{"occasion": "2", "shop_id": "7"}, {"occasion": "1", "object_id": "o"}]'), 2,
  'tasks are enqueued together'
);
select is(private.enqueue_tasks('MANY', '[{"occasion": "1"}, {"occasion": "3"}]'), 1, 'each once per occasion');
select results_eq(
  $$select external_id, shop_id, object_id, body, status from private.webhook_events where event_type = 'MANY' order by 1$$,
  $$values ('MANY:1', null, 'o', '{}', 'pending'), ('MANY:2', '7', null, '{}', 'pending'), ('MANY:3', null, null, '{}', 'pending')$$,
  'as enqueue_task stores them'
);
select is(private.enqueue_tasks('MANY', '[]'), 0, 'no tasks are none');

select * from finish();
rollback;
