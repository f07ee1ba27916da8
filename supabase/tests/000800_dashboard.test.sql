-- Dashboard figures.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select public.refresh_dashboard_metrics();
-- Far from UTC, where a month of the session would differ.
set local timezone = 'Pacific/Auckland';
create view tests.month as
select private.current_month()::timestamp at time zone 'UTC' as start;
select tests.add_order('ada', '1', start) from tests.month;
select tests.add_order('ada', '2', start - interval '1 microsecond') from tests.month;
select tests.add_order('bob', '3', start) from tests.month;

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.user_dashboard_metrics',
  'select public.refresh_dashboard_metrics()',
  'refresh materialized view private.user_dashboard_metrics'
]) as statement;
select tests.refused(
  who, 'select public.get_dashboard_metrics()', who || ' cannot call get_dashboard_metrics'
)
from unnest(array['anon', 'service_role']) as who;
select tests.refused(
  'anon', 'select private.own_dashboard_metrics()', 'anon cannot call own_dashboard_metrics'
);
select tests.reaches(
  'service_role', 2,
  format(
    'select * from private.user_dashboard_metrics where user_id in (%L, %L)', tests.id('ada'), tests.id('bob')
  ),
  'the backend reads all figures'
);
select tests.refused('service_role', statement, 'service_role cannot: ' || statement)
from unnest(array[
  'update private.user_dashboard_metrics set total_orders = 0',
  'delete from private.user_dashboard_metrics'
]) as statement;
select tests.reaches(
  'service_role', 1, 'select public.refresh_dashboard_metrics()', 'the backend refreshes the figures'
);

-- Figures of a seller.
create function tests.figures(nickname text)
returns jsonb
language sql
as $$
  select tests.run_as(nickname, 'select public.get_dashboard_metrics()')::jsonb - 'refreshed_at' - 'last_order_date';
$$;
select is(tests.figures('ada') ->> 'total_orders', '0', 'the figures are those of the last refresh');
select public.refresh_dashboard_metrics();
select is(
  tests.figures('ada'),
  jsonb_build_object(
    'user_id', tests.id('ada'), 'subscription_tier', 'starter',
    'total_orders', 2, 'monthly_orders', 1, 'total_revenue', '25.00', 'monthly_revenue', '12.50',
    'revenue', '[]'::jsonb, 'label_costs', '[]'::jsonb, 'connected_shops', 1
  ),
  'a seller sees their own figures; the month is that of UTC'
);
select is(
  tests.figures('bob'),
  jsonb_build_object(
    'user_id', tests.id('bob'), 'subscription_tier', 'starter',
    'total_orders', 1, 'monthly_orders', 1, 'total_revenue', '12.50', 'monthly_revenue', '12.50',
    'revenue', '[]'::jsonb, 'label_costs', '[]'::jsonb, 'connected_shops', 1
  ),
  'and another seller theirs'
);
select is(
  (tests.run_as('ada', 'select public.get_dashboard_metrics()')::jsonb ->> 'last_order_date')::timestamptz,
  (select start from tests.month),
  'the last order is the newest'
);
select public.disconnect_tiktok_shop(tests.id('ada'), tests.shop('ada'));
select tests.sign_up('cleo');
select is(
  tests.figures('cleo'),
  jsonb_build_object(
    'user_id', tests.id('cleo'), 'subscription_tier', 'starter',
    'total_orders', 0, 'monthly_orders', 0, 'total_revenue', '0.00', 'monthly_revenue', '0.00',
    'revenue', '[]'::jsonb, 'label_costs', '[]'::jsonb, 'connected_shops', 0
  ),
  'who signed up since has zeros'
);
select public.refresh_dashboard_metrics();
select is(tests.figures('ada') ->> 'connected_shops', '0', 'a shop that is not active is not connected');
delete from auth.users where id = tests.id('ada');
select is(tests.run_as('ada', 'select public.get_dashboard_metrics()'), null, 'a deleted account sees nothing');
select public.refresh_dashboard_metrics();
select is_empty(
  format('select * from private.user_dashboard_metrics where user_id = %L', tests.id('ada')),
  'and the next refresh forgets it'
);

select * from finish();
rollback;
