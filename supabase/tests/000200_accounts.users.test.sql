-- Profiles of sellers.
begin;
\ir helpers.psql

-- A profile is made by the sign-up, follows it, and goes with it.
select tests.sign_up('ada');
select tests.sign_up('bob');
select results_eq(
  $$select email, display_name, subscription_status, subscription_tier from public.users where id = tests.id('ada')$$,
  $$values ('ada@example.com', null::text, 'trial', 'starter')$$,
  'a sign-up makes a profile'
);
update auth.users set email = 'countess@example.com' where id = tests.id('ada');
select is(
  (select email from public.users where id = tests.id('ada')),
  'countess@example.com',
  'the profile has the e-mail address of the sign-up'
);
update public.users set display_name = 'Ada' where id = tests.id('ada');
update auth.users set email = 'ada@example.com' where id = tests.id('ada');
select is(
  (select display_name from public.users where id = tests.id('ada')),
  'Ada',
  'another address leaves the rest of the profile'
);
select throws_ok(
  $$insert into public.users (id, email) values (gen_random_uuid(), 'unknown@example.com')$$,
  '23503', null,
  'a profile requires a sign-up'
);

-- Reading.
select tests.refused('anon', 'select id from public.users', 'anon cannot read users');
select tests.reaches('ada', 1, 'select * from public.users', 'a seller reads one profile');
select is(tests.run_as('ada', 'select id from public.users'), tests.id('ada')::text, 'it is their own');
select tests.reaches(
  'bob', 0, format('select id from public.users where id = %L', tests.id('ada')),
  'another seller does not find it'
);
select tests.reaches(
  'service_role', 2,
  format('select id from public.users where id in (%L, %L)', tests.id('ada'), tests.id('bob')),
  'the backend reads all'
);

-- Inserting and deleting: the sign-up does that.
select tests.refused(
  who,
  format('insert into public.users (id, email) values (%L, ''new@example.com'')', tests.id('ada')),
  who || ' cannot insert a user'
)
from unnest(array['anon', 'ada', 'bob', 'service_role']) as who;
select tests.refused(
  who,
  format('delete from public.users where id = %L', tests.id('ada')),
  who || ' cannot delete a user'
)
from unnest(array['anon', 'ada', 'bob', 'service_role']) as who;

-- Updating.
select tests.refused('anon', 'update public.users set display_name = ''X''', 'anon cannot update users');
select tests.reaches(
  'ada', 1, 'update public.users set display_name = ''Ada L.'' returning id',
  'a seller changes only their own display name'
);
select tests.reaches(
  'ada', 1, 'update public.users set display_name = ''Ada L.''',
  'also without reading a column, when only the policy for updates decides'
);
select tests.reaches(
  'bob', 0,
  format('update public.users set display_name = ''X'' where id = %L returning id', tests.id('ada')),
  'another seller cannot change it'
);
select tests.reaches(
  'service_role', 1,
  format('update public.users set subscription_tier = ''growth'' where id = %L returning id', tests.id('ada')),
  'the backend sets the plan that is shown'
);
select tests.refused(
  'ada',
  format('update public.users set %I = %L', column_name, value),
  'a seller cannot change their ' || column_name
)
from (
  values
    ('id', tests.id('bob')::text),
    ('email', 'root@example.com'),
    ('subscription_status', 'active'),
    ('subscription_tier', 'scale'),
    ('created_at', '2020-01-01')
) as harmful (column_name, value);
select tests.refused(
  'ada', 'update public.users set display_name = ''X'', subscription_tier = ''scale''',
  'not even together with the display name'
);

-- Checks.
select throws_like(
  format('update public.users set display_name = %L', value),
  '%users_display_name_check%',
  'a display name has 1 to 100 characters: ' || char_length(value)
)
from unnest(array['', repeat('x', 101)]) as value;
select lives_ok(
  format('update public.users set display_name = %L where id = %L', value, tests.id('ada')),
  'a display name may have ' || coalesce(char_length(value)::text, 'no') || ' characters'
)
from unnest(array['A', repeat('é', 100), null]) as value;
select throws_like(
  'update public.users set subscription_status = ''gold''',
  '%users_subscription_status_check%',
  'a status is one of Stripe''s, or trial'
);
select throws_ok(
  'update public.users set subscription_tier = ''gold''', '23503', null, 'a tier is a plan'
);
select throws_like(
  format('update public.users set email = ''bob@example.com'' where id = %L', tests.id('ada')),
  '%users_email_key%',
  'an address is one seller''s'
);

-- Deleting the account removes everything, and nothing of anybody else.
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.subscribe('ada', 'growth');
select tests.ingest('ada', '1');
select tests.ingest('bob', '2');
insert into public.shipments (order_id, carrier, service_type, status)
select id, 'USPS', 'Priority', 'purchased' from public.orders where user_id = tests.id('ada');
create view tests.traces_of_ada as
select 'profile' as trace, id::text as row from public.users where id = tests.id('ada')
union all
select 'shop', id::text from public.tiktok_shops where user_id = tests.id('ada')
union all
select 'order', id::text from public.orders where user_id = tests.id('ada')
union all
select 'shipment', id::text from public.shipments
where order_id not in (select id from public.orders where user_id <> tests.id('ada'))
union all
select 'subscription', id::text from public.subscriptions where user_id = tests.id('ada')
union all
select 'event', id::text from public.analytics_events where user_id = tests.id('ada')
union all
select 'count', orders::text from private.monthly_order_counts where user_id = tests.id('ada')
union all
select 'webhook', id::text from private.webhook_events where shop_id = tests.shop_id('ada');
select set_eq(
  'select distinct trace from tests.traces_of_ada',
  array['profile', 'shop', 'order', 'shipment', 'subscription', 'event', 'count', 'webhook'],
  'an account leaves traces everywhere'
);
delete from auth.users where id = tests.id('ada');
select is_empty('select * from tests.traces_of_ada', 'deleting the account removes all of them');
select is(
  (
    select count(*) from public.orders join public.tiktok_shops as shop on shop.id = tiktok_shop_id
    where orders.user_id = tests.id('bob')
  ),
  1::bigint,
  'another seller''s orders stay'
);
select is(
  (select count(*) from private.webhook_events where shop_id = tests.shop_id('bob')),
  1::bigint,
  'and so do their webhooks'
);
select is(
  (select orders from private.monthly_order_counts where user_id = tests.id('bob')),
  1,
  'and their count'
);

-- The lock of a seller.
create function tests.seller_lock(nickname text)
returns text
language sql
as $$
  select string_agg(mode, ' ' order by mode)
  from pg_locks
  where locktype = 'advisory' and pid = pg_backend_pid()
    and (classid::bigint << 32 | objid::bigint) = hashtextextended('seller:' || tests.id(nickname), 0);
$$;
select is(tests.seller_lock('bob'), 'ShareLock', 'connecting a shop shares the lock of the seller');
select is(tests.seller_lock('ada'), 'ExclusiveLock ShareLock', 'attack: a deletion by Auth takes it alone, and waits');
update auth.users set email = 'bob@example.org' where id = tests.id('bob');
select is(tests.seller_lock('bob'), 'ExclusiveLock ShareLock', 'so does a change of the address');
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select private.lock_sellers(null::uuid)',
  'select private.lock_seller_alone(null)'
]) as statement;

select * from finish();
rollback;
