-- Stripe's subscriptions against ours.
begin;
\ir helpers.psql
\ir billing_helpers.psql
select plan(102);

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cem', 'dan']) as nickname;
select tests.customer(nickname) from unnest(array['ada', 'bob', 'cem']) as nickname;

-- Who may ask.
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

-- A comparison is asked for: of all, one at a time.
create function tests.ask(nickname text default null)
returns bigint
language sql
as $$
  select (tests.call(format('request_subscription_sync(%L)', tests.id(nickname))) ->> 'event_id')::bigint;
$$;
create table tests.first as select tests.ask() as id;
select results_eq(
  $$select source, external_id ~ '^SYNC_SUBSCRIPTIONS:[0-9a-f-]{36}$', event_type, shop_id, object_id, status,
      next_attempt_at, body::jsonb
    from private.webhook_events$$,
  $$values (
      'creatorflow', true, 'SYNC_SUBSCRIPTIONS', null::text, null::text, 'pending', now(),
      jsonb_build_object('started_at', now(), 'checked', 0, 'repaired', 0)
    )$$,
  'a comparison begins in the inbox'
);
select is(tests.ask(), id, 'while one waits there is no other') from tests.first;
update private.webhook_events set status = 'processing', attempts = 1;
select is(tests.ask(), id, 'nor while it is worked') from tests.first;

-- Of one seller, beside it and as often as is asked.
select isnt(tests.ask('ada'), id, 'that of one seller is another') from tests.first;
select isnt(
  tests.ask('ada'), (select id from private.webhook_events where object_id = tests.id('ada')::text),
  'each of them is'
);
select is(
  (select string_agg(object_id, ' ') from private.webhook_events where object_id is not null),
  concat_ws(' ', tests.id('ada'), tests.id('ada')), 'which names the seller'
);
select is(
  tests.call(format('request_subscription_sync(%L)', tests.id(nickname))), '"PT404"', nickname || ' has no customer'
)
from unnest(array['dan', 'nobody']) as nickname;
select is((select count(*) from private.webhook_events), 3::bigint, 'nothing is asked for then');
delete from private.webhook_events where object_id is null;
select tests.ask();
select is(
  (select count(*) from private.webhook_events where object_id is null), 1::bigint,
  'one of all does not wait for those of sellers'
);

-- When it is over another one may begin.
create function tests.asks_anew(old_status text)
returns boolean
language plpgsql
as $$
declare
  old_id bigint := tests.ask();
begin
  update private.webhook_events
  set status = old_status, reason = case when old_status <> 'done' then 'for a test' end, settled_at = now()
  where id = old_id;
  return tests.ask() <> old_id;
end;
$$;
select ok(tests.asks_anew(status), 'another one begins after one that is ' || status)
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
create table tests.page as select tests.ask() as one;
select is(
  tests.go_on(one, '{"started_at": "2026-11-01T00:00:00Z", "checked": 100, "repaired": 3, "after": "sub_100"}'),
  'continued', 'behind a page comes the next'
)
from tests.page;
select is(tests.event(one), 'done settled', 'the page is done') from tests.page;
select results_eq(
  $$select source, external_id, event_type, shop_id, object_id, status, next_attempt_at, body::jsonb
    from private.webhook_events where status = 'pending'$$,
  $$select 'creatorflow', 'SYNC_SUBSCRIPTIONS:after:' || one, 'SYNC_SUBSCRIPTIONS', null::text, null::text, 'pending', now(),
      '{"started_at": "2026-11-01T00:00:00Z", "checked": 100, "repaired": 3, "after": "sub_100"}'::jsonb
    from tests.page$$,
  'the next one goes on where it ended'
);
select is(tests.go_on(one, '{"checked": 200}'), 'settled', 'a page has one successor') from tests.page;
select is((select count(*) from private.webhook_events), 2::bigint, 'and no other');
update private.webhook_events
set status = 'processing', settled_at = null
where id = (select one from tests.page);
select is(tests.go_on(one, '{"checked": 200}'), 'continued', 'also where it is worked again by hand') from tests.page;
select results_eq(
  $$select body::jsonb ->> 'checked' from private.webhook_events where status = 'pending'$$, $$values ('100')$$,
  'the successor stays as it is'
);
select is_empty('select * from tests.logged()', 'nothing is logged before the end');
create table tests.next_page as select id from private.webhook_events where status = 'pending';
select is(tests.ask(), id, 'the next page is the comparison that is under way') from tests.next_page;
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

