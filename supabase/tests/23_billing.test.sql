-- Stripe's customers and subscriptions, and the plan that they make.
begin;
\ir helpers.psql
\ir billing_helpers.psql
select plan(211);

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cem']) as nickname;
select tests.customer('ada');
select tests.customer('bob');

-- Who may ask and look.
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
    'note_dispute(%s, %L, ''{}'')', tests.stripe_event('dispute of roles'), tests.hashes('customer of ada')
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
  'none of this left anything'
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
  tests.call(format('store_stripe_customer(%L, %L, ''h'')', tests.id('nobody'), tests.encrypted('c'))), '"23503"',
  'and a user that is not there'
);
select is(
  tests.call(format('get_stripe_customer(%L)', tests.id('nobody'))), '"PT404"', 'who is not found either'
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
select is(tests.call(format('find_stripe_customer(%L)', hashes)), null, 'nobody is found by ' || hashes)
from unnest(array['{}', '{""}', '{new customer of cem}', '{OLD customer of cem}']) as hashes;

-- A new subscription.
select is(tests.shown('ada'), '10 trial starter', 'without a subscription there is the trial');
select is(
  tests.applied('ada', 'first', 'growth', event_id => tests.stripe_event('evt_1')), 'applied 0',
  'a subscription is stored'
);
select results_eq(
  $$select user_id, stripe_customer_id, stripe_customer_id_hash, stripe_subscription_id,
      stripe_subscription_id_hash, plan_name, status, current_period_start, current_period_end,
      cancel_at_period_end, reconciled_at
    from public.subscriptions$$,
  $$values (
      tests.id('ada'), tests.encrypted('customer of ada'), 'new customer of ada', tests.encrypted('first'),
      'new first', 'growth', 'active', '2026-11-01T00:00:00Z'::timestamptz, '2026-12-01T00:00:00Z'::timestamptz,
      false, now()
    )$$,
  'as Stripe says it is'
);
select is(tests.shown('ada'), '500 active growth', 'its plan counts and is shown');
select is(tests.shown('bob'), '10 trial starter', 'and no other seller''s');
select is(tests.plan_changes('ada'), 'growth active', 'the change is recorded');
select is(tests.version('ada'), 2, 'the customer has another version');
select is(tests.version('bob'), 1, 'and no other one');
select is(
  tests.event((select id from private.webhook_events where external_id = 'evt_1')), 'done settled',
  'the event that told of it is done'
);

-- The same again.
update public.subscriptions set reconciled_at = '2020-01-01', stripe_subscription_id_hash = 'old first';
select is(
  tests.applied('ada', 'first', 'growth', event_id => tests.stripe_event('evt_2')), 'unchanged 0',
  'the same state again changes nothing'
);
select results_eq(
  'select stripe_subscription_id_hash, reconciled_at from public.subscriptions', $$values ('old first', now())$$,
  'the row is found by the hash of an older key; that Stripe was asked is noted'
);
select is(tests.plan_changes('ada'), 'growth active', 'no change is recorded');
select is(
  tests.event((select id from private.webhook_events where external_id = 'evt_2')), 'done settled',
  'the event is done all the same'
);

-- A state that was read before another one was stored, and an event that was worked already.
create function tests.picture()
returns text
language sql
stable
as $$
  select concat_ws(
    ' | ',
    (select string_agg(to_jsonb(subscriptions)::text, ' ' order by id) from public.subscriptions),
    (select string_agg(concat_ws(' ', subscription_status, subscription_tier), ' ' order by id) from public.users),
    (select string_agg(version::text, ' ' order by user_id) from private.stripe_customers),
    (select count(*) from public.analytics_events)
  );
$$;
comment on function tests.picture() is 'Everything that a subscription changes.';
create table tests.before as select tests.picture() as picture;
create table tests.open_event as select tests.stripe_event('evt_3') as id;

select is(
  tests.applied('ada', 'first', 'scale', version => wrong, event_id => (select id from tests.open_event)),
  'conflict 0', format('version %s is not that of the customer', wrong)
)
from unnest(array[1, 2, 4]) as wrong;
select is(
  tests.applied('ada', 'second', 'scale', version => 2, event_id => (select id from tests.open_event)),
  'conflict 0', 'nor is it for a new subscription'
);
select is(tests.picture(), picture, 'a conflict stores nothing') from tests.before;
select is(tests.event(id), 'processing open', 'and leaves the event open') from tests.open_event;

select tests.stripe_event('evt_4');
update private.webhook_events set status = 'ignored', reason = 'for a test' where external_id = 'evt_4';
select is(
  tests.applied('ada', 'first', 'scale', event_id => event.id), 'settled 0', event.status || ' events do nothing'
)
from private.webhook_events as event
where external_id in ('evt_1', 'evt_4');
select is(
  tests.applied('dan', 'first', 'scale', event_id => (select id from private.webhook_events where external_id = 'evt_1')),
  'settled 0', 'whatever else is wrong'
);
select is(tests.picture(), picture, 'they store nothing') from tests.before;
select is(tests.applied('ada', 'first', 'scale', event_id => 0), 'PT404', 'there is no such event');

-- What is refused leaves both the state and the event.
select is(
  tests.applied('dan', 'of dan', 'scale', event_id => id), 'PT404', 'a customer that is nobody''s'
)
from tests.open_event;
select is(
  tests.applied('bob', 'first', 'scale', event_id => id), 'PT409', 'a subscription of another seller'
)
from tests.open_event;
select is(
  tests.applied('ada', 'first', 'growth', odd_status, event_id => id), '23514', 'no status of Stripe''s: ' || odd_status
)
from tests.open_event cross join unnest(array['trial', 'gold', '']) as odd_status;
select is(tests.applied('ada', 'first', 'gold', event_id => id), '23503', 'no plan of ours') from tests.open_event;
select is(
  tests.applied('ada', 'first', 'growth', changes => '{"current_period_end": "soon"}', event_id => id), '22007',
  'no time'
)
from tests.open_event;
select is(
  tests.applied('ada', 'plain', 'growth', changes => '{"stripe_subscription_id": "sub_plain"}', event_id => id),
  '23514', 'an id in plain text'
)
from tests.open_event;
select is(tests.picture(), picture, 'nothing of it is stored') from tests.before;
select is(tests.event(id), 'processing open', 'and the event is still open') from tests.open_event;

-- The effect and the event are one: what settles the event fails, and so the effect is undone.
create function tests.refuse()
returns trigger
language plpgsql
as $$
begin
  raise exception 'no' using errcode = 'TEST1';
end;
$$;
create trigger refuse before update on private.webhook_events
  for each row when (new.status = 'done') execute function tests.refuse();
select is(tests.applied('ada', 'first', 'scale', event_id => id), 'TEST1', 'an event that cannot be settled')
from tests.open_event;
select is(tests.picture(), picture, 'has no effect') from tests.before;
drop trigger refuse on private.webhook_events;
select is(tests.applied('ada', 'first', 'scale', event_id => id), 'applied 0', 'once it can it has')
from tests.open_event;
select is(tests.stored('first') || ', ' || tests.event(id), 'scale active, done settled', 'both are there')
from tests.open_event;

-- A price that is none of ours.
delete from tests.before;
insert into tests.before select tests.picture();
create table tests.unknown_price as select tests.stripe_event('evt_5') as id;
select is(
  tests.applied('ada', 'of another product', null, event_id => id), 'price_unknown 0',
  'a new subscription of another price'
)
from tests.unknown_price;
select is(tests.picture(), picture, 'is not stored') from tests.before;
select is(tests.event(id), 'processing open', 'its event is left to the worker') from tests.unknown_price;
select is(
  tests.applied('ada', 'first', null, 'past_due', event_id => id), 'applied 0', 'one that is stored keeps its plan'
)
from tests.unknown_price;
select is(tests.stored('first'), 'scale past_due', 'and gets its status');
select is(tests.event(id), 'done settled', 'which settles the event') from tests.unknown_price;
select is(tests.applied('ada', 'first', null, 'past_due'), 'unchanged 0', 'the same again is no change');

-- What counts as a change, and what is recorded.
delete from public.analytics_events;
select is(tests.applied('bob', 'of bob', 'starter'), 'applied 0', 'bob subscribes');
create function tests.applied_twice(changes jsonb)
returns text
language plpgsql
as $$
begin
  return tests.applied('bob', 'of bob', 'starter', changes => changes) || ', '
    || tests.applied('bob', 'of bob', 'starter', changes => changes);
end;
$$;
select is(tests.applied_twice(change), 'applied 0, unchanged 0', 'a change, once: ' || change::text)
from unnest(array[
  '{"current_period_start": "2026-11-02T00:00:00.000Z"}', '{"current_period_end": "2026-12-02T00:00:00.000Z"}',
  '{"current_period_end": null}', '{"current_period_start": null, "current_period_end": null}',
  '{"current_period_end": null, "cancel_at_period_end": true}', '{"cancel_at_period_end": true}'
]::jsonb[]) as change;
select is(tests.plan_changes('bob'), 'starter active', 'none of the plan');
select is(
  (select concat_ws(' ', current_period_start, current_period_end, cancel_at_period_end) from public.subscriptions
   where user_id = tests.id('bob')),
  concat_ws(' ', '2026-11-01T00:00:00Z'::timestamptz, '2026-12-01T00:00:00Z'::timestamptz, true),
  'the last one is stored'
);
select is(tests.applied('bob', 'of bob', 'growth'), 'applied 0', 'another plan');
select is(tests.applied('bob', 'of bob', 'growth', 'past_due'), 'applied 0', 'another status');
select is(
  tests.plan_changes('bob'), 'growth active, growth past_due, starter active', 'both are recorded'
);
select is((select count(*) from public.subscriptions where user_id = tests.id('bob')), 1::bigint, 'in one row');
select is(tests.version('bob'), 16, 'whoever stored a state raised the version');

-- Every status of Stripe's: what counts for the limit, and what the seller's row shows.
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

-- A plan that grows releases what was held for it.
select tests.sign_up(nickname) from unnest(array['eve', 'fay']) as nickname;
select tests.customer(nickname) from unnest(array['eve', 'fay']) as nickname;
select tests.connect_shop(nickname) from unnest(array['eve', 'fay']) as nickname;
create function tests.count_orders(nickname text, orders integer)
returns void
language sql
as $$
  insert into private.monthly_order_counts (user_id, month, orders)
  values (tests.id(nickname), private.current_month(), orders)
  on conflict (user_id, month) do update set orders = excluded.orders;
$$;
create function tests.held(nickname text)
returns text
language sql
stable
as $$
  select coalesce(string_agg(object_id, ' ' order by object_id), 'none') from private.webhook_events
  where shop_id = tests.shop_id(nickname) and status = 'held';
$$;
create function tests.hold(nickname text, number text, age interval)
returns void
language sql
as $$
  insert into private.webhook_events (
    source, external_id, event_type, shop_id, object_id, body, status, reason, received_at, attempts, settled_at
  )
  values (
    'tiktok', gen_random_uuid(), 'ORDER_STATUS_CHANGE', tests.shop_id(nickname), number, '{}', 'held',
    'order_limit', now() - age, 3, now()
  );
$$;
select tests.hold(nickname, number, age::interval)
from (
  values
    ('eve', '1', '3 hours'), ('eve', '2', '1 hour'), ('eve', '3', '5 hours'), ('eve', '4', '4 hours'),
    ('eve', '3', '2 hours'), ('fay', '5', '9 hours')
) as held (nickname, number, age);
select tests.count_orders('eve', 98);
select tests.count_orders('fay', 98);

select is(tests.applied('eve', 'of eve', 'starter', 'incomplete'), 'applied 0', 'what is not paid for releases nothing');
select is(tests.applied('eve', 'of eve', 'starter', 'canceled'), 'applied 0', 'nor what is over');
select is(tests.held('eve') || ', ' || tests.held('fay'), '1 2 3 3 4, 5', 'all are held');
select is(
  tests.applied('eve', 'of eve', 'starter', event_id => tests.stripe_event('grows')), 'applied 3',
  'room for two orders of three events'
);
select is(tests.held('eve'), '1 2', 'the oldest ones are released');
select is(tests.held('fay'), '5', 'and nobody else''s');
select results_eq(
  $$select status, attempts, reason, settled_at, next_attempt_at from private.webhook_events
    where shop_id = tests.shop_id('eve') and object_id in ('3', '4')$$,
  $$select 'pending', 0, null::text, null::timestamptz, now() from generate_series(1, 3)$$,
  'for the worker, as if they were new'
);
select tests.count_orders('eve', 50);
select is(tests.applied('eve', 'of eve', 'starter'), 'unchanged 0', 'the same plan releases none');
select is(
  tests.applied('eve', 'of eve', 'starter', changes => '{"cancel_at_period_end": true}'), 'applied 0',
  'nor does it in another state'
);
select is(tests.applied('eve', 'of eve', 'starter', 'trialing'), 'applied 0', 'nor as a trial');
select is(tests.applied('eve', 'another', 'starter'), 'applied 0', 'nor does another one as large');
select is(tests.held('eve'), '1 2', 'they are held still');
select is(tests.applied('eve', 'another', 'growth'), 'applied 2', 'a larger one releases them');
select is(tests.held('eve'), 'none', 'all');
select tests.hold('eve', '6', '1 hour');
select is(tests.applied('eve', 'another', 'starter'), 'applied 0', 'one that shrinks releases none');
select is(tests.applied('eve', 'another', 'starter', 'past_due'), 'applied 0', 'nor one that ends');
select is(tests.held('eve'), '6', 'though there is room');
select tests.count_orders('fay', 600);
select is(tests.applied('fay', 'of fay', 'growth'), 'applied 0', 'a plan that grows to less than what is used');
select is(tests.held('fay'), '5', 'releases none');
select is(tests.applied('fay', 'of fay', 'scale'), 'applied 1', 'until it is enough');

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
select is(tests.listed('gus'), '[]', 'nobody''s customer has none');
select tests.customer('gus');
select is(tests.listed('gus'), '[]', 'nor has a new one');

-- Disputes are for people.
create function tests.dispute(event_id bigint, nickname text)
returns text
language sql
as $$
  select coalesce(answer ->> 'outcome', answer #>> '{}') from tests.call(format(
    'note_dispute(%L, %L, %L)', event_id, tests.hashes('customer of ' || nickname),
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
delete from tests.before;
insert into tests.before select tests.picture();
select is(tests.dispute(id, 'ada'), 'noted', 'a dispute is noted') from tests.dispute_event;
select results_eq(
  'select * from tests.disputes()',
  $$values (jsonb_build_object('amount', 1999, 'reason', 'fraudulent', 'user_id', tests.id('ada')))$$,
  'with whose customer it is'
);
select is(tests.event(id), 'done settled', 'its event is done') from tests.dispute_event;
select is(tests.picture(), picture, 'no plan has changed') from tests.before;
select is(tests.dispute(id, 'ada'), 'settled', 'noted once') from tests.dispute_event;
select is(tests.dispute(0, 'ada'), 'PT404', 'without an event it is not');
select is((select count(*) from tests.disputes()), 1::bigint, 'there is one');
select is(tests.dispute(tests.stripe_event('foreign dispute'), 'nobody'), 'noted', 'one of nobody''s customer is noted too');
select is(
  (select array_agg(details ->> 'user_id' order by details ->> 'user_id') from tests.disputes() as details),
  array[tests.id('ada')::text, null], 'without a user'
);

-- An account that is deleted takes its customer with it.
delete from auth.users where id = tests.id('ada');
select is(tests.version('ada'), null, 'the customer is forgotten');
select is(tests.stored('first'), null, 'and its subscriptions');
select is(tests.applied('ada', 'first', 'scale'), 'PT404', 'what Stripe still says of them is nobody''s');

select * from finish();
rollback;
