-- One-time states and claims.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');

create function tests.backend(call text)
returns text
language sql
as $$
  select tests.run_as('service_role', 'select ' || call);
$$;

-- Only the backend.
select tests.refused(who, 'select ' || call, who || ' cannot call ' || call)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'public.begin_tiktok_authorization(gen_random_uuid(), '''', 1)',
  'public.consume_tiktok_authorization('''')',
  'public.redeem_tiktok_claim(gen_random_uuid(), '''')'
]) as call;

-- States.
create function tests.begin(nickname text, letter text, seconds integer default 900)
returns text
language sql
as $$
  select tests.backend(format(
    'public.begin_tiktok_authorization(%L, %L, %s)', tests.id(nickname), repeat(letter, 64), seconds
  ));
$$;
create function tests.use(letter text)
returns jsonb
language sql
as $$
  select tests.backend(format('public.consume_tiktok_authorization(%L)', repeat(letter, 64)))::jsonb;
$$;
select is(
  (tests.begin('ada', 'a')::jsonb ->> 'expires_at')::timestamptz, now() + interval '15 minutes',
  'a state has its end'
);
select is(
  tests.use('a'), jsonb_build_object('outcome', 'valid', 'user_id', tests.id('ada')), 'it identifies the user'
);
select is(tests.use('a'), '{"outcome": "used"}', 'once');
select tests.begin('ada', 'b', -1);
select is(tests.use('b'), '{"outcome": "expired"}', 'and not after its end');
select is(tests.use('b'), '{"outcome": "used"}', 'nor afterwards');
select is(tests.use('c'), '{"outcome": "unknown"}', 'a state that was not issued is unknown');
select is(
  tests.attempt(
    'service_role',
    format('select public.begin_tiktok_authorization(%L, %L, 900)', gen_random_uuid(), repeat('d', 64))
  ),
  'PT404',
  'an account that is gone gets no state'
);
delete from private.tiktok_authorizations;
select tests.begin('bob', to_hex(n), 100 + n) from generate_series(1, 12) as n;
select is(
  (
    select count(*) from private.tiktok_authorizations
    where user_id = tests.id('bob') and used_at is null
  ),
  10::bigint,
  'an account has ten open states at most'
);
select is(tests.use('1'), '{"outcome": "unknown"}', 'the oldest are gone');
select is(tests.use('c') ->> 'outcome', 'valid', 'the newest are good');
select is(
  tests.backend(format('public.redeem_tiktok_claim(%L, %L)', tests.id('ada'), repeat('e', 64))), 'true',
  'a claim is good'
);
select is(
  tests.backend(format('public.redeem_tiktok_claim(%L, %L)', tests.id('bob'), repeat('e', 64))), 'false',
  'once, for any user'
);

select * from finish();
rollback;
