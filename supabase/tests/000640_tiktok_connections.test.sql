-- Connecting and disconnecting shops.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');

create function tests.backend(call text)
returns text
language sql
as $$
  select tests.run_as('service_role', 'select ' || call);
$$;

-- Only the backend.
select tests.refused(who, 'select ' || call, who || ' cannot call ' || call)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'public.connect_tiktok_shops(gen_random_uuid(), ''{}'')',
  'public.confirm_tiktok_claim(gen_random_uuid(), '''', ''{}'')',
  'public.disconnect_tiktok_shop(gen_random_uuid(), gen_random_uuid())',
  'public.store_exchanged_tokens('''', ''{}'')'
]) as call;

-- Connecting.
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

-- An ended connection may be taken over; its history stays.
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

-- Checks.
select throws_like(
  format('update public.tiktok_shops set %s where id = %L', change, tests.row_of('ada', '11')),
  '%tiktok_shops_%_check%',
  'refused: ' || change
)
from unnest(array[
  'connection_status = ''active'', status_reason = null',
  'connection_status = ''needs_reauth''',
  'status_reason = null',
  'connection_status = ''sleeping'''
]) as change;

-- An event that was claimed before its shop was connected, and is ignored afterwards.
insert into private.webhook_events (source, external_id, event_type, shop_id, body)
values ('tiktok', 'claimed early', 'X', '11', '{}');
create function tests.claim_early() returns void language sql as $$
  update private.event_queue set status = 'processing', claims = 1 where shop_id = '11';
  update private.webhook_events set attempts = 1 where external_id = 'claimed early';
$$;
select tests.claim_early();
create function tests.ignore(reason text)
returns text
language sql
as $$
  select tests.backend(format(
    'public.settle_webhook_events(%L)',
    (
      select jsonb_build_array(jsonb_build_object('event_id', id, 'claim', 1, 'ignored', $1))
      from private.webhook_events where external_id = 'claimed early'
    )
  ))::jsonb ->> 0;
$$;
select is(tests.connect('ada', array['11']), 'ok', 'connected again');
select tests.claim_early();
select is(tests.ignore('shop_not_connected'), 'pending', 'the call succeeds');
select is(
  (select status || attempts from private.inbox_events where external_id = 'claimed early'), 'pending0',
  'but the event is due again'
);
select tests.claim_early();
select tests.ignore('not_relevant');
select is(
  (select status from private.webhook_events where external_id = 'claimed early'), 'ignored',
  'another reason settles the event'
);

-- Order of two token pairs.
select is(
  private.is_older_pair(
    jsonb_build_object('requested_at', now() + requested, 'token_expires_at', now() + ends),
    now() + interval '7 days', now()
  ),
  older, what
)
from (
  values
    (interval '-1 s', interval '7 days', true, 'requested earlier, and expiring in the same second'),
    (interval '-1 s', interval '8 days', false, 'requested earlier, but issued later'),
    (interval '1 s', interval '1 day', false, 'requested later, with a shorter life'),
    (null, interval '1 day', null, 'unknown')
) as pairs (requested, ends, older, what);

-- Confirming a claim. The shops are new ones.
insert into private.tiktok_claims (claim_hash, user_id, sealed_grant, expires_at)
select repeat(letter, 64), tests.id('ada'), sealed_grant, now() + age
from (
  values
    ('a', tests.encrypted('grant'), interval '1 minute'),
    ('b', tests.encrypted('grant'), interval '0'),
    ('c', null, interval '1 minute')
) as claims (letter, sealed_grant, age);
create function tests.confirm(nickname text, letter text)
returns jsonb
language sql
as $$
  select tests.backend(format(
    'public.confirm_tiktok_claim(%L, %L, %L)',
    tests.id(nickname), repeat(letter, 64), tests.grant_of(nickname, array['990001'], 'open-claim')
  ))::jsonb;
$$;
select is(tests.confirm('bob', 'a'), null, 'a claim waits for its own user');
select is(tests.confirm('ada', 'b'), null, 'until its end');
select is(tests.confirm('ada', 'c'), null, 'and not before its tokens are stored');
select is(tests.confirm('ada', 'd'), null, 'an unknown claim connects nothing');
select is_empty($$select from public.tiktok_shops where shop_id = '990001'$$, 'nothing was connected');
select is(tests.confirm('ada', 'a') -> 0 ->> 'shop_id', '990001', 'its user connects the shops');
select isnt(
  (select connected_at from private.tiktok_claims where claim_hash = repeat('a', 64) and sealed_grant is null),
  null,
  'the waiting tokens are erased with it'
);
select is(tests.confirm('ada', 'a'), null, 'once');

select * from finish();
rollback;
