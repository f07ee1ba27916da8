-- States and claims: whose they are, once, and until when.
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
  'public.open_tiktok_claim(gen_random_uuid(), '''', '''', now(), true)',
  'public.store_tiktok_claim(gen_random_uuid(), '''', '''')'
]) as call;
select tests.refused(who, 'select private.delete_expired_claims()', who || ' deletes no claims: a job does')
from unnest(array['anon', 'ada', 'service_role']) as who;

-- States.
create function tests.begin(nickname text, letter text, seconds integer default 900)
returns text
language sql
as $$
  select tests.backend(format(
    'public.begin_tiktok_authorization(%L, %L, %s)', tests.id(nickname), repeat(letter, 64), seconds
  ));
$$;
create function tests.open(
  nickname text, code text, state text default null, seconds integer default 900, may_exchange boolean default true
)
returns text
language sql
as $$
  select tests.backend(format(
    'public.open_tiktok_claim(%L, %L, %L, now() + make_interval(secs => %s), %L)',
    tests.id(nickname), repeat(code, 64), repeat(state, 64), seconds, may_exchange
  ))::jsonb ->> 'outcome';
$$;
create function tests.store(nickname text, code text)
returns text
language sql
as $$
  select tests.backend(format(
    'public.store_tiktok_claim(%L, %L, %L)', tests.id(nickname), repeat(code, 64), tests.encrypted('grant')
  ));
$$;
select is(
  (tests.begin('ada', 'a')::jsonb ->> 'expires_at')::timestamptz, now() + interval '15 minutes',
  'a state has its end'
);
select is(tests.open('bob', '1', 'a'), 'state_of_another_user', 'a state is for its own user');
select is(tests.open('ada', '1', 'c'), 'state_unknown', 'a state that was not issued is unknown');
select is(tests.open('ada', '1', 'a', may_exchange => false), 'claim_not_shown', 'nothing is confirmed unseen');
select is_empty('select from private.tiktok_claims', 'a refusal stores no claim');
select is_empty(
  'select from private.tiktok_authorizations where used_at is not null', 'a refusal leaves the state usable'
);
select is(tests.open('ada', '1', 'a'), 'exchange', 'its user may exchange the code');
select is(tests.open('ada', '1', 'a'), 'claim_used', 'once');
select is(tests.open('bob', '1', 'a'), 'state_of_another_user', 'and no other user afterwards');
select is(tests.open('ada', '2', 'a'), 'state_used', 'a state is for one code');
select tests.begin('ada', 'b', -1);
select is(tests.open('ada', '3', 'b'), 'state_expired', 'a state has an end');
select is(
  tests.attempt(
    'service_role',
    format('select public.begin_tiktok_authorization(%L, %L, 900)', gen_random_uuid(), repeat('d', 64))
  ),
  'PT404',
  'an account that is gone gets no state'
);

-- Claims.
select is(tests.store('bob', '1'), null, 'another user stores nothing');
select is(tests.store('ada', '1')::timestamptz, now() + interval '15 minutes', 'the grant waits until the end of the claim');
select is(tests.store('ada', '1'), null, 'once');
select is(tests.open('ada', '1', 'a'), 'shown', 'the shops can be shown again');
select is(tests.open('ada', '1', 'a', may_exchange => false), 'shown', 'and confirmed');
select is(tests.open('ada', '4'), 'exchange', 'an installation from the store has no state');
select is(tests.open('bob', '4'), 'claim_used', 'the first user who opens it has it');
select is(tests.open('bob', '5', seconds => -1), 'exchange', 'a claim that has expired meanwhile');
select is(tests.store('bob', '5'), null, 'stores no tokens');
update private.tiktok_claims set expires_at = now() where claim_hash = repeat('1', 64);
select is(tests.open('ada', '1', 'a'), 'claim_expired', 'tokens are not given out after their end');
select is(
  tests.attempt('service_role', format(
    'insert into private.tiktok_claims (claim_hash, user_id, sealed_grant, expires_at) values (%L, %L, ''{}'', now())',
    repeat('6', 64), tests.id('ada')
  )),
  '23514',
  'tokens are not stored in plain text'
);
select is(private.delete_expired_claims(), 2, 'expired claims are deleted');
select set_eq(
  'select left(claim_hash, 1) from private.tiktok_claims', array['4'], 'tokens and all; the others stay'
);
select is(
  tests.attempt('service_role', format(
    'select public.open_tiktok_claim(%L, %L, null, now(), true)', gen_random_uuid(), repeat('7', 64)
  )),
  'PT404',
  'an account that is gone opens no claim'
);

-- Many states.
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
select is(tests.open('bob', '8', '1'), 'state_unknown', 'the oldest are gone');
select is(tests.open('bob', '8', 'c'), 'exchange', 'the newest are good');

select * from finish();
rollback;
