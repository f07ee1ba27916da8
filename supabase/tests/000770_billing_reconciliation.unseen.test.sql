-- Subscriptions that Stripe no longer has.
begin;
\ir helpers.psql
\ir billing_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cem', 'dan']) as nickname;
select tests.customer(nickname) from unnest(array['ada', 'bob', 'cem']) as nickname;

-- Subscriptions that Stripe did not list.
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
select is(tests.reconciled(), 'a', 'the time of reading is stored');
select is(
  tests.applied('ada', 'a', 'growth', version => ada), 'conflict 0', 'a state that was read before is not stored'
)
from tests.versions;
select is(tests.ended('a'), 'false', 'it ends once');
select is(tests.ended('b'), 'true', 'the last one ends');
select is(tests.shown('ada'), '10 canceled starter', 'then there is the trial');
update public.subscriptions set status = 'incomplete_expired' where stripe_subscription_id_hash = 'new b';
select is(tests.ended('b'), 'false', 'one that never began has already ended');
select is(tests.stored('b'), 'starter incomplete_expired', 'and stays so');
select is(tests.ended('nothing'), 'false', 'one that is not there does not end');
select is(tests.call('end_subscription(''{}'')'), 'false', 'nor does any without a hash');
select is(tests.version('ada'), ada + 2, 'which raises no version') from tests.versions;
select is(tests.stored('of bob') || ', ' || tests.shown('bob'), 'starter active, 100 active starter', 'bob''s goes on');
select is(tests.version('bob'), bob, 'as it was') from tests.versions;

select * from finish();
rollback;
