-- Listing subscriptions, logging disputes, and deleting the account.
begin;
\ir helpers.psql
\ir billing_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'eve', 'fay']) as nickname;
select tests.customer(nickname) from unnest(array['ada', 'eve', 'fay']) as nickname;
select tests.applied('ada', 'first', 'growth');
select tests.applied('eve', 'of eve', 'starter');
select tests.applied('eve', 'another', 'starter');
select tests.applied('fay', 'of fay', 'scale');

-- The subscriptions of a customer.
create function tests.listed(nickname text)
returns jsonb
language sql
as $$
  select tests.call(format('list_stripe_subscriptions(%L)', tests.hashes('customer of ' || nickname)));
$$;
update public.subscriptions set created_at = now() - interval '1 day' where stripe_subscription_id_hash = 'new another';
select is(
  tests.listed('eve'), jsonb_build_array(tests.encrypted('another'), tests.encrypted('of eve')), 'are listed, the oldest first'
);
insert into public.subscriptions (user_id, stripe_customer_id, stripe_customer_id_hash, plan_name, status)
values (tests.id('fay'), tests.encrypted('c'), 'old customer of fay', 'starter', 'active');
select is(tests.listed('fay'), jsonb_build_array(tests.encrypted('of fay')), 'without one that Stripe does not have');
select tests.sign_up('gus');
select is(tests.listed('gus'), '[]', 'an unknown customer has none');
select tests.customer('gus');
select is(tests.listed('gus'), '[]', 'nor has a new one');

-- Disputes are for people.
create function tests.dispute(event_id bigint, nickname text)
returns text
language sql
as $$
  select coalesce(answer ->> 'outcome', answer #>> '{}') from tests.call(format(
    'record_dispute(%L, %L, %L)', event_id, tests.hashes('customer of ' || nickname),
    '{"amount": 1999, "reason": "fraudulent", "user_id": "forged"}'
  )) as answer;
$$;
create function tests.disputes()
returns setof jsonb
language sql
stable
as $$
  select details from public.system_logs where event_type = 'dispute_created';
$$;
create table tests.dispute_event as select tests.stripe_event('dispute', 'charge.dispute.created') as id;
create table tests.before as select tests.picture() as picture;
select is(tests.dispute(id, 'ada'), 'recorded', 'a dispute is logged') from tests.dispute_event;
select results_eq(
  'select * from tests.disputes()',
  $$values (jsonb_build_object('amount', 1999, 'reason', 'fraudulent', 'user_id', tests.id('ada')))$$,
  'with whose customer it is'
);
select is(tests.event(id), 'done settled', 'its event is done') from tests.dispute_event;
select is(tests.picture(), picture, 'no plan has changed') from tests.before;
select is(tests.dispute(id, 'ada'), 'settled', 'recorded once') from tests.dispute_event;
select is(tests.dispute(0, 'ada'), 'PT404', 'without an event it is not');
select is((select count(*) from tests.disputes()), 1::bigint, 'there is one');
select is(tests.dispute(tests.stripe_event('foreign dispute'), 'unknown'), 'recorded', 'a dispute of an unknown customer is logged too');
select is(
  (select array_agg(details ->> 'user_id' order by details ->> 'user_id') from tests.disputes() as details),
  array[tests.id('ada')::text, null], 'without a user'
);

-- An account that is deleted takes its customer with it.
delete from auth.users where id = tests.id('ada');
select is(tests.version('ada'), null, 'the customer is forgotten');
select is(tests.stored('first'), null, 'and its subscriptions');
select is(tests.applied('ada', 'first', 'scale'), 'PT404', 'and is unknown afterwards');

select * from finish();
rollback;
