-- Buying a label: at most once for one request, never twice for one unit, and what follows from it.
begin;
\ir helpers.psql
\ir label_helpers.psql
select plan(375);

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('bob', 'b');

-- Who may look and buy.
create table tests.calls as
select call from unnest(array[
  format('request_label(%L, ''k'', ''h'', %L, ''{"parcel": {}, "label_format": "PDF", "service": "s"}'')', tests.id('ada'), tests.order_id('a')),
  format('start_label_purchase(%L, 1, ''{}'')', tests.id('no purchase')),
  format('finish_label_purchase(%L, ''{}'')', tests.id('no purchase')),
  format('fail_label_purchase(%L, 1, ''x'')', tests.id('no purchase')),
  format('doubt_label_purchase(%L, 1, ''x'')', tests.id('no purchase')),
  format('get_shipment(%L, %L)', tests.id('ada'), tests.id('no purchase')),
  format('get_label_purchase(%L)', tests.id('no purchase')),
  format('store_label_document(%L, ''{}'')', tests.id('no purchase')),
  format('note_tiktok_told(%L, null, null, null)', tests.id('no purchase')),
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
  'select private.purchase_to_work(null::private.label_purchases)',
  'select private.enqueue_label_task(''FETCH_LABEL'', null::private.label_purchases, ''x'')',
  'select private.claim_label_lines(null::private.label_purchases)',
  'select private.order_status_of_shipments(null::public.orders)',
  'select private.note_shipment_change(null, ''x'', ''{}'')'
]) as statement;
select tests.refused('service_role', statement, 'not even the backend can: ' || statement)
from unnest(array[
  'delete from private.label_purchases',
  'insert into private.label_transitions (from_state, to_state) values (''voided'', ''purchased'')',
  'update private.labelled_lines set line_item_id = ''x'''
]) as statement;
select is((select count(*) from private.label_purchases), 0::bigint, 'none of them bought anything');

-- Which state may follow which.
select results_eq(
  $$select from_state || ' -> ' || string_agg(to_state, ', ' order by to_state)
    from private.label_transitions group by from_state order by from_state$$,
  $$values
    ('failed -> purchased, requested'),
    ('purchased -> void_requested'),
    ('purchasing -> failed, purchased, unknown'),
    ('requested -> failed, purchased, purchasing'),
    ('unknown -> failed, purchased'),
    ('void_rejected -> void_requested'),
    ('void_requested -> void_rejected, voided')$$,
  'the transitions: from voided there is no way'
);
create table tests.states (state text);
insert into tests.states
values ('requested'), ('purchasing'), ('purchased'), ('failed'), ('unknown'), ('void_requested'), ('voided'),
  ('void_rejected');
insert into private.label_purchases (
  user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, service, label_format,
  state, state_since
)
select
  tests.id('ada'), tests.order_id('a'), 'in ' || state, 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', state, '2020-01-01'
from tests.states;
create function tests.go(from_state text, to_state text)
returns text
language plpgsql
as $$
declare
  since timestamptz;
begin
  perform tests.become('service_role');
  update private.label_purchases set state = to_state where idempotency_key = 'in ' || from_state
  returning state_since into since;
  raise exception using errcode = 'UNDO1', message = case when since = now() then 'now' else 'then' end;
exception
  when sqlstate 'UNDO1' then
    return sqlerrm;
  when others then
    return sqlstate;
