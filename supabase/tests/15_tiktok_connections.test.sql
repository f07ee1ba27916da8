-- How the connection of a TikTok shop begins and ends.
begin;
\ir helpers.psql
select plan(73);

select tests.sign_up('ada');
select tests.sign_up('bob');

create function tests.backend(call text)
returns text
language sql
as $$
  select tests.run_as('service_role', 'select ' || call);
$$;

-- Nobody but the backend.
select tests.refused(who, 'select ' || call, who || ' cannot call ' || call)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'public.begin_tiktok_authorization(gen_random_uuid(), '''', 1)',
  'public.use_tiktok_authorization('''')',
  'public.use_tiktok_claim(gen_random_uuid(), '''')',
  'public.connect_tiktok_shops(gen_random_uuid(), ''{}'')',
  'public.disconnect_tiktok_shop(gen_random_uuid(), gen_random_uuid())',
  'public.deauthorize_tiktok_shop(1, gen_random_uuid(), now())',
  'public.note_authorization_expiry(1, gen_random_uuid(), now(), now())',
  'public.finish_webhook_subscription(1, gen_random_uuid(), '''')',
  'public.store_exchanged_tokens('''', ''{}'')',
  'public.store_order_page(1, gen_random_uuid(), ''[]'', now(), ''end'')'
]) as call;

-- States.
create function tests.begin(nickname text, letter text, seconds integer default 900)
returns text
language sql
as $$
  select tests.backend(format(
    'public.begin_tiktok_authorization(%L, %L, %s)', tests.id(nickname), repeat(letter, 64), seconds
  ));
$$;
create function tests.use(letter text)
returns jsonb
language sql
as $$
  select tests.backend(format('public.use_tiktok_authorization(%L)', repeat(letter, 64)))::jsonb;
$$;
select is(
  (tests.begin('ada', 'a')::jsonb ->> 'expires_at')::timestamptz, now() + interval '15 minutes',
  'a state has its end'
);
select is(
  tests.use('a'), jsonb_build_object('outcome', 'valid', 'user_id', tests.id('ada')), 'it tells whose it is'
);
select is(tests.use('a'), '{"outcome": "used"}', 'once');
select tests.begin('ada', 'b', -1);
select is(tests.use('b'), '{"outcome": "expired"}', 'and not after its end');
select is(tests.use('b'), '{"outcome": "used"}', 'nor ever again');
select is(tests.use('c'), '{"outcome": "unknown"}', 'a state that nobody was given is unknown');
select is(
  tests.attempt(
    'service_role',
    format('select public.begin_tiktok_authorization(%L, %L, 900)', gen_random_uuid(), repeat('d', 64))
  ),
  'PT404',
  'an account that is gone gets no state'
);
delete from private.tiktok_authorizations;
select tests.begin('bob', to_hex(n), 100 + n) from generate_series(1, 12) as n;
select is(
  (
    select count(*) from private.tiktok_authorizations
    where user_id = tests.id('bob') and used_at is null
  ),
  10::bigint,
  'an account has ten open states at most'
);
select is(tests.use('1'), '{"outcome": "unknown"}', 'the oldest are gone');
select is(tests.use('c') ->> 'outcome', 'valid', 'the newest are good');
select is(
  tests.backend(format('public.use_tiktok_claim(%L, %L)', tests.id('ada'), repeat('e', 64))), 'true',
  'a claim is good'
);
select is(
  tests.backend(format('public.use_tiktok_claim(%L, %L)', tests.id('bob'), repeat('e', 64))), 'false',
  'once, whoever brings it'
);

-- Connecting.
create function tests.grant_of(nickname text, shops text[], open_id text default null)
returns jsonb
language sql
as $$
  select tests.shop_grant(nickname)
    || jsonb_build_object(
      'open_id', coalesce(open_id, 'open-' || nickname),
      'shops', (
        select jsonb_agg((tests.shop_grant(nickname) -> 'shops' -> 0) || jsonb_build_object('shop_id', id))
        from unnest(shops) as id
      )
    );
$$;
create function tests.attempt_for_good(statement text)
returns text
language plpgsql
as $$
begin
  perform tests.run_as('service_role', statement);
  return 'ok';
exception
  when others then
    return sqlstate;
end;
$$;
create function tests.connect(nickname text, shops text[], open_id text default null)
returns text
language sql
as $$
  select tests.attempt_for_good(format(
    'select public.connect_tiktok_shops(%L, %L)', tests.id(nickname), tests.grant_of(nickname, shops, open_id)
  ));
$$;
create function tests.states()
returns setof text
language sql
stable
as $$
  select concat_ws(
    ' ', split_part(email, '@', 1), shop_id, connection_status, status_reason,
    case when access_token is null and refresh_token is null then 'no tokens' end
  )
  from public.tiktok_shops join public.users on users.id = user_id
  order by 1;
$$;
select is(tests.connect('ada', array['11', '12']), 'ok', 'a login with two shops');
select set_eq(
  'select tests.states()', array['ada 11 active', 'ada 12 active'], 'both are connected'
);
select set_eq(
  $$select event_type || ' ' || shop_id from private.webhook_events where source = 'creatorflow'$$,
  array['SUBSCRIBE_WEBHOOKS 11', 'SUBSCRIBE_WEBHOOKS 12', 'SYNC_ORDERS 11', 'SYNC_ORDERS 12'],
  'and the event worker has its tasks'
);
select is(
  (select array_agg(distinct granted_scopes::text) from public.tiktok_shops), array['{seller.order.info}'],
  'with what was granted'
);
select is(tests.connect('bob', array['12', '13']), 'PT409', 'a live shop is not taken over');
select set_eq(
  'select tests.states()', array['ada 11 active', 'ada 12 active'], 'and nothing of it is kept'
);
select is_empty(
  format('select from private.tiktok_logins where user_id = %L', tests.id('bob')), 'not even the login'
);
update private.tiktok_logins
set refresh_failures = 3, refresh_refusals = 2, last_refresh_error = 'x', refresh_not_before = now() + '1 h',
    lease_id = gen_random_uuid(), lease_until = now() + '1 h';
select is(tests.connect('ada', array['11']), 'ok', 'connecting again, with one shop less');
select set_eq(
  'select tests.states()', array['ada 11 active', 'ada 12 needs_reauth not_authorized no tokens'],
  'the other one is not connected any more'
);
select results_eq(
  $$select token_version, refresh_failures + refresh_refusals, last_refresh_error, refresh_not_before, lease_id
    from private.tiktok_logins$$,
  $$values (2, 0, null::text, null::timestamptz, null::uuid)$$,
  'every failure state has ended, and what is being refreshed is out of date'
);

-- A dead connection makes room; its history stays where it was.
select is(tests.connect('bob', array['12']), 'ok', 'a dead shop may be connected by another account');
select set_eq(
  'select tests.states()',
  array['ada 11 active', 'ada 12 transferred connected_elsewhere no tokens', 'bob 12 active'],
  'the former account keeps its row'
);
select is(tests.connect('ada', array['11', '12']), 'PT409', 'and does not get the shop back while it lives');
select tests.backend(format(
  'public.disconnect_tiktok_shop(%L, (select id from public.tiktok_shops where user_id = %L))',
  tests.id('bob'), tests.id('bob')
));
select is(tests.connect('ada', array['11', '12']), 'ok', 'but when it is dead');
select set_eq(
  'select tests.states()',
  array['ada 11 active', 'ada 12 active', 'bob 12 transferred connected_elsewhere no tokens'],
  'in the row that it had'
);

-- Disconnecting.
create function tests.row_of(nickname text, shop_id text)
returns uuid
language sql
stable
as $$
  select id from public.tiktok_shops as shop
  where user_id = tests.id(nickname) and shop.shop_id = row_of.shop_id;
$$;
select is(
  tests.attempt(
    'service_role',
    format('select public.disconnect_tiktok_shop(%L, %L)', tests.id('bob'), tests.row_of('ada', '11'))
  ),
  'PT404',
  'another seller''s shop is not there'
);
update public.tiktok_shops set webhook_url = 'https://here' where user_id = tests.id('ada');
select is(
  tests.backend(format('public.disconnect_tiktok_shop(%L, %L)', tests.id('ada'), tests.row_of('ada', '11'))),
  jsonb_build_object(
    'shop_id', '11', 'shop_cipher', 'cipher', 'access_token', tests.encrypted('access')
  )::text,
  'disconnecting gives the token away a last time'
);
select results_eq(
  $$select connection_status, status_reason, access_token, refresh_token, webhook_url, is_active
    from public.tiktok_shops where shop_id = '11'$$,
  $$values ('disconnected', 'by_seller', null::text, null::text, null::text, false)$$,
  'and erases it'
);
select is(
  (select is_active from public.tiktok_shops where id = tests.row_of('ada', '12')), true,
  'the other shop of the login stays connected'
);
select tests.backend(format(
  'public.disconnect_tiktok_shop(%L, %L)', tests.id('bob'), tests.row_of('bob', '12')
));
select is(
  (select connection_status from public.tiktok_shops where id = tests.row_of('bob', '12')), 'transferred',
  'what another account has now is not changed'
);

-- TikTok's webhooks 6 and 7.
create function tests.shop_event(external_id text)
returns bigint
language sql
as $$
  insert into private.webhook_events (source, external_id, event_type, shop_id, body, status)
  values ('tiktok', external_id, 'X', '12', '{}', 'processing')
  returning id;
$$;
create function tests.webhook(call text, external_id text, arguments text)
returns text
language sql
as $$
  select tests.backend(format(
    'public.%s(%s, %L, %s) ->> ''outcome''', call, tests.shop_event(external_id), tests.row_of('ada', '12'), arguments
  ));
