-- EasyPost invoices for labels that no account has.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
select tests.order_to_ship('ada', 'a');

create function tests.record(invoice text, amount text, at text default '2026-11-20T10:00:00Z', event_id bigint default null)
returns text
language sql
as $$
  select coalesce(answer ->> 'outcome', answer #>> '{}')
  from tests.call(format(
    'record_unassigned_invoice(%s, %L)', coalesce(event_id, tests.receive_event('ada', gen_random_uuid()::text)),
    jsonb_build_object('id', invoice, 'shipment_id', 'shp_' || invoice, 'amount', amount, 'currency', 'USD', 'at', at)
  )) as answer;
$$;
create function tests.spent()
returns text
language sql
stable
as $$
  select string_agg(concat_ws('/', labels, cents, day_cents), ' ' order by id) from private.label_spending;
$$;
create function tests.logged()
returns text
language sql
stable
as $$
  select string_agg(concat_ws(' ', details ->> 'easypost_shipment_id', details ->> 'amount'), ', ' order by id)
  from public.system_logs
  where event_type = 'invoice_without_label';
$$;

select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select public.record_unassigned_invoice(1, ''{}'')', 'select * from private.unassigned_invoices'
]) as statement;

-- A label of an account that is deleted.
select tests.buy('ada', 'a', 'one', '{}', '{"shipping_cost": "7.10", "currency": "USD"}');
select is(
  tests.call(format(
    'adjust_label_cost(%s, %L, %L)', tests.receive_event('ada', 'before'), tests.purchase('one'),
    '{"id": "one", "amount": "1.60", "currency": "USD", "at": "2026-11-20T10:00:00Z"}'
  )) ->> 'outcome',
  'adjusted', 'the carrier charges more for a label'
);
select is(tests.spent(), '1/870/870 1/870/870 1/870/870', 'for the seller, the shop and the platform');
delete from auth.users where id = tests.id('ada');
select is(tests.spent(), '1/870/870 1/870/870', 'the totals of the shop and the platform outlive the account');
select is(tests.record('one', '2.00', '2026-11-21T10:00:00Z'), 'recorded', 'the invoice is corrected afterwards');
select is(tests.spent(), '1/870/870 1/910/910', 'the platform counts the difference');
select is(tests.record('one', '1.60', '2026-11-20T10:00:00Z'), 'stale', 'its earlier state arrives late');

-- One that was never known here.
select is(tests.record('two', '0.50'), 'recorded', 'an invoice of another label');
select is(tests.record('two', '0.50', '2026-11-20T11:00:00Z'), 'unchanged', 'another event about it');
select is(tests.spent(), '1/870/870 1/960/960', 'is counted for the platform once');
select is(tests.record('three', '-20.00'), 'recorded', 'one that pays back');
select is(tests.spent(), '1/870/870 1/-1040/-1040', 'is counted too');
select is(tests.logged(), 'shp_one 2.00, shp_two 0.50, shp_three -20.00', 'the log of operators names each');
select tests.receive_event('ada', 'once');
select is(
  tests.record('four', '1.00', event_id => (select id from private.webhook_events where external_id = 'once')),
  'recorded', 'an event'
);
select is(
  tests.record('five', '1.00', event_id => (select id from private.webhook_events where external_id = 'once')),
  'settled', 'has its effect once'
);

-- How long they stay.
update private.unassigned_invoices
set reported_at = now() - case id when 'one' then interval '7 months' else interval '5 months' end;
select is(private.purge_old_rows() ->> 'unassigned_invoices', '1', 'one goes six months after its last event');

select * from finish();
rollback;