end;
$$;
select is(
  tests.go(earlier.state, later.state),
  case
    -- That is no transition, and no time of one.
    when earlier.state = later.state then 'then'
    when exists (
      select from private.label_transitions where from_state = earlier.state and to_state = later.state
    ) then 'now'
    else 'PT409'
  end,
  concat_ws(' ', 'from', earlier.state, 'to', later.state)
)
from tests.states as earlier cross join tests.states as later;
select is(tests.go('purchased', 'lost'), 'PT409', 'nor is there a way to a state that is none');
select throws_like(
  $$insert into private.label_purchases (user_id, order_id, idempotency_key, request_hash, provider, line_item_ids,
      parcel, service, label_format, state)
    values (tests.id('ada'), tests.order_id('a'), 'lost', 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', 'lost')$$,
  '%label_purchases_state_check%', 'none begins in one'
);
select throws_like(
  $$insert into private.label_purchases (user_id, order_id, idempotency_key, request_hash, provider, line_item_ids,
      parcel, service, label_format)
    values (tests.id('ada'), tests.order_id('a'), 'empty', 'h', 'easypost', '{}', '{}', 's', 'PDF')$$,
  '%label_purchases_line_item_ids_check%', 'a label is of one unit at least'
);
delete from private.label_purchases;

-- Refusals: of the order.
create table tests.refusals (number text, changes jsonb, provider text, code text);
insert into tests.refusals
values
  ('r1', '{"order_status": "cancelled"}', null, 'order_cancelled'),
  ('r2', '{"payment_status": "refunded"}', null, 'order_refunded'),
  ('r3', '{"payment_status": "cancelled"}', null, 'order_refunded'),
  ('r4', '{"order_status": "received"}', null, 'order_unpaid'),
  ('r5', '{"order_status": "on_hold"}', null, 'order_on_hold'),
  ('r6', '{"order_status": "delivered"}', null, 'already_shipped'),
  ('r7', '{"order_status": "completed"}', null, 'already_shipped'),
  ('r8', '{"shipping_type": null}', null, 'shipping_type_unknown'),
  ('r9', '{"shipping_type": "TIKTOK"}', 'easypost', 'tiktok_label_required'),
  ('r10', '{}', 'tiktok_shipping', 'tiktok_label_unavailable'),
  ('r11', '{"address_status": "masked"}', null, 'address_masked'),
  ('r12', '{"address_status": "none"}', 'easypost', 'address_missing'),
  ('r13', '{"order_status": "awaiting_collection"}', null, 'already_shipped'),
  ('r14', '{"order_status": "in_transit"}', null, 'already_shipped'),
  ('r15', '{"order_items": []}', null, 'line_items_unknown');
select tests.order_to_ship('ada', number, changes) from tests.refusals;
select is(
  tests.requested(
    'ada', number, 'key of ' || number, jsonb_strip_nulls(jsonb_build_object('provider', provider)) || '{"sender": {"city": "x"}}'
  ),
  'refused ' || code,
  concat_ws(' ', provider, 'no label for', changes)
)
from tests.refusals;
select is(tests.requested('bob', 'a', 'not his'), 'PT404', 'no label for the order of another seller');
select is(tests.requested('ada', 'nowhere', 'no order'), 'PT404', 'nor for one that is not there');

-- Of the rate.
create table tests.rates (name text, id uuid);
create function tests.add_rate(name text, number text, changes jsonb default '{}', service text default 'Ground')
returns void
language sql
as $$
  insert into tests.rates
  select name, (entry ->> 'rate_id')::uuid
  from jsonb_array_elements(tests.call(format(
    'store_label_rates(%L, ''{"weight": "1.5"}'', null, %L)', tests.order_id(number),
    jsonb_build_array(
      jsonb_build_object(
        'provider', 'easypost', 'carrier', 'UPS', 'service', service, 'service_name', 'UPS Ground',
        'price', '9.10', 'currency', 'USD', 'is_default', false, 'carrier_shipment_id', 'shp_' || name,
        'carrier_rate_id', 'rate_' || name
      ) || changes
    )
  ))) as entry;
$$;
create function tests.rate(rate_name text)
returns jsonb
language sql
stable
as $$
  select jsonb_build_object('rate_id', id) from tests.rates where name = rate_name;
$$;
select tests.add_rate('of a', 'a');
select tests.add_rate('old', 'a');
update private.label_rates set expires_at = now() where id = (select id from tests.rates where name = 'old');
select tests.add_rate('of b', 'b');
select is(tests.requested('ada', 'a', 'key', request), 'refused ' || code, 'no label for that rate: ' || code)
from (
  values
    (tests.rate('of b'), 'rate_not_found'),
    (jsonb_build_object('rate_id', tests.id('no rate')), 'rate_not_found'),
    (tests.rate('old'), 'rate_expired'),
    (tests.rate('of a') || '{"parcel": {"weight": "2"}}', 'rate_of_another_parcel'),
    (tests.rate('of a') || '{"provider": "tiktok_shipping"}', 'rate_of_another_provider')
) as refused (request, code);

-- Of the units.
select is(
  tests.requested('ada', 'a', 'key', '{"line_item_ids": ["a-1", "b-1"]}'), 'refused line_items_unknown',
  'no label for a unit of another order'
);
select is(
  (select count(*) from private.label_purchases) + (select count(*) from private.labelled_lines)
    + (select count(*) from private.senders) + (select count(*) from public.shipments),
  0::numeric::bigint,
  'what is refused stores nothing: no purchase, no unit, no sender, no parcel'
);
select is(tests.order_state('a'), 'awaiting_shipment AWAITING_SHIPMENT', 'and the order stays as it was');

-- A label is requested.
create table tests.first as select tests.request('ada', 'a', 'first', '{"sender": {"city": "Ada''s"}}') as answer;
select is(answer ->> 'outcome', 'requested', 'a label is requested') from tests.first;
select is(
  answer -> 'purchase',
  jsonb_build_object(
    'id', tests.purchase('first'),
    'attempt', 1,
    'state', 'requested',
    'provider', 'easypost',
    'line_item_ids', '["a-1", "a-2", "a-3"]'::jsonb,
    'parcel', '{"weight": "1.5"}'::jsonb,
    'sender', '{"city": "Ada''s"}'::jsonb,
    'service', 'cheapest',
    'label_format', 'PDF',
    'carrier_shipment_id', null,
    'carrier_rate_id', null,
    'quoted_cost', null,
    'currency', null,
    'tiktok_package_id', null,
    'order', (select private.order_to_ship(orders) from public.orders where id = tests.order_id('a'))
  ),
  'for all units, with everything that buying it needs'
)
from tests.first;
select is(tests.labelled('a'), '1:first 2:first 3:first', 'the units are its own');
select is(
  (select address from private.senders where tiktok_shop_id = tests.shop('ada')), null,
  'a sender is kept for the shop once a carrier took it'
);
select is(tests.requested('ada', 'a', 'second'), 'refused line_items_labelled', 'another key finds no unit that is free');
select is(
  tests.requested('ada', 'a', 'second', '{"line_item_ids": ["a-2"]}'), 'refused line_items_labelled',
  'nor may it take one'
);
select is(tests.label_state('second'), null, 'and leaves no purchase');
select is(tests.labelled('a'), '1:first 2:first 3:first', 'the units are still the first one''s');
select is((select count(*) from public.shipments), 0::bigint, 'a request is no parcel yet');
select is(tests.timeline('a'), 'nothing', 'and no news');

-- The same key again.
create table tests.again as select tests.request('ada', 'a', 'first', '{"sender": {"city": "Ada''s"}}') as answer;
select is(
  answer, jsonb_build_object('outcome', 'in_progress', 'shipment', answer -> 'shipment'),
  'the same key and request: in progress, and nothing to work with'
)
from tests.again;
select is(
  answer -> 'shipment',
  jsonb_build_object(
    'id', tests.purchase('first'), 'order_id', tests.order_id('a'), 'state', 'requested', 'reason', null,
    'provider', 'easypost', 'carrier', null, 'service_type', null, 'tracking_number', null, 'label_url', null,
    'label_expires_at', null, 'label_format', 'PDF', 'shipping_cost', null, 'quoted_cost', null, 'currency', null,
    'line_item_ids', '["a-1", "a-2", "a-3"]'::jsonb, 'estimated_delivery', null, 'status', null,
    'tiktok_told_at', null, 'tiktok_warning', null, 'tiktok_error', null, 'created_at', now(), 'updated_at', now()
  ),
  'the label as its seller sees it'
)
from tests.again;
select is(tests.requested('ada', 'a', 'first', '{}', 'another'), 'key_reused', 'the key with another request');
select tests.order_to_ship('ada', 'a2');
select is(tests.requested('ada', 'a2', 'first', '{}', 'another'), 'key_reused', 'the key for another order');
select is(tests.requested('ada', 'a2', 'first'), 'key_reused', 'whatever the hash says');
select is(tests.labelled('a2'), 'none', 'takes none of its units');
select is(tests.label_state('first'), 'requested 1', 'and the purchase is untouched');
select is(tests.requested('bob', 'b', 'first'), 'requested', 'another seller may have the same key');
delete from private.label_purchases where user_id = tests.id('bob');

-- A worker that died.
create function tests.age(key text, since interval)
returns void
language sql
as $$
  update private.label_purchases set state_since = now() - since where idempotency_key = key;
$$;
select tests.age('first', '2 minutes');
select is(tests.requested('ada', 'a', 'first'), 'in_progress', 'for two minutes somebody may be working on it');
select tests.age('first', '121 seconds');
select is(tests.requested('ada', 'a', 'first', '{}', 'another'), 'key_reused', 'later too the request must be the same');
select is(tests.requested('ada', 'a', 'first'), 'requested', 'then it begins anew');
select is(tests.label_state('first'), 'requested 2', 'as another attempt');
select is(tests.labelled('a'), '1:first 2:first 3:first', 'with its own units');
select is(tests.requested('ada', 'a', 'first'), 'in_progress', 'which somebody works on again');
select is(
  tests.call(format('get_label_purchase(%L)', tests.purchase('first'))) - 'shipment' - 'order' - 'parcel' - 'sender',
  jsonb_build_object(
    'id', tests.purchase('first'), 'attempt', 2, 'state', 'requested', 'provider', 'easypost',
    'line_item_ids', '["a-1", "a-2", "a-3"]'::jsonb, 'service', 'cheapest', 'label_format', 'PDF',
    'carrier_shipment_id', null, 'carrier_rate_id', null, 'quoted_cost', null, 'currency', null,
    'tiktok_package_id', null, 'abandoned', false, 'seconds', 0
  ),
  'the worker sees as much'
);
select is(
  tests.call(format('get_label_purchase(%L)', tests.purchase('first'))) -> 'shipment',
  (select answer -> 'shipment' from tests.again), 'and its shipment'
);

-- Starting.
select is(tests.start('first', 1), 'false', 'the worker that was given up for dead may not start');
select is(tests.start('first', 3), 'false', 'nor may one that does not exist yet');
select is(tests.label_state('first'), 'requested 2', 'it is not started');
select is(
  (select row(service, quoted_cost)::text from private.label_purchases where id = tests.purchase('first')),
  '(cheapest,)', 'and nothing was stored'
);
select is(
  tests.start('first', 2, '{"carrier_shipment_id": "shp_first", "carrier_rate_id": "rate_first"}'), 'true',
  'the living one may'
);
select results_eq(
  $$select state, attempt, service, carrier_shipment_id, carrier_rate_id, quoted_cost::text, currency, state_since
    from private.label_purchases where id = tests.purchase('first')$$,
  $$values ('purchasing', 2, 'Priority', 'shp_first', 'rate_first', '7.10', 'USD', now())$$,
  'what will be bought is stored before it is'
);
select is(tests.start('first', 2), 'false', 'once');
select is(tests.requested('ada', 'a', 'first'), 'in_progress', 'it is being bought');
select tests.age('first', '3 minutes');
select is(tests.requested('ada', 'a', 'first'), 'unsettled', 'if the worker dies now, nobody knows what was bought');
select is(tests.label_state('first'), 'purchasing 2', 'so that it does not begin anew');
select is(
  tests.request('ada', 'a', 'first') #>> '{purchase,carrier_shipment_id}', 'shp_first',
  'but is looked up at the provider'
);
select is(
  (tests.call(format('get_label_purchase(%L)', tests.purchase('first'))) ->> 'seconds')
    || (tests.call(format('get_label_purchase(%L)', tests.purchase('first'))) ->> 'abandoned'),
  '180true', 'by the inbox''s worker too'
);
select is(tests.call(format('get_label_purchase(%L)', tests.id('no purchase'))), null, 'who finds no other');

-- One carrier shipment, one purchase.
select is(tests.requested('ada', 'a2', 'rival'), 'requested', 'another label');
select is(
  tests.start('rival', 1, '{"carrier_shipment_id": "shp_first"}'), '23505', 'cannot be bought as the same shipment'
);
select is(tests.label_state('rival'), 'requested 1', 'and is not started');

-- Failing frees the units.
create function tests.fail(key text, attempt integer, event_id bigint default null)
returns jsonb
language sql
as $$
  select tests.call(format('fail_label_purchase(%L, %s, ''carrier_refused'', %L)', tests.purchase(key), attempt, event_id));
$$;
create function tests.doubt(key text, attempt integer)
returns jsonb
language sql
as $$
  select tests.call(format('doubt_label_purchase(%L, %s, ''timeout'')', tests.purchase(key), attempt));
$$;
select is(tests.doubt('rival', 1) ->> 'state', 'requested', 'nobody doubts what was not started');
select is(tests.doubt('first', 1) ->> 'state', 'purchasing', 'nor may the dead worker');
select is(tests.doubt('first', 2) ->> 'state', 'unknown', 'the living one does not know');
select is(tests.label_state('first'), 'unknown 2 timeout', 'and says why');
select is(tests.requested('ada', 'a', 'first'), 'unsettled', 'it must be looked up');
select is(tests.requested('ada', 'a', 'first', '{}', 'another'), 'key_reused', 'for the same request only');
select is(tests.requested('ada', 'a', 'second'), 'refused line_items_labelled', 'its units are not free');
select is(tests.doubt('first', 2) ->> 'state', 'unknown', 'doubting again changes nothing');
select is(tests.fail('first', 1) ->> 'state', 'unknown', 'the dead worker cannot fail it');
select is(tests.labelled('a'), '1:first 2:first 3:first', 'its units are still its own');
select tests.receive_event('ada', 'failed by');
select is(
  tests.fail('first', 2, (select id from private.webhook_events where external_id = 'failed by')) ->> 'state', 'failed',
  'it turns out that nothing was bought'
);
select is(tests.label_state('first'), 'failed 2 carrier_refused', 'it says why');
select is(tests.event_status('failed by'), 'done', 'the event that found it out is settled');
select is(tests.labelled('a'), 'none', 'and the units are free');
select is(tests.requested('ada', 'a', 'first', '{}', 'another'), 'key_reused', 'its key is not');
select is(tests.requested('ada', 'a', 'first'), 'requested', 'the same request begins anew');
select is(tests.label_state('first'), 'requested 3', 'as another attempt, the reason forgotten');
select is(tests.labelled('a'), '1:first 2:first 3:first', 'with the units as its own again');
select is(tests.fail('first', 3) ->> 'state', 'failed', 'that fails before it is started');
select is(tests.requested('ada', 'a', 'second', '{"line_item_ids": ["a-2"]}'), 'requested', 'another key takes a unit');
select is(tests.labelled('a'), '2:second', 'which was free');
select is(
  tests.requested('ada', 'a', 'first', '{"line_item_ids": ["a-1", "a-2"]}'), 'refused line_items_labelled',
  'the first one does not get it back'
);
select is(tests.label_state('first'), 'failed 3 carrier_refused', 'and stays failed');
select is(tests.requested('ada', 'a', 'first'), 'requested', 'without naming units');
select is(tests.labelled('a'), '1:first 2:second 3:first', 'it takes what is left');
select is(
  (select line_item_ids from private.label_purchases where id = tests.purchase('first')), '{a-1,a-3}'::text[],
  'and is of these only'
);
select is(tests.requested('ada', 'a', 'third'), 'refused line_items_labelled', 'then nothing is left');
select is(
  tests.call(format('fail_label_purchase(%L, 1, ''x'')', tests.id('no purchase'))) -> 'state', 'null',
  'a purchase that is not there does not fail'
);

-- Buying what a rate named.
select tests.order_to_ship('ada', 'rated');
select tests.add_rate('chosen', 'rated');
select is(
  tests.requested('ada', 'rated', 'by rate', tests.rate('chosen') || '{"line_item_ids": ["rated-2", "rated-1", "rated-1"]}'),
  'requested', 'a rate is chosen'
);
select results_eq(
  $$select provider, service, carrier_shipment_id, carrier_rate_id, quoted_cost::text, currency, line_item_ids
    from private.label_purchases where id = tests.purchase('by rate')$$,
  $$values ('easypost', 'Ground', 'shp_chosen', 'rate_chosen', '9.10', 'USD', '{rated-1,rated-2}'::text[])$$,
  'its shipment, service and price are the purchase''s; a unit that is named twice is one'
);
select is(
  tests.requested('ada', 'rated', 'by the same rate', tests.rate('chosen')), 'requested', 'for the rest, the same rate'
);
select results_eq(
  $$select service, carrier_shipment_id, carrier_rate_id, quoted_cost::text, line_item_ids
    from private.label_purchases where id = tests.purchase('by the same rate')$$,
  $$values ('Ground', null::text, null::text, '9.10', '{rated-3}'::text[])$$,
  'needs a shipment of its own, at the same price'
);
select tests.order_to_ship('ada', 'tiktok''s', '{"shipping_type": "TIKTOK"}');
select tests.add_rate(
  'free', 'tiktok''s',
  '{"provider": "tiktok_shipping", "price": null, "currency": null, "carrier_shipment_id": null, "carrier_rate_id": null}'
);
select is(
  tests.requested('ada', 'tiktok''s', 'tiktok', tests.rate('free') || '{"provider": "tiktok_shipping"}'), 'requested',
  'TikTok''s rate has no price'
);
select results_eq(
  $$select provider, quoted_cost, currency, carrier_shipment_id, sender
    from private.label_purchases where id = tests.purchase('tiktok')$$,
  $$values ('tiktok_shipping', null::numeric, null::text, null::text, null::jsonb)$$,
  'nor has the purchase'
);
select tests.order_to_ship('ada', 'default', '{"shipping_type": "TIKTOK"}');
select tests.requested('ada', 'default', 'default');
select is(
  (select provider from private.label_purchases where id = tests.purchase('default')), 'tiktok_shipping',
  'TikTok''s labels are the default where it ships'
);

-- Bought.
delete from public.analytics_events;
select tests.receive_event('ada', 'bought by');
select tests.order_to_ship('ada', 'c');
select tests.requested('ada', 'c', 'c1');
select tests.start('c1', 1, '{"quoted_cost": "123456789012.34"}');
create table tests.bought as
select tests.finish_label(
  'c1',
  '{"carrier": "UPS", "service_type": "Next Day", "tracking_number": "1Z", "label_url": "https://labels.example/1",
    "label_expires_at": "2027-01-01T00:00:00Z", "label_format": "ZPL", "shipping_cost": "999999999999.99",
    "currency": "CAD", "estimated_delivery": "2026-12-24", "tiktok_package_id": null}',
  (select id from private.webhook_events where external_id = 'bought by')
) as answer;
select results_eq(
  $$select id, order_id, provider, carrier, service_type, tracking_number, label_url, label_expires_at, label_format,
      shipping_cost::text, quoted_cost::text, currency, line_item_ids, estimated_delivery, status, tracked_at,
      tracking_updated_at, tiktok_package_id, tiktok_told_at, tiktok_warning, tiktok_error
    from public.shipments where order_id = tests.order_id('c')$$,
  $$values (
      tests.purchase('c1'), tests.order_id('c'), 'easypost', 'UPS', 'Next Day', '1Z', 'https://labels.example/1',
      '2027-01-01T00:00:00Z'::timestamptz, 'ZPL', '999999999999.99', '123456789012.34', 'CAD',
      '{c-1,c-2,c-3}'::text[], '2026-12-24'::date, 'purchased', now(), null::timestamptz, null::text,
      null::timestamptz, null::text, null::text
    )$$,
  'a bought label is a parcel with all that is known of it, its money exact'
);
select is(
  answer,
  jsonb_build_object(
    'id', tests.purchase('c1'), 'order_id', tests.order_id('c'), 'state', 'purchased', 'reason', null,
    'provider', 'easypost', 'carrier', 'UPS', 'service_type', 'Next Day', 'tracking_number', '1Z',
    'label_url', 'https://labels.example/1', 'label_expires_at', timestamptz '2027-01-01T00:00:00Z',
    'label_format', 'ZPL', 'shipping_cost', '999999999999.99', 'quoted_cost', '123456789012.34', 'currency', 'CAD',
    'line_item_ids', '["c-1", "c-2", "c-3"]'::jsonb, 'estimated_delivery', '2026-12-24', 'status', 'purchased',
    'tiktok_told_at', null, 'tiktok_warning', null, 'tiktok_error', null, 'created_at', now(), 'updated_at', now()
  ),
  'as its seller sees it, money in decimal strings'
)
from tests.bought;
select is(tests.event_status('bought by'), 'done', 'the event that bought it is settled');
select is(tests.label_state('c1'), 'purchased 1', 'the purchase is done');
select is(tests.order_state('c'), 'awaiting_collection AWAITING_SHIPMENT', 'all units have a label: the order waits for the carrier');
select is(tests.timeline('c'), 'LABEL_PURCHASED awaiting_collection', 'the timeline has it');
select results_eq(
  $$select user_id, changes, webhook_event_id, happened_at from public.order_events where order_id = tests.order_id('c')$$,
  $$values (
      tests.id('ada'),
      jsonb_build_object(
        'shipment_id', tests.purchase('c1'), 'carrier', 'UPS',
        'order_status', '{"from": "awaiting_shipment", "to": "awaiting_collection"}'::jsonb
      ),
      null::bigint, now()
    )$$,
  'with the parcel, and what became of the order'
);
select results_eq(
  'select user_id, event_type, properties from public.analytics_events where event_type = ''label_bought''',
  $$values (
      tests.id('ada'), 'label_bought',
      jsonb_build_object('order_id', tests.order_id('c'), 'shipment_id', tests.purchase('c1'))
    )$$,
  'the statistics have it once'
);
select results_eq(
  $$select event_type, shop_id, status, external_id, body from private.webhook_events
    where source = 'creatorflow' and object_id = tests.purchase('c1')::text$$,
  $$values (
      'MARK_SHIPPED', tests.shop_id('ada'), 'pending', 'MARK_SHIPPED:' || tests.purchase('c1') || ':purchased', '{}'
    )$$,
  'TikTok will be told'
);

