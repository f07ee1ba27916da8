-- Reading orders again that an older mapping stored.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
delete from private.webhook_events;

select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select public.request_order_reread()',
  'select public.enqueue_order_rereads(1, null)'
]) as statement;

create function tests.rereads()
returns text
language sql
stable
as $$
  select string_agg(concat_ws(' ', event_type, object_id, status), ', ' order by id)
  from private.webhook_events where event_type in ('REREAD_ORDERS', 'ORDER_REREAD');
$$;
create function tests.request(arguments text)
returns text
language sql
as $$
  select tests.run_as(
    'service_role', format('select public.request_order_reread(%s) ->> ''requested''', arguments)
  );
$$;

select is(tests.ingest('ada', n::text), 'inserted', 'order ' || n) from generate_series(1, 5) as n;
select is(tests.request(''), '0', 'orders of the present mapping are not read again');
update public.orders set mapping_version = 0 where tiktok_order_id <> '2';
select is(tests.request(''), '1', 'a shop with older ones is');
select is(tests.request(quote_literal(tests.shop_id('ada'))), '0', 'but not while it is waiting');
select is(
  tests.attempt('service_role', 'select public.request_order_reread(''404'')'), 'PT404', 'nor a shop that is not connected'
);
select is(tests.rereads(), 'REREAD_ORDERS pending', 'one task for the shop');

-- Page by page.
create function tests.next_page()
returns text
language plpgsql
as $$
declare
  task bigint := (
    select min(id) from private.inbox_events where event_type = 'REREAD_ORDERS' and status = 'pending'
  );
begin
  update private.event_queue set status = 'processing' where event_id = task;
  return tests.run_as('service_role', format(
    'select public.enqueue_order_rereads(%s, %L, 2)', task, tests.shop('ada')
  ))::jsonb - 'order_id';
end;
$$;
select is(tests.next_page()::jsonb, '{"outcome": "requested", "enqueued": 2}', 'a page of two orders');
select is(
  tests.rereads(),
  'REREAD_ORDERS done, ORDER_REREAD 1 pending, ORDER_REREAD 3 pending, REREAD_ORDERS pending',
  'is followed by the task of the next page'
);
select is(tests.next_page()::jsonb, '{"outcome": "requested", "enqueued": 2}', 'the next page');
select is(tests.next_page()::jsonb, '{"outcome": "requested", "enqueued": 0}', 'is the last');
select is(
  (select count(*) from private.webhook_events where event_type = 'REREAD_ORDERS' and status = 'pending'),
  0::bigint,
  'and has no successor'
);
select is(tests.request(''), '1', 'requested again');
select is(tests.next_page()::jsonb, '{"outcome": "requested", "enqueued": 0}', 'each order is read once');

update public.tiktok_shops set connected_at = clock_timestamp() where id = tests.shop('ada');
delete from private.webhook_events where event_type = 'REREAD_ORDERS' and status = 'pending';
select is(tests.request(''), '1', 'requested in another connection');
select is(tests.next_page()::jsonb, '{"outcome": "requested", "enqueued": 2}', 'each is read once more');
delete from private.webhook_events where event_type = 'REREAD_ORDERS' and status = 'pending';
delete from private.webhook_events where event_type = 'ORDER_REREAD' and external_id like '%' || extract(
  epoch from (select connected_at from public.tiktok_shops where id = tests.shop('ada'))
) || '%';

-- Reading it stores the version.
select is(tests.ingest('ada', '1'), 'updated', 'an order that is read again');
select is(
  (select mapping_version from public.orders where tiktok_order_id = '1'),
  private.order_mapping_version(),
  'has the present mapping'
);

select * from finish();
rollback;
