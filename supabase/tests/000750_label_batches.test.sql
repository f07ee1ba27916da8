-- Requesting a batch, and its items for the worker.
begin;
\ir helpers.psql
\ir label_helpers.psql
\ir batch_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('ada', 'b');
select tests.order_to_ship('bob', 'c');

-- Privileges.
create table tests.calls as
select call from unnest(array[
  format('request_label_batch(%L, ''roles'', ''h'', ''[{"order_id": "%s"}]'')', tests.id('ada'), tests.order_id('a')),
  format('get_label_batch(%L, %L)', tests.id('ada'), tests.id('no batch')),
  format('get_batch_item(%L, 1)', tests.id('no batch')),
  format('settle_batch_item(1, %L, 1, ''{"state": "purchased"}'')', tests.id('no batch'))
]) as call;
select tests.refused(who, 'select public.' || call, who || ' cannot: ' || split_part(call, '(', 1))
from unnest(array['anon', 'ada']) as who cross join tests.calls;
select is(
  tests.attempt('service_role', 'select public.' || call), case when call like 'get_label_batch%' then 'PT404' else '1' end,
  'the backend can: ' || split_part(call, '(', 1)
)
from tests.calls;
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.label_batches',
  'insert into private.label_batches (idempotency_key) values (''x'')',
  'delete from private.label_batches',
  'select * from private.label_batch_items',
  'update private.label_batch_items set state = ''purchased''',
  'delete from private.label_batch_items',
  'select private.batch_view(null)'
]) as statement;
select tests.refused('service_role', statement, 'not even the backend can: ' || statement)
from unnest(array[
  'update private.label_batches set request_hash = ''x''',
  'delete from private.label_batches',
  'delete from private.label_batch_items'
]) as statement;
select is((select count(*) from private.label_batches), 0::bigint, 'no batch is stored');

select is(
  tests.attempt('service_role', format(
    'select public.request_label_batch(%L, ''k'', ''h'', ''[{"order_id": "%s"}]'')', tests.id('deleted'), tests.id('order')
  )),
  'PT404', 'an account that was deleted is not found'
);

-- A batch: two orders of its seller, one of another seller, one unknown.
select tests.start('nothing') is null;

create table tests.first as select tests.request_batch('ada', 'first', '{b,a,c,nowhere}') as answer;
select is(answer ->> 'outcome', 'accepted', 'a batch is accepted') from tests.first;
select is(
  answer -> 'batch',
  jsonb_build_object(
    'id', tests.batch('first'), 'state', 'processing', 'total', 4, 'waiting', 4, 'purchased', 0, 'failed', 0,
    'unknown', 0, 'created_at', now(),
    'items', (
      select jsonb_agg(
        jsonb_build_object('order_id', id, 'state', 'waiting', 'shipment', null, 'code', null) order by place
      )
      from unnest(array[tests.order_id('b'), tests.order_id('a'), tests.order_id('c'), tests.id('nowhere')])
        with ordinality as item (id, place)
    )
  ),
  'with all of its labels, in the order in which they were given'
)
from tests.first;
select results_eq(
  $$select source, external_id, event_type, shop_id, object_id, body, status, next_attempt_at from private.inbox_events
    where event_type = 'BUY_LABEL' order by external_id$$,
  $$select
      'creatorflow', 'BUY_LABEL:' || tests.batch('first') || ':' || place, 'BUY_LABEL', shop,
      tests.batch('first') || ':' || place, '{}', 'pending', now()
    from (
      values (1, tests.shop_id('ada')), (2, tests.shop_id('ada')), (3, null), (4, null)
    ) as item (place, shop) order by place$$,
  'each is enqueued for the shop of the order; a foreign order has no shop'
);
select is((select count(*) from private.label_purchases), 0::bigint, 'nothing is bought yet');
select is(tests.look('ada', 'first'), (select answer -> 'batch' from tests.first), 'its seller looks at it');
select is(tests.look('bob', 'first'), '"PT404"', 'another one has no such batch, though an order in it is theirs');
select is(tests.look('ada', 'nothing'), '"PT404"', 'nor is another label found');

-- The same key again.
select is(
  tests.request_batch('ada', 'first', '{b,a,c,nowhere}'),
  jsonb_build_object('outcome', 'exists', 'batch', (select answer -> 'batch' from tests.first)),
  'the same key and request: it exists'
);
select is(tests.request_batch('ada', 'first', '{b}', 'another'), '{"outcome": "key_reused"}', 'the key with another request');
select is(
  (select count(*) from private.label_batches) + (select count(*) from private.label_batch_items)
    + (select count(*) from private.webhook_events where event_type = 'BUY_LABEL'),
  9::numeric::bigint, 'nothing was added'
);
select is(tests.request_batch('bob', 'first', '{c}') ->> 'outcome', 'accepted', 'another seller may have the same key');
select is(
  (select string_agg(coalesce(shop_id, 'none'), ' ') from private.webhook_events
   where event_type = 'BUY_LABEL' and object_id like (
     select id || ':%' from private.label_batches where user_id = tests.id('bob')
   )),
  tests.shop_id('bob'), 'for their own shop'
);
delete from private.label_batches where user_id = tests.id('bob');

-- Items for the event worker.
select is(
  tests.item('first', 2),
  jsonb_build_object(
    'user_id', tests.id('ada'), 'state', 'waiting',
    'request', jsonb_build_object('order_id', tests.order_id('a'), 'service', 'for a')
  ),
  'the worker gets a label of it'
);
select is(
  tests.item('first', 3) -> 'user_id', to_jsonb(tests.id('ada')),
  'for the seller of the batch, so a foreign order is refused'
);
select is(
  tests.requested('ada', 'c', 'item 3') || ' ' || tests.requested('ada', 'nowhere', 'item 4'), 'PT404 PT404', 'as it is'
);
select is(tests.item('first', 5), null, 'a fifth item is unknown');
select is(tests.item('nothing', 1), null, 'nor one of another batch');

create function tests.events(key text)
returns text
language sql
stable
as $$
  select string_agg(status, ' ' order by external_id) from private.webhook_events
  where external_id like 'BUY_LABEL:' || tests.batch(key) || ':%';
$$;


select * from finish();
rollback;