-- Finishing twice changes nothing.
select is(
  tests.finish_label('c1', '{"carrier": "FedEx", "tracking_number": "other", "shipping_cost": "1.00"}'),
  (select answer from tests.bought), 'finishing twice gives the same answer'
);
select is(
  (select row(count(*), min(carrier), min(shipping_cost))::text from public.shipments where order_id = tests.order_id('c')),
  '(1,UPS,999999999999.99)', 'one parcel, as it was'
);
select is(
  (select count(*) from public.analytics_events where event_type = 'label_bought')
    + (select count(*) from public.order_events where order_id = tests.order_id('c')),
  2::numeric::bigint, 'no more news, no more statistics'
);
select is(tests.tasks('c1'), 'MARK_SHIPPED', 'and no more to do');
select is(tests.requested('ada', 'c', 'c1'), 'exists', 'asking again finds it');
select is(tests.request('ada', 'c', 'c1') -> 'shipment', (select answer from tests.bought), 'as it is');
select is(tests.requested('ada', 'c', 'c1', '{}', 'another'), 'key_reused', 'for the same request only');
select is(tests.fail('c1', 1) ->> 'state', 'purchased', 'what was bought does not fail');
select is(tests.doubt('c1', 1) ->> 'state', 'purchased', 'nor is it doubted');
select is(tests.start('c1', 1), 'false', 'nor bought again');
select is(tests.labelled('c'), '1:c1 2:c1 3:c1', 'its units keep their label');
select is(tests.parcel('c1'), 'purchased', 'and the parcel stays');
select is(
  tests.call(format('finish_label_purchase(%L, ''{}'')', tests.id('no purchase'))), '"PT404"',
  'what nobody asked for is not bought'
);

