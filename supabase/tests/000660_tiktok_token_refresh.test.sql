-- Token refresh by one worker at a time.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

create function tests.backend(call text)
returns text
language sql
as $$
  select tests.run_as('service_role', 'select ' || call);
$$;
create function tests.claim()
returns jsonb
language sql
as $$
  select tests.backend('public.claim_tiktok_logins(10, 60)')::jsonb;
$$;
create function tests.age(nickname text, ends interval)
returns void
language sql
as $$
  update public.tiktok_shops set token_expires_at = now() + ends where user_id = tests.id(nickname);
$$;
create function tests.state(nickname text)
returns text
language sql
stable
as $$
  select concat_ws(' ', connection_status, status_reason)
  from public.tiktok_shops where user_id = tests.id(nickname);
$$;

select tests.refused(who, 'select ' || call, who || ' cannot call ' || call)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'public.claim_tiktok_logins(1, 1)',
  'public.lease_tiktok_login(gen_random_uuid(), 1, 1)',
  'public.store_refreshed_logins(''[]'')',
  'public.fail_tiktok_refresh(gen_random_uuid(), '''', gen_random_uuid(), '''', '''')'
]) as call;

-- Claiming.
select is(tests.claim(), '{"expired": 0, "logins": []}', 'tokens that live long are left alone');
select tests.age('ada', '25 hours');
select is(jsonb_array_length(tests.claim() -> 'logins'), 0, 'also those that live more than a day');
select tests.age('ada', '23 hours');
select tests.age('bob', '1 hour');
create table tests.first as select tests.claim() -> 'logins' as logins;
select is(
  (select array_agg(login ->> 'open_id' order by login ->> 'open_id') from tests.first, jsonb_array_elements(logins) as login),
  array['open-ada', 'open-bob'],
  'what ends within a day is claimed'
);
select is(
  (select login - 'lease_id' from tests.first, jsonb_array_elements(logins) as login
   where login ->> 'open_id' = 'open-ada'),
  jsonb_build_object(
    'user_id', tests.id('ada'), 'open_id', 'open-ada', 'token_version', 1,
    'shop_ids', jsonb_build_array(tests.shop_id('ada')), 'refresh_token', tests.encrypted('refresh')
  ),
  'with what a refresh needs'
);
select is(jsonb_array_length(tests.claim() -> 'logins'), 0, 'no other worker gets it');
update private.tiktok_logins set lease_until = now();
create table tests.second as select tests.backend('public.claim_tiktok_logins(1, 60)')::jsonb -> 'logins' as logins;
select is((select logins -> 0 ->> 'open_id' from tests.second), 'open-bob', 'after the lease: the oldest first');

-- Storing.
create function tests.grant_of(nickname text)
returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
    'token_expires_at', now() + interval '7 days', 'refresh_token_expires_at', '2122-01-01Z',
    'granted_scopes', '[]'::jsonb,
    'shops', jsonb_build_array(jsonb_build_object(
      'shop_id', tests.shop_id(nickname), 'access_token', tests.encrypted('new'),
      'refresh_token', tests.encrypted('newer')
    ))
  );
$$;
create function tests.store_together(nicknames text[], versions integer[])
returns text
language sql
as $$
  select tests.backend(format('public.store_refreshed_logins(%L)', jsonb_agg(jsonb_build_object(
    'user_id', tests.id(nickname), 'open_id', 'open-' || nickname, 'token_version', version,
    'grant', tests.grant_of(nickname)
  ))))
  from unnest(nicknames, versions) as pair (nickname, version);
$$;
create function tests.store(nickname text, version integer)
returns text
language sql
as $$
  select tests.store_together(array[nickname], array[version])::jsonb ->> 0;
$$;
create function tests.fail(nickname text, kind text, retry_after text default 'null')
returns text
language sql
as $$
  select tests.backend(format(
    'public.fail_tiktok_refresh(%L, %L, %L, %L, ''why'', %s)', tests.id(nickname), 'open-' || nickname,
    (select lease_id from private.tiktok_logins where user_id = tests.id(nickname)), kind, retry_after
  ));
$$;
select is(tests.store('bob', 1), 'stored', 'the new pair is stored');
select results_eq(
  format(
    'select shop.access_token, shop.refresh_token, shop.token_expires_at, login.token_version, login.lease_id
     from public.tiktok_shops as shop join private.tiktok_logins as login using (user_id, open_id)
     where shop.user_id = %L',
    tests.id('bob')
  ),
  format(
    'values (%L, %L, %L::timestamptz, 2, null::uuid)',
    tests.encrypted('new'), tests.encrypted('newer'), now() + interval '7 days'
  ),
  'at the shop, with its expiry; the lease has ended'
);
select is(tests.store('bob', 1), 'superseded', 'a pair that came of an older one is not stored');
select is(
  (select token_version from private.tiktok_logins where user_id = tests.id('bob')), 2, 'and changes nothing'
);
select tests.age('bob', '1 hour');
select is(
  tests.claim() -> 'logins' -> 0 ->> 'open_id', 'open-ada', 'what was refreshed a moment ago is left alone'
);

-- Failing.
select is(tests.fail('ada', 'unavailable'), 'waiting', 'an outage: later');
select ok(
  (select refresh_not_before between now() + interval '15 s' and now() + interval '30 s'
     and refresh_failures = 1 and refresh_refusals = 0 and lease_id is null
   from private.tiktok_logins where user_id = tests.id('ada')),
  'in 15 to 30 s'
);
select is(tests.state('ada'), 'active', 'the old tokens are kept');
select is(jsonb_array_length(tests.claim() -> 'logins'), 0, 'until then no worker refreshes it');
select is(
  tests.backend(format('public.lease_tiktok_login(%L, 1, 60) ->> ''state''', tests.shop('ada'))), 'waiting',
  'not even after a refused call'
);
update private.tiktok_logins set refresh_not_before = now(), refresh_failures = 30;
select tests.claim();
select is(tests.fail('ada', 'unavailable', '7200'), 'waiting', 'an outage is never the end');
select ok(
  (select refresh_not_before = now() + interval '2 hours'
   from private.tiktok_logins where user_id = tests.id('ada')),
  'and TikTok''s own wait counts'
);
update private.tiktok_logins set refresh_not_before = now(), refresh_refusals = 10;
select tests.claim();
select is(tests.fail('ada', 'refused'), 'waiting', 'a refusal that may pass is tried again');
update private.tiktok_logins set refresh_not_before = now();
select tests.claim();
select is(tests.fail('ada', 'refused'), 'needs_reauth', 'but not without a limit');
select is(tests.state('ada'), 'needs_reauth token_refused', 'then the seller has to connect again');
select is(jsonb_array_length(tests.claim() -> 'logins'), 0, 'and no worker calls TikTok again');
select is(
  tests.backend(format('public.lease_tiktok_login(%L, 1, 60) ->> ''state''', tests.shop('ada'))), 'inactive',
  'by no worker'
);
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status, reason, settled_at)
values
  ('creatorflow', 'found', 'ORDER_FOUND', tests.shop_id('ada'), '1', '{}', 'ignored', 'shop_not_connected', now()),
  ('tiktok', 'other', 'TYPE_99', tests.shop_id('ada'), null, '{}', 'ignored', 'event_type_not_handled', now());
