-- Requesting a comparison, and its pages.
begin;
\ir helpers.psql
\ir billing_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cem', 'dan']) as nickname;
select tests.customer(nickname) from unnest(array['ada', 'bob', 'cem']) as nickname;

-- Privileges.
create table tests.calls as
select call from unnest(array[
  'request_subscription_sync()',
  format('request_subscription_sync(%L)', tests.id('ada')),
  format('continue_subscription_sync(%s, ''{"finished": true}'')', tests.stripe_event('roles')),
  'compare_subscriptions(''[]'')',
  'list_unseen_subscriptions(now())',
  'end_subscription(''{h}'')'
]) as call;
select tests.refused(who, 'select public.' || call, format('%s cannot: %s', who, call))
from unnest(array['anon', 'ada']) as who cross join tests.calls;
select is_empty(
  $$select who, oid::regprocedure from pg_proc cross join unnest(array['anon', 'authenticated', 'public']) as who
    where has_function_privilege(who, oid, 'execute')
      and (pronamespace = 'public'::regnamespace and proname in (select split_part(call, '(', 1) from tests.calls))$$,
  'nor is that only for what the functions touch'
);
select is(tests.attempt('service_role', 'select public.' || call), '1', 'the backend can: ' || call) from tests.calls;
delete from private.webhook_events;

-- A comparison of all subscriptions: one at a time.
create function tests.request_sync(nickname text default null)
returns bigint
language sql
as $$
  select (tests.call(format('request_subscription_sync(%L)', tests.id(nickname))) ->> 'event_id')::bigint;
$$;
create table tests.first as select tests.request_sync() as id;
select results_eq(
  $$select source, external_id ~ '^SYNC_SUBSCRIPTIONS:[0-9a-f-]{36}$', event_type, shop_id, object_id, status,
      next_attempt_at, body::jsonb
    from private.inbox_events$$,
  $$values (
      'creatorflow', true, 'SYNC_SUBSCRIPTIONS', null::text, null::text, 'pending', now(),
      jsonb_build_object('started_at', now(), 'checked', 0, 'repaired', 0)
    )$$,
  'a comparison begins in the inbox'
);
select is(tests.request_sync(), id, 'while one is waiting, no other starts') from tests.first;
update private.event_queue set status = 'processing', claims = 1;
select is(tests.request_sync(), id, 'nor while it is being processed') from tests.first;

-- Comparisons of one seller: next to it, and as many as requested.
select isnt(tests.request_sync('ada'), id, 'that of one seller is another') from tests.first;
select isnt(
  tests.request_sync('ada'), (select id from private.webhook_events where object_id = tests.id('ada')::text),
  'each of them is'
);
select is(
  (select string_agg(object_id, ' ') from private.webhook_events where object_id is not null),
  concat_ws(' ', tests.id('ada'), tests.id('ada')), 'which names the seller'
);
select is(
  tests.call(format('request_subscription_sync(%L)', tests.id(nickname))), '"PT404"', nickname || ' has no customer'
)
from unnest(array['dan', 'unknown']) as nickname;
select is((select count(*) from private.webhook_events), 3::bigint, 'then nothing is enqueued');
delete from private.webhook_events where object_id is null;
select tests.request_sync();
select is(
  (select count(*) from private.webhook_events where object_id is null), 1::bigint,
  'one of all does not wait for those of sellers'
);

-- Another one may begin after it has ended.
create function tests.starts_again(old_status text)
returns boolean
language plpgsql
as $$
declare
  old_id bigint := tests.request_sync();
begin
  update private.webhook_events
  set status = old_status, reason = case when old_status <> 'done' then 'for_a_test' end, settled_at = now()
  where id = old_id;
  return tests.request_sync() <> old_id;
end;
$$;
select ok(tests.starts_again(status), 'another one begins after one that is ' || status)
from unnest(array['done', 'ignored', 'dead']) as status;

-- Page by page.
create function tests.go_on(event_id bigint, progress jsonb)
returns text
language sql
as $$
  select coalesce(answer ->> 'outcome', answer #>> '{}')
  from tests.call(format('continue_subscription_sync(%L, %L)', event_id, progress)) as answer;
$$;
create function tests.logged()
returns setof jsonb
language sql
stable
as $$
  select details from public.system_logs where event_type = 'subscriptions_reconciled' order by id;
$$;
delete from private.webhook_events;
create table tests.page as select tests.request_sync() as one;
select is(
  tests.go_on(one, '{"started_at": "2026-11-01T00:00:00Z", "checked": 100, "repaired": 3, "after": "sub_100"}'),
  'continued', 'behind a page comes the next'
)
from tests.page;
select is(tests.event(one), 'done settled', 'the page is done') from tests.page;
select results_eq(
  $$select source, external_id, event_type, shop_id, object_id, status, next_attempt_at, body::jsonb
    from private.inbox_events where status = 'pending'$$,
  $$select 'creatorflow', 'SYNC_SUBSCRIPTIONS:after:' || one, 'SYNC_SUBSCRIPTIONS', null::text, null::text, 'pending', now(),
      '{"started_at": "2026-11-01T00:00:00Z", "checked": 100, "repaired": 3, "after": "sub_100"}'::jsonb
    from tests.page$$,
  'the next one goes on where it ended'
);
select is(tests.go_on(one, '{"checked": 200}'), 'settled', 'a page has one successor') from tests.page;
select is((select count(*) from private.webhook_events), 2::bigint, 'and no other');
update private.webhook_events
set status = 'pending', settled_at = null
where id = (select one from tests.page);
select is(tests.go_on(one, '{"checked": 200}'), 'continued', 'also after a replay') from tests.page;
select results_eq(
  $$select body::jsonb ->> 'checked' from private.webhook_events where status = 'pending'$$, $$values ('100')$$,
  'the successor stays as it is'
);
select is_empty('select * from tests.logged()', 'nothing is logged before the end');
create table tests.next_page as select id from private.webhook_events where status = 'pending';
select is(tests.request_sync(), id, 'the next page is the running comparison') from tests.next_page;
select is(
  tests.go_on(id, '{"started_at": "2026-11-01T00:00:00Z", "checked": 130, "repaired": 4, "listed": true, "finished": true}'),
  'reconciled', 'the last page ends it'
)
from tests.next_page;
select results_eq(
  'select * from tests.logged()',
  $$values (
      '{"started_at": "2026-11-01T00:00:00Z", "checked": 130, "repaired": 4, "listed": true, "user_id": null}'::jsonb
    )$$,
  'which is logged'
);
select is(tests.event(id), 'done settled', 'it is done') from tests.next_page;
select is_empty($$select id from private.webhook_events where status = 'pending'$$, 'nothing follows');
select is(tests.go_on(id, '{"finished": true}'), 'settled', 'it ends once') from tests.next_page;
select is((select count(*) from tests.logged()), 1::bigint, 'as the log says');
select is(tests.go_on(0, '{"finished": true}'), 'PT404', 'without an event nothing goes on');

select is(tests.go_on(tests.request_sync('ada'), '{"checked": 1}'), 'continued', 'that of one seller goes on');
select results_eq(
  $$select object_id from private.webhook_events where status = 'pending'$$, $$values (tests.id('ada')::text)$$,
  'as that of the seller'
);
select is(
  tests.go_on((select id from private.webhook_events where status = 'pending'), '{"checked": 1, "finished": true}'),
  'reconciled', 'and ends'
);
select is(
  (select array_agg(details ->> 'user_id') from tests.logged() as details), array[null, tests.id('ada')::text],
  'with the seller in the log'
);

select * from finish();
rollback;