-- A part of an order, and TikTok's own label.
select tests.order_to_ship('ada', 'd', '{"shipping_type": "TIKTOK"}');
select is(tests.requested('ada', 'd', 'd1', '{"line_item_ids": ["d-2"]}'), 'requested', 'a label for one unit');
select is(tests.requested('ada', 'd', 'd2'), 'requested', 'and one for the others');
select is(tests.labelled('d'), '1:d2 2:d1 3:d2', 'each has its own units');
select tests.start('d1');
create table tests.part as select tests.finish_label('d1', '{"tiktok_package_id": "pkg", "shipping_cost": "0.1"}');
select is(tests.order_state('d'), 'partially_shipped AWAITING_SHIPMENT', 'a part of the order has its label');
select results_eq(
  $$select provider, label_format, currency, shipping_cost::text, quoted_cost::text, tiktok_package_id, tiktok_told_at,
      line_item_ids
    from public.shipments where id = tests.purchase('d1')$$,
  $$values ('tiktok_shipping', 'PDF', 'USD', '0.10', '7.10', 'pkg', now(), '{d-2}'::text[])$$,
  'what the provider does not say is as it was asked for; TikTok knows of its own label'
);
select is(tests.tasks('d1'), 'FETCH_LABEL', 'which is to be fetched');
select is(
  tests.call(format('get_label_purchase(%L)', tests.purchase('d1'))) ->> 'tiktok_package_id', 'pkg', 'by its package'
);
create table tests.rest as select tests.finish_label('d2');
select is(tests.order_state('d'), 'awaiting_collection AWAITING_SHIPMENT', 'then the rest, without having been started');
select is(
  tests.timeline('d'), 'LABEL_PURCHASED partially_shipped, LABEL_PURCHASED awaiting_collection', 'both are in the timeline'
);
select tests.order_to_ship('ada', 'e');
select tests.requested('ada', 'e', 'e1');
update public.orders set order_status = 'in_transit' where tiktok_order_id = 'e';
create table tests.late as select tests.finish_label('e1');
select is(tests.order_state('e'), 'in_transit AWAITING_SHIPMENT', 'a label does not move an order back');
select is(tests.timeline('e'), 'LABEL_PURCHASED', 'though it is in the timeline');
select tests.order_to_ship('ada', 'f');
select tests.requested('ada', 'f', 'f1');
update public.orders set order_status = 'cancelled' where tiktok_order_id = 'f';
create table tests.cancelled as select tests.finish_label('f1');
select is(
  tests.order_state('f') || ' ' || tests.label_state('f1'), 'cancelled AWAITING_SHIPMENT purchased 1',
  'what was bought meanwhile is bought, also of a cancelled order'
);

