-- Storing the state of a subscription.
begin;
\ir helpers.psql
\ir billing_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cem']) as nickname;
select tests.customer('ada');
select tests.customer('bob');
select tests.sign_up('dan');

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
  'its event is done'
);

-- The same again.
update public.subscriptions set reconciled_at = '2020-01-01', stripe_subscription_id_hash = 'old first';
select is(
  tests.applied('ada', 'first', 'growth', event_id => tests.stripe_event('evt_2')), 'unchanged 0',
  'the same state again changes nothing'
);
select results_eq(
  'select stripe_subscription_id_hash, reconciled_at from public.subscriptions', $$values ('old first', now())$$,
  'the row is found by the hash of an older key, and the time of reading is stored'
);
select is(tests.plan_changes('ada'), 'growth active', 'no change is recorded');
select is(
  tests.event((select id from private.webhook_events where external_id = 'evt_2')), 'done settled',
  'the event is done'
);

-- A state that was read before another one was stored, and an event that is settled.
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
select is(tests.event(id), 'pending open', 'and leaves the event open') from tests.open_event;

select tests.stripe_event('evt_4');
update private.webhook_events set status = 'ignored', reason = 'for_a_test' where external_id = 'evt_4';
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
select is(tests.applied('ada', 'first', 'scale', event_id => 0), 'settled 0', 'nor does one that is deleted');
select is(tests.picture(), picture, 'it stores nothing either') from tests.before;

-- A refused state changes neither state nor event.
select is(
  tests.applied('dan', 'of dan', 'scale', event_id => id), 'PT404', 'an unknown customer'
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
select is(tests.event(id), 'pending open', 'and the event is still open') from tests.open_event;

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
select is(tests.stored('first') || ', ' || tests.event(id), 'scale active, done settled', 'both are stored')
from tests.open_event;

-- An unknown price.
delete from tests.before;
insert into tests.before select tests.picture();
create table tests.unknown_price as select tests.stripe_event('evt_5') as id;
select is(
  tests.applied('ada', 'of another product', null, event_id => id), 'price_unknown 0',
  'a new subscription of another price'
)
from tests.unknown_price;
select is(tests.picture(), picture, 'is not stored') from tests.before;
select is(tests.event(id), 'pending open', 'its event is left to the worker') from tests.unknown_price;
select is(
  tests.applied('ada', 'first', null, 'past_due', event_id => id), 'applied 0', 'one that is stored keeps its plan'
)
from tests.unknown_price;
select is(tests.stored('first'), 'scale past_due', 'and gets its status');
select is(tests.event(id), 'done settled', 'which settles the event') from tests.unknown_price;
select is(tests.applied('ada', 'first', null, 'past_due'), 'unchanged 0', 'the same state again is not a change');

-- Changes, and their analytics events.
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
select is(tests.plan_changes('bob'), 'starter active', 'but no change of the plan');
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
select is(tests.version('bob'), 16, 'every stored state raised the version');

select * from finish();
rollback;
