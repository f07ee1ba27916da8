-- The end of an account, through our function and past it.
begin;
\ir helpers.psql
\ir billing_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cem']) as nickname;
select tests.customer(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.connect_shop(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.applied(nickname, 'of ' || nickname, 'growth') from unnest(array['ada', 'bob']) as nickname;
insert into private.webhook_events (source, external_id, event_type, body)
values
  (
    'stripe', 'about ada', 'invoice.paid',
    '{"data": {"object": {"customer": "cus_ada", "customer_email": "ada@example.com"}}}'
  ),
  (
    'stripe', 'about bob', 'invoice.paid',
    '{"data": {"object": {"customer": "cus_ada2", "customer_email": "bob@example.com"}}}'
  );

create function tests.delete_account(nickname text, hashes text[], ids text[] default '{}')
returns text
language sql
as $$
  select coalesce(answer ->> 'outcome', answer #>> '{}')
  from tests.call(format('delete_account(%L, %L, %L)', tests.id(nickname), hashes, ids)) as answer;
$$;
create function tests.kept(nickname text)
returns text
language sql
as $$
  select concat_ws(
    ' ', case when user_id is null then 'no account' else 'account' end,
    case when deletion_requested then 'requested' end
  )
  from private.stripe_customers where stripe_customer_id_hash = 'old customer of ' || nickname;
$$;
create function tests.checks()
returns bigint
language sql
as $$
  select count(*) from private.webhook_events where event_type = 'CLOSE_CUSTOMER';
$$;

select ok(
  (
    select 'statement_timeout=110s' = any (proconfig)
    from pg_proc where oid = 'public.delete_account(uuid, text[], text[])'::regprocedure
  ),
  'a large account has longer than a usual call, and less than the 150 s of a hosted function'
);

-- Privileges.
create table tests.calls as
select call from unnest(array[
  format('delete_account(%L, ''{}'', ''{}'')', tests.id('unknown')),
  format('get_deleted_customer(%L)', tests.id('unknown')),
  'log_orphaned_subscription(''{"stripe_subscription_id": "sub_roles"}'')',
  format('settle_deleted_customer(%s, %L, null)', tests.stripe_event('roles'), tests.id('unknown'))
]) as call;
select tests.refused(who, 'select public.' || call, who || ' cannot: ' || split_part(call, '(', 1))
from unnest(array['anon', 'ada']) as who cross join tests.calls;
select is(
  tests.attempt('service_role', 'select public.' || call), '1', 'the backend can: ' || split_part(call, '(', 1)
)
from tests.calls;
select tests.refused(who, 'select private.delete_stripe_events(''{}'')', who || ' deletes no events')
from unnest(array['anon', 'ada']) as who;

-- Through our function.
select is(
  tests.delete_account('ada', tests.hashes('customer of bob')), 'customer_changed',
  'a customer that was not closed keeps the account'
);
select is((select count(*) from public.users), 3::bigint, 'then nothing is deleted');
select is(tests.kept('ada'), 'account', 'and nothing is marked');
update public.tiktok_shops
set connection_status = 'paused', status_reason = 'shop_inactive', probe_at = now()
where id = tests.shop('ada');
select is(
  tests.call(format('delete_account(%L, %L, ''{cus_ada}'')', tests.id('ada'), tests.hashes('customer of ada')))
    -> 'shops' -> 0 ->> 'shop_id',
  tests.shop_id('ada'), 'otherwise it is, and its live connections are returned, paused ones too'
);
select is((select count(*) from auth.users where id = tests.id('ada')), 0::bigint, 'Auth has no such user');
select is((select count(*) from public.tiktok_shops), 1::bigint, 'the connection went, with its tokens');
select is(tests.stored('of ada'), null, 'and the subscription');
select is(tests.kept('ada'), 'no account requested', 'the id of the customer stays, encrypted');
select is(tests.checks(), 1::bigint, 'and is checked once more');
select is(
  (select string_agg(external_id, ' ') from private.webhook_events where external_id like 'about %'), 'about bob',
  'the events that quote the payer went, and no others'
);
select is(
  tests.delete_account('ada', tests.hashes('customer of ada')), 'absent', 'a repeat finds nothing to do'
);
select is(tests.checks(), 1::bigint, 'and enqueues nothing');
select is(tests.delete_account('cem', '{}'), 'deleted', 'an account without a customer is deleted too');
select is(tests.checks(), 1::bigint, 'without a check');
select is((select string_agg(email, ' ') from public.users), 'bob@example.com', 'the other seller stays');

-- Past it.
delete from auth.users where id = tests.id('bob');
select is(tests.kept('bob'), 'no account', 'a deletion in Auth keeps the id too');
select is(
  (select body::jsonb #>> '{data,object}' from private.webhook_events where external_id = 'about bob'),
  '{"parent": {"subscription_details": {}}, "customer": "cus_ada2"}',
  'an event that quotes the payer loses the address, whichever customer it names'
);
select is(tests.checks(), 2::bigint, 'and is checked');
select is(
  tests.call(format('find_stripe_customers(%L)', tests.hashes('customer of bob'))) -> 0 ->> 'user_id', null,
  'the customer is known, without a user'
);
select is(tests.applied('bob', 'of bob', 'scale'), 'PT404', 'and no subscription of theirs is stored');

-- The comparison of all sellers checks each of them again; that of one seller does not.
select is(tests.call('request_subscription_sync()') ? 'event_id', true, 'a comparison begins');
select is(tests.checks(), 4::bigint, 'with a check for each customer without an account');
select tests.call('request_subscription_sync()');
select is(tests.checks(), 4::bigint, 'once a run');

-- The check.
create table tests.bob as
select id from private.stripe_customers where stripe_customer_id_hash = 'old customer of bob';
create function tests.settled(closed text)
returns text
language sql
as $$
  select tests.call(format(
    'settle_deleted_customer(%s, %L, %L)', tests.stripe_event('check ' || random()), id, closed
  )) ->> 'outcome'
  from tests.bob;
$$;
select is(
  tests.call(format('get_deleted_customer(%L)', id)),
  jsonb_build_object('stripe_customer_id', tests.encrypted('customer of bob'), 'deletion_requested', false),
  'it reads the customer'
)
from tests.bob;
select is(tests.settled(null), 'reported', 'a subscription goes on');
select is(tests.settled('cus_ada2'), 'closed', 'nothing can charge any more');
select is(
  (select count(*) from private.webhook_events where external_id = 'about bob'), 0::bigint,
  'then the events about the customer go'
);
select is(tests.kept('bob'), 'no account', 'the id stays for a day: Stripe still sends events about the end');
update private.stripe_customers set account_deleted_at = now() - interval '25 hours' where user_id is null;
select is(tests.settled(null), 'reported', 'nor is it forgotten while a subscription goes on');
select is(tests.settled('cus_ada2'), 'forgotten', 'afterwards it is forgotten');
select is(tests.kept('bob'), null, 'and nothing is left');
select is(tests.call(format('get_deleted_customer(%L)', id)), null, 'nor found') from tests.bob;

-- The log.
create function tests.logged(action text)
returns text
language sql
as $$
  select tests.call(format(
    'log_orphaned_subscription(%L)',
    jsonb_build_object('stripe_subscription_id', 'sub_1', 'status', 'active', 'user_id', null, 'action', action)
  )) #>> '{}';
$$;
select is(tests.logged('reported'), 'true', 'an orphaned subscription is logged');
select is(tests.logged('reported'), 'false', 'once in twelve hours');
select is(tests.logged('cancelled'), 'true', 'its cancellation is another entry');

-- Every row must have an account, or the time of its deletion.
select throws_ok(
  format(
    'insert into private.stripe_customers (stripe_customer_id, stripe_customer_id_hash) values (%L, ''h'')',
    tests.encrypted('x')
  ),
  '23514', null, 'a customer without an account says since when'
);

select * from finish();
rollback;
