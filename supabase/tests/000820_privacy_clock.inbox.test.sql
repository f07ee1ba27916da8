-- Personal data in the inbox and in batches, and the log of who read them.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
delete from private.webhook_events;

create table tests.bodies (source text, body jsonb);
insert into tests.bodies
values
  ('stripe', '{"id": "evt_1", "object": "event", "type": "checkout.session.completed", "livemode": false, "created": 1,
    "data": {"object": {"id": "cs_1", "object": "checkout.session", "customer": {"id": "cus_1", "email": "ada@example.com"},
      "subscription": "sub_1", "client_reference_id": "u1", "customer_details": {"name": "Ada Stone"},
      "customer_email": "ada@example.com", "parent": {"subscription_details": {"subscription": {"id": "sub_2"}}}}}}'),
  ('easypost', '{"id": "evt_2", "object": "Event", "description": "tracker.updated", "mode": "test",
    "result": {"id": "trk_1", "object": "Tracker", "tracking_code": "9400", "status": "delivered", "shipment_id": "shp_1",
      "updated_at": "2026-11-01T00:00:00Z", "est_delivery_date": null, "signed_by": "Eve Stone",
      "tracking_details": [{"status": "delivered", "datetime": "2026-11-01T00:00:00Z", "message": "Left with Eve",
        "tracking_location": {"city": "Salem"}}]}}'),
  ('tiktok', '{"type": 1, "data": {"order_id": "577"}}');
insert into private.webhook_events (source, external_id, event_type, shop_id, body)
select source, 'e-' || source, 'x', tests.shop_id('ada'), body::text from tests.bodies;
create function tests.body(wanted text)
returns jsonb
language sql
as $$
  select body::jsonb from private.webhook_events where source = wanted;
$$;

update private.event_queue set status = 'processing';
select is(tests.body(source), body, 'an open event is as it was received: ' || source) from tests.bodies;
update private.webhook_events set status = 'dead', reason = 'attempts_exhausted', settled_at = now() - interval '29 days';
select private.remove_personal_data();
select is(tests.body(source), body, 'and so is a dead one, for 30 days: ' || source) from tests.bodies;
create function tests.check_bodies(stage text)
returns setof text
language plpgsql
as $$
begin
  return next is(
    tests.body('stripe'),
    '{"id": "evt_1", "object": "event", "type": "checkout.session.completed", "livemode": false, "created": 1,
      "data": {"object": {"id": "cs_1", "object": "checkout.session", "customer": "cus_1", "subscription": "sub_1",
        "client_reference_id": "u1", "parent": {"subscription_details": {"subscription": "sub_2"}}}}}',
    stage || ': a Stripe event keeps the ids that processing it again needs'
  );
  return next is(
    tests.body('easypost'),
    '{"id": "evt_2", "object": "Event", "description": "tracker.updated", "mode": "test",
      "result": {"id": "trk_1", "object": "Tracker", "tracking_code": "9400", "status": "delivered",
        "shipment_id": "shp_1", "updated_at": "2026-11-01T00:00:00Z",
        "tracking_details": [{"status": "delivered", "datetime": "2026-11-01T00:00:00Z"}]}}',
    stage || ': an EasyPost event keeps no name and no place, but the times of the scans'
  );
  return next is(tests.body('tiktok'), '{"type": 1, "data": {"order_id": "577"}}', stage || ': a TikTok event has ids only');
end;
$$;
update private.webhook_events set settled_at = now() - interval '31 days';
select is(private.remove_personal_data() ->> 'events', '2', 'dead events are cleaned after 30 days');
select * from tests.check_bodies('dead');
update private.webhook_events as event set body = bodies.body::text, status = 'pending', reason = null, settled_at = null
from tests.bodies where bodies.source = event.source;
update private.webhook_events set status = 'done', settled_at = now();
select * from tests.check_bodies('done');
create function tests.reduced(result jsonb)
returns jsonb
language sql
as $$
  select private.event_without_person('easypost', jsonb_build_object('id', 'evt_3', 'result', result)::text)::jsonb -> 'result';
$$;
select is(
  tests.reduced('{"id": "inv_1", "shipment_id": "shp_1", "adjustment_amount": "1.60", "invoice_currency": "USD", "from_zip": "97301"}'),
  '{"id": "inv_1", "shipment_id": "shp_1", "adjustment_amount": "1.60", "invoice_currency": "USD"}',
  'an invoice keeps its amount, so replaying it counts it'
);
select is(
  tests.reduced(jsonb_build_object('id', 'trk_1', 'tracking_details', details)), '{"id": "trk_1"}',
  'scans of another form are removed: ' || details::text
)
from unnest(array['["Eve"]', '"Eve"', '7']::jsonb[]) as details;
select is(private.event_without_person('stripe', '{"id": "\u0000"}'), '{}', 'a text that cannot be read is removed whole');

