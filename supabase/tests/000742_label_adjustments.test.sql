-- What a carrier charges, or pays back, after a label was bought.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
select tests.order_to_ship('ada', number) from unnest(array['a', 'b']) as number;
select tests.buy('ada', 'a', 'one', '{}', '{"shipping_cost": "7.10", "currency": "USD"}');

create function tests.adjust(key text, invoice text, amount text, at text default '2026-11-20T10:00:00Z', event_id bigint default null)
returns text
language sql
as $$
  select coalesce(answer ->> 'outcome', answer #>> '{}')
  from tests.call(format(
    'adjust_label_cost(%s, %L, %L)', coalesce(event_id, tests.receive_event('ada', gen_random_uuid()::text)),
    tests.purchase(key), jsonb_build_object('id', invoice, 'amount', amount, 'currency', 'USD', 'at', at)
  )) as answer;
$$;
create function tests.cost(key text)
returns text
language sql
stable
as $$
  select shipping_cost::text from public.shipments where id = tests.purchase(key);
$$;
create function tests.spent()
returns text
language sql
stable
as $$
  select string_agg(concat_ws('/', labels, cents, day_cents), ' ' order by id) from private.label_spending;
$$;

select tests.refused(who, 'select public.adjust_label_cost(1, gen_random_uuid(), ''{}'')', who || ' cannot adjust a cost')
from unnest(array['anon', 'ada']) as who;

select is(tests.spent(), '1/710/710 1/710/710 1/710/710', 'the label is counted for the seller, the shop and the platform');
select is(tests.adjust('one', 'inv_1', '1.60000'), 'adjusted', 'the carrier charges more');
select is(tests.cost('one'), '8.70', 'the seller sees what the label cost');
select is(tests.spent(), '1/870/870 1/870/870 1/870/870', 'and all totals count it');
select is(tests.timeline('a'), 'LABEL_PURCHASED awaiting_collection, LABEL_COST_ADJUSTED', 'the timeline has it');
select is(tests.adjust('one', 'inv_1', '1.60', '2026-11-20T12:00:00Z'), 'unchanged', 'another event about the same invoice');
select is(tests.adjust('one', 'inv_1', '2.00', '2026-11-20T11:00:00Z'), 'stale', 'one from before it');
select is(tests.adjust('one', 'inv_1', '0.50', '2026-11-21T10:00:00Z'), 'adjusted', 'the invoice is corrected');
select is(tests.adjust('one', 'inv_1', '9.00', '2026-11-20T11:00:00Z'), 'stale', 'its earlier state arrives late');
select is(tests.cost('one') || ' ' || tests.spent(), '7.60 1/760/760 1/760/760 1/760/760', 'the newest amount counts');
select is(tests.adjust('one', 'inv_2', '-2.00'), 'adjusted', 'another invoice pays back');
select is(tests.cost('one') || ' ' || tests.spent(), '5.60 1/560/560 1/560/560 1/560/560', 'both count');

-- Weeks later: the account pays today.
update private.label_purchases set cost_day = cost_day - 40 where idempotency_key = 'one';
select is(tests.adjust('one', 'inv_3', '1.00'), 'adjusted', 'an invoice of a label of an earlier month');
select is(tests.spent(), '1/660/660 1/660/660 1/660/660', 'is counted today');

select tests.receive_event('ada', 'once');
select is(
  tests.adjust('one', 'inv_5', '1.00', event_id => (select id from private.webhook_events where external_id = 'once')),
  'adjusted', 'an event'
);
select is(
  tests.adjust('one', 'inv_6', '1.00', event_id => (select id from private.webhook_events where external_id = 'once')),
  'settled', 'has its effect once'
);
select is(tests.adjust('none', 'inv_7', '1.00'), 'PT404', 'an unknown label');

-- The shown cost is at least 0; the invoices that made it so are not forgotten.
select tests.buy('ada', 'b', 'two', '{}', '{"shipping_cost": "7.10", "currency": "USD"}');
select is(tests.adjust('two', 'paid_back', '-20.00'), 'adjusted', 'the carrier pays back what it charged, and that arrives first');
select is(tests.cost('two'), '0.00', 'the label has no cost below 0');
select is(tests.adjust('two', 'charged', '20.00'), 'adjusted', 'then what it charged arrives');
select is(tests.cost('two'), '7.10', 'the label cost its price');

-- A month in which the carrier pays back more than it charges.
delete from private.label_spending;
select is(tests.adjust('one', 'inv_8', '-5.00', '2026-11-22T10:00:00Z'), 'adjusted', 'the carrier pays back before anything costs');
select is(tests.adjust('one', 'inv_8', '-3.00', '2026-11-23T10:00:00Z'), 'adjusted', 'and corrects it');
select is(tests.spent(), '0/-300/-300 0/-300/-300 0/-300/-300', 'the totals have what was really paid back');
select is(
  tests.run_as('ada', 'select public.get_usage() #>> ''{labels,month,cost}'''), '-3.00', 'and the seller sees it'
);

select * from finish();
rollback;
