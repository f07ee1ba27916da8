-- The deletion of accounts reads what names them, not the inbox and the logs.
begin;
\ir helpers.psql

insert into auth.users (id, email, created_at)
select tests.id('late ' || number), 'late' || number || '@example.com', now() - interval '60 days'
from generate_series(1, 20) as number;
insert into private.webhook_events (source, external_id, event_type, object_id, body)
select
  source, number::text, 'x', source || ' object ' || number,
  jsonb_build_object('customer', 'cus_' || number, 'customer_email', number || '@example.com', 'user_id', gen_random_uuid())
from generate_series(1, 2000) as number cross join unnest(array['stripe', 'creatorflow', 'easypost']) as source;
insert into private.webhook_events (source, external_id, event_type, object_id, body)
select
  'stripe', 'of ' || number, 'x', 'object',
  jsonb_build_object('customer_email', 'late' || number || '@example.com', 'customer', 'cus_late')
from generate_series(1, 20) as number;
insert into public.system_logs (event_type, details)
select 'x', jsonb_build_object(field, gen_random_uuid())
from generate_series(1, 2000) cross join unnest(array['user_id', 'shop_id']) as field;
insert into auth.audit_log_entries (id, payload, created_at)
select gen_random_uuid(), json_build_object('actor_id', gen_random_uuid()), now() from generate_series(1, 200);
analyze private.webhook_events, public.system_logs, auth.audit_log_entries;

create function tests.rows_read(name text)
returns bigint
language sql
volatile
as $$
  select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where relid = name::regclass;
$$;
comment on function tests.rows_read(text) is 'How many rows of a table this transaction has read.';
create table tests.read (name text, before bigint);
insert into tests.read
select name, tests.rows_read(name)
from unnest(array['private.webhook_events', 'public.system_logs', 'auth.audit_log_entries']) as name;

select is(private.delete_unconfirmed_accounts(), 20, 'twenty accounts are deleted');
select cmp_ok(
  (select tests.rows_read(name) - before from tests.read where name = limits.name), '<', limits.rows::bigint,
  'few rows are read of ' || name
)
from (
  -- One pass over the log of Auth, which has no index of its accounts.
  values ('private.webhook_events', 500), ('public.system_logs', 100), ('auth.audit_log_entries', 201)
) as limits (name, rows);
select is(
  (select count(*) from private.webhook_events where body like '%late%@example.com%'), 0::bigint,
  'and the events lose the addresses'
);

update tests.read set before = tests.rows_read(name);
select is(private.delete_unconfirmed_accounts(), 0, 'nearly every run of the job finds no account');
select is(
  (select string_agg(concat_ws(' ', name, tests.rows_read(name) - before), ', ' order by name) from tests.read),
  'auth.audit_log_entries 0, private.webhook_events 0, public.system_logs 0', 'and reads nothing'
);

-- Each Stripe event is searched for names when it is stored: the largest ones too, within the API's 8 s.
set local statement_timeout = '2s';
select is(
  cardinality(private.names_in_event(repeat('{"id": "evt_1", "object": "event", "customer": "cus_1", "email": "a@example.com"}', 8000))),
  16000, 'the names of a body of 600 KB are found at once'
);
set local statement_timeout = 0;
select is(
  private.names_in_event(format(
    '{"customer":"cus_1","to":"a@example.com","cus_2":null,"id":"evt_1","text":"Call a@example.com or cus_3","user":"%s","long":"%s@b"}',
    tests.id('ada'), repeat('a', 600)
  )),
  array['cus_1', 'a@example.com', 'cus_2', tests.id('ada')::text], 'whole texts that are ids or addresses, short ones'
);

select * from finish();
rollback;
