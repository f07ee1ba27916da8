-- Events of an account, and statistics over all sellers.
begin;
\ir helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cleo', 'dan', 'eve']) as nickname;
insert into public.analytics_events (user_id, event_type)
values (tests.id('ada'), 'page_viewed'), (tests.id('bob'), 'page_viewed');

create function tests.event_insert(nickname text, event_type text default 'page_viewed')
returns text
language sql
as $$
  select format(
    'insert into public.analytics_events (user_id, event_type, properties, session_id)
     values (%L, %L, ''{"page": "orders"}'', ''s'')',
    tests.id(nickname), event_type
  );
$$;

-- Reading.
select tests.refused('anon', 'select id from public.analytics_events', 'anon cannot read events');
select tests.reaches('ada', 1, 'select * from public.analytics_events', 'a seller reads their own events');
select is(
  tests.run_as('ada', 'select user_id from public.analytics_events'), tests.id('ada')::text, 'and no others'
);
select tests.reaches(
  'bob', 0, format('select id from public.analytics_events where user_id = %L', tests.id('ada')),
  'another seller does not find them'
);
select tests.reaches('service_role', 2, 'select * from public.analytics_events', 'the backend reads all');

-- Inserting: own events, without columns and types that the backend or the database sets.
select tests.refused('anon', tests.event_insert('ada'), 'anon cannot insert an event');
select tests.reaches('ada', 1, tests.event_insert('ada') || ' returning id', 'a seller inserts an event');
select tests.refused('bob', tests.event_insert('ada'), 'another seller cannot insert it for them');
select tests.reaches('service_role', 1, tests.event_insert('ada') || ' returning id', 'the backend inserts an event');
select tests.refused('ada', tests.event_insert('ada', event_type), 'a seller cannot claim ' || event_type)
from unnest(array['order_received', 'label_bought', 'plan_changed']) as event_type;
select tests.refused(
  'ada',
  format(
    'insert into public.analytics_events (user_id, event_type, %I) values (%L, ''page_viewed'', %L)',
    column_name, tests.id('ada'), value
  ),
  'a seller cannot set ' || column_name
)
from (
  values ('id', gen_random_uuid()::text), ('timestamp', '2020-01-01')
) as columns (column_name, value);
select is(tests.attempt('ada', tests.event_insert('ada', event_type)), '23514', format('no such event type: %L', event_type))
from unnest(array['', 'Page', '1st', 'order received', 'ORDER_RECEIVED', repeat('x', 65)]) as event_type;

-- No seller changes one.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada', 'bob', 'service_role']) as who
cross join unnest(array[
  'update public.analytics_events set event_type = ''x''',
  'delete from public.analytics_events'
]) as statement;

-- Limits of what sellers insert.
create function tests.event_inserts(nickname text, events integer)
returns text
language sql
as $$
  select format(
    'insert into public.analytics_events (user_id, event_type)
     select %L, ''page_viewed'' from generate_series(1, %s)',
    tests.id(nickname), events
  );
$$;
select tests.reaches('ada', 100, tests.event_inserts('ada', 100), '100 events in a call');
select is(tests.attempt('ada', tests.event_inserts('ada', 101)), 'PT413', 'not 101');
update private.request_limits set requests = 150 where route = 'analytics_events';
select tests.run_as('ada', tests.event_inserts('ada', 100) || ' returning id');
select is(tests.attempt('ada', tests.event_inserts('ada', 51)), 'PT429', 'nor more in a day than the limit');
select tests.reaches('ada', 50, tests.event_inserts('ada', 50), 'up to the limit they are stored');
select tests.reaches('bob', 100, tests.event_inserts('bob', 100), 'the limit of each seller is their own');
select tests.reaches(
  'service_role', 200, tests.event_inserts('ada', 200), 'the events of the backend have no limit'
);

-- Checks.
select throws_like(
  format('update public.analytics_events set %I = %L', column_name, value),
  '%analytics_events_' || column_name || '_check%',
  column_name || ' has its limits: ' || description
)
from (
  values
    ('properties', '[]', 'a list'),
    ('properties', jsonb_build_object('text', (
      select string_agg(md5(n::text), '') from generate_series(1, 300) as n
    ))::text, 'nine kilobytes'),
    ('session_id', repeat('x', 129), '129 characters')
) as wrong (column_name, value, description);

-- Statistics over all sellers.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.daily_event_counts',
  'insert into private.daily_event_counts values (''2026-11-22'', ''x'', 5, 5)',
  'update private.daily_event_counts set events = 1',
  'delete from private.daily_event_counts',
  'select private.aggregate_analytics(''2026-11-22'')'
]) as statement;
select tests.reaches('service_role', 0, 'select * from private.daily_event_counts', 'the backend reads the statistics');
select tests.refused('service_role', statement, 'service_role cannot: ' || statement)
from unnest(array[
  'insert into private.daily_event_counts values (''2026-11-22'', ''x'', 5, 5)',
  'update private.daily_event_counts set events = 1',
  'delete from private.daily_event_counts'
]) as statement;

delete from public.analytics_events;
-- Far from UTC, where a day of the session would differ.
set local timezone = 'Pacific/Auckland';
insert into public.analytics_events (user_id, event_type, timestamp)
select tests.id(nickname), 'by_five', '2026-11-22T00:00:00Z'::timestamptz
from unnest(array['ada', 'bob', 'cleo', 'dan', 'eve']) as nickname
union all
select tests.id('ada'), 'by_five', '2026-11-22T23:59:59.999999Z'
union all
select tests.id(nickname), 'by_five', moment::timestamptz
from unnest(array['ada', 'bob', 'cleo', 'dan', 'eve']) as nickname
cross join unnest(array['2026-11-21T23:59:59.999999Z', '2026-11-23T00:00:00Z']) as moment
union all
select tests.id(nickname), 'by_four', '2026-11-22T12:00:00Z'
from unnest(array['ada', 'bob', 'cleo', 'dan']) as nickname
cross join generate_series(1, 100);
select is(private.aggregate_analytics('2026-11-22'), 1, 'one group of the day is large enough');
select is(private.aggregate_analytics('2026-11-22'), 1, 'counting again is the same');
select results_eq(
  'select * from private.daily_event_counts',
  $$values ('2026-11-22'::date, 'by_five', 6::bigint, 5)$$,
  'a day is counted in UTC, and groups of fewer than five sellers are left out'
);
select columns_are(
  'private', 'daily_event_counts', array['day', 'event_type', 'events', 'sellers'],
  'the statistics name no seller'
);
select throws_like(
  $$insert into private.daily_event_counts values ('2026-11-22', 'by_four', 400, 4)$$,
  '%daily_event_counts_sellers_check%',
  'the table itself refuses small groups'
);
delete from public.analytics_events where user_id = tests.id('eve');
select private.aggregate_analytics('2026-11-22');
select is_empty('select * from private.daily_event_counts', 'a group that became too small goes');

select * from finish();
rollback;