select is(tests.go_on(tests.ask('ada'), '{"checked": 1}'), 'continued', 'that of one seller goes on');
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

-- A page of Stripe's: which of it differs.
create function tests.entry(
  place integer, nickname text, subscription text, plan text, status text default 'active', changes jsonb default '{}'
)
returns jsonb
language sql
immutable
as $$
  select tests.said(nickname, subscription, plan, status, changes) || jsonb_build_object(
    'place', place, 'stripe_customer_id_hashes', tests.hashes('customer of ' || nickname)
  );
$$;
create function tests.compared(variadic entries jsonb[])
returns jsonb
language sql
as $$
  select tests.call(format('compare_subscriptions(%L)', to_jsonb(entries)));
$$;
create function tests.reconciled()
returns text
language sql
stable
as $$
  select coalesce(string_agg(substr(stripe_subscription_id_hash, 5), ' ' order by substr(stripe_subscription_id_hash, 5)), 'none')
  from public.subscriptions where reconciled_at = now();
$$;
comment on function tests.reconciled() is 'Which subscriptions are noted as seen now.';
select tests.applied('ada', 'a', 'growth');
select tests.applied('bob', 'b', 'starter', 'past_due', '{"current_period_start": null, "current_period_end": null}');
select tests.applied('cem', 'c', 'scale', 'canceled', '{"cancel_at_period_end": true}');
update public.subscriptions set reconciled_at = '2020-01-01', stripe_subscription_id_hash = 'old b'
where stripe_subscription_id_hash = 'new b';
update public.subscriptions set reconciled_at = case when plan_name = 'growth' then '2020-01-01'::timestamptz end;

select is(tests.call('compare_subscriptions(''[]'')'), '[]', 'an empty page has no difference');
select is(tests.reconciled(), 'none', 'and sees none');
create table tests.before as select to_jsonb(subscriptions) - 'reconciled_at' - 'updated_at' as picture from public.subscriptions;
select is(
  tests.compared(
    tests.entry(0, 'ada', 'a', 'growth'),
    tests.entry(1, 'bob', 'b', 'starter', 'past_due', '{"current_period_start": null, "current_period_end": null}')
  ),
  '[]', 'what is the same does not differ'
);
select is(tests.reconciled(), 'a b', 'that it was seen is noted, under the hash of whatever key');
update public.subscriptions set reconciled_at = '2020-01-01';
select is(
  tests.compared(tests.entry(7, 'ada', 'a', plan, status, changes)), '[7]', format('a difference: %s %s %s', plan, status, changes)
)
from (
  values
    ('scale', 'active', '{}'::jsonb), ('growth', 'past_due', '{}'),
    ('growth', 'active', '{"current_period_start": "2026-11-01T00:00:01Z"}'),
    ('growth', 'active', '{"current_period_start": null}'),
    ('growth', 'active', '{"current_period_end": "2026-12-01T00:00:00.001Z"}'),
    ('growth', 'active', '{"current_period_end": null}'),
    ('growth', 'active', '{"cancel_at_period_end": true}')
) as differences (plan, status, changes);
select is(tests.reconciled(), 'a', 'what differs was seen too');
select is(
  tests.compared(tests.entry(7, 'ada', 'a', 'growth', 'active', '{"current_period_start": "2026-11-01T01:00:00+01:00"}')),
  '[]', 'a time written otherwise is no difference'
);
select is(tests.compared(tests.entry(7, 'ada', 'a', null)), '[]', 'nor is a price that is none of ours');
select is(tests.compared(tests.entry(7, 'ada', 'a', null, 'paused')), '[7]', 'a status with it is');
select is(
  tests.compared(tests.entry(3, 'ada', 'new', 'starter'), tests.entry(2, 'bob', 'newer', 'starter', 'canceled')), '[2, 3]',
  'what is not there differs, by place'
);
select is(tests.compared(tests.entry(0, 'ada', 'new', null)), '[]', 'but not with a price that is none of ours');
select is(
  tests.compared(
    tests.entry(0, 'dan', 'of dan', 'scale'), tests.entry(1, 'somebody', 'else', 'scale'), tests.entry(2, 'ada', 'new', 'scale')
  ),
  '[2]', 'nobody''s customers are left out'
);
update public.subscriptions set reconciled_at = '2020-01-01';
select is(tests.compared(tests.entry(0, 'dan', 'c', 'scale')), '[]', 'also with a subscription of ours');
select is(tests.reconciled(), 'c', 'which is noted as seen all the same');
select is(
  tests.compared(
    tests.entry(0, 'ada', 'a', 'growth', 'unpaid'), tests.entry(1, 'bob', 'b', 'scale', 'active'),
    tests.entry(2, 'cem', 'c', 'scale', 'canceled', '{"cancel_at_period_end": true}'), tests.entry(3, 'cem', 'd', 'scale'),
    tests.entry(4, 'dan', 'e', 'scale'), tests.entry(5, 'ada', 'f', null)
  ),
  '[0, 1, 3]', 'a page of all sorts'
);
select set_eq(
  $$select to_jsonb(subscriptions) - 'reconciled_at' - 'updated_at' from public.subscriptions$$, 'select picture from tests.before',
  'comparing changes no subscription'
);
select is(
  concat_ws(' ', tests.version('ada'), tests.version('bob'), tests.version('cem')), '2 2 2', 'and raises no version'
);

