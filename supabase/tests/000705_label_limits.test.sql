-- What the platform spends on labels stays within three limits.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.connect_shop(nickname) from unnest(array['ada', 'bob']) as nickname;

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.label_limits',
  'update private.label_limits set monthly_label_limit = 1',
  'select * from private.label_spending',
  'update private.label_spending set labels = 0',
  'select * from private.label_currencies',
  'select public.set_label_limit(auth.uid(), ''{"monthly_label_limit": 9}'')',
  'select private.reserve_label_cost(null, null, 0)',
  'select private.add_label_cost(null, null, null, 0, 0)',
  'select private.label_usage(auth.uid())'
]) as statement;
select tests.refused('service_role', 'delete from private.label_spending', 'not even the backend forgets what was spent');
select results_eq(
  'select name, daily_label_limit, monthly_label_limit, daily_label_cents, monthly_label_cents
   from public.plans order by monthly_order_limit',
  $$values ('trial', 2, 2, 2000::bigint, 2000::bigint), ('starter', 50, 150, 50000, 150000),
    ('growth', 200, 750, 200000, 750000), ('scale', 1000, 10000, 1000000, 10000000)$$,
  'the limits of the plans'
);

-- Orders of ada and bob; the limits of the trial.
select tests.order_to_ship('ada', 'a' || n), tests.order_to_ship('bob', 'b' || n) from generate_series(1, 9) as n;
delete from private.label_limits where user_id is not null;
create function tests.try(nickname text, number text, choice jsonb default '{}', request jsonb default '{}')
returns text
language sql
as $$
  select tests.requested(nickname, number, number, request);
  select tests.start(number, 1, choice);
$$;
comment on function tests.try(text, text, jsonb, jsonb) is 'Starts the purchase of a label; the key is the order.';
create function tests.fail(key text, attempt integer default 1)
returns jsonb
language sql
as $$
  select tests.call(format('fail_label_purchase(%L, %s, ''carrier_refused'')', tests.purchase(key), attempt));
$$;
create function tests.usage(nickname text)
returns text
language sql
as $$
  select concat_ws(
    ' ', usage #>> '{today,labels}', usage #>> '{today,cost}', usage #>> '{month,labels}', usage #>> '{month,cost}',
    'of', usage #>> '{month,label_limit}', usage #>> '{month,cost_limit}', usage ->> 'currency'
  )
  from (select tests.run_as(nickname, 'select public.get_usage() -> ''labels''')::jsonb as usage) as own;
$$;
create function tests.shop_usage(nickname text)
returns text
language sql
as $$
  select concat_ws(
    ' ', usage #>> '{today,shop_labels}', usage #>> '{today,shop_limit_reached}', usage #>> '{month,shop_labels}',
    usage #>> '{month,shop_limit_reached}'
  )
  from (select tests.run_as(nickname, 'select public.get_usage() -> ''labels''')::jsonb as usage) as own;
$$;
create function tests.platform()
returns text
language sql
stable
as $$
  select concat_ws(' ', labels, cents) from private.label_spending where user_id is null and shop_key is null;
$$;
select is(tests.usage('ada'), '0 0.00 0 0.00 of 2 20.00 USD', 'nothing was bought');
select is(tests.shop_usage('ada'), '0 false 0 false', 'for the shop neither');
select is(tests.try('ada', 'a1'), 'started', 'the first label of a trial');
select is(tests.usage('ada'), '1 7.10 1 7.10 of 2 20.00 USD', 'is reserved before it is bought');
select is(tests.try('ada', 'a2', '{"quoted_cost": "12.91"}'), 'refused label_limit', 'one that costs a cent too much');
select is(tests.try('ada', 'a3', '{"quoted_cost": "9.00", "currency": "GBP"}'), 'refused label_limit', 'pounds count in dollars');
select is(tests.try('ada', 'a4', '{"quoted_cost": "8.00", "currency": "GBP"}'), 'started', 'and are bought within the limit');
select is(tests.usage('ada'), '2 18.70 2 18.70 of 2 20.00 USD', 'the seller sees both');
select is(tests.shop_usage('ada'), '2 true 2 true', 'and that the limit is reached');
select is(tests.try('ada', 'a5', '{"quoted_cost": "0.01"}'), 'refused label_limit', 'a third label, at any price');
select is(tests.label_state('a5'), 'requested 1', 'is not being bought');
select is(tests.try('ada', 'a6', '{"currency": "XAU"}'), 'refused service_unavailable', 'nor one without a price in dollars');
select is(tests.usage('bob'), '0 0.00 0 0.00 of 2 20.00 USD', 'another seller has their own limits');

