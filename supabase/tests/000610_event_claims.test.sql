-- Claiming events, and what workers report of them.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
-- Other events of the inbox are not due.
update private.event_queue set next_attempt_at = 'infinity';

select tests.receive('twice');
-- Claiming.
create function tests.claim(lease_seconds integer default 60)
returns jsonb
language sql
as $$
  select tests.run_as(
    'service_role', format('select public.claim_webhook_events(10, %s)', lease_seconds)
  )::jsonb;
$$;
create function tests.state(external_id text)
returns text
language sql
stable
as $$
  select concat_ws(' ', status, attempts, reason)
  from private.inbox_events
  where inbox_events.external_id = state.external_id;
$$;
create function tests.event(external_id text)
returns bigint
language sql
stable
as $$
  select id from private.webhook_events where webhook_events.external_id = event.external_id;
$$;
create function tests.wait(external_id text, until timestamptz default now())
returns void
language sql
as $$
  update private.event_queue set next_attempt_at = until where event_id = tests.event(external_id);
$$;
create table tests.claimed as select tests.claim() as events;
select is(jsonb_array_length(events), 1, 'a worker claims the event') from tests.claimed;
select is(
  events -> 0 -> 'shop',
  (
    select jsonb_build_object(
      'id', id, 'user_id', user_id, 'shop_id', shop_id,
      'shop_cipher', shop_cipher, 'access_token', access_token, 'token_version', 1, 'paused_seconds', null
    )
    from public.tiktok_shops where id = tests.shop('ada')
  ),
  'with the connection that it needs'
)
from tests.claimed;
select is(events -> 0 ->> 'attempt', '1', 'for its first attempt') from tests.claimed;
select is(tests.state('twice'), 'processing 0', 'it is being processed');
select is(tests.claim(), '[]', 'another worker does not get it');
select tests.wait('twice');
select is(jsonb_array_length(tests.claim()), 1, 'unless the lease has expired');
select is(
  (select row(claims, attempts, crashes)::text from private.inbox_events where external_id = 'twice'),
  '(2,0,1)', 'a lost worker is a crash, and no attempt'
);

-- Settling.
create function tests.ignore(external_id text, claim integer)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select public.settle_webhook_events(%L)',
    jsonb_build_array(jsonb_build_object('event_id', tests.event(external_id), 'claim', claim, 'ignored', 'nothing_to_do'))
  ))::jsonb ->> 0;
$$;
create function tests.fail(external_id text, claim integer, retry_after integer default null)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select private.fail_webhook_event(%s, %s, ''out of order'', %L)',
    tests.event(external_id), claim, retry_after
  ));
$$;
select is(tests.ignore('twice', 1), null, 'a worker that lost its claim settles nothing');
select is(tests.fail('twice', 1), null, 'and fails nothing');
select is(tests.state('twice'), 'processing 0', 'the event is still the other worker''s');
select is(tests.fail('twice', 2), 'pending', 'a failed event is put back');
select ok(
  next_attempt_at between now() + interval '15 seconds' and now() + interval '30 seconds',
  'after its first failure for 15 to 30 seconds'
)
from private.inbox_events where external_id = 'twice';
select tests.wait('twice');
select tests.claim();
select tests.fail('twice', 3, 86400);
select is(
  (select next_attempt_at from private.inbox_events where external_id = 'twice'),
  now() + interval '1 day',
  'longer if the other side says so'
);
select tests.wait('twice');
update private.webhook_events set attempts = 9 where external_id = 'twice';
select tests.claim();
select is(tests.fail('twice', 4), 'failing', 'after the tenth failure it is tried each hour');
select is(tests.state('twice'), 'failing 10 attempts_exhausted', 'and says why');
select is(tests.claim(), '[]', 'not before');

select tests.receive('abandoned');
update private.webhook_events set crashes = 19 where external_id = 'abandoned';
select tests.claim(0);
select is(tests.claim(), '[]', 'an event whose twenty workers vanished is not claimed');
select is(tests.state('abandoned'), 'failing 0 workers_lost', 'it is tried each hour');

select tests.receive('pointless');
select tests.claim();
select is(tests.ignore('pointless', 1), 'ignored', 'an event that needs no action is settled');
select is(tests.state('pointless'), 'ignored 0 nothing_to_do', 'with the reason');

-- Postponing does not count the attempt.
create function tests.postpone(external_id text, claim integer)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select private.postpone_webhook_event(%s, %s, ''STRIPE_SECRET_KEY is missing'', 300)', tests.event(external_id), claim
  ));
$$;
select tests.receive('postponed');
update private.webhook_events set attempts = 9 where external_id = 'postponed';
select tests.claim();
select is(tests.postpone('postponed', 0), null, 'a worker that lost its claim postpones nothing');
select is(tests.postpone('postponed', 1), 'pending', 'a postponed event waits');
select results_eq(
  $$select status, attempts, last_error, next_attempt_at from private.inbox_events
    where external_id = 'postponed'$$,
  $$values ('pending', 9, 'STRIPE_SECRET_KEY is missing', now() + interval '5 minutes')$$,
  'for as long as the worker says, with one attempt left'
);
select tests.wait('postponed');
select is(jsonb_array_length(tests.claim()), 1, 'then it is claimed again');
select is(tests.fail('postponed', 2), 'failing', 'and its tenth failure counts');

select * from finish();
rollback;
