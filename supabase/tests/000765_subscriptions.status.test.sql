-- The subscription that counts, and the profile.
begin;
\ir helpers.psql
\ir billing_helpers.psql

select tests.sign_up('cem');
select tests.customer('cem');

-- Every Stripe status: the limit that counts, and what the profile shows.
create table tests.statuses (status text, expected text);
insert into tests.statuses values
  ('active', '500 active growth'),
  ('trialing', '500 trialing growth'),
  ('past_due', '10 past_due growth'),
  ('unpaid', '10 unpaid growth'),
  ('incomplete', '10 incomplete growth'),
  ('paused', '10 paused growth'),
  ('canceled', '10 canceled starter'),
  ('incomplete_expired', '10 incomplete_expired starter');
select bag_eq(
  'select status from tests.statuses',
  $$select (regexp_matches(pg_get_constraintdef(oid), '''(\w+)''', 'g'))[1] from pg_constraint
    where conname = 'subscriptions_status_check'$$,
  'these are all that there are'
);
select tests.sign_up(status) from tests.statuses;
select tests.customer(status) from tests.statuses;
create function tests.becomes(nickname text, variadic statuses text[])
returns text
language plpgsql
as $$
declare
  status text;
  course text;
begin
  foreach status in array statuses loop
    perform tests.applied(nickname, 'of ' || nickname, 'growth', status);
    course := concat_ws(', ', course, tests.shown(nickname));
  end loop;
  return course;
end;
$$;
comment on function tests.becomes(text, text[]) is 'What a seller is shown while one subscription goes through these.';
select is(tests.becomes(status, status), expected, 'a new subscription that is ' || status) from tests.statuses;
select is(
  tests.becomes(a.status, b.status, a.status), format('%s, %s', b.expected, a.expected),
  format('%s becomes %s, and that again', a.status, b.status)
)
from tests.statuses as a join tests.statuses as b on a.status < b.status;

-- Several subscriptions: the best live one counts; what is shown is that, else the best that is not over.
create function tests.several(variadic subscriptions text[])
returns text
language plpgsql
as $$
declare
  nickname text := gen_random_uuid();
begin
  perform tests.sign_up(nickname);
  perform tests.customer(nickname);
  for n in 1 .. cardinality(subscriptions) loop
    perform tests.applied(
      nickname, nickname || n, split_part(subscriptions[n], ' ', 1), split_part(subscriptions[n], ' ', 2)
    );
  end loop;
  return tests.shown(nickname);
end;
$$;
comment on function tests.several(text[]) is 'What a new seller with these plans and statuses is shown.';
select is(tests.several(a, b), expected, format('%s, then %s', a, b))
from (
  values
    ('growth active', 'starter active', '500 active growth'),
    ('scale active', 'growth active', '999999 active scale'),
    ('growth trialing', 'starter active', '500 trialing growth'),
    ('starter active', 'scale past_due', '100 active starter'),
    ('starter trialing', 'scale unpaid', '100 trialing starter'),
    ('starter active', 'scale canceled', '100 active starter'),
    ('growth past_due', 'starter unpaid', '10 past_due growth'),
    ('growth incomplete', 'starter paused', '10 incomplete growth'),
    ('starter past_due', 'scale canceled', '10 past_due starter'),
    ('starter incomplete', 'scale incomplete_expired', '10 incomplete starter'),
    ('scale canceled', 'growth incomplete_expired', '10 canceled starter')
) as cases (x, y, expected)
cross join lateral (values (x, y), (y, x)) as orders (a, b);
select is(
  tests.several('scale canceled', 'growth past_due', 'starter active', 'growth unpaid', 'starter incomplete_expired'),
  '100 active starter', 'of five the one that is live'
);
select is(tests.applied('cem', 'older', 'growth', 'trialing'), 'applied 0', 'of two alike');
update public.subscriptions set created_at = now() - interval '1 day' where user_id = tests.id('cem');
select is(tests.applied('cem', 'newer', 'growth', 'active'), 'applied 0', 'the newer one');
select is(tests.shown('cem'), '500 active growth', 'is shown');
update public.subscriptions set created_at = now() - interval '2 days' where stripe_subscription_id_hash = 'new newer';
select is(tests.applied('cem', 'newer', 'growth', 'active'), 'unchanged 0', 'not the one that was stored last');
select is(tests.shown('cem'), '500 trialing growth', 'whatever was stored last');
select is(tests.applied('cem', 'older', 'growth', 'canceled'), 'applied 0', 'one of them ends');
select is(tests.shown('cem'), '500 active growth', 'and the other one stays');

select * from finish();
rollback;
