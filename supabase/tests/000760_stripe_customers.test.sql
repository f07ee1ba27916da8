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
    'store_stripe_customer(%L, %L, %L, %L)',
    tests.id('cem'), tests.encrypted('c'), 'old customer of cem', 'cem@example.com'
  ),
  format('raise_stripe_attempt(%L, 0)', tests.id('bob')),
  format('settle_customer_email(%s)', tests.stripe_event('e-mail')),
  format('find_stripe_customers(%L)', tests.hashes('customer of ada')),
  format('apply_subscriptions(%L)', jsonb_build_array(tests.item('ada', 'roles', 'scale', version => 1))),
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
  'select * from private.stripe_attempts',
  'update private.stripe_attempts set attempt = 9',
  format('select private.enqueue_customer_email(%L)', tests.id('ada')),
  format('select private.check_customer_email(%L, ''x'')', tests.id('ada')),
  format('select private.refresh_user_plan(%L)', tests.id('ada'))
]) as statement;
select is(
  (select count(*) from public.subscriptions) + (select count(*) from public.analytics_events), 0::bigint,
  'no call stored anything'
);

-- One customer for a seller, and one seller for a customer: the first.
select is(
  tests.call(format('get_stripe_customer(%L)', tests.id('cem'))),
  '{"email": "cem@example.com", "stripe_customer_id": null, "attempt": 0}', 'at first a seller has none'
);
select is(tests.customer('cem'), tests.encrypted('customer of cem'), 'one is bound');
select is(
  tests.call(format(
    'store_stripe_customer(%L, %L, ''another hash'', ''cem@example.com'')', tests.id('cem'), tests.encrypted('another')
  )),
  to_jsonb(tests.encrypted('customer of cem')), 'another one is not: the answer is the first'
);
select is(
  tests.call(format('get_stripe_customer(%L)', tests.id('cem'))),
  jsonb_build_object(
    'email', 'cem@example.com', 'stripe_customer_id', tests.encrypted('customer of cem'), 'attempt', 0
  ),
  'as it is found afterwards'
);
select tests.sign_up('dan');
select is(
  tests.call(format(
    'store_stripe_customer(%L, %L, ''old customer of cem'', ''dan@example.com'')', tests.id('dan'), tests.encrypted('again')
  )),
  '"23505"', 'nor is the same customer bound to another seller'
);
select is(
  tests.call(format('store_stripe_customer(%L, ''cus_plain'', ''h'', null)', tests.id('dan'))), '"23514"',
  'an id in plain text is refused'
);
select is(
  tests.call(format('store_stripe_customer(%L, %L, ''h'', null)', tests.id('unknown'), tests.encrypted('c'))), '"PT404"',
  'and a user that is not there'
);
select is(
  tests.call(format('get_stripe_customer(%L)', tests.id('unknown'))), '"PT404"', 'who is not found either'
);
select is(tests.version('dan'), null, 'dan has none');

select is(
  tests.call(format('find_stripe_customers(%L)', hashes)),
  jsonb_build_array(jsonb_build_object(
    'hash', 'old customer of cem', 'user_id', tests.id('cem'), 'version', 1, 'deletion_requested', false
  )),
  'found by ' || hashes::text
)
from unnest(array[
  '{old customer of cem}', '{new customer of cem,old customer of cem}', '{old customer of cem,newer customer of cem}'
]) as hashes;
select is(tests.call(format('find_stripe_customers(%L)', hashes)), '[]', 'no customer is found by ' || hashes)
from unnest(array['{}', '{""}', '{new customer of cem}', '{OLD customer of cem}']) as hashes;

-- Attempts: raised once for each failed one.
select is(tests.call(format('raise_stripe_attempt(%L, 0)', tests.id('cem'))), '1', 'a failure begins the next attempt');
select is(tests.call(format('raise_stripe_attempt(%L, 0)', tests.id('cem'))), '1', 'once, by the first caller');
select is(tests.call(format('raise_stripe_attempt(%L, 1)', tests.id('cem'))), '2', 'the next failure begins another');
select is(tests.call(format('raise_stripe_attempt(%L, 0)', tests.id('cem'))), '2', 'an old one does not');
select is(
  tests.call(format('get_stripe_customer(%L)', tests.id('cem'))) -> 'attempt', '2', 'as the next request reads it'
);
select is(
  tests.call(format('raise_stripe_attempt(%L, 0)', tests.id('unknown'))), '"PT404"', 'an unknown user has none'
);

-- The customer's e-mail address follows the account's.
create function tests.email_tasks()
returns text
language sql
as $$
  with taken as (
    delete from private.webhook_events where event_type = 'UPDATE_CUSTOMER_EMAIL' returning object_id, body
  )
  select coalesce(string_agg(concat_ws(' ', object_id, body), ', '), 'none') from taken;
$$;
select is(tests.email_tasks(), 'none', 'a customer with the present address has no task');
update auth.users set email = 'cem@new.example' where id = tests.id('cem');
select is(tests.email_tasks(), tests.id('cem') || ' {}', 'a change enqueues one, without the address');
update auth.users set email = 'cem@new.example' where id = tests.id('cem');
select is(tests.email_tasks(), 'none', 'the same address does not');
update auth.users set email = 'dan@new.example' where id = tests.id('dan');
select is(tests.email_tasks(), 'none', 'nor does a seller without a customer');
select is(
  tests.call(format(
    'store_stripe_customer(%L, %L, ''h of dan'', ''dan@example.com'')', tests.id('dan'), tests.encrypted('dan')
  )),
  to_jsonb(tests.encrypted('dan')), 'a customer may be created with an address that has changed since'
);
select is(tests.email_tasks(), tests.id('dan') || ' {}', 'then it is updated too');
select is(
  tests.call(format('settle_customer_email(%s)', id)), '{"outcome": "updated"}', 'an update settles its task'
)
from (select tests.stripe_event('settled') as id) as event;

select * from finish();
rollback;
