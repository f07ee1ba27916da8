-- Broadcasts and published tables.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

create function tests.messages(nickname text)
returns table (event text, payload jsonb)
language sql
stable
as $$
  select event, payload
  from realtime.messages
  where topic = 'user:' || tests.id(nickname) and private and extension = 'broadcast';
$$;
create table tests.orders as
select tests.add_order('ada', '1') as ada, tests.add_order('bob', '2') as bob;

-- Broadcasts to the topic of the owner: only ids and states.
select results_eq(
  $$select * from tests.messages('ada')$$,
  $$select 'order_received', jsonb_build_object(
      'order_id', ada, 'order_status', 'received', 'payment_status', 'pending'
    ) from tests.orders$$,
  'the owner receives a new order'
);
select results_eq(
  $$select payload ->> 'order_id' from tests.messages('bob')$$,
  'select bob::text from tests.orders',
  'another seller of their own'
);
delete from realtime.messages;
update public.orders set order_status = 'in_transit' where tiktok_order_id = '1';
select results_eq(
  $$select * from tests.messages('ada')$$,
  $$select 'order_changed', jsonb_build_object(
      'order_id', ada, 'order_status', 'in_transit', 'payment_status', 'pending'
    ) from tests.orders$$,
  'the owner receives a change'
);
select is_empty($$select * from tests.messages('bob')$$, 'and no other seller');
delete from realtime.messages;
insert into public.shipments (order_id, carrier, service_type) select ada, 'USPS', 'Priority' from tests.orders;
select results_eq(
  $$select * from tests.messages('ada')$$,
  $$select 'shipment_created', jsonb_build_object('shipment_id', id, 'order_id', ada, 'status', 'created')
    from tests.orders, public.shipments$$,
  'the owner receives a shipment'
);
delete from realtime.messages;
update public.shipments set status = 'delivered';
select results_eq(
  $$select event, payload ->> 'status' from tests.messages('ada')$$,
  $$values ('shipment_changed', 'delivered')$$,
  'and of its change'
);
select is_empty($$select * from tests.messages('bob')$$, 'and no other seller does');
select tests.receive_event('ada', 'unrelated');
delete from realtime.messages;
select tests.attempt('service_role', tests.order_insert('ada', '3'));
select is_empty('select * from realtime.messages', 'a rolled-back change is not sent');

-- Receiving. Realtime sets the joined topic and evaluates the policies.
create function tests.receives(who text, topic text, extension text default 'broadcast')
returns text
language plpgsql
as $$
begin
  delete from realtime.messages;
  insert into realtime.messages (topic, extension, event, private) values (topic, extension, 'x', true);
  perform set_config('realtime.topic', topic, true);
  return tests.attempt(who, 'select * from realtime.messages');
end;
$$;
create function tests.topic(nickname text)
returns text
language sql
immutable
as $$
  select 'user:' || tests.id(nickname);
$$;
select is(tests.receives('ada', tests.topic('ada')), '1', 'a seller receives their own topic');
select is(tests.receives('bob', tests.topic('ada')), '0', 'another seller receives nothing of it');
select is(tests.receives('anon', tests.topic('ada')), '0', 'nor does anon');
select is(tests.receives('ada', topic), '0', format('no seller receives the topic %L', topic))
from unnest(array['', 'user:', 'user:*', 'user:%', 'orders', tests.topic('bob'), tests.topic('ada') || ' ']) as topic;
select is(tests.receives('ada', tests.topic('ada'), 'presence'), '0', 'presence is not offered');
select set_config('realtime.topic', '', true);
select is(tests.attempt('ada', 'select * from realtime.messages'), '0', 'without a topic there is nothing');
select set_config('realtime.topic', tests.topic('ada'), true);
select tests.refused(
  who,
  format(
    'insert into realtime.messages (topic, extension, event, private) values (%L, ''broadcast'', ''x'', true)',
    tests.topic('ada')
  ),
  who || ' cannot send to the topic'
)
from unnest(array['anon', 'ada', 'bob']) as who;
-- Supabase grants updates of this table, and leaves it to the policies that there is none.
select ok(tests.attempt(who, statement) in ('0', '42501'), who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'update realtime.messages set payload = ''{}''',
  'delete from realtime.messages'
]) as statement;

-- Changes of tables: row level security decides for each subscriber.
select set_eq(
  $$select schemaname || '.' || tablename from pg_publication_tables where pubname = 'supabase_realtime'$$,
  array['public.orders', 'public.order_events', 'public.shipments', 'public.analytics_events'],
  'the tables whose changes are published'
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
