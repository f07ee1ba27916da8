-- The clock for personal data.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
delete from public.system_logs;
create function tests.add_sold(nickname text, tiktok_order_id text, status text, days integer)
returns text
language sql
as $$
  select tests.ingest(nickname, tiktok_order_id, jsonb_build_object(
    'tiktok_status', upper(status),
    'order_status', status,
    'customer_email', 'eve@example.net',
    'buyer_note', 'Ring at Stone',
    'seller_note', 'Calls herself Stone',
    'shipping_address', '{"name": "Eve Stone", "phone": "+1 503 555 0199", "line1": "1 Main St", "city": "Salem",
      "state": "Oregon", "postal_code": "97301", "country": "US", "districts": [{"name": "Salem"}]}'::jsonb,
    'address_status', 'readable',
    'tiktok_updated_at', now() - make_interval(days => days)
  ));
$$;
create function tests.stored(wanted text)
returns public.orders
language sql
as $$
  select orders from public.orders where tiktok_order_id = wanted;
$$;
create function tests.run_clock(most integer default 2000)
returns jsonb
language sql
as $$
  select private.remove_personal_data(most);
$$;

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada', 'service_role']) as who
cross join unnest(array[
  'select private.remove_personal_data()',
  'select private.orders_past_retention(1)',
  'select private.clean_orders(null)',
  'update private.retention_periods set days = 1'
]) as statement;
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.retention_periods', 'select * from private.personal_data_reads'
]) as statement;
select tests.refused('service_role', statement, 'service_role cannot: ' || statement)
from unnest(array['update private.personal_data_reads set reader = ''x''', 'delete from private.personal_data_reads'])
  as statement;

-- Orders.
select tests.add_sold('ada', 'completed 31', 'completed', 31);
select tests.add_sold('ada', 'cancelled 31', 'cancelled', 31);
select tests.add_sold('ada', 'completed 29', 'completed', 29);
select tests.add_sold('ada', 'live 31', 'delivered', 31);
select tests.add_sold('bob', 'live 1', 'awaiting_shipment', 1);
select tests.add_sold('ada', 'forgotten', 'delivered', 181);
update public.orders set created_at = now() - interval '181 days' where tiktok_order_id = 'forgotten';
insert into public.shipments (order_id, provider, carrier, service_type, label_url, tracking_number)
select id, 'easypost', 'USPS', 'Priority', 'https://labels.example.net/' || tiktok_order_id, '9400' from public.orders;
insert into private.label_purchases (
  user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, sender, service, label_format, state
)
select user_id, id, tiktok_order_id, 'x', 'easypost', '{1}', '{}', '{"name": "Ada Mugs"}', 'x', 'PDF', 'purchased'
from public.orders;
create view tests.unclean as
select tiktok_order_id
from public.orders
where orders::text ~ 'Eve|Stone|eve@|Main St|0199|Salem|97301'
union
select tiktok_order_id
from public.orders
join public.shipments as shipment on shipment.order_id = orders.id
join private.label_purchases as purchase on purchase.order_id = orders.id
where shipment.label_url is not null or purchase.sender is not null;
select is(tests.run_clock(2) ->> 'orders', '2', 'one run cleans a bounded number of orders');
select is(tests.run_clock() ->> 'orders', '1', 'and the next run the rest');
select set_eq(
  'select * from tests.unclean', array['completed 29', 'live 31', 'live 1'],
  'personal data is deleted in a timely manner when an order is final for 30 days, and no order of others loses any'
);
select is(
  (select (shipping_address, address_status, total_amount, personal_data_removed_at)::text
   from public.orders where tiktok_order_id = 'completed 31'),
  ('{"state": "Oregon", "country": "US"}'::jsonb, 'none', 12.50, now())::text,
  'state, country and figures stay'
);
select is(
  (select tracking_number from public.shipments where order_id = (tests.stored('completed 31')).id), '9400',
  'and so do ids'
);
create table tests.before as select * from public.orders;
select is(
  tests.run_clock(), '{"orders": 0, "senders": 0, "batch_items": 0, "events": 0}', 'a repetition finds nothing'
);
select set_eq('select * from public.orders', 'select * from tests.before', 'and changes nothing');
select is(
  (select array_agg(details ->> 'orders' order by id) from public.system_logs where event_type = 'personal_data_removed'),
  array['2', '1'], 'each run that cleaned something is logged'
);
update private.retention_periods set days = 28 where name = 'final_order';
select is(tests.run_clock() ->> 'orders', '1', 'the period is a row that an operator changes');
update private.retention_periods set days = 30 where name = 'final_order';

