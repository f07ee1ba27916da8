-- Connected shops and their secrets.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

-- Reading: own rows, without the secret columns.
select tests.refused('anon', 'select id from public.tiktok_shops', 'anon cannot read shops');
select tests.reaches(
  'ada', 1,
  'select id, user_id, shop_id, shop_name, region, granted_scopes, token_expires_at,
     refresh_token_expires_at, webhook_url, connection_status, status_reason, is_active, connected_at,
     created_at, updated_at
   from public.tiktok_shops',
  'a seller reads their own shop'
);
select is(
  tests.run_as('ada', 'select user_id from public.tiktok_shops'), tests.id('ada')::text, 'and no other'
);
select tests.reaches(
  'bob', 0, format('select id from public.tiktok_shops where id = %L', tests.shop('ada')),
  'another seller does not find it'
);
select tests.reaches(
  'service_role', 2,
  format(
    'select access_token, refresh_token from public.tiktok_shops where user_id in (%L, %L)',
    tests.id('ada'), tests.id('bob')
  ),
  'the backend reads all, tokens too'
);
select tests.refused(
  'ada', format(statement, column_name), 'a seller cannot: ' || format(statement, column_name)
)
from unnest(array['access_token', 'refresh_token', 'shop_cipher', 'open_id']) as column_name
cross join unnest(array[
  'select %s from public.tiktok_shops',
  'select id from public.tiktok_shops where %s like ''v1%%''',
  'select id from public.tiktok_shops order by %s',
  'select count(%s) from public.tiktok_shops'
]) as statement;
select tests.refused('ada', 'select * from public.tiktok_shops', 'a seller cannot read all columns');
select tests.refused('ada', 'select tiktok_shops from public.tiktok_shops', 'nor the whole row');

-- Writing: only the backend.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada', 'bob']) as who
cross join unnest(array[
  'insert into public.tiktok_shops (user_id, shop_id) values (auth.uid(), ''9'')',
  'update public.tiktok_shops set connection_status = ''active''',
  'update public.tiktok_shops set user_id = auth.uid()',
  'delete from public.tiktok_shops'
]) as statement;
select tests.reaches(
  'service_role', 1,
  format(
    'insert into public.tiktok_shops (
       user_id, shop_id, shop_cipher, open_id, access_token, refresh_token,
       token_expires_at, refresh_token_expires_at
     )
     values (%L, ''9'', ''c'', ''open-ada'', %L, %L, now(), now()) returning id',
    tests.id('ada'), tests.encrypted('a'), tests.encrypted('r')
  ),
  'the backend inserts a shop'
);
select tests.reaches(
  'service_role', 1,
  format('update public.tiktok_shops set shop_name = ''n'' where id = %L returning id', tests.shop('ada')),
  'the backend updates a shop'
);
select tests.refused('service_role', 'delete from public.tiktok_shops', 'not even the backend deletes a shop');

-- connect_tiktok_shops.
select tests.refused(
  who,
  format('select public.connect_tiktok_shops(%L, %L)', tests.id('ada'), tests.shop_grant('ada')),
  who || ' cannot call connect_tiktok_shops'
)
from unnest(array['anon', 'ada', 'bob']) as who;
select is(
  tests.attempt(
    'service_role',
    format('select public.connect_tiktok_shops(%L, %L)', tests.id('bob'), tests.shop_grant('ada'))
  ),
  'PT409',
  'a shop of another account is not taken over'
);
select is((select user_id from public.tiktok_shops where id = tests.shop('ada')), tests.id('ada'), 'it stays whose it was');
-- Checks and trigger.
select throws_like(
  format('update public.tiktok_shops set %I = %L where id = %L', column_name, value, tests.shop('ada')),
  '%tiktok_shops_' || column_name || '_check%',
  column_name || ' in plain text is refused: ' || value
)
from unnest(array['access_token', 'refresh_token']) as column_name
cross join unnest(array['', 'TTP_plain', 'v1.k.short.x', 'v2.k.' || repeat('i', 16) || '.' || repeat('c', 22)]) as value;
select throws_like(
  format('update public.tiktok_shops set shop_id = ''12a'' where id = %L', tests.shop('ada')),
  '%tiktok_shops_shop_id_check%',
  'a shop id is digits'
);
select throws_like(
  format(
    'update public.tiktok_shops set shop_id = %L where id = %L', tests.shop_id('bob'), tests.shop('ada')
  ),
  '%tiktok_shops_shop_id_key%',
  'a shop is stored once'
);
select throws_like(
  format(
    'update public.tiktok_shops set connection_status = %L, status_reason = %L where id = %L',
    status, reason, tests.shop('ada')
  ),
  '%tiktok_shops_tokens_check%',
  status || ' with tokens is refused'
)
from (values ('needs_reauth', 'token_refused'), ('disconnected', 'by_seller'), ('transferred', 'connected_elsewhere'))
  as ends (status, reason);
update public.tiktok_shops set updated_at = '2020-01-01' where id = tests.shop('ada');
select is(
  (select updated_at from public.tiktok_shops where id = tests.shop('ada')),
  now(),
  'updated_at is the database''s to say'
);
select tests.receive_event('ada', 'of the shop');
select tests.receive_event('bob', 'of another shop');
delete from public.tiktok_shops where id = tests.shop('ada');
select results_eq(
  $$select external_id from private.webhook_events where external_id like 'of %'$$,
  $$values ('of another shop')$$,
  'with a shop go its webhooks'
);

select * from finish();
rollback;
