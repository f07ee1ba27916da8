-- Settling events with their effect.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
create function tests.state(external_id text)
returns text
language sql
stable
as $$
  select concat_ws(' ', status, attempts, reason)
  from private.inbox_events
  where inbox_events.external_id = state.external_id;
$$;
create function tests.apply(external_id text)
returns jsonb
language sql
as $$
  select private.settle_locked_event(
    private.lock_open_event(
      (select id from private.webhook_events as event where event.external_id = apply.external_id)
    ),
    '{"outcome": "applied", "count": 1}',
    p_object_id => '88'
  );
$$;
select tests.receive('applied');
select tests.receive('pointless');
update private.webhook_events set status = 'ignored', reason = 'nothing_to_do' where external_id = 'pointless';
select is(tests.apply('applied'), '{"outcome": "applied", "count": 1}', 'an applied event returns its result');
select is(tests.state('applied'), 'done 0', 'and is done');
select is(
  (select object_id from private.webhook_events where external_id = 'applied'), '88', 'with the object that it names'
);
select is(tests.apply('applied'), '{"outcome": "settled", "count": 1}', 'a settled event is not applied again');
select is(tests.apply('pointless'), '{"outcome": "settled", "count": 1}', 'nor is an ignored one');
select is(tests.state('pointless'), 'ignored 0 nothing_to_do', 'which stays ignored');
select throws_ok('select private.lock_open_event(0)', 'PT404', null, 'an unknown event is an error');
select is(
  tests.attempt('service_role', 'select private.settle_event(null)'), '1', 'settling without an event changes nothing'
);

select * from finish();
rollback;