-- Later states of an order.
select tests.add_sold('ada', 'completed 31', 'completed', 30);
select is(
  (tests.stored('completed 31')).shipping_address, '{"state": "Oregon", "country": "US"}',
  'a late change of an old order does not bring the address back'
);
select is((tests.stored('completed 31')).customer_email, null, 'nor the e-mail address');
update public.shipments set label_url = 'https://labels.example.net/again'
where order_id = (tests.stored('completed 31')).id;
select is(
  (select label_url from public.shipments where order_id = (tests.stored('completed 31')).id), null,
  'nor a link to its label'
);
insert into public.shipments (order_id, carrier, service_type, label_url, label_expires_at)
values ((tests.stored('completed 31')).id, 'UPS', 'Late', 'https://labels.example.net/late', now());
select is(
  (select coalesce(label_url, label_expires_at::text) from public.shipments where service_type = 'Late'), null,
  'nor that of a label whose purchase ends only now'
);
select tests.add_sold('ada', 'forgotten', 'delivered', 0);
select is((tests.stored('forgotten')).address_status, 'readable', 'an order that goes on has its address again');
select is((tests.stored('forgotten')).personal_data_removed_at, null, 'until the clock comes again');
select is(
  private.replaces_address('masked', 'readable', status), expected,
  'TikTok''s mask replaces a readable address of an order that is ' || status || ': ' || expected
)
from (values ('in_transit', false), ('completed', true), ('cancelled', true)) as example (status, expected);

-- A shop that ended.
insert into private.senders (tiktok_shop_id, user_id, address)
select id, user_id, '{"name": "Mugs Ltd"}' from public.tiktok_shops;
select public.disconnect_tiktok_shop(tests.id('bob'), tests.shop('bob'));
select isnt((select ended_at from public.tiktok_shops where id = tests.shop('bob')), null, 'the end is stored');
select is(tests.run_clock() -> 'orders', '0', 'on its day nothing is removed');
update public.tiktok_shops set ended_at = now() - interval '31 days' where id = tests.shop('bob');
select is(
  tests.run_clock(), '{"orders": 1, "senders": 1, "batch_items": 0, "events": 0}',
  'personal data is deleted in a timely manner when a seller no longer authorises the app'
);
select is(
  (select array_agg(tiktok_shop_id) from private.senders), array[tests.shop('ada')], 'connected shops keep their sender'
);
select public.connect_tiktok_shops(tests.id('bob'), tests.shop_grant('bob'));
select is(
  (select ended_at from public.tiktok_shops where id = tests.shop('bob')), null, 'connected again, the clock stands'
);
select is(
  (select array_agg(object_id) from private.webhook_events
   where event_type = 'ORDER_FOUND' and shop_id = tests.shop_id('bob')),
  array['live 1'], 'and its live orders are read again'
);
-- Another account may have had the shop meanwhile, with the task.
update private.webhook_events set status = 'done', settled_at = now() where event_type = 'ORDER_FOUND';
select public.disconnect_tiktok_shop(tests.id('bob'), tests.shop('bob'));
select public.connect_tiktok_shops(tests.id('bob'), tests.shop_grant('bob'));
select is(
  (select array_agg(object_id) from private.webhook_events where event_type = 'ORDER_FOUND' and status = 'pending'),
  array['live 1'], 'each connection reads them'
);
select tests.add_sold('bob', 'live 1', 'awaiting_shipment', 1);
select is((tests.stored('live 1')).shipping_address ->> 'line1', '1 Main St', 'so that their address is readable again');

select * from finish();
rollback;
