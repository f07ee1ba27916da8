-- check_order_limit is called before every insert of an order that counts, on each path.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
update public.plans set monthly_order_limit = 100000 where name = 'trial';

create function tests.stored()
returns bigint
language plpgsql
as $$
begin
  return (select count(*) from public.orders);
end;
$$;

create or replace function public.check_order_limit(user_uuid uuid)
returns boolean language plpgsql stable security invoker set search_path = '' as $$
begin
  return false;
end;
$$;

-- Many places are free: the counters are locked last.
select throws_ok(
  $$select tests.ingest('ada', '1')$$, '40001', 'The limit of the plan was reached meanwhile',
  'one order is refused, and its call is repeated'
);
select is(tests.stored(), 0::bigint, 'and not inserted');
select lives_ok(
  format(
    'select public.ingest_orders(%L, %L)', tests.shop('ada'), jsonb_build_array(tests.order_item('2'), tests.order_item('3'))
  ),
  'a batch is answered'
);
select is(tests.stored(), 0::bigint, 'and not inserted');

-- Few are free: the counters are locked first.
create or replace function private.spare_places()
returns integer language plpgsql immutable set search_path = '' as $$
begin
  return 1000000;
end;
$$;
select is(tests.ingest('ada', '4'), 'held', 'one order is held');
select lives_ok(
  format(
    'select public.ingest_orders(%L, %L)', tests.shop('ada'), jsonb_build_array(tests.order_item('5'), tests.order_item('6'))
  ),
  'a batch is answered'
);
select is(tests.stored(), 0::bigint, 'and nothing is inserted');
select set_eq(
  $$select tiktok_order_id from private.held_orders$$, array['2', '3', '4', '5', '6'], 'all of them that were answered are held'
);

select * from finish();
rollback;