$$;
update public.tiktok_shops set connected_at = now() where shop_id = '12';
select is(
  tests.webhook('note_authorization_expiry', 'old', $$now() - interval '2 s', '2027-01-01Z'$$), 'stale',
  'an expiry of an older connection is not noted'
);
select is(
  tests.webhook('note_authorization_expiry', 'new', $$now(), '2027-01-01Z'$$), 'noted', 'a present one is'
);
select is(
  (select refresh_token_expires_at from public.tiktok_shops where id = tests.row_of('ada', '12')),
  '2027-01-01Z'::timestamptz,
  'the date is set'
);
select is(
  (select array_agg(properties ->> 'shop_id') from public.analytics_events
   where event_type = 'authorization_expiring'),
  array['12'],
  'the seller''s statistics have it once'
);
select is(
  tests.webhook('deauthorize_tiktok_shop', 'late', $$now() - interval '2 s'$$), 'stale',
  'a late deauthorisation is about an older connection'
);
select is(
  (select is_active from public.tiktok_shops where id = tests.row_of('ada', '12')), true, 'and ends nothing'
);
select is(
  tests.webhook('deauthorize_tiktok_shop', 'now', 'null'), 'disconnected', 'without a time it counts as new'
);
select is(
  (select concat_ws(' ', connection_status, status_reason, access_token)
   from public.tiktok_shops where id = tests.row_of('ada', '12')),
  'disconnected deauthorized',
  'the shop is disconnected'
);
select set_eq(
  $$select external_id || ' ' || status from private.webhook_events where source = 'tiktok'$$,
  array['old ignored', 'new done', 'late ignored', 'now done'],
  'each event is settled with its effect'
);

