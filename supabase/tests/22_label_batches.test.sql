-- Labels for many orders at once.
begin;
\ir helpers.psql
\ir label_helpers.psql
select plan(79);

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('ada', 'b');
select tests.order_to_ship('bob', 'c');

-- Who may ask and look.
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
select is((select count(*) from private.label_batches), 0::bigint, 'none of them is there');

-- A batch: two orders of its seller's, one of another's, one of nobody's.
create function tests.ask(nickname text, key text, numbers text[], hash text default 'hash')
returns jsonb
language sql
as $$
  select tests.call(format(
    'request_label_batch(%L, %L, %L, %L)', tests.id(nickname), key, hash,
    (
      select jsonb_agg(
        jsonb_build_object('order_id', coalesce(tests.order_id(number), tests.id(number)), 'service', 'for ' || number)
        order by place
      )
      from unnest(numbers) with ordinality as item (number, place)
    )
  ));
$$;
create function tests.batch(key text)
returns uuid
language sql
stable
as $$
  select id from private.label_batches where idempotency_key = key;
$$;
create function tests.look(nickname text, key text)
returns jsonb
language sql
as $$
  select tests.call(format('get_label_batch(%L, %L)', tests.id(nickname), tests.batch(key)));
$$;
create function tests.progress(key text)
returns text
language sql
as $$
  select concat_ws(
    ' ', batch ->> 'state', batch ->> 'total', batch ->> 'waiting', batch ->> 'purchased', batch ->> 'failed',
    batch ->> 'unknown'
  )
  from tests.look('ada', key) as batch;
$$;
comment on function tests.progress(text) is 'State, total, waiting, purchased, failed, unknown.';
select tests.start('nothing') is null;

create table tests.first as select tests.ask('ada', 'first', '{b,a,c,nowhere}') as answer;
select is(answer ->> 'outcome', 'accepted', 'a batch is accepted') from tests.first;
select is(
  answer -> 'batch',
  jsonb_build_object(
    'id', tests.batch('first'), 'state', 'working', 'total', 4, 'waiting', 4, 'purchased', 0, 'failed', 0,
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
  $$select source, external_id, event_type, shop_id, object_id, body, status, next_attempt_at from private.webhook_events
    where event_type = 'BUY_LABEL' order by external_id$$,
  $$select
      'creatorflow', 'BUY_LABEL:' || tests.batch('first') || ':' || place, 'BUY_LABEL', shop,
      tests.batch('first') || ':' || place, '{}', 'pending', now()
    from (
      values (1, tests.shop_id('ada')), (2, tests.shop_id('ada')), (3, null), (4, null)
    ) as item (place, shop) order by place$$,
  'each is in the inbox, for the shop of the order; an order that is not the seller''s has none'
);
select is((select count(*) from private.label_purchases), 0::bigint, 'nothing is bought yet');
select is(tests.look('ada', 'first'), (select answer -> 'batch' from tests.first), 'its seller looks at it');
select is(tests.look('bob', 'first'), '"PT404"', 'another one has no such batch, though an order in it is theirs');
select is(tests.look('ada', 'nothing'), '"PT404"', 'nor is there any other');

-- The same key again.
select is(
  tests.ask('ada', 'first', '{b,a,c,nowhere}'),
  jsonb_build_object('outcome', 'exists', 'batch', (select answer -> 'batch' from tests.first)),
  'the same key and request: it is there'
);
select is(tests.ask('ada', 'first', '{b}', 'another'), '{"outcome": "key_reused"}', 'the key with another request');
select is(
  (select count(*) from private.label_batches) + (select count(*) from private.label_batch_items)
    + (select count(*) from private.webhook_events where event_type = 'BUY_LABEL'),
  9::numeric::bigint, 'nothing was added'
);
select is(tests.ask('bob', 'first', '{c}') ->> 'outcome', 'accepted', 'another seller may have the same key');
select is(
  (select string_agg(coalesce(shop_id, 'none'), ' ') from private.webhook_events
   where event_type = 'BUY_LABEL' and object_id like (
     select id || ':%' from private.label_batches where user_id = tests.id('bob')
   )),
  tests.shop_id('bob'), 'for their own shop'
);
delete from private.label_batches where user_id = tests.id('bob');

-- The worker's side.
create function tests.item(key text, place integer)
returns jsonb
language sql
as $$
  select tests.call(format('get_batch_item(%L, %s)', tests.batch(key), place));
$$;
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
  'and asks for it as the batch''s seller, so that a foreign order is refused'
);
select is(
  tests.requested('ada', 'c', 'item 3') || ' ' || tests.requested('ada', 'nowhere', 'item 4'), 'PT404 PT404', 'as it is'
);
select is(tests.item('first', 5), null, 'there is no fifth');
select is(tests.item('nothing', 1), null, 'nor one of another batch');

