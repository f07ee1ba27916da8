-- The events of a shop that is connected again are made due page by page.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
delete from private.webhook_events;

select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select private.reopen_events_of_shop(null)',
  'select public.reopen_shop_events(1, null)'
]) as statement;

create or replace function private.max_reopened_events() returns integer language sql immutable as 'select 2';
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status, reason, settled_at)
select 'tiktok', name, 'X', tests.shop_id('ada'), name, '{}', status, reason, now()
from (
  values
    (1, 'first', 'ignored', 'shop_not_connected'), (2, 'done', 'done', null), (3, 'second', 'ignored', 'shop_not_connected'),
    (4, 'other', 'ignored', 'event_type_not_handled'), (5, 'third', 'ignored', 'shop_of_another_account'),
    (6, 'fourth', 'ignored', 'shop_not_connected'), (7, 'fifth', 'ignored', 'shop_not_connected')
) as events (place, name, status, reason)
order by place;
create function tests.open()
returns text
language sql
stable
as $$
  select string_agg(coalesce(object_id, event_type), ' ' order by id)
  from private.webhook_events where status = 'pending' and event_type in ('X', 'REOPEN_EVENTS');
$$;
create function tests.next_page()
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select public.reopen_shop_events(%s, %L)',
    (select min(id) from private.webhook_events where event_type = 'REOPEN_EVENTS' and status = 'pending'),
    tests.shop('ada')
  ));
$$;

select public.connect_tiktok_shops(tests.id('ada'), tests.shop_grant('ada'));
select is(tests.open(), 'first second REOPEN_EVENTS', 'the first page is due at once, and a task for the next one');
select is(tests.next_page()::jsonb, '{"outcome": "reopened"}', 'the task takes a page');
select is(tests.open(), 'first second third fourth REOPEN_EVENTS', 'behind the one before');
select tests.next_page();
select is(tests.open(), 'first second third fourth fifth', 'the last page has no task');
select is(
  (select string_agg(external_id, ' ' order by id) from private.webhook_events where event_type = 'X' and status <> 'pending'),
  'done other', 'other events stay as they are'
);

-- The events of the shop alone are read, however many the inbox has.
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status)
select 'tiktok', 'settled ' || number, 'X', case when number % 20 = 0 then tests.shop_id('ada') else '1' end, number, '{}', 'done'
from generate_series(1, 10000) as number;
analyze private.webhook_events;
create function tests.rows_read()
returns bigint
language sql
volatile
as $$
  select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relid = 'private.webhook_events'::regclass;
$$;
create table tests.read as select tests.rows_read() as before;
select private.reopen_events_of_shop(tests.shop_id('ada'));
select cmp_ok(tests.rows_read() - before, '<', 1000::bigint, 'a page reads few rows') from tests.read;

select * from finish();
rollback;
