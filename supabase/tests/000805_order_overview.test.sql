-- Counts of a seller's first page.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

-- Privileges.
select tests.refused(who, 'select public.get_order_overview()', who || ' cannot call get_order_overview')
from unnest(array['anon', 'service_role']) as who;

-- Far from UTC, in a time zone with half hours.
set local timezone = 'Asia/Kolkata';
create function tests.overview(nickname text)
returns jsonb
language sql
as $$
  select tests.run_as(nickname, 'select public.get_order_overview()')::jsonb;
$$;
select is(
  tests.overview('ada') - 'hours',
  '{"to_ship": 0, "late": 0, "due_soon": 0, "awaiting_collection": 0, "in_transit": 0}',
  'a new account has zeros'
);
select is(jsonb_array_length(tests.overview('ada') -> 'hours'), 24, 'and 24 hours without orders');

select tests.add_order('ada', 'order ' || n, now() - n * interval '1 minute') from generate_series(1, 8) as n;
select tests.add_order('ada', 'yesterday', now() - interval '25 hours');
select tests.add_order('bob', 'of bob');
update public.orders
set order_status = case tiktok_order_id
      when 'order 5' then 'partially_shipped'
      when 'order 6' then 'awaiting_collection'
      when 'order 7' then 'in_transit'
      when 'order 8' then 'delivered'
      else 'awaiting_shipment'
    end,
    ship_by = case tiktok_order_id
      when 'order 1' then now() - interval '1 minute'
      when 'order 2' then now() + interval '23 hours'
      when 'order 3' then now() + interval '25 hours'
      when 'order 6' then now() - interval '1 hour'
    end;
select is(
  tests.overview('ada') - 'hours',
  '{"to_ship": 6, "late": 1, "due_soon": 2, "awaiting_collection": 1, "in_transit": 1}',
  'orders of the seller are counted by their state and their time to ship'
);
select is(
  (
    select jsonb_build_object('orders', sum((hour ->> 'orders')::integer), 'last', max((hour ->> 'hour')::timestamptz))
    from jsonb_array_elements(tests.overview('ada') -> 'hours') as hour
  ),
  jsonb_build_object('orders', 8, 'last', date_trunc('hour', now(), 'UTC')),
  'new orders of the last 24 hours are counted by the hour of UTC'
);
select is(
  (
    select sum((hour ->> 'orders')::integer)::integer
    from jsonb_array_elements(tests.overview('bob') -> 'hours') as hour
  ),
  1, 'another seller sees only theirs'
);

select * from finish();
rollback;
