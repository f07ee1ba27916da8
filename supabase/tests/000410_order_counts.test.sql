-- The monthly limit of the plan.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || regexp_replace(statement, '''.*''', '...'))
from unnest(array['anon', 'ada', 'bob']) as who
cross join unnest(array[
  format('select public.check_order_limit(%L)', tests.id('ada')),
  format('select private.monthly_order_limit(%L)', tests.id('ada')),
  format('select private.monthly_order_count(%L)', tests.id('ada')),
  'select * from private.monthly_order_counts',
  'insert into private.monthly_order_counts (user_id, month) values (auth.uid(), ''2026-11-01'')',
  'update private.monthly_order_counts set orders = 0',
  'delete from private.monthly_order_counts'
]) as statement;
select tests.refused(
  'service_role', 'delete from private.monthly_order_counts', 'not even the backend forgets a count'
);
select is(
  tests.run_as('service_role', format('select public.check_order_limit(%L)', tests.id('ada'))),
  'true',
  'the backend may check the limit'
);

-- The plans.
create function tests.count_orders(orders integer, month date default private.current_month())
returns boolean
language sql
as $$
  insert into private.monthly_order_counts (user_id, month, orders)
  values (tests.id('ada'), count_orders.month, count_orders.orders)
  on conflict (user_id, month) do update set orders = excluded.orders;
  select public.check_order_limit(tests.id('ada'));
$$;
comment on function tests.count_orders(integer, date) is 'Whether ada, with so many orders, may take in one more.';

select is(private.monthly_order_limit(tests.id('ada')), 10, 'without a subscription the limit is 10');
select is(array[tests.count_orders(9), tests.count_orders(10)], array[true, false], 'the tenth order is the last');
create function tests.limits_of(plan text, status text default 'active')
returns boolean[]
language plpgsql
as $$
declare
  plan_limit integer := (select monthly_order_limit from public.plans where name = plan);
begin
  perform tests.subscribe('ada', plan, status);
  return array[tests.count_orders(plan_limit - 1), tests.count_orders(plan_limit)];
end;
$$;
select is(tests.limits_of(plan), array[true, false], 'so it is at the limit of ' || plan)
from unnest(array['starter', 'growth', 'scale']) as plan;
update public.subscriptions set status = 'past_due';
select is(private.monthly_order_limit(tests.id('ada')), 10, 'a plan that is not paid for is a trial');
update public.users set subscription_tier = 'scale', subscription_status = 'active' where id = tests.id('ada');
select is(private.monthly_order_limit(tests.id('ada')), 10, 'whatever the profile says');
select is(public.check_order_limit(tests.id('bob')), true, 'another seller''s orders do not count');

-- The month, in UTC.
select tests.count_orders(0);
select is(
  tests.count_orders(999, (private.current_month() - interval '1 month')::date),
  true,
  'last month''s orders do not count'
);
select throws_like(
  $$update private.monthly_order_counts set month = '2026-11-02'$$,
  '%month_check%',
  'a month begins with its first day'
);
select throws_like(
  'update private.monthly_order_counts set orders = -1',
  '%monthly_order_counts_orders_check%',
  'a count is not negative'
);
create function tests.month_at(moment text, zone text)
returns date
language plpgsql
as $$
begin
  perform set_config('timezone', zone, true);
  execute replace(
    replace(pg_get_functiondef('private.current_month()'::regprocedure), 'private.current_month', 'tests.current_month'),
    'now()',
    format('%L::timestamptz', moment)
  );
  return tests.current_month();
end;
$$;
comment on function tests.month_at(text, text) is 'What current_month() answers at another time, in a session of that zone.';
select is(tests.month_at(moment, zone), month::date, format('%s in %s is of %s', moment, zone, month))
from (
  values
    ('2026-11-30T23:59:59Z', 'Etc/GMT-14', '2026-11-01'),
    ('2026-12-01T00:00:00Z', 'Etc/GMT+12', '2026-12-01'),
    ('2026-12-31T23:59:59Z', 'Etc/GMT-14', '2026-12-01'),
    ('2027-01-01T00:00:00Z', 'Etc/GMT+12', '2027-01-01')
) as moments (moment, zone, month);

-- Over the limit an order is held, and comes in when there is room.
select tests.count_orders(9);
select is(tests.ingest('ada', '1'), 'inserted', 'the last order comes in');
select is(tests.ingest('ada', '2'), 'held', 'the next one is held');
select is(tests.ingest('ada', '1'), 'updated', 'an update of a stored order is not held');
select is(private.monthly_order_count(tests.id('ada')), 10, 'the count stays at the limit');
select is_empty($$select id from public.orders where tiktok_order_id = '2'$$, 'a held order is not shown');
select is(public.release_held_events(), 0, 'without room nothing is released');
select tests.subscribe('ada', 'starter');
select is(public.release_held_events(), 1, 'with a larger plan it is');
select results_eq(
  $$select status, reason, attempts from private.webhook_events where object_id = '2'$$,
  $$values ('pending', null::text, 0)$$,
  'and due again'
);

select * from finish();
rollback;