select is(tests.store('ada', 1), 'stored', 'a slow worker that did get the new pair');
select is(tests.state('ada'), 'active', 'brings the connection back');
select results_eq(
  format('select event_type, status from private.webhook_events where shop_id = %L order by id', tests.shop_id('ada')),
  $$values ('ORDER_FOUND', 'pending'), ('TYPE_99', 'ignored'), ('SYNC_ORDERS', 'pending')$$,
  'and with it the events that were ignored meanwhile; a sync finds the others'
);

-- Consent that has run out.
update public.tiktok_shops set refresh_token_expires_at = now() where user_id = tests.id('ada');
select is(
  tests.claim(), '{"expired": 1, "logins": []}', 'consent that has run out costs no call'
);

-- Several logins with one call.
select tests.sign_up(nickname) from unnest(array['eva', 'fox', 'gil']) as nickname;
select tests.connect_shop(nickname) from unnest(array['eva', 'fox', 'gil']) as nickname;
select is(
  tests.store_together(array['gil', 'eva', 'fox'], array[1, 7, 1]), '["stored", "superseded", "stored"]',
  'each login has its own outcome, in their order'
);
select is(
  (select string_agg(token_version::text, ' ' order by open_id) from private.tiktok_logins
   where open_id in ('open-eva', 'open-fox', 'open-gil')),
  '1 2 2', 'the superseded one keeps its pair'
);
select is(tests.backend('public.store_refreshed_logins(''[]'')'), '[]', 'an empty list is not an error');

select * from finish();
rollback;
