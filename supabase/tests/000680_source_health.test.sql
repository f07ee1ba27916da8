-- Paused shops, lost webhooks, silent sources.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

-- Only the backend.
select tests.refused(who, 'select ' || call, who || ' cannot call ' || call)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'public.pause_tiktok_shop(gen_random_uuid(), 1, ''shop_inactive'')',
  'public.resume_tiktok_shop(1, gen_random_uuid())',
  'public.finish_webhook_check(1, gen_random_uuid(), ''x'', array[''y''])',
  'public.record_source_health(1, null)',
  'public.request_source_checks()'
]) as call;
select tests.refused(who, 'select * from private.source_health', who || ' cannot read the sources')
from unnest(array['anon', 'ada']) as who;

create function tests.connection(nickname text)
returns text
language sql
stable
as $$
  select concat_ws(' ', connection_status, status_reason, access_token is not null, probe_at = now() + interval '1 day')
  from public.tiktok_shops
  where id = tests.shop(nickname);
$$;
create function tests.pause(nickname text, version integer, reason text)
returns text
language sql
as $$
  select coalesce(tests.call(format('pause_tiktok_shop(%L, %s, %L)', tests.shop(nickname), version, reason))::text, 'none');
$$;
create function tests.tasks(of_type text)
returns text
language sql
stable
as $$
  select coalesce(string_agg(concat_ws(' ', event_type, status, reason), ', ' order by id), 'none')
  from private.webhook_events
  where event_type = of_type;
$$;
create function tests.last_task(of_type text)
returns bigint
language sql
stable
as $$
  select max(id) from private.webhook_events where event_type = of_type;
$$;

