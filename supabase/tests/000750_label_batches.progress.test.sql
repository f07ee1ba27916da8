-- Progress of a batch.
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
create table tests.first as select tests.request_batch('ada', 'first', '{b,a,c,nowhere}') as answer;

create function tests.events(key text)
returns text
language sql
stable
as $$
  select string_agg(status, ' ' order by external_id) from private.webhook_events
  where external_id like 'BUY_LABEL:' || tests.batch(key) || ':%';
$$;

-- Progress.
select tests.buy('ada', 'b', tests.item_key(1), '{}', '{"tracking_number": "1Z"}');
select tests.settle('first', 1, '{"state": "purchased"}');
select is(tests.progress('first'), 'processing 4 3 1 0 0', 'the first is bought');
select is(tests.events('first'), 'done pending pending pending', 'its event is settled with it, and no other');
select is(
  tests.look('ada', 'first') #> '{items,0}',
  jsonb_build_object(
    'order_id', tests.order_id('b'), 'state', 'purchased', 'code', null,
    'shipment', tests.call(format('get_shipment(%L, %L)', tests.id('ada'), tests.purchase(tests.item_key(1)))) -> 'shipment'
  ),
  'the batch contains its shipment'
);
select is(tests.look('ada', 'first') #>> '{items,0,shipment,tracking_number}', '1Z', 'as it is');
select is(tests.item('first', 1) ->> 'state', 'purchased', 'the worker sees that it is');
select tests.settle('first', 3, '{"state": "failed", "code": "order_not_found"}');
select tests.settle('first', 4, '{"state": "failed", "code": "order_not_found"}');
select is(tests.progress('first'), 'processing 4 1 1 2 0', 'foreign orders fail');
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
select tests.call(format('mark_label_purchase_unknown(%L, 1, ''timeout'')', tests.purchase(tests.item_key(2)))) is not null;
select tests.settle('first', 2, '{"state": "unknown"}');
select is(tests.progress('first'), 'done 4 0 1 2 1', 'the last one is unknown: the batch is done');
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
select is(tests.second_item(), 'unknown unknown', 'the outcome is unknown');
create table tests.found as select tests.finish_label(tests.item_key(2), '{"tracking_number": "2Z"}');
select is(tests.second_item(), 'purchased purchased', 'until it turns out');
select is(tests.look('ada', 'first') #>> '{items,1,shipment,tracking_number}', '2Z', 'with its parcel');
select is(tests.progress('first'), 'done 4 0 2 2 0', 'which counts');
select is(
  (select state from private.label_batch_items where batch_id = tests.batch('first') and place = 2), 'unknown',
  'though what was stored is as it was'
);

-- A refused batch stores nothing.
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
from unnest(array['', 'voided', 'processing']) as state;
select throws_ok(
  format('insert into private.label_batch_items (user_id, batch_id, place, order_id, request) values (%L, %L, 1, %L, ''{}'')', tests.id('ada'), tests.batch('first'), tests.order_id('a')),
  '23505', null, 'one place, one label'
);

-- Deletion.
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
