-- Events whose attempts are used up: tried again each hour for seven days, in turn with live ones.
begin;
\ir helpers.psql

create function tests.claim(most integer)
returns text
language sql
as $$
  select coalesce(string_agg(event.external_id, ' ' order by event.external_id), 'none')
  from jsonb_array_elements(
    tests.run_as('service_role', format('select public.claim_webhook_events(%s, 60)', most))::jsonb
  ) as claimed
  join private.webhook_events as event on event.id = (claimed ->> 'event_id')::bigint;
$$;
create function tests.fail(named text, error text default 'refused')
returns text
language sql
as $$
  select tests.run_as('service_role', format('select private.fail_webhook_event(%s, %s, %L)', id, claims, error))
  from private.inbox_events
  where external_id = named;
$$;
create function tests.state(named text)
returns text
language sql
stable
as $$
  select concat_ws(' ', status, attempts, crashes, reason, settled_at is not null)
  from private.inbox_events
  where external_id = named;
$$;
create function tests.hours_until(named text)
returns numeric
language sql
stable
as $$
  select round(extract(epoch from next_attempt_at - now()) / 3600, 2)
  from private.inbox_events
  where external_id = named;
$$;
create function tests.add(named text, more text)
returns void
language plpgsql
as $$
begin
  insert into private.webhook_events (source, external_id, event_type, body) values ('tiktok', named, 'X', '{}');
  execute format('update private.webhook_events set %s where external_id = %L', more, named);
end;
$$;

-- Seven days of an event.
select tests.add('odd', 'attempts = 9');
select is(tests.claim(10), 'odd', 'the tenth attempt');
select is(tests.fail('odd'), 'failing', 'fails: the event is between pending and dead');
select is(tests.state('odd'), 'failing 10 0 attempts_exhausted f', 'it is not settled');
select ok(tests.hours_until('odd') between 0.8 and 1, 'it is tried again within the hour');
select is(tests.claim(10), 'none', 'not before');
update private.event_queue set next_attempt_at = now();
select is(tests.claim(10), 'odd', 'then it is claimed');
select is(tests.state('odd'), 'processing 10 0 f', 'as any other event');
select is(tests.fail('odd', 'still refused'), 'failing', 'another failure waits another hour');
select ok(tests.hours_until('odd') between 0.8 and 1, 'not twice as long');
select is(
  (select row(failing_since = now(), last_error)::text from private.webhook_events), '(t,"still refused")',
  'the seven days begin with the tenth failure, and the last error is kept'
);
update private.event_queue set next_attempt_at = now();
update private.webhook_events set failing_since = now() - interval '7 days' + interval '1 second';
select tests.claim(10);
select is(tests.fail('odd'), 'failing', 'a second before seven days are over it goes on');
update private.event_queue set next_attempt_at = now();
update private.webhook_events set failing_since = now() - interval '7 days';
select tests.claim(10);
select is(tests.fail('odd'), 'dead', 'after seven days the next failure is the last');
select is(tests.state('odd'), 'dead 13 0 attempts_exhausted t', 'it is settled, and says why');
update private.event_queue set next_attempt_at = now();
select is(tests.claim(10), 'none', 'a dead event is not claimed');
select is(
  tests.call(format('replay_webhook_event(%s)', id)) ->> 'replayed', 'true', 'an operator can replay it'
)
from private.webhook_events;
select is(
  (select row(status, attempts, crashes, failing_since)::text from private.webhook_events), '(pending,0,0,)',
  'with all its attempts'
);

-- An event that recovers.
delete from private.webhook_events;
select tests.add('recovers', $$status = 'failing', reason = 'attempts_exhausted', failing_since = now()$$);
select is(public.oldest_open_event_seconds(), 0, 'a failing event is not an open one that waits');
select is(tests.claim(1), 'recovers', 'a failing event is claimed alone if no live one is due');
select is(
  private.settle_locked_event(private.lock_open_event(id), '{"outcome": "applied"}') ->> 'outcome', 'applied',
  'its effect settles it'
)
from private.webhook_events;
select is(tests.state('recovers'), 'done 0 0 t', 'without a reason');

-- Workers that are lost.
delete from private.webhook_events;
select tests.add('killer', 'crashes = 0');
create function tests.lose(times integer)
returns text
language plpgsql
as $$
begin
  for n in 1..times loop
    update private.event_queue set next_attempt_at = now();
    perform tests.claim(10);
  end loop;
  update private.event_queue set next_attempt_at = now();
  perform private.set_back_lost_events(10);
  return tests.state('killer');
end;
$$;
select is(tests.lose(3), 'pending 0 3 f', 'a lost worker counts as a crash, not as an attempt');
select is(tests.hours_until('killer'), 0.00, 'the first crashes cost no wait');
select is(tests.lose(1), 'pending 0 4 f', 'the fourth');
select ok(
  (select next_attempt_at between now() + interval '15 seconds' and now() + interval '30 seconds'
   from private.event_queue), 'waits'
);
update private.webhook_events set crashes = 19;
select is(tests.lose(1), 'failing 0 20 workers_lost f', 'after twenty it is tried each hour');
update private.webhook_events set failing_since = now() - interval '8 days';
select is(tests.lose(1), 'dead 0 21 workers_lost t', 'and after seven days never again');

-- A backlog of failing events, and live ones.
delete from private.webhook_events;
insert into private.webhook_events
  (source, external_id, event_type, body, status, reason, failing_since, attempts)
select 'tiktok', 'old ' || n, 'X', '{}', 'failing', 'attempts_exhausted', now() - interval '1 day', 10
from generate_series(1, 3000) as n;
update private.event_queue set next_attempt_at = now() - make_interval(secs => split_part(external_id, ' ', 2)::integer)
from private.webhook_events where id = event_id;
insert into private.webhook_events (source, external_id, event_type, body)
select 'tiktok', 'live ' || n, 'X', '{}' from generate_series(1, 7) as n;
select is(
  tests.claim(10), 'live 1 live 2 live 3 live 4 live 5 live 6 live 7 old 2999 old 3000',
  'live events are claimed before the backlog, which has every fifth place, the longest due first'
);
insert into private.webhook_events (source, external_id, event_type, body)
select 'tiktok', 'more ' || n, 'X', '{}' from generate_series(1, 50) as n;
select is(
  regexp_count(tests.claim(10), 'old'), 2,
  'a backlog of live events does not starve the failing ones either'
);
select tests.claim(100);
select is(tests.claim(4), 'old 2976', 'without live events the backlog goes on');
analyze private.event_queue;
create function tests.plan_of_backlog()
returns text
language plpgsql
as $$
declare
  line text;
  plan text := '';
begin
  for line in explain
    select event_id from private.event_queue
    where status = 'failing' and next_attempt_at <= now()
    order by next_attempt_at limit 20
  loop
    plan := plan || line || ' ';
  end loop;
  return plan;
end;
$$;
select alike(tests.plan_of_backlog(), '%idx_event_queue_failing%', 'a claim reads only the first of the backlog');
select unalike(tests.plan_of_backlog(), '%Sort%', 'in the order of their index');

select * from finish();
rollback;