-- The truth comes late.
select tests.order_to_ship('ada', 'g');
select tests.requested('ada', 'g', 'g1');
select tests.start('g1');
select tests.fail('g1', 1);
select tests.requested('ada', 'g', 'g2', '{"line_item_ids": ["g-3"]}');
create table tests.adopted as select tests.finish_label('g1') as answer;
select is(answer ->> 'state', 'purchased', 'what was believed to have failed was bought') from tests.adopted;
select is(tests.label_state('g1'), 'purchased 1', 'it has no reason any more');
select is(tests.parcel('g1'), 'purchased', 'its parcel is there');
select is(tests.labelled('g'), '1:g1 2:g1 3:g2', 'it takes the units that are free, and no other''s');
select is(tests.order_state('g'), 'awaiting_collection AWAITING_SHIPMENT', 'the order has all its labels');
select is(tests.tasks('g1'), 'MARK_SHIPPED', 'and goes on');
select tests.order_to_ship('ada', 'h');
select tests.requested('ada', 'h', 'h1');
select tests.start('h1');
select tests.doubt('h1', 1);
create table tests.settled as select tests.finish_label('h1');
select is(tests.label_state('h1'), 'purchased 1', 'so is what nobody could tell');

-- Its seller's, and nobody else's.
create function tests.shipment(nickname text, key text)
returns jsonb
language sql
as $$
  select tests.call(format('get_shipment(%L, %L)', tests.id(nickname), tests.purchase(key)));
