-- Workers settle many events with one call.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
update private.event_queue set next_attempt_at = 'infinity';

select tests.refused(who, 'select public.settle_webhook_events(''[]'')', who || ' settles nothing')
from unnest(array['anon', 'ada']) as who;

create function tests.settle(results jsonb)
returns jsonb
language sql
as $$
  select tests.call(format('settle_webhook_events(%L)', results));
$$;
create function tests.result(named text, result jsonb, lost integer default 0)
returns jsonb
language sql
as $$
  select jsonb_build_object('event_id', id, 'claim', claims - lost) || result
  from private.inbox_events where external_id = named;
$$;
create function tests.states()
returns setof text
language sql
as $$
  select concat_ws(' ', external_id, status, reason, attempts, last_error, extract(epoch from next_attempt_at - now())::integer)
  from private.inbox_events where external_id in ('a', 'b', 'c', 'd', 'e') order by external_id
$$;

select tests.receive_event('ada', named) from unnest(array['a', 'b', 'c', 'd', 'e']) as named;
select tests.run_as('service_role', 'select public.claim_webhook_events(10, 60)');
select is(tests.settle('[]'), '[]', 'no results change nothing');
select is(
  tests.settle(jsonb_build_array(
    tests.result('d', '{"failed": "late"}', lost => 1),
    tests.result('c', '{"postponed": "no key", "retry_after_seconds": 300}'),
    tests.result('b', '{"failed": "refused", "retry_after_seconds": 86400.0}'),
    tests.result('a', '{"ignored": "no_order_named"}')
  )),
  '[null, "pending", "pending", "ignored"]',
  'each event gets its own status, in the order of the results; a lost claim gets none'
);
select results_eq(
  'select * from tests.states()',
  array[
    'a ignored no_order_named 0', 'b pending 1 refused 86400', 'c pending 0 no key 300', 'd processing 0 60',
    'e processing 0 60'
  ],
  'the events are ignored, failed and postponed; those of lost claims and of other workers stay as they are'
);
select is(
  tests.settle(jsonb_build_array(tests.result('a', '{"ignored": "no_order_named"}'))), '[null]',
  'a settled event is not settled again'
);

-- Together or not at all.
select is(
  tests.settle(jsonb_build_array(
    tests.result('d', '{"ignored": "no_order_named"}'), tests.result('e', '{"ignored": "Not a code"}')
  )),
  '"23514"', 'a result that cannot be stored is an error'
);
select is(
  (select array_agg(status) from private.inbox_events where external_id in ('d', 'e')), array['processing', 'processing'],
  'and settles no other event of its call'
);

-- Shops that were connected, or became active, after the claim.
select is(
  tests.settle(jsonb_build_array(
    tests.result('d', '{"ignored": "shop_not_connected"}'),
    tests.result('e', '{"postponed": "paused", "retry_after_seconds": 86400, "while_paused": true}')
  )),
  '["pending", "pending"]', 'events that waited for a shop that is connected and active'
);
select results_eq(
  $$select * from tests.states() as state where state ~ '^[de]'$$,
  array['d pending 0 0', 'e pending 0 paused 0'],
  'are due at once'
);

-- Events that their worker had no slot for.
update private.webhook_events
set status = 'failing', attempts = 10, reason = 'attempts_used_up', failing_since = now() - interval '3 days'
where external_id = 'd';
update private.event_queue set next_attempt_at = now()
where event_id in (select id from private.webhook_events where external_id in ('d', 'e'));
select tests.run_as('service_role', 'select public.claim_webhook_events(10, 60)');
select is(
  tests.settle(jsonb_build_array(
    tests.result('d', '{"unstarted": true}'), tests.result('e', '{"unstarted": true}', lost => 1)
  )),
  '["failing", null]', 'an unstarted event is what it was before its claim; a lost claim returns none'
);
select tests.settle(jsonb_build_array(tests.result('e', '{"unstarted": true}')));
select results_eq(
  $$select * from tests.states() as state where state ~ '^[de]'$$,
  array['d failing attempts_used_up 10 0', 'e pending 0 paused 0'],
  'are due at once, and keep their attempts and their error'
);
select is(
  (select failing_since from private.webhook_events where external_id = 'd'), now() - interval '3 days',
  'and their seven days'
);

select * from finish();
rollback;
