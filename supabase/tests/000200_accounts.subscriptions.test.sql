-- Subscriptions as sellers see them.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.subscribe('ada', 'growth');
select tests.subscribe('bob', 'scale');

-- Reading: own rows, without the secret columns.
select tests.refused('anon', 'select id from public.subscriptions', 'anon cannot read subscriptions');
select tests.reaches(
  'ada', 1,
  'select id, user_id, plan_name, status, current_period_start, current_period_end,
     cancel_at_period_end, created_at, updated_at
   from public.subscriptions',
  'a seller reads their own subscription'
);
select is(
  tests.run_as('ada', 'select plan_name from public.subscriptions'), 'growth', 'and no other'
);
select tests.reaches(
  'bob', 0, format('select id from public.subscriptions where user_id = %L', tests.id('ada')),
  'another seller does not find it'
);
select tests.reaches(
  'service_role', 2,
  format(
    'select stripe_customer_id from public.subscriptions where user_id in (%L, %L)',
    tests.id('ada'), tests.id('bob')
  ),
  'the backend reads all, Stripe''s ids too'
);
select tests.refused(
  'ada', format(statement, column_name), 'a seller cannot: ' || format(statement, column_name)
)
from unnest(array[
  'stripe_customer_id', 'stripe_customer_id_hash', 'stripe_subscription_id', 'stripe_subscription_id_hash'
]) as column_name
cross join unnest(array[
  'select %s from public.subscriptions',
  'select id from public.subscriptions where %s > ''a''',
  'select id from public.subscriptions order by %s'
]) as statement;
select tests.refused('ada', 'select * from public.subscriptions', 'a seller cannot read all columns');

-- Writing: only the backend.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada', 'bob']) as who
cross join unnest(array[
  'insert into public.subscriptions (user_id, plan_name, status) values (auth.uid(), ''scale'', ''active'')',
  'update public.subscriptions set plan_name = ''scale''',
  'update public.subscriptions set current_period_end = ''2099-01-01''',
  'delete from public.subscriptions'
]) as statement;
select tests.reaches(
  'service_role', 1,
  format(
    'insert into public.subscriptions (user_id, stripe_customer_id, stripe_customer_id_hash, plan_name, status)
     values (%L, %L, ''h'', ''starter'', ''active'') returning id',
    tests.id('ada'), tests.encrypted('c')
  ),
  'the backend inserts a subscription'
);
select tests.reaches(
  'service_role', 1,
  format(
    'update public.subscriptions set status = ''canceled'' where user_id = %L returning id', tests.id('ada')
  ),
  'the backend updates a subscription'
);
select tests.refused('service_role', 'delete from public.subscriptions', 'not even the backend deletes a subscription');

-- get_user_active_subscription runs as the caller.
select tests.refused(
  'anon', format('select public.get_user_active_subscription(%L)', tests.id('ada')),
  'anon cannot call get_user_active_subscription'
);
select is(
  tests.run_as(who, format('select plan_name from public.get_user_active_subscription(%L)', tests.id('ada'))),
  expected,
  who || ' learns of ada''s plan: ' || coalesce(expected, 'nothing')
)
from (values ('ada', 'growth'), ('bob', null), ('service_role', 'growth')) as answers (who, expected);

-- The subscription that counts.
create function tests.plan_of(nickname text)
returns text
language sql
as $$
  select plan_name from public.get_user_active_subscription(tests.id(nickname));
$$;
select tests.subscribe('ada', 'starter', 'trialing');
select is(tests.plan_of('ada'), 'growth', 'the best one counts, and not the newest');
update public.subscriptions set status = 'past_due' where user_id = tests.id('ada') and plan_name = 'growth';
select is(tests.plan_of('ada'), 'starter', 'also as a trial');
select tests.subscribe('ada', 'scale', status)
from unnest(array['past_due', 'unpaid', 'canceled', 'incomplete', 'incomplete_expired', 'paused']) as status;
select is(tests.plan_of('ada'), 'starter', 'one that is not paid for does not');
update public.subscriptions set status = 'canceled' where user_id = tests.id('ada');
select is(tests.plan_of('ada'), null, 'without a live one there is none');

-- Checks and triggers.
select throws_like(
  format('update public.subscriptions set stripe_customer_id = %L', value),
  '%subscriptions_stripe_customer_id_check%',
  'a customer id in plain text is refused: ' || value
)
from unnest(array['', 'cus_1', 'v1.k.short.x']) as value;
select throws_like(
  'update public.subscriptions set stripe_subscription_id = ''sub_1'', stripe_subscription_id_hash = ''h''',
  '%subscriptions_stripe_subscription_id_check%',
  'a subscription id in plain text is refused'
);
select throws_like(
  format('update public.subscriptions set %s', assignment),
  '%subscriptions_stripe_subscription_id_hash_present%',
  'an id and its hash come together'
)
from unnest(array[
  'stripe_subscription_id_hash = ''h''',
  'stripe_subscription_id = ' || quote_literal(tests.encrypted('s'))
]) as assignment;
select throws_like(
  format(
    'update public.subscriptions set stripe_subscription_id = %L, stripe_subscription_id_hash = ''h''',
    tests.encrypted('s')
  ),
  '%subscriptions_stripe_subscription_id_hash_key%',
  'a Stripe subscription is stored once'
);
select throws_like(
  format('update public.subscriptions set status = %L', value),
  '%subscriptions_status_check%',
  'no such status: ' || value
)
from unnest(array['trial', 'cancelled', '']) as value;
select throws_ok(
  'update public.subscriptions set plan_name = ''gold''', '23503', null, 'a plan is one of the plans'
);
update public.subscriptions set updated_at = '2020-01-01' where user_id = tests.id('bob');
select is(
  (select updated_at from public.subscriptions where user_id = tests.id('bob')),
  now(),
  'updated_at is the database''s to say'
);

delete from public.analytics_events;
update public.subscriptions set cancel_at_period_end = true where user_id = tests.id('bob');
select is_empty('select * from public.analytics_events', 'not every change is one of the plan');
update public.subscriptions set plan_name = 'growth' where user_id = tests.id('bob');
update public.subscriptions set plan_name = 'growth' where user_id = tests.id('bob');
update public.subscriptions set status = 'past_due' where user_id = tests.id('bob');
select bag_eq(
  'select user_id, event_type, properties from public.analytics_events',
  $$values
    (tests.id('bob'), 'plan_changed', '{"plan_name": "growth", "status": "active"}'::jsonb),
    (tests.id('bob'), 'plan_changed', '{"plan_name": "growth", "status": "past_due"}'::jsonb)$$,
  'each change of plan or status is recorded once'
);
delete from public.analytics_events;
select tests.subscribe('bob', 'scale');
select results_eq(
  'select event_type, properties from public.analytics_events',
  $$values ('plan_changed', '{"plan_name": "scale", "status": "active"}'::jsonb)$$,
  'and so is a new subscription'
);

select * from finish();
rollback;
