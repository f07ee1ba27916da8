-- Dashboard figures.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
set constraints all immediate;
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
  select tests.run_as(nickname, 'select public.get_dashboard_metrics()')::jsonb - 'last_order_date';
$$;
-- These orders were not stored by ingest_order.
select is(tests.figures('ada') ->> 'total_orders', '0', 'figures that differ from the rows');
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
select is(
  (select jsonb_agg(details order by details ->> 'user_id' = tests.id('bob')::text) from public.system_logs
   where event_type = 'dashboard_figures_corrected'),
  jsonb_build_array(
    jsonb_build_object('user_id', tests.id('ada'), 'missing', '{"orders": [{"currency": "USD", "orders": 2, "amount": 2500,
      "month_orders": 1, "month_amount": 1250, "paid_orders": 0, "gross": 0, "refunded": 0}], "labels": []}'::jsonb),
    jsonb_build_object('user_id', tests.id('bob'), 'missing', '{"orders": [{"currency": "USD", "orders": 1, "amount": 1250,
      "month_orders": 1, "month_amount": 1250, "paid_orders": 0, "gross": 0, "refunded": 0}], "labels": []}'::jsonb)
  ),
  'the refresh corrects figures that differ, and logs what was missing'
);

-- The figures are of this moment.
select tests.ingest('ada', '4', '{"total_amount": "3.00", "payment_status": "paid"}');
select is(
  tests.figures('ada') -> 'revenue', '[{"currency": "USD", "gross": "3.00", "refunded": "0.00", "orders": 1}]',
  'a new order is in the figures at once'
);
insert into public.shipments (order_id, carrier, service_type, shipping_cost, currency, status)
select id, 'USPS', 'Priority', 1.10, 'USD', 'purchased' from public.orders where tiktok_order_id = '4';
select is(
  tests.figures('ada') -> 'label_costs', '[{"currency": "USD", "cost": "1.10", "labels": 1}]', 'a label too'
);
select public.disconnect_tiktok_shop(tests.id('ada'), tests.shop('ada'));
select is(tests.figures('ada') ->> 'connected_shops', '0', 'a shop that is not active is not connected');
select public.refresh_dashboard_metrics();
select is(
  (select count(*)::integer from public.system_logs where event_type = 'dashboard_figures_corrected'), 2,
  'a refresh that finds no difference logs nothing'
);
update private.order_totals set gross = 1 where user_id = tests.id('ada');
update private.label_totals set labels = 5 where user_id = tests.id('ada');
insert into private.order_totals (user_id, currency, month, orders)
values (tests.id('bob'), 'GBP', private.current_month(), 3);
select public.refresh_dashboard_metrics();
select is(
  tests.figures('ada') - 'user_id',
  '{"subscription_tier": "starter", "total_orders": 3, "monthly_orders": 2, "total_revenue": "28.00",
    "monthly_revenue": "15.50", "revenue": [{"currency": "USD", "gross": "3.00", "refunded": "0.00", "orders": 1}],
    "label_costs": [{"currency": "USD", "cost": "1.10", "labels": 1}], "connected_shops": 0}',
  'figures that were damaged are those of the rows again'
);
select is(tests.figures('bob') ->> 'total_orders', '1', 'also in a currency that has no orders');
select public.refresh_dashboard_metrics();
select is(
  (select count(*)::integer from public.system_logs where event_type = 'dashboard_figures_corrected'), 4,
  'each correction is logged once'
);

-- Accounts without rows.
select tests.sign_up('cleo');
select is(
  tests.figures('cleo'),
  jsonb_build_object(
    'user_id', tests.id('cleo'), 'subscription_tier', 'starter',
    'total_orders', 0, 'monthly_orders', 0, 'total_revenue', '0.00', 'monthly_revenue', '0.00',
    'revenue', '[]'::jsonb, 'label_costs', '[]'::jsonb, 'connected_shops', 0
  ),
  'a new account has zeros'
);
delete from auth.users where id = tests.id('ada');
select is(tests.run_as('ada', 'select public.get_dashboard_metrics()'), null, 'a deleted account sees nothing');
select public.refresh_dashboard_metrics();
select is_empty(
  format('select * from private.user_dashboard_metrics where user_id = %L', tests.id('ada')),
  'and the next refresh forgets it'
);

select * from finish();
rollback;