-- A shop that TikTok has deactivated.
select is(tests.pause('ada', 0, 'shop_inactive'), 'none', 'a refusal of older tokens than the stored ones pauses nothing');
select is(tests.connection('ada'), 'active t', 'the shop stays active');
select is(tests.pause('ada', 1, 'shop_inactive'), '86400', 'a refusal pauses the shop until the probe of the next day');
select is(tests.connection('ada'), 'paused shop_inactive t t', 'it keeps its tokens');
select is(tests.pause('ada', 1, 'seller_inactive'), '86400', 'another refusal sets the probe again');
select is(
  (select string_agg(details ->> 'reason', ' ') from public.system_logs where event_type = 'shop_paused'),
  'shop_inactive', 'the pause is logged once'
);
select is(tests.connection('bob'), 'active t', 'other shops go on');
select is(
  tests.call('lease_tiktok_login(''' || tests.shop('ada') || ''', 1, 60)') ->> 'state', 'leased',
  'a probe may refresh the token'
);
update private.tiktok_logins set lease_id = null, lease_until = null;
update public.tiktok_shops set token_expires_at = now() where id = tests.shop('ada');
select is(tests.call('claim_tiktok_logins(10, 60)') -> 'logins', '[]', 'the scheduled refresh leaves a paused shop out');

-- Its events wait.
select tests.receive_event('ada', 'waits');
create table tests.claimed as
select tests.run_as('service_role', 'select public.claim_webhook_events(10, 60)')::jsonb as events;
select is(events -> 0 -> 'shop' ->> 'paused_seconds', '86400', 'a claim names the pause') from tests.claimed;
create function tests.postpone(named text)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select public.settle_webhook_events(%L)',
    jsonb_build_array(jsonb_build_object(
      'event_id', id, 'claim', claims, 'postponed', 'paused', 'retry_after_seconds', 86400, 'while_paused', true
    ))
  ))
  from private.inbox_events
  where external_id = named;
$$;
select tests.postpone('waits');
select is(
  (select row(status, attempts, next_attempt_at = now() + interval '1 day')::text
   from private.inbox_events where external_id = 'waits'),
  '(pending,0,t)', 'an event waits a day and loses no attempt'
);

-- What waits for the shop does not wait for us: docs/health.md.
create function tests.after(passed interval)
returns integer
language plpgsql
as $$
begin
  update private.event_queue set next_attempt_at = next_attempt_at - passed, open_since = open_since - passed;
  return public.oldest_open_event_seconds();
end;
$$;
select is(tests.after('23 hours'), 0, 'it is not late while it waits for the shop');
select is(tests.after('1 hour'), 0, 'nor when its wait ends');
select is(tests.after('5 minutes'), 300, 'but five minutes later');
select tests.run_as('service_role', 'select public.claim_webhook_events(10, 60)');
select is(public.oldest_open_event_seconds(), 300, 'also while a worker has it');
select tests.postpone('waits');
select is(public.oldest_open_event_seconds(), 0, 'the shop is still deactivated: it waits again');
select tests.after('20 hours');

-- One probe a day.
select is(tests.call('request_source_checks()'), '1', 'the daily check of the sources, and no probe yet');
update public.tiktok_shops set probe_at = now() where connection_status = 'paused';
select is(tests.call('request_source_checks()'), '1', 'the probe is due');
select is(tests.call('request_source_checks()'), '0', 'once');
select is(tests.tasks('PROBE_SHOP'), 'PROBE_SHOP pending', 'it is a task');
select is(
  tests.call(format('resume_tiktok_shop(%s, %L)', tests.last_task('PROBE_SHOP'), tests.shop('ada'))) ->> 'outcome',
  'resumed', 'a probe that succeeds resumes the shop'
);
select is(tests.connection('ada'), 'active t', 'it is active');
select is(tests.tasks('PROBE_SHOP'), 'PROBE_SHOP done', 'the probe is settled in the same transaction');
select is(
  (select row(status, next_attempt_at = now())::text from private.inbox_events where external_id = 'waits'),
  '(pending,t)', 'its events are due'
);
select is(public.oldest_open_event_seconds(), 0, 'and wait for us since now');
select is(tests.tasks('SYNC_ORDERS'), 'SYNC_ORDERS pending', 'a sync finds what happened meanwhile');
select is(tests.tasks('CHECK_WEBHOOKS'), 'CHECK_WEBHOOKS pending', 'and its webhooks are compared');
update private.event_queue set status = 'processing'
where event_id = (select id from private.webhook_events where external_id = 'waits');
select tests.postpone('waits');
select is(
  (select next_attempt_at from private.inbox_events where external_id = 'waits'), now(),
  'an event that is postponed after the pause has ended does not wait'
);

-- A paused shop can be connected again, or given up.
select tests.pause('ada', 1, 'seller_inactive');
select tests.run_as('service_role', format(
  'select public.connect_tiktok_shops(%L, %L)', tests.id('ada'), tests.shop_grant('ada')
));
select is(tests.connection('ada'), 'active t', 'connecting a paused shop again makes it active');
select is(tests.pause('ada', 1, 'shop_inactive'), 'none', 'a late refusal of the former tokens does not pause it');
select tests.pause('ada', 2, 'shop_inactive');
select tests.call(format('disconnect_tiktok_shop(%L, %L)', tests.id('ada'), tests.shop('ada')));
select is(tests.connection('ada'), 'disconnected by_seller f', 'its seller can disconnect it');
select tests.connect_shop('ada');
delete from private.webhook_events;

-- The daily comparison of webhooks.
update public.tiktok_shops set connected_at = now() - interval '2 days' where id = tests.shop('ada');
select is(tests.call('request_source_checks()'), '2', 'a comparison for the shop that was connected before the last day');
select is(tests.call('request_source_checks()'), '0', 'once a day');
create function tests.finish_check(topics text)
returns text
language sql
as $$
  select tests.call(format(
    'finish_webhook_check(%s, %L, ''https://example.test/hook'', %L)',
    tests.last_task('CHECK_WEBHOOKS'), tests.shop('ada'), topics
  )) ->> 'outcome';
$$;
select is(tests.finish_check('{PACKAGE_UPDATE}'), 'webhooks_restored', 'a lost subscription');
select is(tests.finish_check('{PACKAGE_UPDATE}'), 'settled', 'is recorded once');
select is(
  (select details from public.system_logs where event_type = 'webhooks_restored'),
  jsonb_build_object('shop_id', tests.shop_id('ada'), 'topics', '["PACKAGE_UPDATE"]'::jsonb), 'in the log'
);
select is(tests.tasks('SYNC_ORDERS'), 'SYNC_ORDERS pending', 'and a sync finds the orders of the lost webhooks');

-- Silent sources.
create function tests.check_sources(easypost text)
returns text
language plpgsql
as $$
declare
  answer jsonb;
begin
  update private.webhook_events set status = 'pending', settled_at = null where event_type = 'CHECK_SOURCES';
  answer := tests.call(format('record_source_health(%s, %L)', tests.last_task('CHECK_SOURCES'), easypost));
  return coalesce(
    (select string_agg(entry ->> 'source' || ' ' || (entry ->> 'state'), ', ')
     from jsonb_array_elements(answer -> 'unhealthy') as entry),
    'none'
  );
end;
$$;
select is(tests.check_sources('healthy'), 'none', 'without unannounced changes every source is healthy');
insert into public.system_logs (event_type, details)
values ('orders_missed', '{"orders": 1}'), ('subscriptions_reconciled', '{"repaired": 1}');
select is(
  tests.check_sources('webhook_missing'), 'easypost webhook_missing, stripe silent, tiktok silent',
  'a sender whose changes only our own reads found is silent'
);
select is(
  (select count(*)::integer from public.system_logs where event_type = 'source_unhealthy'), 3, 'each one is logged'
);
select tests.check_sources('webhook_missing');
select is(
  (select count(*)::integer from private.source_health where state <> 'healthy'), 3, 'an operator reads the table'
);
update private.source_health set since = since - interval '1 day';
select tests.check_sources('webhook_missing');
select is(
  (select count(*)::integer from private.source_health where since = now() - interval '1 day' and checked_at = now()),
  3, 'a state that lasts keeps its beginning'
);
select tests.receive_event('ada', 'arrives');
select is(tests.check_sources('healthy'), 'stripe silent', 'a webhook ends the silence');
select ok(last_received_at is not null, 'its time is kept') from private.source_health where source = 'tiktok';

select * from finish();
rollback;