-- What Stripe did not name.
delete from public.subscriptions;
create function tests.unseen(started_at timestamptz, nickname text default null, behind text default null)
returns text
language sql
as $$
  select coalesce(string_agg(coalesce(names.name, '?'), ' ' order by entry.place), 'none')
  from jsonb_array_elements(tests.call(format(
    'list_unseen_subscriptions(%L, %L, %L)', started_at, tests.id(nickname), tests.id(behind)
  ))) with ordinality as entry (value, place)
  left join lateral (
    select substr(stripe_subscription_id_hash, 5) as name
    from public.subscriptions
    where id = (entry.value ->> 'id')::uuid
      and entry.value = jsonb_build_object('id', id, 'stripe_subscription_id', stripe_subscription_id, 'stripe_customer_id', stripe_customer_id)
  ) as names on true;
$$;
comment on function tests.unseen(timestamptz, text, text) is 'By name; behind: a name.';
create function tests.add(
  nickname text, subscription text, state text, created timestamptz, seen timestamptz, is_at_stripe boolean default true
)
returns void
language sql
as $$
  insert into public.subscriptions (
    id, user_id, stripe_customer_id, stripe_customer_id_hash, stripe_subscription_id, stripe_subscription_id_hash,
    plan_name, status, created_at, reconciled_at
  )
  values (
    tests.id(subscription), tests.id(nickname), tests.encrypted('c'), 'h',
    case when is_at_stripe then tests.encrypted(subscription) end, case when is_at_stripe then 'new ' || subscription end,
    'starter', state, created, seen
  );
$$;
select tests.add(nickname, subscription, state, created, seen, subscription <> 'local')
from (
  values
    ('ada', 'active', 'active', '2026-10-01'::timestamptz, '2026-10-31'::timestamptz),
    ('ada', 'never', 'trialing', '2026-10-01', null),
    ('ada', 'owing', 'past_due', '2026-10-01', '2026-10-31 23:59:59.999999'),
    ('bob', 'unpaid', 'unpaid', '2026-10-31 23:59:59.999999', null),
    ('bob', 'begun', 'incomplete', '2026-10-01', null),
    ('bob', 'paused', 'paused', '2026-10-01', null),
    ('ada', 'over', 'canceled', '2026-10-01', null),
    ('ada', 'expired', 'incomplete_expired', '2026-10-01', null),
    ('ada', 'seen', 'active', '2026-10-01', '2026-11-01'),
    ('ada', 'seen later', 'active', '2026-10-01', '2026-11-02'),
    ('ada', 'young', 'active', '2026-11-01', null),
    ('ada', 'younger', 'active', '2026-11-02', '2026-10-01'),
    ('ada', 'local', 'active', '2026-10-01', null)
) as rows (nickname, subscription, state, created, seen);
create function tests.by_id(variadic names text[])
returns text
language sql
immutable
as $$
  select string_agg(name, ' ' order by tests.id(name)) from unnest(names) as name;
