-- EasyPost trackers of own tracking numbers, which the platform pays, within the plan's number of labels.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
select tests.order_to_ship('ada', number) from unnest(array['a', 'b', 'c']) as number;
select tests.call(format('set_label_limit(%L, ''{"monthly_label_limit": 2}'')', tests.id('ada')));

create function tests.accepted(number text)
returns void
language plpgsql
as $$
declare
  stored jsonb := tests.call(format(
    'request_own_tracking(%L, %L, ''hash'', %L, %L, false)', tests.id('ada'), number, tests.order_id(number),
    jsonb_build_object('carrier', 'UPS', 'tracking_number', '1Z' || number)
  ));
begin
  perform tests.call(format(
    'settle_own_notification(%L, 1, ''{"package_id": "1"}'', %s)', tests.purchase(number), stored #>> '{event,event_id}'
  ));
end;
$$;
comment on function tests.accepted(text) is 'A seller gives the number of an order, and TikTok accepts it.';
create function tests.may_create(number text)
returns text
language sql
as $$
  select tests.call(format('get_own_tracker(%L)', tests.purchase(number))) ->> 'may_create';
$$;
create function tests.track_own(number text, tracker text)
returns text
language sql
as $$
  select tests.call(format(
    'store_own_tracker(%s, %L, 1, %L, %L)', tests.receive_event('ada', gen_random_uuid()::text), tests.purchase(number),
    tracker, case when tracker is not null then '{"status": "in_transit"}' end
  )) ->> 'outcome';
$$;

select tests.accepted(number) from unnest(array['a', 'b', 'c']) as number;
select is(tests.may_create('a'), 'true', 'the first number of the month gets a tracker');
select is(tests.track_own('a', 'trk_a'), 'moved', 'which tracks the parcel');
select is(tests.may_create('b'), 'true', 'the second too');
select is(tests.track_own('b', null), 'not_tracked', 'one that EasyPost does not track costs nothing');
select is(tests.may_create('b'), 'true', 'and is tried again');
select is(tests.track_own('b', 'trk_b'), 'moved', 'until it is tracked');
select is(tests.may_create('c'), 'false', 'no number above the limit does');
select is(tests.track_own('c', null), 'not_tracked', 'its parcel follows TikTok');
select is(tests.track_own('a', 'trk_a'), 'recorded', 'a tracker that is read again');
select tests.call(format('set_label_limit(%L, ''{"monthly_label_limit": 3}'')', tests.id('ada')));
select is(tests.may_create('c'), 'true', 'is not counted twice: a larger plan has room');
select tests.call(format('set_label_limit(%L, ''{"monthly_label_limit": 2}'')', tests.id('ada')));
update private.own_tracking_numbers set tracker_made_at = tracker_made_at - interval '1 month' where tracker_id = 'trk_a';
select is(tests.may_create('c'), 'true', 'and so does the next month');
update public.orders set tiktok_status = 'DELIVERED' where tiktok_order_id = 'c';
select is(tests.parcel('c'), 'delivered', 'a parcel without a tracker is delivered when TikTok says so');

select * from finish();
rollback;
