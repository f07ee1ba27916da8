-- A voided label that is used: the carrier scans it, and may invoice its price or a difference.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
create function tests.voided(key text, reason text default null)
returns text
language sql
as $$
  select tests.order_to_ship('ada', key);
  select tests.buy('ada', key, key, '{}', '{"shipping_cost": "7.10", "currency": "USD"}');
  select tests.void('ada', key);
  select tests.settle_void(key, 'voided', reason);
$$;
create function tests.adjust(key text, amount text, at text default '2026-11-20T10:00:00Z')
returns text
language sql
as $$
  select answer ->> 'outcome'
  from tests.call(format(
    'adjust_label_cost(%s, %L, %L)', tests.receive_event('ada', gen_random_uuid()::text), tests.purchase(key),
    jsonb_build_object('id', 'inv', 'amount', amount, 'currency', 'USD', 'at', at)
  )) as answer;
$$;
create function tests.scan(key text)
returns text
language sql
as $$
  select tests.track(key, '{"status": "in_transit"}');
$$;
create function tests.spent()
returns text
language sql
stable
as $$
  select string_agg(concat_ws(' ', labels, cents), ', ' order by id) from private.label_spending;
$$;
create function tests.counts(labels integer, cents integer, name text)
returns text
language sql
as $$
  select is(tests.spent(), format('%1$s %2$s, %1$s %2$s, %1$s %2$s', labels, cents), name);
$$;

select tests.voided('a');
select tests.counts(0, 0, 'a voided label costs nothing');
select is(tests.adjust('a', '7.10'), 'adjusted', 'the carrier charges its price');
select tests.counts(0, 710, 'which counts');
select tests.scan('a');
select tests.counts(1, 710, 'once, when it is scanned too');
select is(
  (select shipping_cost::text from public.shipments where id = tests.purchase('a')), '7.10', 'the seller sees the price'
);
select is(tests.timeline('a'), 'LABEL_PURCHASED awaiting_collection, LABEL_VOIDED awaiting_shipment', 'and no other cost');

select tests.voided('b');
select tests.scan('b');
select tests.counts(2, 1420, 'a label that is scanned first counts');
select is(tests.adjust('b', '7.10'), 'adjusted', 'the carrier charges its price');
select tests.counts(2, 1420, 'which counts already');
select is(tests.adjust('b', '1.60', '2026-11-21T10:00:00Z'), 'adjusted', 'only a difference: the invoice is corrected');
select tests.counts(2, 1580, 'which counts next to the price');

select tests.voided('c', 'billed_when_scanned');
select tests.counts(3, 2290, 'a label that is billed when it is scanned goes on counting');
select is(tests.adjust('c', '1.60'), 'adjusted', 'the carrier charges a difference');
select tests.counts(3, 2450, 'which counts');
select tests.scan('c');
select tests.counts(3, 2450, 'once, when it is scanned too');
select is(tests.adjust('c', '8.70', '2026-11-21T10:00:00Z'), 'adjusted', 'price and difference together');
select tests.counts(3, 2450, 'count once');

select tests.order_to_ship('ada', 'd');
select tests.buy('ada', 'd', 'd', '{}', '{"shipping_cost": "7.10", "currency": "USD"}');
select tests.void('ada', 'd');
select is(tests.adjust('d', '1.60'), 'adjusted', 'the carrier charges a difference before it decides about the void');
select tests.settle_void('d', 'voided');
select tests.counts(3, 2610, 'which goes on counting');
select tests.scan('d');
select tests.counts(4, 3320, 'and next to the price, once the parcel is scanned');

select * from finish();
rollback;