-- TikTok's topics without a handler may have anything, such as a chat.
insert into private.webhook_events (source, external_id, event_type, shop_id, body)
select 'tiktok', topic, topic, tests.shop_id('ada'), '{"type": 14, "tts_notification_id": "n1", "shop_id": "7",
  "timestamp": 1, "data": {"content": "I am Eve Stone"}}'
from unnest(array['NEW_MESSAGE', 'ORDER_STATUS_CHANGE']) as topic;
update private.event_queue set status = 'processing', claims = 1 where status = 'pending';
select is(
  tests.call(format(
    'settle_webhook_events(%L)',
    jsonb_build_array(jsonb_build_object('event_id', id, 'claim', 1, 'ignored', reasons.reason))
  ))::jsonb ->> 0,
  'ignored', 'is ignored: ' || reasons.reason
)
from private.webhook_events as event
join (
  values ('NEW_MESSAGE', 'event_type_not_handled'), ('ORDER_STATUS_CHANGE', 'no_order_named')
) as reasons (topic, reason) on topic = event.external_id;
create function tests.body_of(topic text)
returns jsonb
language sql
as $$
  select body::jsonb from private.webhook_events where external_id = topic;
$$;
select is(
  tests.body_of('NEW_MESSAGE'), '{"type": 14, "tts_notification_id": "n1", "shop_id": "7", "timestamp": 1, "data": {}}',
  'an ignored topic keeps what tells which event it was'
);
select is(
  tests.body_of('ORDER_STATUS_CHANGE') #>> '{data,content}', 'I am Eve Stone',
  'a topic with a handler is whole, so connecting its shop can process it'
);
select is(
  tests.call(format('replay_webhook_event(%s)', (select id from private.webhook_events where external_id = 'NEW_MESSAGE')))
    ->> 'replayed', 'true', 'the ignored one can be replayed'
);
delete from private.webhook_events where external_id in ('NEW_MESSAGE', 'ORDER_STATUS_CHANGE');

-- Batches.
insert into private.label_batches (id, user_id, idempotency_key, request_hash, created_at)
select md5(days::text)::uuid, tests.id('ada'), days::text, 'x', now() - make_interval(days => days)
from unnest(array[29, 31]) as days;
insert into private.label_batch_items (user_id, batch_id, place, order_id, request, state)
select user_id, id, place, gen_random_uuid(), '{"service": "cheapest", "sender": {"name": "Ada"}}', state
from private.label_batches cross join (values (1, 'failed'), (2, 'waiting')) as item (place, state);
select is(private.remove_personal_data() ->> 'batch_items', '1', 'senders leave old batches');
select set_eq(
  'select idempotency_key, place from private.label_batches join private.label_batch_items on batch_id = id where request ? ''sender''',
  $$values ('29', 1), ('29', 2), ('31', 2)$$, 'but no label that still has to be bought'
);

-- The log of reads.
create function tests.shown(arguments text)
returns jsonb
language sql
as $$
  select tests.call(format('show_webhook_event(%s%s)', (select id from private.webhook_events where source = 'stripe'), arguments));
$$;
select is(tests.shown('') ? 'body', false, 'an event is shown without its body');
select is_empty('select * from private.personal_data_reads', 'which is no read of personal data');
select is(tests.shown(', true, ''ada-ops''') ? 'body', true, 'its body is shown where it is asked for');
select tests.shown(', true');
select results_eq(
  'select reader, what, object_ids from private.personal_data_reads order by id',
  format(
    'values (''ada-ops'', ''event_body'', array[%1$L]), (session_user::text collate "default", ''event_body'', array[%1$L])',
    (select id from private.webhook_events where source = 'stripe')
  ),
  'and the log says who read which event'
);
select is(tests.call('show_webhook_event(0, true, ''ada-ops'')'), '"PT404"', 'an unknown event');
select is((select count(*)::integer from private.personal_data_reads), 2, 'is no read');
update private.personal_data_reads set read_at = now() - interval '366 days' where reader = 'ada-ops';
select private.remove_personal_data();
select is((select count(*)::integer from private.personal_data_reads), 1, 'the log itself is kept for a year');

select * from finish();
rollback;