$$;
select is(tests.shipment('ada', 'c1') -> 'shipment', (select answer from tests.bought), 'a seller gets their label');
select is(
  tests.shipment('ada', 'c1') -> 'purchase',
  tests.call(format('get_label_purchase(%L)', tests.purchase('c1'))) - 'abandoned' - 'seconds' - 'shipment',
  'with what working on it needs'
);
select is(tests.shipment('bob', 'c1'), '"PT404"', 'another seller has no such label');
select is(tests.shipment('ada', 'nothing'), '"PT404"', 'nor is there any other');

-- The document.
select tests.receive_event('ada', 'fetched by');
select is(
  tests.call(format(
    'store_label_document(%L, ''{"label_url": "https://labels.example/2", "label_expires_at": "2027-02-02T00:00:00Z",
      "label_format": "PNG", "tracking_number": "TT1"}'', %s)',
    tests.purchase('d1'), (select id from private.webhook_events where external_id = 'fetched by')
  )) ->> 'label_url',
  'https://labels.example/2', 'a document is kept'
);
select is(tests.event_status('fetched by'), 'done', 'with the event that fetched it');
select is(
  tests.call(format('store_label_document(%L, ''{"label_url": "https://labels.example/3"}'')', tests.purchase('d1')))
    ->> 'label_url',
  'https://labels.example/3', 'a newer one takes its place'
);
select is(
  (select row(label_url, label_expires_at, label_format, tracking_number)::text from public.shipments
   where id = tests.purchase('d1')),
  '(https://labels.example/3,,PNG,TT1)', 'its link may not end; format and number stay'
);
select is(
  (select label_url from public.shipments where id = tests.purchase('c1')), 'https://labels.example/1',
  'no other label is touched'
);

-- TikTok is told.
create function tests.told(package text, warning text, error text, event_id bigint default null)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select public.note_tiktok_told(%L, %L, %L, %L, %L)', tests.purchase('c1'), package, warning, error, event_id
  ));
  select row(tiktok_package_id, tiktok_told_at, tiktok_warning, tiktok_error)::text
  from public.shipments where id = tests.purchase('c1');
$$;
select is(tests.told(null, null, 'shop closed'), '(,,,"shop closed")', 'TikTok did not take it: it is not told');
select tests.receive_event('ada', 'told by');
select is(
  tests.told('p1', 'late', null, (select id from private.webhook_events where external_id = 'told by')),
  format('(p1,"%s",late,)', now()), 'it took it, with a warning'
);
select is(tests.event_status('told by'), 'done', 'the event is settled');
update public.shipments set tiktok_told_at = '2026-01-01Z' where id = tests.purchase('c1');
select is(
  tests.told(null, null, null), format('(p1,"%s",late,)', timestamptz '2026-01-01Z'),
  'telling it again forgets nothing'
);
select is(
  tests.told(null, null, 'again'), format('(p1,"%s",late,again)', timestamptz '2026-01-01Z'),
  'nor does an error after that'
);

