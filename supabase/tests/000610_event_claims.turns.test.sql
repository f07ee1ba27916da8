-- Shops take turns, however many events and shops wait.
begin;
\ir helpers.psql

create function tests.add(shop text, events integer, due timestamptz default now())
returns void
language plpgsql
as $$
declare
  first bigint;
begin
  with added as (
    insert into private.webhook_events (source, external_id, event_type, shop_id, body)
    select 'tiktok', coalesce(shop, 'none') || ' ' || n, 'X', shop, '{}'
    from generate_series(1, events) as n
    returning id
  )
  select min(id) into first from added;
  update private.event_queue
  set next_attempt_at = due + (event_id - first) * interval '1 microsecond' - interval '1 second'
  where event_id >= first;
end;
$$;
create function tests.claim(most integer)
returns text[]
language plpgsql
as $$
declare
  claimed jsonb := tests.run_as('service_role', format('select public.claim_webhook_events(%s, 60)', most));
begin
  return array(
    select external_id
    from private.webhook_events
    where id in (select (entry ->> 'event_id')::bigint from jsonb_array_elements(claimed) as entry)
    order by external_id collate "C"
  );
end;
$$;
comment on function tests.claim(integer) is 'What a claim gives: <shop> <number>, in alphabetical order.';

select is(tests.claim(10), '{}', 'nothing waits');

-- A flood of one shop.
select tests.add('flood', 1000, now() - interval '1 hour');
select tests.add(shop, 2) from unnest(array['a', 'z', null]) as shop;
select is(
  tests.claim(5), array['a 1', 'flood 1', 'flood 2', 'none 1', 'z 1'],
  'each shop gets a place before the flood of one gets its second; events without a shop are one more'
);
select is(tests.claim(4), array['a 2', 'flood 3', 'none 2', 'z 2'], 'and in the next turn again');
select is(cardinality(tests.claim(100)), 100, 'the places that no other shop needs are the flood''s');
select is(tests.claim(2), array['flood 104', 'flood 105'], 'the oldest first');

-- A worker that is busy with the flood.
create function tests.claim_without_flood()
returns jsonb
language sql
as $$
  select jsonb_path_query_array(
    tests.run_as('service_role', 'select public.claim_webhook_events(5, 60, array[''flood''])')::jsonb, '$[*].shop_id'
  );
$$;
select is(tests.claim_without_flood(), '[]', 'a claim leaves out the shops that it is given');
select tests.add('late', 1);
select is(tests.claim_without_flood(), '["late"]', 'and takes the events of the others');

-- More shops than a claim looks at.
update private.webhook_events set status = 'done', settled_at = now();
select tests.add(to_char(n, 'fm00000'), 1) from generate_series(1, 1000) as n;
update private.event_queue set next_attempt_at = 'infinity' where status = 'pending' and shop_id < '00990';
select tests.add('00500x', 3, now() - interval '1 day');
select is(
  (tests.claim(20))[1:4], array['00500x 1', '00500x 2', '00500x 3', '00990 1'],
  'due events are found among many shops that wait for later'
);
update private.event_queue set next_attempt_at = now() where status = 'pending';
update private.event_queue set next_attempt_at = now() - interval '1 minute' where shop_id = '00700';
select is(
  tests.claim(3), array['00001 1', '00002 1', '00700 1'],
  'the turn begins at the shop of the oldest event, and goes on with the first shop after the last'
);
select is(cardinality(tests.claim(500)), 500, 'a claim is full');
select is(cardinality(tests.claim(500)), 486, 'and none of the others is left out');

select * from finish();
rollback;
