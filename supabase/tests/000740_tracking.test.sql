-- Privileges of tracking, and the ranks of a status.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.buy('ada', 'a', 'a1', '{}', '{"tracking_number": "1Z"}');
select tests.receive_event('ada', 'for the roles');

-- Privileges.
create table tests.calls as
select call from unnest(array[
  format('apply_tracking(%s, %L, ''{"status": "delivered"}'')',
    (select id from private.webhook_events where external_id = 'for the roles'), tests.purchase('a1')),
  'find_easypost_shipment(''shp_1'', ''1Z'')',
  'find_failed_purchase(''shp_1'')'
]) as call;
select tests.refused(who, 'select public.' || call, who || ' cannot: ' || split_part(call, '(', 1))
from unnest(array['anon', 'ada']) as who cross join tests.calls;
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select private.parcel_rank(''delivered'')',
  'select private.next_parcel_status(null, ''{}'')',
  'select private.move_shipment(null, ''{}'')'
]) as statement;
select tests.reaches('service_role', 1, 'select public.' || call, 'the backend can: ' || split_part(call, '(', 1))
from tests.calls;
select is(tests.parcel('a1'), 'purchased', 'no refused call moved the parcel');
select is(
  tests.event_status('for the roles'), 'pending', 'or settled the event'
);

-- Ranks.
create table tests.statuses (status text, rank integer);
insert into tests.statuses
values ('created', 0), ('purchased', 1), ('in_transit', 2), ('available_for_pickup', 3), ('out_for_delivery', 4),
  ('failed', 5), ('delivered', 6), ('returned', 7), ('voided', 8);
select results_eq(
  'select private.parcel_rank(status) from tests.statuses order by rank', 'select rank from tests.statuses order by rank',
  'the ranks of all statuses'
);
select is(
  (select string_agg(quoted[1], ' ' order by private.parcel_rank(quoted[1]))
   from pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''', 'g') as quoted
   where conname = 'shipments_status_check'),
  (select string_agg(status, ' ' order by rank) from tests.statuses),
  'which are all that a shipment may have'
);
select is(private.parcel_rank('lost'), null, 'anything else has none');

create function tests.moves(from_status text, to_status text)
returns text
language plpgsql
as $$
declare
  outcome text;
begin
  update public.shipments set status = from_status where id = tests.purchase('a1');
  outcome := tests.track('a1', jsonb_build_object('status', to_status));
  raise exception using errcode = 'UNDO1', message = concat_ws(' ', outcome, tests.parcel('a1'));
exception
  when sqlstate 'UNDO1' then
    return sqlerrm;
end;
$$;
select is(
  tests.moves(earlier.status, later.status),
  case when later.rank > earlier.rank then 'moved ' || later.status else 'recorded ' || earlier.status end,
  concat_ws(' ', 'an update that a parcel is', later.status, 'when it is', earlier.status)
)
from tests.statuses as earlier cross join tests.statuses as later;
select is(tests.moves('in_transit', 'lost'), 'recorded in_transit', 'a word that we do not know moves nothing');
select is(tests.moves('in_transit', null), 'recorded in_transit', 'nor does an update without a status');

select * from finish();
rollback;