-- What was not bought is given back, once; what is not known is not.
select is(tests.call(format('mark_label_purchase_unknown(%L, 1, ''outcome_unknown'')', tests.purchase('a1'))) ->> 'state', 'unknown', 'an unknown outcome');
select is(tests.usage('ada'), '2 18.70 2 18.70 of 2 20.00 USD', 'keeps its reservation');
select is(tests.fail('a1') ->> 'state', 'failed', 'until it is settled');
select is(tests.usage('ada'), '1 11.60 1 11.60 of 2 20.00 USD', 'then it is given back');
select is(tests.fail('a1') ->> 'state', 'failed', 'again');
select is(tests.usage('ada'), '1 11.60 1 11.60 of 2 20.00 USD', 'once');
select is(tests.start('a5'), 'started', 'its place may be used');
select is(tests.finish_label('a5', '{"shipping_cost": "5.00", "currency": "USD"}') ->> 'state', 'purchased', 'the label is bought');
select is(tests.usage('ada'), '2 16.60 2 16.60 of 2 20.00 USD', 'what it cost counts, not what was quoted');
select is(tests.finish_label('a1', '{"shipping_cost": "7.10", "currency": "USD"}') ->> 'state', 'purchased', 'a failed one was bought');
select is(tests.usage('ada'), '3 23.70 3 23.70 of 2 20.00 USD', 'it counts above the limit: the money is spent');
select is(tests.finish_label('a1', '{"shipping_cost": "7.10", "currency": "USD"}') ->> 'state', 'purchased', 'the same again');
select is(tests.usage('ada'), '3 23.70 3 23.70 of 2 20.00 USD', 'counts once');

-- Voids.
create function tests.decide_void(key text, state text, reason text default null)
returns text
language sql
as $$
  select tests.call(format('request_label_void(%L, %L)', tests.id('ada'), tests.purchase(key)));
  select tests.call(format('settle_label_void(%L, %L, %L)', tests.purchase(key), state, reason)) ->> 'state';
$$;
select is(tests.decide_void('a1', 'void_requested'), 'void_requested', 'a void that the carrier has not decided');
select is(tests.usage('ada'), '3 23.70 3 23.70 of 2 20.00 USD', 'gives nothing back');
select is(tests.decide_void('a1', 'voided'), 'voided', 'a voided label');
select is(tests.decide_void('a1', 'voided'), 'voided', 'and again');
select is(tests.usage('ada'), '2 16.60 2 16.60 of 2 20.00 USD', 'is given back once');
select is(tests.platform(), '2 1660', 'to the platform as well');
select is(tests.start('a4', 1), 'taken_over', 'the label in pounds is being bought');
select is(tests.finish_label('a4', '{"shipping_cost": "8.00", "currency": "GBP"}') ->> 'state', 'purchased', 'it is bought');
select is(tests.decide_void('a4', 'voided', 'billed_when_scanned'), 'voided', 'and voided at a carrier that bills scans');
select is(tests.usage('ada'), '2 16.60 2 16.60 of 2 20.00 USD', 'it keeps its place: its parcel may still be sent with it');

-- Days and months.
update private.label_spending set day = private.current_day() - 1;
update private.label_purchases set cost_day = private.current_day() - 1 where cost_day is not null;
select is(tests.usage('ada'), '0 0.00 2 16.60 of 2 20.00 USD', 'a day begins');
select is(tests.decide_void('a5', 'voided'), 'voided', 'a label of the day before is voided');
select is(tests.usage('ada'), '0 0.00 1 11.60 of 2 20.00 USD', 'which gives the month back, not the day')
where extract(day from private.current_day()) > 1;

-- Labels that the platform does not pay.
select tests.order_to_ship('bob', 'b tiktok', '{"shipping_type": "TIKTOK"}');
delete from private.label_limits where user_id is not null;
select is(tests.try('bob', 'b tiktok', '{"quoted_cost": "900"}'), 'started', 'TikTok''s labels have no limit');
select is(tests.usage('bob'), '0 0.00 0 0.00 of 2 20.00 USD', 'and are not counted');

