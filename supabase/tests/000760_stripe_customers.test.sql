-- Privileges of billing, and the Stripe customer of a seller.
begin;
\ir helpers.psql
\ir billing_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cem']) as nickname;
select tests.customer('ada');
select tests.customer('bob');

-- Privileges.
create table tests.calls as
select call from unnest(array[
  format('get_stripe_customer(%L)', tests.id('ada')),
  format(
    'store_stripe_customer(%L, %L, %L)', tests.id('cem'), tests.encrypted('c'), 'old customer of cem'
  ),
  format('find_stripe_customer(%L)', tests.hashes('customer of ada')),
  format(
    'apply_subscription(null, %L, 1, %L)', tests.hashes('customer of ada'), tests.said('ada', 'roles', 'scale')
  ),
  format('list_stripe_subscriptions(%L)', tests.hashes('customer of ada')),
  format(
    'record_dispute(%s, %L, ''{}'')', tests.stripe_event('dispute of roles'), tests.hashes('customer of ada')
  )
]) as call;
select tests.refused(who, 'select public.' || call, who || ' cannot: ' || split_part(call, '(', 1))
from unnest(array['anon', 'ada']) as who cross join tests.calls;
select is_empty(
  $$select who, oid::regprocedure from pg_proc cross join unnest(array['anon', 'authenticated', 'public']) as who
    where has_function_privilege(who, oid, 'execute')
      and (pronamespace = 'public'::regnamespace and proname in (select split_part(call, '(', 1) from tests.calls) or oid = 'private.refresh_user_plan(uuid)'::regprocedure)$$,
  'nor is that only for what the functions touch'
);
select is(
  tests.attempt('service_role', 'select public.' || call), '1', 'the backend can: ' || split_part(call, '(', 1)
)
from tests.calls;
select tests.refused(who, statement, who || ' cannot: ' || regexp_replace(statement, '''.*''', '...'))
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.stripe_customers',
  'select user_id from private.stripe_customers where user_id = auth.uid()',
  format(
    'insert into private.stripe_customers (user_id, stripe_customer_id, stripe_customer_id_hash) values (%L, %L, ''h'')',
    tests.id('ada'), tests.encrypted('c')
  ),
  'update private.stripe_customers set version = 9',
  'delete from private.stripe_customers',
  format('select private.refresh_user_plan(%L)', tests.id('ada'))
]) as statement;
select tests.refused(
  'service_role', 'delete from private.stripe_customers', 'not even the backend forgets whose customer it was'
);
select is(
  (select count(*) from public.subscriptions) + (select count(*) from public.analytics_events), 0::bigint,
  'no call stored anything'
);

-- One customer for a seller, and one seller for a customer: the first.
select is(
  tests.call(format('get_stripe_customer(%L)', tests.id('cem'))),
  '{"email": "cem@example.com", "stripe_customer_id": null}', 'at first a seller has none'
);
select is(tests.customer('cem'), tests.encrypted('customer of cem'), 'one is bound');
select is(
  tests.call(format(
    'store_stripe_customer(%L, %L, ''another hash'')', tests.id('cem'), tests.encrypted('another')
  )),
  to_jsonb(tests.encrypted('customer of cem')), 'another one is not: the answer is the first'
);
select is(
  tests.call(format('get_stripe_customer(%L)', tests.id('cem'))),
  jsonb_build_object('email', 'cem@example.com', 'stripe_customer_id', tests.encrypted('customer of cem')),
  'as it is found afterwards'
);
select tests.sign_up('dan');
select is(
  tests.call(format(
    'store_stripe_customer(%L, %L, ''old customer of cem'')', tests.id('dan'), tests.encrypted('again')
  )),
  '"23505"', 'nor is the same customer bound to another seller'
);
select is(
  tests.call(format('store_stripe_customer(%L, ''cus_plain'', ''h'')', tests.id('dan'))), '"23514"',
  'an id in plain text is refused'
);
select is(
  tests.call(format('store_stripe_customer(%L, %L, ''h'')', tests.id('unknown'), tests.encrypted('c'))), '"23503"',
  'and a user that is not there'
);
select is(
  tests.call(format('get_stripe_customer(%L)', tests.id('unknown'))), '"PT404"', 'who is not found either'
);
select is(tests.version('dan'), null, 'dan has none');

select is(
  tests.call(format('find_stripe_customer(%L)', hashes)),
  jsonb_build_object('user_id', tests.id('cem'), 'version', 1),
  'found by ' || hashes::text
)
from unnest(array[
  '{old customer of cem}', '{new customer of cem,old customer of cem}', '{old customer of cem,newer customer of cem}'
]) as hashes;
select is(tests.call(format('find_stripe_customer(%L)', hashes)), null, 'no customer is found by ' || hashes)
from unnest(array['{}', '{""}', '{new customer of cem}', '{OLD customer of cem}']) as hashes;

select * from finish();
rollback;
