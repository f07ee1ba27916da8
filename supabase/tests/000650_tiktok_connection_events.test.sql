-- Effects of TikTok events about a connection.
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
  'public.deauthorize_tiktok_shop(1, gen_random_uuid(), now())',
  'public.record_authorization_expiry(1, gen_random_uuid(), now(), now())',
  'public.correct_shop_cipher(gen_random_uuid(), 1, null)',
  'public.finish_webhook_subscription(1, gen_random_uuid(), '''')'
]) as call;

create function tests.row_of(nickname text, shop_id text)
returns uuid
language sql
stable
as $$
  select id from public.tiktok_shops as shop
  where user_id = tests.id(nickname) and shop.shop_id = row_of.shop_id;
$$;
select tests.backend(format(
  'public.connect_tiktok_shops(%L, %L)', tests.id('ada'),
  jsonb_set(tests.shop_grant('ada'), '{shops,0,shop_id}', '"12"')
));
delete from private.webhook_events;

-- A cipher that TikTok refuses.
create function tests.correct(version integer, cipher text)
returns text
language sql
as $$
  select tests.backend(format('public.correct_shop_cipher(%L, %s, %L)', tests.row_of('ada', '12'), version, cipher));
$$;
create function tests.cipher()
returns text
language sql
stable
as $$
  select concat_ws(' ', shop_cipher, connection_status, status_reason, 'has tokens ' || (access_token is not null))
  from public.tiktok_shops where shop_id = '12';
$$;
select tests.correct(2, 'other');
select is(tests.cipher(), 'cipher active has tokens true', 'nothing changes if the token is not the stored one');
select tests.correct(1, 'other');
select is(tests.cipher(), 'other active has tokens true', 'the cipher that TikTok names now is stored');
savepoint owned;
select tests.correct(1, null);
select is(
  tests.cipher(), 'other needs_reauth not_authorized has tokens false', 'without one the login does not own the shop'
);
rollback to savepoint owned;

-- The TikTok webhooks 6 and 7.
create function tests.shop_event(external_id text)
returns bigint
language sql
as $$
  insert into private.webhook_events (source, external_id, event_type, shop_id, body)
  values ('tiktok', external_id, 'X', '12', '{}')
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
  tests.webhook('record_authorization_expiry', 'old', $$now() - interval '2 s', '2027-01-01Z'$$), 'stale',
  'an expiry of an older connection is not stored'
);
select is(
  tests.webhook('record_authorization_expiry', 'new', $$now(), '2027-01-01Z'$$), 'recorded', 'a present one is'
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
  tests.webhook('deauthorize_tiktok_shop', 'before', $$now(), now() - interval '1 ms'$$), 'stale',
  'attack: one that TikTok confirmed before the seller connected again ends nothing'
);
select is(
  (select is_active and access_token is not null from public.tiktok_shops where id = tests.row_of('ada', '12')), true,
  'the tokens stay'
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
  array[
    'old ignored', 'new done', 'late ignored', 'before ignored', 'now done'
  ],
  'each event is settled with its effect'
);
update public.tiktok_shops
set connection_status = 'needs_reauth', status_reason = 'token_refused'
where id = tests.row_of('ada', '12');
select is(
  tests.webhook('deauthorize_tiktok_shop', 'refused', 'null, now()'), 'disconnected',
  'TikTok may confirm one by refusing the tokens, which ends the connection before'
);
select is(
  (select status_reason from public.tiktok_shops where id = tests.row_of('ada', '12')), 'deauthorized',
  'and the seller reads the cause'
);

select * from finish();
rollback;