-- An event that was claimed before its shop was connected, and is judged after it.
insert into private.webhook_events (source, external_id, event_type, shop_id, body, status, attempts)
values ('tiktok', 'judged late', 'X', '11', '{}', 'processing', 1);
create function tests.judge(reason text)
returns text
language sql
as $$
  select tests.backend(format(
    'public.ignore_webhook_event(%s, 1, %L)',
    (select id from private.webhook_events where external_id = 'judged late'), reason
  ));
$$;
select is(tests.connect('ada', array['11']), 'ok', 'connected again');
update private.webhook_events set status = 'processing', attempts = 1 where external_id = 'judged late';
select is(tests.judge('shop_not_connected'), 'true', 'the judgement is taken');
select is(
  (select status || attempts from private.webhook_events where external_id = 'judged late'), 'pending0',
  'but the event is worked all the same'
);
update private.webhook_events set status = 'processing', attempts = 1 where external_id = 'judged late';
select tests.judge('it asks for nothing');
select is(
  (select status from private.webhook_events where external_id = 'judged late'), 'ignored',
  'another reason stands'
);

-- Of two pairs, which is the older one.
select is(
  private.is_older_pair(
    jsonb_build_object('requested_at', now() + requested, 'token_expires_at', now() + ends),
    now() + interval '7 days', now()
  ),
  older, what
)
from (
  values
    (interval '-1 s', interval '7 days', true, 'asked for earlier, and ending in the same second'),
    (interval '-1 s', interval '8 days', false, 'asked for earlier, but issued later'),
    (interval '1 s', interval '1 day', false, 'asked for later, though it lives shorter'),
    (null, interval '1 day', null, 'unknown')
) as pairs (requested, ends, older, what);

-- What a row may not say.
select throws_like(
  format('update public.tiktok_shops set %s where id = %L', change, tests.row_of('ada', '12')),
  '%tiktok_shops_%_check%',
  'refused: ' || change
)
from unnest(array[
  'connection_status = ''active'', status_reason = null',
  'connection_status = ''needs_reauth''',
  'status_reason = null',
  'connection_status = ''sleeping'''
]) as change;

select * from finish();
rollback;
