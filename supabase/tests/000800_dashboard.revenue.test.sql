-- Revenue and label costs by currency.
begin;
\ir helpers.psql

-- As at the end of each transaction.
set constraints all immediate;

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
create function tests.sell(nickname text, tiktok_order_id text, changes jsonb)
returns text
language sql
as $$
  select tests.ingest(
    nickname, tiktok_order_id,
    '{"order_status": "completed", "payment_status": "paid", "shipping_cost": "4.99"}' || changes
  );
$$;
create function tests.figure(nickname text, name text)
returns jsonb
language sql
as $$
  select tests.run_as(nickname, 'select public.get_dashboard_metrics()')::jsonb -> name;
$$;

select tests.sell('ada', '1', '{"total_amount": "61.99"}');
select tests.sell('ada', '2', '{"total_amount": "1000.00", "currency": "GBP"}');
select tests.sell('ada', '3', '{"total_amount": "504.99", "payment_status": "pending", "order_status": "received"}');
select tests.sell('ada', '4', '{"total_amount": "504.99", "payment_status": "cancelled", "order_status": "cancelled"}');
select tests.sell('ada', '5', '{"total_amount": "80.00", "payment_status": "refunded", "order_status": "cancelled"}');
select tests.sell('ada', kind, jsonb_build_object('total_amount', '7.00', 'order_kind', kind))
from unnest(array['sample', 'replacement', 'exchange']) as kind;
select tests.sell('bob', '8', '{"total_amount": "5.00"}');
select is(
  tests.figure('ada', 'revenue'),
  '[{"currency": "GBP", "gross": "1000.00", "refunded": "0.00", "orders": 1},
    {"currency": "USD", "gross": "61.99", "refunded": "0.00", "orders": 1}]',
  'revenue over several currencies, unpaid and cancelled orders: by currency, paid only'
);
select is(
  tests.figure('bob', 'revenue'), '[{"currency": "USD", "gross": "5.00", "refunded": "0.00", "orders": 1}]',
  'and another seller''s revenue is theirs'
);
select is(tests.figure('ada', 'total_revenue'), '"2172.97"', 'the requested column adds up all orders, as requested');

-- Refunds.
select tests.run_as('service_role', format(
  'select public.ingest_order(%L, %L, %L, %L)',
  tests.receive_event('ada', 'refund'), tests.shop('ada'),
  tests.order_json('1', '{"order_status": "completed", "total_amount": "61.99", "tiktok_updated_at": "2026-11-02T00:00:00Z"}'),
  '{"refund_total": "11.99"}'
));
select tests.sell('ada', '9', '{"total_amount": "20.00", "payment_status": "refunded"}');
select is(
  tests.figure('ada', 'revenue') -> 1,
  '{"currency": "USD", "gross": "81.99", "refunded": "31.99", "orders": 2}',
  'a part of an order, and a whole order, that went back to the buyer stand next to the gross'
);

-- Label costs.
insert into public.shipments (order_id, provider, carrier, service_type, shipping_cost, quoted_cost, currency, status)
select id, 'easypost', 'USPS', 'Priority', cost, quoted, currency_of, status_of
from public.orders
cross join (
  values
    (7.33, 9.99, 'USD', 'purchased'),
    (null, 1.50, 'USD', 'delivered'),
    (3.20, 3.20, 'GBP', 'purchased'),
    (8.00, 8.00, 'USD', 'voided'),
    (null, null, null, 'purchased')
) as label (cost, quoted, currency_of, status_of)
where tiktok_order_id = '1';
select is(
  tests.figure('ada', 'label_costs'),
  '[{"currency": "GBP", "cost": "3.20", "labels": 1}, {"currency": "USD", "cost": "8.83", "labels": 2}]',
  'label costs are by currency, at the price or else the quote, without voided labels'
);
select is(tests.figure('bob', 'label_costs'), '[]', 'and only those of the seller''s own orders');

select * from finish();
rollback;
