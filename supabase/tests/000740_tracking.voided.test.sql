-- A parcel that is sent with a voided label: the carrier bills it.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
create function tests.bought(key text)
returns void
language sql
as $$
  select tests.order_to_ship('ada', key);
  select tests.requested('ada', key, key);
  select tests.start(key);
  select tests.finish_label(key, '{"shipping_cost": "7.10", "currency": "USD", "tracking_number": "9400"}');
$$;
create function tests.voided(key text, reason text default null)
returns text
language sql
as $$
  select tests.void('ada', key);
  select tests.settle_void(key, 'voided', reason);
$$;
create function tests.spent()
returns text
language sql
stable
as $$
  select concat_ws(' ', labels, cents) from private.label_spending where user_id is null and shop_key is null;
$$;
create function tests.reported()
returns bigint
language sql
stable
as $$
  select count(*) from public.system_logs
  where event_type = 'voided_label_used'
    and details = jsonb_build_object('user_id', tests.id('ada'), 'shipment_id', tests.purchase('a'));
$$;

select tests.bought('a');
select is(tests.voided('a'), 'voided', 'a label is voided');
select is(tests.spent(), '0 0', 'and given back');
select is(tests.track('a', '{"status": "purchased"}'), 'recorded', 'the carrier knows the label');
select is(tests.spent(), '0 0', 'which costs nothing');
select is(tests.track('a', '{"status": "in_transit"}'), 'recorded', 'it scans the parcel');
select is(tests.parcel('a'), 'voided', 'the label stays voided');
select is(tests.spent(), '1 710', 'but counts again: the platform pays it');
select is(tests.reported(), 1::bigint, 'and is logged for operators');
select is(tests.track('a', '{"status": "delivered"}'), 'recorded', 'the parcel arrives');
select is(tests.spent() || ' ' || tests.reported(), '1 710 1', 'it counts once');

select tests.bought('b');
select is(tests.voided('b', 'billed_when_scanned'), 'voided', 'a label that is billed when it is scanned');
select is(tests.track('b', '{"status": "in_transit"}'), 'recorded', 'is scanned');
select is(tests.spent(), '2 1420', 'it went on counting, and counts once');
select is(
  (select count(*) from public.system_logs where event_type = 'voided_label_used'), 2::bigint, 'is logged for operators too'
);

-- The log is deleted after 90 days, and need not be searched: it has millions of rows.
delete from public.system_logs;
select is(tests.track('a', '{"status": "returned"}'), 'recorded', 'the parcel comes back, months later');
select is(
  (select count(*) from public.system_logs where event_type = 'voided_label_used'), 0::bigint, 'which was reported before'
);

select * from finish();
rollback;
