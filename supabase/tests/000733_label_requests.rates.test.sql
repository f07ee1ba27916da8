-- Buying at a rate.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

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

select * from finish();
rollback;
