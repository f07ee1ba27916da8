-- The kept figures of a seller are exact after each kind of change.
begin;
\ir helpers.psql
-- As at the end of each transaction.
set constraints all immediate;

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

-- Privileges.
select tests.refused('ada', 'select * from private.' || name, 'a seller does not read ' || name)
from unnest(array['order_totals', 'label_totals']) as name;
select tests.refused('service_role', 'delete from private.' || name, 'the backend deletes no row of ' || name)
from unnest(array['order_totals', 'label_totals']) as name;

create function tests.figures(nickname text)
returns table (currency text, orders integer, amount text, month_orders integer, paid_orders integer, gross text, refunded text)
language sql
as $$
  select currency, orders, (amount * 0.01)::text, month_orders, paid_orders, (gross * 0.01)::text, (refunded * 0.01)::text
  from private.order_totals
  where user_id = tests.id(nickname);
$$;
create function tests.drift()
returns setof uuid
language sql
as $$
  refresh materialized view private.user_dashboard_metrics;
  select user_id from private.user_dashboard_metrics where has_drift;
$$;
create function tests.notify_refund(tiktok_order_id text, changes jsonb, notice jsonb)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select public.ingest_order(%L, %L, %L, %L) ->> ''outcome''',
    tests.receive_event('ada', gen_random_uuid()::text), tests.shop('ada'),
    tests.order_json(tiktok_order_id, changes), notice
  ));
$$;

-- New orders.
select tests.ingest('ada', '1', '{"total_amount": "10.00", "payment_status": "pending", "order_status": "received"}');
select tests.ingest('ada', '2', '{"total_amount": "20.50", "payment_status": "paid"}');
select tests.ingest('ada', '3', '{"total_amount": "7.00", "payment_status": "paid", "order_kind": "sample"}');
select tests.ingest('ada', '4', '{"total_amount": "100.00", "payment_status": "paid", "currency": "GBP"}');
select tests.ingest('bob', '5', '{"total_amount": "5.00", "payment_status": "paid"}');
select results_eq(
  $$select * from tests.figures('ada') order by currency$$,
  $$values ('GBP', 1, '100.00', 1, 1, '100.00', '0.00'), ('USD', 3, '37.50', 3, 1, '20.50', '0.00')$$,
  'a new order adds to the figures of its seller and currency, a sale that was paid to the revenue too'
);
select is_empty('select * from tests.drift()', 'they are what the orders say');

-- Changes of stored orders.
select tests.ingest('ada', '1', '{"total_amount": "11.00", "payment_status": "paid", "tiktok_updated_at": "2026-11-02T00:00:00Z"}');
select results_eq(
  $$select * from tests.figures('ada') where currency = 'USD'$$,
  $$values ('USD', 3, '38.50', 3, 2, '31.50', '0.00')$$,
  'a payment and another amount change them'
);
select tests.ingest('ada', '1', '{"total_amount": "9.00", "payment_status": "pending", "tiktok_updated_at": "2026-11-01T00:00:00Z"}');
select results_eq(
  $$select * from tests.figures('ada') where currency = 'USD'$$,
  $$values ('USD', 3, '38.50', 3, 2, '31.50', '0.00')$$,
  'an older state that arrives late does not'
);
select tests.ingest('ada', '1', '{"total_amount": "11.00", "payment_status": "cancelled", "order_status": "cancelled", "tiktok_updated_at": "2026-11-03T00:00:00Z"}');
select tests.ingest('ada', '4', '{"total_amount": "100.00", "payment_status": "paid", "currency": "EUR", "tiktok_updated_at": "2026-11-03T00:00:00Z"}');
select results_eq(
  $$select * from tests.figures('ada') order by currency$$,
  $$values ('EUR', 1, '100.00', 1, 1, '100.00', '0.00'), ('GBP', 0, '0.00', 0, 0, '0.00', '0.00'),
    ('USD', 3, '38.50', 3, 1, '20.50', '0.00')$$,
  'a cancelled order stays an order without revenue; one in another currency moves'
);

-- Refunds.
select tests.notify_refund('2', '{"total_amount": "20.50", "tiktok_updated_at": "2026-11-02T00:00:00Z"}', '{"refund_id": "r", "refund_total": "5.00"}')
from generate_series(1, 2);
select results_eq(
  $$select gross, refunded from tests.figures('ada') where currency = 'USD'$$, $$values ('20.50', '5.00')$$,
  'a refund that is reported twice counts once'
);
select is(
  (select refunded_amount from public.orders where user_id = tests.id('ada') and tiktok_order_id = '2'), 5.00,
  'and the order has its amount'
);
select tests.notify_refund('2', '{"total_amount": "20.50", "tiktok_updated_at": "2026-11-02T00:00:00Z"}', '{"refund_id": "s", "refund_total": "100.00"}');
select tests.notify_refund('6', '{"total_amount": "8.00", "payment_status": "paid"}', '{"refund_id": "t", "refund_total": "1.25"}');
select results_eq(
  $$select gross, refunded from tests.figures('ada') where currency = 'USD'$$, $$values ('28.50', '21.75')$$,
  'no more than an order cost goes back; a new order may come with a refund'
);
select is_empty('select * from tests.drift()', 'all of that is what the orders say');

-- Cancelled units.
select tests.sign_up('cyd');
select tests.connect_shop('cyd');
select tests.ingest('cyd', id, '{"payment_status": "paid", "cancelled_amount": "8.00"}' || changes)
from (
  values
    ('kept', '{"total_amount": "20.00"}'::jsonb),
    ('lowered', '{"total_amount": "12.00", "cancelled_in_total": false}'),
    ('unpaid', '{"total_amount": "20.00", "payment_status": "pending"}')
) as listed (id, changes);
select results_eq(
  $$select gross, refunded from tests.figures('cyd')$$, $$values ('32.00', '8.00')$$,
  'cancelled units are paid back, or the amount of the order is without them'
);
select is_empty('select * from tests.drift()', 'that is what the orders say too');

-- Batches.
select is(
  (
    select array_agg(distinct outcome ->> 'outcome')
    from jsonb_array_elements(public.ingest_orders(tests.shop('ada'), (
      select jsonb_agg(jsonb_build_object(
        'event_id', tests.receive_event('ada', 'batch ' || n),
        'order', tests.order_json('b' || n, jsonb_build_object(
          'payment_status', case n % 2 when 0 then 'paid' else 'pending' end, 'total_amount', '1.00',
          'currency', case n when 4 then 'GBP' else 'USD' end
        )),
        'notice', '{}'::jsonb
      ))
      from generate_series(1, 4) as n
    )) -> 'outcomes') as outcome
  ),
  array['inserted'], 'a batch of new orders is stored'
);
select results_eq(
  $$select currency, orders, paid_orders, gross from tests.figures('ada') order by currency$$,
  $$values ('EUR', 1, 1, '100.00'), ('GBP', 1, 1, '1.00'), ('USD', 7, 3, '29.50')$$,
  'each currency of a batch adds up'
);

-- Labels.
insert into public.shipments (order_id, provider, carrier, service_type, shipping_cost, quoted_cost, currency, status)
select id, 'easypost', 'USPS', 'Priority', cost, quoted, currency_of, 'purchased'
from public.orders
cross join (
  values (7.33, 9.99, 'USD'), (null, 1.50, 'USD'), (3.20, 3.20, 'GBP'), (null, null, null), (null, null, 'USD')
) as label (cost, quoted, currency_of)
where tiktok_order_id = '2' and user_id = tests.id('ada');
select results_eq(
  format('select currency, labels, (cost * 0.01)::text from private.label_totals where user_id = %L order by 1', tests.id('ada')),
  $$values ('GBP', 1, '3.20'), ('USD', 2, '8.83')$$,
  'a label counts at its price, else its quote; without a price it does not'
);
update public.shipments set shipping_cost = 2.00 where quoted_cost = 1.50;
update public.shipments set status = 'voided' where currency = 'GBP';
update public.shipments set status = 'delivered', tracking_number = '1' where quoted_cost = 9.99;
select results_eq(
  format('select currency, labels, (cost * 0.01)::text from private.label_totals where user_id = %L order by 1', tests.id('ada')),
  $$values ('GBP', 0, '0.00'), ('USD', 2, '9.33')$$,
  'its final price replaces the quote, and a voided one leaves'
);
select is_empty('select * from tests.drift()', 'that is what the shipments say');

-- The turn of the month.
create function tests.add(month date, orders integer)
returns void
language plpgsql
as $$
declare
  later public.orders := (select o from public.orders as o where user_id = tests.id('bob'));
begin
  later.created_at := month + interval '1 day';
  for n in 1 .. orders loop
    perform private.add_order_totals(later);
  end loop;
end;
$$;
select tests.add('2099-01-01', 2);
select tests.add('2098-12-01', 4);
select tests.add('2099-01-01', 8);
select results_eq(
  $$select orders, month_orders, amount from tests.figures('bob')$$, $$values (15, 10, '75.00')$$,
  'orders of the new month begin at zero, and the last ones of the old month do not count for it'
);

-- The end of an account.
update public.orders set total_amount = 6 where user_id = tests.id('bob');
set constraints all deferred;
update public.orders set total_amount = 7 where user_id = tests.id('bob');
delete from auth.users where id = tests.id('bob');
set constraints all immediate;
select is_empty(
  format('select 1 from private.order_totals where user_id = %L', tests.id('bob')),
  'a deleted account has no figures, also if its orders changed in the same transaction'
);

select * from finish();
rollback;
