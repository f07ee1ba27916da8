-- A larger plan releases held orders.
begin;
\ir helpers.psql
\ir billing_helpers.psql

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
  insert into private.held_orders (shop_id, tiktok_order_id, order_status, tiktok_updated_at, held_at)
  values (tests.shop_id(nickname), number, 'awaiting_shipment', now(), now() - age)
  on conflict do nothing;
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
select is(tests.applied('eve', 'of eve', 'starter', 'canceled'), 'applied 0', 'nor does a canceled one');
select is(tests.held('eve') || ', ' || tests.held('fay'), '1 2 3 3 4, 5', 'all are held');
select is(
  tests.applied('eve', 'of eve', 'starter', event_id => tests.stripe_event('grows')), 'applied 3',
  'room for two orders of three events'
);
select is(tests.held('eve'), '1 2', 'the oldest ones are released');
select is(tests.held('fay'), '5', 'and no other seller''s');
select results_eq(
  $$select status, attempts, reason, settled_at, next_attempt_at from private.inbox_events
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

select * from finish();
rollback;
