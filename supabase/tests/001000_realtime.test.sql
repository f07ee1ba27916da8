-- Broadcasts and published tables.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

create table tests.seen_messages (id uuid primary key);

create function tests.messages(nickname text)
returns table (event text, payload jsonb)
language sql
stable
as $$
  select event, payload - 'id'
  from realtime.messages
  where topic = 'user:' || tests.id(nickname) and private and extension = 'broadcast'
    and id not in (select id from tests.seen_messages);
$$;
comment on function tests.messages(text) is
  'New broadcasts to a seller, without the id that Realtime adds.';

create function tests.forget_messages()
returns void
language sql
as $$
  insert into tests.seen_messages select id from realtime.messages on conflict do nothing;
$$;
comment on function tests.forget_messages() is 'No role may delete messages: later ones are the new ones.';

create table tests.orders as
select tests.add_order('ada', '1') as ada, tests.add_order('bob', '2') as bob;

-- Broadcasts to the topic of the owner: only ids and states.
select results_eq(
  $$select * from tests.messages('ada')$$,
  $$select 'orders_received', jsonb_build_object('orders', jsonb_build_array(jsonb_build_object(
      'order_id', ada, 'order_status', 'received', 'payment_status', 'pending'
    ))) from tests.orders$$,
  'the owner receives a new order'
);
select results_eq(
  $$select payload #>> '{orders,0,order_id}' from tests.messages('bob')$$,
  'select bob::text from tests.orders',
  'another seller of their own'
);
select tests.forget_messages();
insert into public.orders (
  user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, currency, total_amount, shipping_address, address_status,
  order_items, tiktok_updated_at
)
select tests.id(nickname), tests.shop(nickname), number, 'UNPAID', 'USD', 12.50, '{}', 'none', '[]', now()
from (values ('ada', '4'), ('bob', '5'), ('ada', '6')) as added (nickname, number);
select results_eq(
  $$select event, jsonb_array_length(payload -> 'orders') from tests.messages('ada')$$,
  $$values ('orders_received', 2)$$,
  'orders of one statement come in one message'
);
select set_eq(
  $$select jsonb_array_elements(payload -> 'orders') from tests.messages('ada')$$,
  $$select jsonb_build_object('order_id', id, 'order_status', order_status, 'payment_status', payment_status)
    from public.orders where tiktok_order_id in ('4', '6')$$,
  'with the ids and states of all of them'
);
select results_eq(
  $$select event, payload #>> '{orders,0,order_id}' from tests.messages('bob')$$,
  $$select 'orders_received', id::text from public.orders where tiktok_order_id = '5'$$,
  'each seller receives their own'
);
select tests.forget_messages();
update public.orders set order_status = 'in_transit' where tiktok_order_id = '1';
select results_eq(
  $$select * from tests.messages('ada')$$,
  $$select 'order_changed', jsonb_build_object(
      'order_id', ada, 'order_status', 'in_transit', 'payment_status', 'pending'
    ) from tests.orders$$,
  'the owner receives a change'
);
select is_empty($$select * from tests.messages('bob')$$, 'and no other seller');
select tests.forget_messages();
insert into public.shipments (order_id, carrier, service_type) select ada, 'USPS', 'Priority' from tests.orders;
select results_eq(
  $$select * from tests.messages('ada')$$,
  $$select 'shipment_created', jsonb_build_object('shipment_id', id, 'order_id', ada, 'status', 'created')
    from tests.orders, public.shipments$$,
  'the owner receives a shipment'
);
select tests.forget_messages();
update public.shipments set status = 'delivered';
select results_eq(
  $$select event, payload ->> 'status' from tests.messages('ada')$$,
  $$values ('shipment_changed', 'delivered')$$,
  'and of its change'
);
select is_empty($$select * from tests.messages('bob')$$, 'and no other seller does');
select tests.receive_event('ada', 'unrelated');
select tests.forget_messages();
select tests.attempt('service_role', tests.order_insert('ada', '3'));
select is_empty($$select * from tests.messages('ada')$$, 'a rolled-back change is not sent');

-- Sending as on Supabase: the payload has the id of the message, and an error does not undo the change.
select is_empty(
  $$select * from realtime.messages where payload ->> 'id' <> id::text$$,
  'every payload has the id of its message'
);
select lives_ok(
  $$select realtime.send('{"a": 1}', 'x', null, true)$$,
  'a broadcast that cannot be stored is a warning'
);
select throws_ok('delete from realtime.messages where true', '42501', null, 'messages are never deleted');

-- Changes of tables: row level security decides for each subscriber.
select set_eq(
  $$select schemaname || '.' || tablename from pg_publication_tables where pubname = 'supabase_realtime'$$,
  array['public.orders', 'public.order_events', 'public.shipments', 'public.analytics_events'],
  'the tables whose changes are published'
);
select is(
  (
    select concat_ws(' ', pubinsert, pubupdate, pubdelete, pubtruncate)
    from pg_publication where pubname = 'supabase_realtime'
  ),
  't t f f', 'without deletions, which no policy can check: every subscriber would learn their ids'
);
select is_empty(
  $$select relname from pg_publication_rel join pg_class on pg_class.oid = prrelid where not relrowsecurity$$,
  'all of them have row level security'
);
select is_empty(
  $$select relname from pg_publication_rel join pg_class on pg_class.oid = prrelid
    where exists (
      select from pg_attribute
      where attrelid = prrelid and attname in ('access_token', 'refresh_token', 'stripe_customer_id')
    )$$,
  'no table contains a secret'
);

select * from finish();
rollback;
