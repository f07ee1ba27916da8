-- Privileges of label purchases.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('bob', 'b');

-- Privileges.
create table tests.calls as
select call from unnest(array[
  format('request_label(%L, ''k'', ''h'', %L, ''{"parcel": {}, "label_format": "PDF", "service": "s"}'')', tests.id('ada'), tests.order_id('a')),
  format('start_label_purchase(%L, 1, ''{}'')', tests.id('no purchase')),
  format('finish_label_purchase(%L, ''{}'')', tests.id('no purchase')),
  format('fail_label_purchase(%L, 1, ''x'')', tests.id('no purchase')),
  format('mark_label_purchase_unknown(%L, 1, ''x'')', tests.id('no purchase')),
  format('get_shipment(%L, %L)', tests.id('ada'), tests.id('no purchase')),
  format('get_label_purchase(%L)', tests.id('no purchase')),
  format('store_label_document(%L, ''{}'')', tests.id('no purchase')),
  format('record_tiktok_notification(%L, null, null, null)', tests.id('no purchase')),
  format('request_label_void(%L, %L)', tests.id('ada'), tests.id('no purchase')),
  format('settle_label_void(%L, ''voided'', null)', tests.id('no purchase')),
  'enqueue_label_tasks()'
]) as call;
select tests.refused(who, 'select public.' || call, who || ' cannot: ' || split_part(call, '(', 1))
from unnest(array['anon', 'ada']) as who cross join tests.calls;
select is(
  tests.attempt('service_role', 'select public.' || call),
  case when call ~ '^(finish|get_shipment|request_label_void)' then 'PT404' else '1' end,
  'the backend can: ' || split_part(call, '(', 1)
)
from tests.calls;
select tests.refused(who, statement, who || ' cannot: ' || regexp_replace(statement, '\(''.*', '(...)'))
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.label_transitions',
  'select * from private.label_purchases',
  'insert into private.label_purchases (order_id) values (null)',
  'update private.label_purchases set state = ''purchased''',
  'delete from private.label_purchases',
  'select * from private.labelled_lines',
  'delete from private.labelled_lines',
  'select private.is_abandoned(null::private.label_purchases)',
  'select private.shipment_view(null::private.label_purchases)',
  'select private.purchase_for_worker(null::private.label_purchases)',
  'select private.enqueue_label_task(''FETCH_LABEL'', null::private.label_purchases, ''x'')',
  'select private.claim_label_lines(null::private.label_purchases)',
  'select private.order_status_of_shipments(null::public.orders)',
  'select private.record_shipment_change(null, ''x'', ''{}'')'
]) as statement;
select tests.refused('service_role', statement, 'not even the backend can: ' || statement)
from unnest(array[
  'delete from private.label_purchases',
  'insert into private.label_transitions (from_state, to_state) values (''voided'', ''purchased'')',
  'update private.labelled_lines set line_item_id = ''x'''
]) as statement;
select is((select count(*) from private.label_purchases), 0::bigint, 'no call bought a label');

select * from finish();
rollback;
