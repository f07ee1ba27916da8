-- The label document, and the notification of TikTok.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'c');
select tests.request('ada', 'c', 'c1');
select tests.start('c1');
create table tests.bought as select tests.finish_label('c1', '{"label_url": "https://labels.example/1"}') as answer;
select tests.order_to_ship('ada', 'd', '{"shipping_type": "TIKTOK"}');
select tests.buy('ada', 'd', 'd1', '{"line_item_ids": ["d-2"]}');

-- Only its seller gets a label.
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
  'with what processing it needs'
);
select is(tests.shipment('bob', 'c1'), '"PT404"', 'another seller has no such label');
select is(tests.shipment('ada', 'nothing'), '"PT404"', 'nor is another label found');

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

-- The notification of TikTok.
create function tests.notified(package text, warning text, error text, event_id bigint default null)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select public.record_tiktok_notification(%L, %L, %L, %L, %L)', tests.purchase('c1'), package, warning, error, event_id
  ));
  select row(tiktok_package_id, tiktok_notified_at, tiktok_warning, tiktok_error)::text
  from public.shipments where id = tests.purchase('c1');
$$;
select is(tests.notified(null, null, 'shop closed'), '(,,,"shop closed")', 'TikTok refused it: the time stays empty');
select tests.receive_event('ada', 'notified by');
select is(
  tests.notified('p1', 'late', null, (select id from private.webhook_events where external_id = 'notified by')),
  format('(p1,"%s",late,)', now()), 'TikTok accepted it, with a warning'
);
select is(tests.event_status('notified by'), 'done', 'the event is settled');
update public.shipments set tiktok_notified_at = '2026-01-01Z' where id = tests.purchase('c1');
select is(
  tests.notified(null, null, null), format('(p1,"%s",late,)', timestamptz '2026-01-01Z'),
  'a repeated notification keeps everything'
);
select is(
  tests.notified(null, null, 'again'), format('(p1,"%s",late,again)', timestamptz '2026-01-01Z'),
  'nor does an error after that'
);

select * from finish();
rollback;