create function tests.settle(key text, at_place integer, result jsonb)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select public.settle_batch_item(%L, %L, %s, %L)',
    (select id from private.webhook_events where external_id = 'BUY_LABEL:' || tests.batch(key) || ':' || at_place),
    tests.batch(key), at_place, result
  ));
$$;
create function tests.events(key text)
returns text
language sql
stable
as $$
  select string_agg(status, ' ' order by external_id) from private.webhook_events
  where external_id like 'BUY_LABEL:' || tests.batch(key) || ':%';
$$;
create function tests.item_key(place integer)
returns text
language sql
stable
as $$
  select 'batch:' || tests.batch('first') || ':' || place;
$$;

-- Progress.
select tests.buy('ada', 'b', tests.item_key(1), '{}', '{"tracking_number": "1Z"}');
select tests.settle('first', 1, '{"state": "purchased"}');
select is(tests.progress('first'), 'working 4 3 1 0 0', 'the first is bought');
select is(tests.events('first'), 'done pending pending pending', 'its event is settled with it, and no other');
select is(
  tests.look('ada', 'first') #> '{items,0}',
  jsonb_build_object(
    'order_id', tests.order_id('b'), 'state', 'purchased', 'code', null,
    'shipment', tests.call(format('get_shipment(%L, %L)', tests.id('ada'), tests.purchase(tests.item_key(1)))) -> 'shipment'
  ),
  'its shipment is in the batch'
);
select is(tests.look('ada', 'first') #>> '{items,0,shipment,tracking_number}', '1Z', 'as it is');
select is(tests.item('first', 1) ->> 'state', 'purchased', 'the worker sees that it is');
select tests.settle('first', 3, '{"state": "failed", "code": "order_not_found"}');
select tests.settle('first', 4, '{"state": "failed", "code": "order_not_found"}');
select is(tests.progress('first'), 'working 4 1 1 2 0', 'foreign orders fail');
select is(
  tests.look('ada', 'first') #> '{items,2}',
  jsonb_build_object(
    'order_id', tests.order_id('c'), 'state', 'failed', 'shipment', null,
    'code', 'order_not_found'
  ),
  'with what is wrong, and nothing of the other seller''s order'
);
select tests.request('ada', 'a', tests.item_key(2)) is not null;
select tests.start(tests.item_key(2));
select tests.call(format('doubt_label_purchase(%L, 1, ''timeout'')', tests.purchase(tests.item_key(2)))) is not null;
select tests.settle('first', 2, '{"state": "unknown"}');
select is(tests.progress('first'), 'done 4 0 1 2 1', 'nobody knows of the last one: the batch is done with');
select is(tests.events('first'), 'done done done done', 'and nothing is left to do');
select is(
  (select string_agg(item ->> 'state', ' ' order by place)
   from jsonb_array_elements(tests.look('ada', 'first') -> 'items') with ordinality as entry (item, place)),
  'purchased unknown failed failed', 'each with its own state'
);

-- An unknown outcome is settled by the purchase.
create function tests.second_item()
returns text
language sql
as $$
  select concat_ws(
    ' ', tests.look('ada', 'first') #>> '{items,1,state}', tests.look('ada', 'first') #>> '{items,1,shipment,state}'
  );
$$;
create function tests.when_purchase_is(purchase_state text)
returns text
language plpgsql
as $$
declare
  seen text;
begin
  update private.label_purchases set idempotency_key = 'gone' where idempotency_key = tests.item_key(2);
  insert into private.label_purchases (
    user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, service, label_format, state
  )
  values (
    tests.id('ada'), tests.order_id('a'), tests.item_key(2), 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', purchase_state
  );
  seen := tests.second_item() || ', ' || tests.progress('first');
  raise exception using errcode = 'UNDO1', message = seen;
exception
  when sqlstate 'UNDO1' then
    return sqlerrm;
end;
$$;
select is(
  tests.when_purchase_is(state), concat_ws(' ', becomes, state || ',', progress),
  'an unknown label whose purchase is ' || state
)
from (
  values
    ('requested', 'unknown', 'done 4 0 1 2 1'),
    ('purchasing', 'unknown', 'done 4 0 1 2 1'),
    ('unknown', 'unknown', 'done 4 0 1 2 1'),
    ('failed', 'failed', 'done 4 0 1 3 0'),
    ('purchased', 'purchased', 'done 4 0 2 2 0'),
    ('void_requested', 'purchased', 'done 4 0 2 2 0'),
    ('voided', 'purchased', 'done 4 0 2 2 0'),
    ('void_rejected', 'purchased', 'done 4 0 2 2 0')
) as later (state, becomes, progress);
select is(tests.second_item(), 'unknown unknown', 'nobody knows');
create table tests.found as select tests.finish_label(tests.item_key(2), '{"tracking_number": "2Z"}');
select is(tests.second_item(), 'purchased purchased', 'until it turns out');
select is(tests.look('ada', 'first') #>> '{items,1,shipment,tracking_number}', '2Z', 'with its parcel');
select is(tests.progress('first'), 'done 4 0 2 2 0', 'which counts');
select is(
  (select state from private.label_batch_items where batch_id = tests.batch('first') and place = 2), 'unknown',
  'though what was stored is as it was'
);

-- What is refused stores nothing.
select is(
  tests.call(format(
    'request_label_batch(%L, ''bad'', ''h'', ''[{"order_id": "%s"}, {"order_id": "x"}]'')', tests.id('ada'),
    tests.order_id('a')
  )),
  '"22P02"', 'an order that is not even an id'
);
select is(tests.batch('bad'), null, 'leaves no batch');
select is(
  (select count(*) from private.webhook_events where event_type = 'BUY_LABEL' and status = 'pending' and shop_id = tests.shop_id('ada')),
  0::bigint, 'and nothing to do'
);
select throws_like(
  format('update private.label_batch_items set state = %L', state), '%label_batch_items_state_check%',
  format('a label of a batch is not %L', state)
)
from unnest(array['', 'voided', 'working']) as state;
select throws_ok(
  format('insert into private.label_batch_items (batch_id, place, order_id, request) values (%L, 1, %L, ''{}'')', tests.batch('first'), tests.order_id('a')),
  '23505', null, 'one place, one label'
);

-- What goes with what.
delete from public.orders where tiktok_order_id = 'b';
select is(
  tests.look('ada', 'first') #> '{items,0}',
  jsonb_build_object('order_id', (select answer #> '{batch,items,0,order_id}' from tests.first), 'state', 'purchased', 'shipment', null, 'code', null),
  'an order that is gone takes its shipment with it; the batch remembers'
);
delete from public.users where id = tests.id('ada');
select is(
  (select count(*) from private.label_batches) + (select count(*) from private.label_batch_items),
  0::numeric::bigint, 'with a seller go their batches'
);

select * from finish();
rollback;
