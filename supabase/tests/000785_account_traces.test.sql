-- What names an account in tables that do not belong to it goes with the account, and nothing else does.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.connect_shop(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.order_to_ship(nickname, nickname) from unnest(array['ada', 'bob']) as nickname;
insert into private.label_batches (id, user_id, idempotency_key, request_hash)
select tests.id('batch of ' || nickname), tests.id(nickname), 'k', 'h' from unnest(array['ada', 'bob']) as nickname;
insert into private.label_batch_items (user_id, batch_id, place, order_id, request)
select tests.id(nickname), tests.id('batch of ' || nickname), 0, gen_random_uuid(), '{}'
from unnest(array['ada', 'bob']) as nickname;

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada', 'service_role']) as who
cross join unnest(array[
  'select private.delete_account_log(null)',
  'select private.delete_auth_traces()',
  'select private.purge_auth_log()'
]) as statement;

-- Rows that name each of them.
delete from public.system_logs;
insert into public.system_logs (event_type, details)
select 'of_' || nickname, details
from unnest(array['ada', 'bob']) as nickname
cross join lateral (
  values
    (jsonb_build_object('user_id', tests.id(nickname))),
    (jsonb_build_object('shop_id', tests.shop_id(nickname))),
    (jsonb_build_object('filter', jsonb_build_object('shop_id', tests.shop_id(nickname)))),
    (jsonb_build_object('filter', jsonb_build_object('object_id', tests.id(nickname)))),
    (
      jsonb_build_object('filter', jsonb_build_object(
        'object_id', (select tiktok_order_id from public.orders where user_id = tests.id(nickname))
      ))
    )
) as entries (details);
insert into private.webhook_events (source, external_id, event_type, object_id, body)
select 'creatorflow', task || ' of ' || nickname, task, object_id, '{}'
from unnest(array['ada', 'bob']) as nickname
cross join lateral (
  values
    ('UPDATE_CUSTOMER_EMAIL', tests.id(nickname)::text),
    ('BUY_LABEL', tests.id('batch of ' || nickname) || ':0')
) as tasks (task, object_id);
insert into private.webhook_events (source, external_id, event_type, body)
select
  'stripe', field || ' of ' || nickname, 'invoice.paid',
  jsonb_build_object('data', jsonb_build_object('object', jsonb_build_object('customer', 'cus_payer', field, value)))
from unnest(array['ada', 'bob']) as nickname
cross join lateral (
  values ('customer_email', nickname || '@example.com'), ('client_reference_id', tests.id(nickname)::text)
) as fields (field, value);
-- An address that contains ada's.
insert into private.webhook_events (source, external_id, event_type, body)
values ('stripe', 'longer of bob', 'invoice.paid', '{"customer_email": "bobada@example.com"}');
insert into auth.audit_log_entries (id, payload, created_at)
select gen_random_uuid(), payload, now()
from unnest(array['ada', 'bob']) as nickname
cross join lateral (
  values
    (json_build_object('actor_id', tests.id(nickname), 'actor_username', nickname || '@old.example.com')),
    (json_build_object('actor_id', tests.id('unknown'), 'actor_username', nickname || '@example.com')),
    (
      json_build_object(
        'actor_id', '00000000-0000-0000-0000-000000000000',
        'traits', json_build_object('user_id', tests.id(nickname), 'user_email', nickname || '@example.com')
      )
    )
) as entries (payload);
insert into auth.flow_state (id, user_id, authentication_method, provider_type)
select gen_random_uuid(), tests.id(nickname), 'email', 'email' from unnest(array['ada', 'bob']) as nickname;

create function tests.traces()
returns setof text
language sql
as $$
  select event_type from public.system_logs
  union all
  select event_type || ' ' || external_id from private.webhook_events
  where source <> 'tiktok' and external_id ~ ' of (ada|bob)$'
  union all
  select 'auth ' || payload::text from auth.audit_log_entries
  union all
  select 'flow ' || user_id from auth.flow_state;
$$;
create table tests.of_bob as
select trace from tests.traces() as trace where trace !~ 'ada($|@)' and strpos(trace, tests.id('ada')::text) = 0;
select is((select count(*) from tests.traces()), 27::bigint, 'the rows are there');
select is((select count(*) from tests.of_bob), 14::bigint, 'half of them, and one more, name bob');

delete from auth.users where id = tests.id('ada');
select is(
  (select status || ' ' || body from private.webhook_events where external_id = 'customer_email of ada'),
  'pending {"data": {"object": {"parent": {"subscription_details": {}}, "customer": "cus_payer"}}}',
  'an event that only quotes the address may be about another seller: it stays, without the address'
);
delete from private.webhook_events where external_id = 'customer_email of ada';
select bag_eq('select tests.traces()', 'select trace from tests.of_bob', 'the others of ada went with the account, no other did');

-- The purge: Auth wrote an entry while the account was deleted, and old ones.
delete from auth.audit_log_entries;
insert into auth.audit_log_entries (id, payload, created_at)
select gen_random_uuid(), json_build_object('name', name, 'actor_id', actor), now() - age
from (
  values
    ('of a deleted account', tests.id('ada')::text, interval '0'),
    ('old', tests.id('bob')::text, interval '91 days'),
    ('of bob', tests.id('bob')::text, interval '89 days'),
    ('of the administrator', '00000000-0000-0000-0000-000000000000', interval '0'),
    ('of no user', null, interval '0')
) as entries (name, actor, age);
select is(private.purge_auth_log(), 2::bigint, 'an entry without its account, and an old one, are deleted');
select set_eq(
  $$select payload ->> 'name' from auth.audit_log_entries$$,
  array['of bob', 'of the administrator', 'of no user'],
  'the others stay'
);

-- Ten times the accounts and the entries may not take a hundred times as long.
insert into auth.users (id, email) select gen_random_uuid(), 'seller' || number || '@example.com' from generate_series(1, 2000) as number;
insert into auth.audit_log_entries (id, payload, created_at)
select gen_random_uuid(), json_build_object('actor_id', users.id), now()
from auth.users cross join generate_series(1, 10) where users.email like 'seller%';
set local statement_timeout = '1s';
select is(private.purge_auth_log(), 0::bigint, 'the accounts are read once, not for each entry');
reset statement_timeout;

select * from finish();
rollback;