$$;
select is(
  tests.unseen('2026-11-01'), tests.by_id('active', 'never', 'owing', 'unpaid', 'begun', 'paused'),
  'those that are not over, were there when it began, and were not met since'
);
select is(tests.unseen('2026-11-01', 'ada'), tests.by_id('active', 'never', 'owing'), 'of one seller');
select is(tests.unseen('2026-11-01', 'cem'), 'none', 'another one has none');
select is(
  tests.unseen('2026-11-01', behind => name),
  coalesce(
    (select string_agg(other, ' ' order by tests.id(other))
     from unnest(array['active', 'never', 'owing', 'unpaid', 'begun', 'paused']) as other where tests.id(other) > tests.id(name)),
    'none'
  ),
  'behind ' || name
)
from unnest(array['active', 'never', 'owing', 'unpaid', 'begun', 'paused']) as name;
select tests.add('cem', 'many ' || n, 'active', '2026-10-01', null) from generate_series(1, 205) as n;
create function tests.pages()
returns integer[]
language plpgsql
as $$
declare
  page jsonb;
  seen uuid[] := '{}';
  sizes integer[] := '{}';
  last_id uuid;
begin
  for n in 1 .. 5 loop
    page := tests.call(format('list_unseen_subscriptions(%L, %L, %L)', '2026-11-01', tests.id('cem'), last_id));
    sizes := sizes || jsonb_array_length(page);
    exit when page = '[]';
    last_id := (page -> -1 ->> 'id')::uuid;
    seen := seen || (select array_agg((value ->> 'id')::uuid) from jsonb_array_elements(page));
  end loop;
  return sizes || (select count(distinct id) from unnest(seen) as id)::integer;
end;
$$;
comment on function tests.pages() is 'Sizes of the pages, and how many subscriptions all of them named.';
select is(tests.pages(), array[100, 100, 5, 0, 205], 'a hundred at a time, each of them once');

-- A subscription that Stripe does not have any more.
delete from public.subscriptions;
delete from public.analytics_events;
select tests.applied('ada', 'a', 'growth');
select tests.applied('ada', 'b', 'starter');
select tests.applied('bob', 'of bob', 'starter');
update public.subscriptions set reconciled_at = '2020-01-01';
create function tests.ended(subscription text)
returns jsonb
language sql
as $$
  select tests.call(format('end_subscription(%L)', tests.hashes(subscription)));
$$;
create table tests.versions as select tests.version('ada') as ada, tests.version('bob') as bob;
delete from public.analytics_events;
select is(tests.ended('a'), 'true', 'it ends');
select is(tests.stored('a'), 'growth canceled', 'keeping its plan');
select is(tests.shown('ada'), '100 active starter', 'the next best one counts');
select is(tests.plan_changes('ada'), 'growth canceled', 'the change is recorded');
select is(tests.version('ada'), ada + 1, 'who read Stripe before reads again') from tests.versions;
select is(tests.reconciled(), 'a', 'that Stripe was asked is noted');
select is(
  tests.applied('ada', 'a', 'growth', version => ada), 'conflict 0', 'a state that was read before is not stored'
)
from tests.versions;
select is(tests.ended('a'), 'false', 'it ends once');
select is(tests.ended('b'), 'true', 'the last one ends');
select is(tests.shown('ada'), '10 canceled starter', 'then there is the trial');
update public.subscriptions set status = 'incomplete_expired' where stripe_subscription_id_hash = 'new b';
select is(tests.ended('b'), 'false', 'one that never began is over already');
select is(tests.stored('b'), 'starter incomplete_expired', 'and stays so');
select is(tests.ended('nothing'), 'false', 'one that is not there does not end');
select is(tests.call('end_subscription(''{}'')'), 'false', 'nor does any without a hash');
select is(tests.version('ada'), ada + 2, 'which raises no version') from tests.versions;
select is(tests.stored('of bob') || ', ' || tests.shown('bob'), 'starter active, 100 active starter', 'bob''s goes on');
select is(tests.version('bob'), bob, 'as it was') from tests.versions;

select * from finish();
rollback;
