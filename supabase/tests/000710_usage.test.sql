-- Usage of the plan, and the list of held orders.
begin;
\ir helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.connect_shop(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.refused(who, 'select ' || call, who || ' cannot call ' || call)
from (
  values
    ('anon', 'public.get_held_orders()'), ('anon', 'private.own_held_orders(1, 0)'),
    ('anon', 'private.own_usage()'), ('ada', 'private.month_end()')
) as calls (who, call);
select is(
  tests.attempt('ada', format('select public.get_held_orders(%s)', arguments)), 'PT400', arguments || ' is refused'
)
from unnest(array['0', '1001', 'null', '1, -1', '1, null']) as arguments;

create function tests.usage(nickname text)
returns jsonb
language sql
as $$
  select tests.run_as(nickname, 'select public.get_usage() - array[''month_ends_at'', ''shops'', ''labels'']')::jsonb;
$$;
create function tests.held(nickname text, arguments text default '')
returns jsonb
language sql
as $$
  select tests.run_as(nickname, format('select public.get_held_orders(%s)', arguments))::jsonb;
$$;
select is(
  tests.usage('ada'),
  '{"used": 0, "limit": 10, "not_counted": 0, "held": 0, "held_to_ship": 0, "held_ship_by": null}', 'nothing yet'
);
select is(tests.held('ada') - 'month_ends_at', '{"total": 0, "orders": []}', 'nothing is held');

update public.plans set monthly_order_limit = 1 where name = 'trial';
select tests.ingest('ada', id, changes::jsonb)
from (
  values
    ('1', '{}'),
    ('2', '{"ship_by": "2026-12-02T00:00:00Z", "shipping_address": {"name": "Eve Doe"}, "customer_email": "e@v.e"}'),
    ('3', '{"ship_by": "2026-12-01T00:00:00Z", "tiktok_created_at": "2026-11-01T00:00:00Z"}'),
    ('4', '{"order_status": "in_transit", "ship_by": "2026-11-01T00:00:00Z"}'),
    ('5', '{"order_status": "completed"}')
) as orders (id, changes);
select is(
  tests.usage('ada') || '{"held_ship_by": null}',
  '{"used": 1, "limit": 1, "not_counted": 1, "held": 3, "held_to_ship": 2, "held_ship_by": null}',
  'the seller sees what is used, stored without a place, and held'
);
select is(
  (tests.usage('ada') ->> 'held_ship_by')::timestamptz, '2026-12-01Z'::timestamptz,
  'and until when the first held order has to be shipped'
);
select is(tests.usage('bob') -> 'held', '0', 'another seller has none');
select is(
  (
    select string_agg(concat_ws(' ', held ->> 'place', held ->> 'tiktok_order_id', held ->> 'order_status'), ', ')
    from jsonb_array_elements(tests.held('ada') -> 'orders') as held
  ),
  '1 3 awaiting_shipment, 2 2 awaiting_shipment, 3 4 in_transit', 'the list has each one, the most urgent first'
);
select is(
  (tests.held('ada', '1') #> '{orders,0}') - array['held_at', 'ship_by', 'tiktok_created_at'],
  jsonb_build_object(
    'place', 1, 'shop_id', tests.shop_id('ada'), 'tiktok_order_id', '3', 'order_status', 'awaiting_shipment'
  ),
  'with id, state and times'
);
select is(
  array[(tests.held('ada', '1') #>> '{orders,0,ship_by}')::timestamptz, (tests.held('ada', '1') ->> 'month_ends_at')::timestamptz],
  array['2026-12-01Z'::timestamptz, private.month_end()], 'and until when'
);
select ok(tests.held('ada')::text !~ 'Eve|e@v', 'but no data of the buyer');
select ok((select string_agg(held::text, '') from private.held_orders as held) !~ 'Eve|e@v', 'which is not stored either');
select is(tests.held('ada', '1, 1') #>> '{orders,0,tiktok_order_id}', '2', 'in pages');
select is(tests.held('ada', '1, 1') -> 'total', '3', 'with the number of all');
select is(tests.held('bob') -> 'total', '0', 'and of no other seller');
update public.tiktok_shops set connection_status = 'needs_reauth', status_reason = 'token_refused',
  access_token = null, refresh_token = null
where id = tests.shop('ada');
select is(tests.held('ada') -> 'total', '0', 'orders of a shop that is not connected wait for the connection');

select * from finish();
rollback;