-- An operator.
select is(tests.call(format('set_label_limit(%L, %L)', tests.id('bob'), wrong)), '"PT400"', wrong || ' is refused')
from unnest(array['{"labels": 1}', '{"monthly_label_limit": -1}', '{"monthly_label_limit": null}', '{"monthly_label_limit": "1.5"}']) as wrong;
select is(tests.call('set_label_limit(null, null)'), '"PT400"', 'the platform always has limits');
select is(tests.call('set_label_limit(gen_random_uuid(), ''{}'')'), '"PT404"', 'an unknown seller');
select is(
  tests.call(format('set_label_limit(%L, ''{"monthly_label_limit": 5, "daily_label_limit": 5}'')', tests.id('bob'))),
  '{"daily_label_limit": 5, "monthly_label_limit": 5, "daily_label_cents": 2000, "monthly_label_cents": 2000}',
  'one seller gets other limits'
);
select is(tests.usage('bob'), '0 0.00 0 0.00 of 5 20.00 USD', 'which hold');
select is(tests.try('bob', 'b' || n, '{"quoted_cost": "1"}'), 'started', 'label ' || n) from generate_series(1, 5) as n;
select is(tests.try('bob', 'b6', '{"quoted_cost": "1"}'), 'refused label_limit', 'to the end');
select is((tests.call(format('set_label_limit(%L, null)', tests.id('bob')))) ->> 'monthly_label_limit', '2', 'or those of the plan again');
select tests.subscribe('bob', 'starter');
select is(tests.usage('bob'), '5 5.00 5 5.00 of 150 1500.00 USD', 'a larger plan has larger limits');
select is(
  (select count(*) from public.system_logs where event_type = 'label_limit_set'), 2::bigint, 'the log has each change'
);

-- The platform: an alarm at 80 %, once a period, and an end.
create function tests.alarms()
returns text
language sql
stable
as $$
  select string_agg(details ->> 'period', ' ' order by id) from public.system_logs where event_type = 'label_limit_near';
$$;
select is(tests.alarms(), null, 'no alarm');
update private.label_limits set daily_label_limit = 8, monthly_label_limit = 100 where user_id is null;
select is(tests.start('b6', 1, '{"quoted_cost": "1"}'), 'started', 'the sixth of eight labels a day');
select is(tests.alarms(), null, 'is below 80 %');
select is(tests.try('bob', 'b7', '{"quoted_cost": "1"}'), 'started', 'the seventh');
select is(tests.alarms(), 'day', 'is not');
select is(tests.try('bob', 'b8', '{"quoted_cost": "1"}'), 'started', 'the last one');
select is(tests.alarms(), 'day', 'one alarm a day');
select is(tests.try('bob', 'b9', '{"quoted_cost": "1"}'), 'refused funds_missing', 'a ninth is refused');
select is(tests.usage('bob'), '8 8.00 8 8.00 of 150 1500.00 USD', 'and costs the seller nothing');

-- The account is deleted; the shop is connected again.
delete from auth.users where id = tests.id('bob');
update private.label_limits set daily_label_limit = 1000 where user_id is null;
select tests.sign_up('ben');
select tests.connect_shop('ben');
select tests.order_to_ship('ben', 'c1');
delete from private.label_limits where user_id is not null;
select is(tests.usage('ben'), '0 0.00 0 0.00 of 2 20.00 USD', 'the new account has spent nothing, and sees no cost of another');
select is(tests.shop_usage('ben'), '8 true 8 true', 'but its shop has used its labels');
select is(tests.try('ben', 'c1', '{"quoted_cost": "1"}'), 'refused label_limit', 'signing up again buys nothing');
select is((select count(*) from private.label_spending where user_id = tests.id('bob')), 0::bigint, 'nothing names the former account');

-- Three months.
update private.label_spending set month = (private.current_month() - interval '3 months')::date;
select private.purge_old_rows();
select isnt_empty('select from private.label_spending', 'totals stay for three months');
update private.label_spending set month = (private.current_month() - interval '4 months')::date;
select private.purge_old_rows();
select is_empty('select from private.label_spending', 'then they go');

select * from finish();
rollback;