-- Voiding.
create function tests.void(nickname text, key text)
returns text
language sql
as $$
  select coalesce(nullif(concat_ws(' ', answer ->> 'outcome', answer ->> 'code'), ''), answer #>> '{}')
  from tests.call(format('request_label_void(%L, %L)', tests.id(nickname), tests.purchase(key))) as answer;
$$;
create function tests.settle_void(key text, state text, reason text default null, event_id bigint default null)
returns text
language sql
as $$
  select coalesce(answer ->> 'state', answer #>> '{}')
  from tests.call(format('settle_label_void(%L, %L, %L, %L)', tests.purchase(key), state, reason, event_id)) as answer;
$$;
select is(tests.void('bob', 'c1'), 'PT404', 'no other seller voids a label');
select is(tests.void('ada', 'nothing'), 'PT404', 'nor does its own where there is none');
select is(tests.label_state('c1'), 'purchased 1', 'it is not voided');
insert into private.label_purchases (
  user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, service, label_format, state
)
select tests.id('ada'), tests.order_id('a'), 'in ' || state, 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', state
from tests.states;
select is(
  tests.void('ada', 'in ' || state),
  case state when 'void_requested' then 'requested' when 'voided' then 'exists' else 'refused not_purchased' end,
  'voiding what is ' || state
)
from tests.states where state not in ('purchased', 'void_rejected');
select is(
  (select string_agg(idempotency_key || ' ' || state, ', ') from private.label_purchases
   where idempotency_key like 'in %' and idempotency_key <> 'in ' || state),
  null, 'changes nothing'
);
delete from private.label_purchases where idempotency_key like 'in %';
create table tests.underway as
select status from unnest(array[
  'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed', 'delivered', 'returned', 'voided'
]) as status;
create function tests.void_at(status text)
returns text
language sql
as $$
  update public.shipments set status = void_at.status where id = tests.purchase('c1');
  select tests.void('ada', 'c1');
$$;
select is(tests.void_at(status), 'refused already_underway', 'a parcel that is ' || status || ' is not voided')
from tests.underway;
select is(tests.label_state('c1'), 'purchased 1', 'and the purchase stays');
update public.shipments set status = 'purchased' where id = tests.purchase('c1');

select is(tests.settle_void('c1', 'voided'), 'purchased', 'nobody voids what no seller wants voided');
select is(tests.void('ada', 'c1'), 'requested', 'its seller wants it voided');
select is(tests.label_state('c1'), 'void_requested 1', 'that is stored');
select is(
  (select checked_at from private.label_purchases where id = tests.purchase('c1')), now(), 'the provider is being asked'
);
select is(tests.void('ada', 'c1'), 'exists', 'once');
select is(tests.parcel('c1'), 'purchased', 'the parcel is not voided yet');
select is(tests.labelled('c'), '1:c1 2:c1 3:c1', 'and keeps its units');
update private.label_purchases set checked_at = now() - interval '7 hours' where id = tests.purchase('c1');
select is(tests.void('ada', 'c1'), 'requested', 'later its seller may ask again');
select is(tests.void('ada', 'c1'), 'exists', 'once');
select is(tests.settle_void('c1', 'void_requested'), 'void_requested', 'not decided yet');
select is(
  (select row(state, checked_at = now())::text from private.label_purchases where id = tests.purchase('c1')),
  '(void_requested,t)', 'asked again later'
);
select is(tests.labelled('c'), '1:c1 2:c1 3:c1', 'its units are its own');
select is(tests.settle_void('c1', 'void_rejected', 'used'), 'void_rejected', 'the provider says no');
select is(tests.label_state('c1'), 'void_rejected 1 used', 'and why');
select is(tests.labelled('c') || ' ' || tests.parcel('c1'), '1:c1 2:c1 3:c1 purchased', 'everything is as before');
select is(tests.order_state('c'), 'awaiting_collection AWAITING_SHIPMENT', 'the order too');
select is(tests.timeline('c'), 'LABEL_PURCHASED awaiting_collection', 'and the timeline');
select is(tests.settle_void('c1', 'voided'), 'void_rejected', 'a late yes to a request that was refused is none');
select is(tests.requested('ada', 'c', 'c1'), 'exists', 'the label is there');
update public.shipments set tiktok_told_at = null where order_id = tests.order_id('c');
select is(tests.void('ada', 'c1'), 'requested', 'its seller asks again');
select is(tests.label_state('c1'), 'void_requested 1', 'the old reason is forgotten');
select is(tests.settle_void('c1', 'purchased'), 'PT409', 'no answer makes it bought again');
select tests.receive_event('ada', 'voided by');
select is(
  tests.settle_void('c1', 'voided', null, (select id from private.webhook_events where external_id = 'voided by')),
  'voided', 'this time the provider says yes'
);
select is(tests.label_state('c1') || ' ' || tests.parcel('c1'), 'voided 1 voided', 'the parcel is voided');
select is(tests.event_status('voided by'), 'done', 'the event is settled');
select is(tests.labelled('c'), 'none', 'its units are free');
select is(
  tests.order_state('c'), 'awaiting_shipment AWAITING_SHIPMENT', 'the order, of which TikTok knows nothing, waits again'
);
select is(
  tests.timeline('c'), 'LABEL_PURCHASED awaiting_collection, LABEL_VOIDED awaiting_shipment', 'the timeline has it'
);
select is(tests.settle_void('c1', 'voided'), 'voided', 'voiding it twice');
select is(
  tests.timeline('c'), 'LABEL_PURCHASED awaiting_collection, LABEL_VOIDED awaiting_shipment', 'changes nothing'
);
select is(tests.void('ada', 'c1'), 'exists', 'what is voided is voided');
select is(tests.finish_label('c1') ->> 'state', 'voided', 'and not bought again');
select is(tests.requested('ada', 'c', 'c1'), 'exists', 'its key is used');
select is(tests.requested('ada', 'c', 'c2'), 'requested', 'a new key buys a new label');
select is(tests.labelled('c'), '1:c2 2:c2 3:c2', 'for the same units');

-- Where TikTok was told, the order is TikTok's.
select tests.order_to_ship('ada', 'i');
select tests.buy('ada', 'i', 'i1');
update public.orders set tiktok_status = 'AWAITING_COLLECTION' where tiktok_order_id = 'i';
select is(tests.void('ada', 'i1') || ' ' || tests.settle_void('i1', 'voided'), 'requested voided', 'a label that TikTok knows');
select is(tests.order_state('i'), 'awaiting_collection AWAITING_COLLECTION', 'leaves the order as it is');
select is(tests.timeline('i'), 'LABEL_PURCHASED awaiting_collection, LABEL_VOIDED', 'though it is in the timeline');
select is(tests.labelled('i'), 'none', 'its units are free');
select is(tests.requested('ada', 'i', 'i2'), 'requested', 'and get another label');
-- Of two labels, one.
select tests.order_to_ship('ada', 'j', '{"tiktok_status": "PARTIALLY_SHIPPING"}');
select tests.buy('ada', 'j', 'j1', '{"line_item_ids": ["j-1"]}');
select tests.buy('ada', 'j', 'j2');
select is(tests.order_state('j'), 'awaiting_collection PARTIALLY_SHIPPING', 'an order with two labels');
select is(tests.void('ada', 'j2') || ' ' || tests.settle_void('j2', 'voided'), 'requested voided', 'one of which is voided');
select is(tests.order_state('j'), 'partially_shipped PARTIALLY_SHIPPING', 'is shipped in part');
select is(tests.labelled('j') || ' ' || tests.parcel('j1'), '1:j1 purchased', 'the other label stays');
select tests.order_to_ship('ada', 'k');
select tests.buy('ada', 'k', 'k1');
update public.orders set order_status = 'cancelled', tiktok_status = 'CANCELLED' where tiktok_order_id = 'k';
select is(tests.void('ada', 'k1') || ' ' || tests.settle_void('k1', 'voided'), 'requested voided', 'the label of a cancelled order');
select is(tests.order_state('k'), 'cancelled CANCELLED', 'does not bring it back');

-- What nobody else does is put into the inbox.
create function tests.enqueue()
returns text
language sql
as $$
  select tests.call('enqueue_label_tasks()') #>> '{}';
$$;
create function tests.settle_tasks()
returns void
language sql
as $$
  update private.webhook_events set status = 'done', settled_at = now() where status in ('pending', 'processing');
$$;
delete from public.orders where tiktok_order_id <> 'a';
delete from private.label_purchases;
delete from private.webhook_events;
insert into private.label_purchases (
  user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, service, label_format, state,
  state_since, checked_at, attempt
)
select
  tests.id('ada'), tests.order_id('a'), key, 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', state, now() - since,
  now() - checked, 7
from (
  values
    ('unknown', 'unknown', interval '0', null::interval),
    ('requested', 'requested', interval '121 seconds', null),
    ('requested just now', 'requested', interval '2 minutes', null),
    ('purchasing', 'purchasing', interval '121 seconds', null),
    ('purchasing just now', 'purchasing', interval '2 minutes', null),
    ('void', 'void_requested', interval '0', interval '6 hours 1 second'),
    ('void just now', 'void_requested', interval '1 year', interval '6 hours'),
    ('purchased', 'purchased', interval '1 year', interval '1 year'),
    ('failed', 'failed', interval '1 year', interval '1 year'),
    ('voided', 'voided', interval '1 year', interval '1 year'),
    ('void rejected', 'void_rejected', interval '1 year', interval '1 year')
) as purchase (key, state, since, checked);
create function tests.inbox()
returns text
language sql
stable
as $$
  select coalesce(string_agg(concat_ws(' ', event_type, idempotency_key), ', ' order by idempotency_key), 'nothing')
  from private.webhook_events
  join private.label_purchases as purchase on purchase.id::text = object_id
  where webhook_events.status = 'pending';
$$;
select is(tests.enqueue(), '4', 'what nobody works on is enqueued');
select is(
  tests.inbox(), 'SETTLE_LABEL purchasing, SETTLE_LABEL requested, SETTLE_LABEL unknown, CHECK_VOID void',
  'exactly what is due'
);
select results_eq(
  $$select source, external_id, shop_id, status, body from private.webhook_events
    where object_id = tests.purchase('unknown')::text$$,
  $$values (
      'creatorflow',
      'SETTLE_LABEL:' || tests.purchase('unknown') || ':7:' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24'),
      tests.shop_id('ada'), 'pending', '{}'
    )$$,
  'for the shop, once for the attempt and the hour'
);
select is(tests.enqueue(), '0', 'not twice');
-- As if it had been in another hour.
update private.webhook_events set external_id = external_id || 'before';
select is(tests.enqueue(), '0', 'nor in another hour while it is open');
update private.webhook_events set status = 'processing';
select is(tests.enqueue(), '0', 'or being worked');
select tests.settle_tasks();
select is(tests.enqueue(), '4', 'but once that is settled');
select tests.settle_tasks();
select is(tests.enqueue(), '0', 'and not twice in the hour, even so');
update private.label_purchases set attempt = 8 where idempotency_key = 'unknown';
select is(tests.enqueue(), '1', 'unless it is another attempt');
select is(tests.inbox(), 'SETTLE_LABEL unknown', 'of this one');

-- Parcels that nothing is heard of.
delete from private.label_purchases;
delete from private.webhook_events;
create table tests.silent (service_type text, provider text, status text, heard interval, age interval);
insert into tests.silent
select 'due ' || status, 'easypost', status, interval '24 hours 1 second', interval '2 days'
from unnest(array['purchased', 'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed']) as status
union all
select 'not ' || status, 'easypost', status, interval '1 year', interval '2 days'
from unnest(array['created', 'delivered', 'returned', 'voided']) as status
union all
values
  ('due tiktok''s', 'tiktok_shipping', 'in_transit', interval '1 year', interval '2 days'),
  ('due for the last time', 'easypost', 'in_transit', interval '1 year', interval '90 days' - interval '1 second'),
  ('not after 90 days', 'easypost', 'in_transit', interval '1 year', interval '90 days'),
  ('not heard of a day ago', 'easypost', 'in_transit', interval '24 hours', interval '2 days'),
  ('not ours', null, 'in_transit', interval '1 year', interval '2 days'),
  ('not asked yet', 'easypost', 'in_transit', null, interval '2 days');
insert into public.shipments (order_id, carrier, service_type, provider, status, tracked_at, created_at)
select tests.order_id('a'), 'UPS', service_type, provider, status, now() - heard, now() - age from tests.silent;
select is(tests.enqueue(), '7', 'parcels that nothing is heard of are asked for');
select results_eq(
  $$select event_type, service_type, external_id, shop_id
    from private.webhook_events join public.shipments on shipments.id::text = object_id
    where webhook_events.status = 'pending' order by service_type collate "C"$$,
  $$select 'CHECK_TRACKING', service_type,
      'CHECK_TRACKING:' || id || ':' || to_char(now() at time zone 'UTC', 'YYYYMMDD'), tests.shop_id('ada')
    from public.shipments where service_type like 'due %' order by service_type collate "C"$$,
  'exactly those that are due'
);
select is(tests.enqueue(), '0', 'not twice');
select tests.settle_tasks();
select is(tests.enqueue(), '0', 'not twice on a day');
update private.webhook_events set external_id = external_id || 'before';
select is(tests.enqueue(), '7', 'on another day again');
select tests.settle_tasks();

-- Those that are asked for in vain keep no other waiting.
insert into public.shipments (id, order_id, carrier, service_type, provider, status, tracked_at)
select
  ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, tests.order_id('a'), 'UPS', 'in vain', 'easypost',
  'in_transit', now() - interval '2 days'
from generate_series(1, 1000) as n;
insert into public.shipments (id, order_id, carrier, service_type, provider, status, tracked_at)
values (
  'ffffffff-0000-4000-8000-000000000000', tests.order_id('a'), 'UPS', 'behind them', 'easypost', 'in_transit',
  now() - interval '2 days'
);
select is(tests.enqueue(), '1000', 'a thousand at once');
select tests.settle_tasks();
select is(tests.enqueue(), '1', 'and then the rest, though nothing was heard of the first thousand');

-- What goes with what.
select tests.order_to_ship('ada', 'l');
select tests.buy('ada', 'l', 'l1');
delete from public.orders where tiktok_order_id = 'l';
select is(
  (select count(*) from private.label_purchases) + (select count(*) from private.labelled_lines),
  0::numeric::bigint, 'with an order go its purchases and their units'
);

select * from finish();
rollback;
