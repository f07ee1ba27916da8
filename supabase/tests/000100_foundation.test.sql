-- Rules that hold for every object of the schema.
begin;
\ir helpers.psql

create view tests.tables as
select oid, oid::regclass::text as name, relacl, relrowsecurity, relkind, relnamespace
from pg_class
where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'p', 'm', 'v', 'S');

create view tests.functions as
select oid, oid::regprocedure::text as name, pronamespace, prosecdef, proconfig
from pg_proc
where pronamespace in ('public'::regnamespace, 'private'::regnamespace);

select cmp_ok((select count(*) from tests.tables where relkind = 'r'), '>=', 13::bigint, 'the tables exist');
select cmp_ok((select count(*) from tests.functions), '>=', 50::bigint, 'the functions exist');

select is_empty(
  $$select name from tests.tables where relkind in ('r', 'p') and not relrowsecurity$$,
  'every table has row level security'
);
select is_empty(
  $$select name from tests.tables where relkind = 'm' and relnamespace = 'public'::regnamespace$$,
  'public has no materialized view, which could not have row level security'
);
select is_empty(
  $$select name from tests.tables
    where relkind = 'v' and relnamespace = 'public'::regnamespace
      and not exists (
        select from pg_class
        where pg_class.oid = tests.tables.oid and 'security_invoker=true' = any (reloptions)
      )$$,
  'a view in public runs as its reader'
);

-- Policies.
select is_empty(
  $$select schemaname, tablename, policyname from pg_policies
    where schemaname in ('public', 'private') and roles <> '{authenticated}'$$,
  'every policy is for signed-in users'
);
select is_empty(
  $$select schemaname, tablename, policyname from pg_policies
    where schemaname in ('public', 'private') and cmd = 'ALL'$$,
  'every policy is for one command'
);
select is_empty(
  $$select schemaname, tablename, cmd from pg_policies
    where schemaname in ('public', 'private')
    group by schemaname, tablename, cmd having count(*) > 1$$,
  'no two policies for the same command'
);
select is_empty(
  $$select schemaname, tablename, policyname from pg_policies
    where replace(coalesce(qual, '') || coalesce(with_check, ''), 'SELECT auth.uid()', '')
      like '%auth.%()%'$$,
  'no policy evaluates auth.uid() for each row'
);

-- Functions.
select is_empty(
  $$select name from tests.functions where proconfig is null or not 'search_path=""' = any (proconfig)$$,
  'every function has an empty search_path'
);
select is_empty(
  $$select name from tests.functions join pg_proc using (oid)
    where prolang = (select oid from pg_language where lanname = 'sql')
      and proretset is false and prosrc !~ 'as \(\s*(insert|update|delete) '$$,
  'no function is parsed at each call, as SQL functions with a search_path are'
);
select is_empty(
  $$select name from tests.functions
    where prosecdef and pronamespace = 'public'::regnamespace
      and (has_function_privilege('anon', oid, 'execute')
        or has_function_privilege('authenticated', oid, 'execute'))$$,
  'no security definer function in public is for anon or sellers'
);
select is_empty(
  $$select name from tests.functions where has_function_privilege('anon', oid, 'execute')$$,
  'anon may call nothing'
);
select set_eq(
  $$select name from tests.functions where has_function_privilege('authenticated', oid, 'execute')$$,
  array[
    'get_dashboard_metrics()',
    'get_held_orders(integer,integer)',
    'get_order_overview()',
    'get_usage()',
    'get_user_active_subscription(uuid)',
    'private.is_backend_event(text)',
    'private.own_dashboard_metrics()',
    'private.own_held_orders(integer,integer)',
    'private.own_usage()'
  ],
  'what sellers may call'
);
select set_eq(
  $$select name from tests.functions where prosecdef$$,
  array[
    'check_database_health()',
    'create_backup_point(text)',
    'delete_account(uuid,text[],text[])',
    'private.begin_account_deletion()',
    'private.broadcast_order_change()',
    'private.broadcast_new_orders()',
    'private.broadcast_shipment_change()',
    'private.delete_account_log(uuid)',
    'private.delete_account_traces()',
    'private.delete_auth_traces()',
    'private.delete_held_orders()',
    'private.delete_shop_events()',
    'private.delete_stripe_events(text[])',
    'private.limit_analytics_events()',
    'private.delete_tracking_events()',
    'private.handle_auth_user()',
    'private.handle_email_change()',
    'private.keep_invoices()',
    'private.keep_stripe_customer()',
    'private.own_dashboard_metrics()',
    'private.own_held_orders(integer,integer)',
    'private.own_usage()',
    'read_catalog(text)',
    'read_health()',
    'read_health_status()',
    'refresh_dashboard_metrics()'
  ],
  'what runs with the owner''s rights'
);

-- Tables.
create view tests.grants as
select grants.grantee::regrole::text as role, tables.name, grants.privilege_type, null as column_name
from tests.tables as tables, aclexplode(tables.relacl) as grants
where grants.grantee <> 0
union all
select grants.grantee::regrole::text, tables.name, grants.privilege_type, attribute.attname
from tests.tables as tables
join pg_attribute as attribute on attribute.attrelid = tables.oid,
  aclexplode(attribute.attacl) as grants
where grants.grantee <> 0;

select is_empty($$select * from tests.grants where role = 'anon'$$, 'anon has no table and no column');
select is_empty(
  $$select name from tests.tables, aclexplode(relacl) as grants where grants.grantee = 0$$,
  'nothing is granted to everyone'
);
select is(has_schema_privilege('anon', 'private', 'usage'), false, 'anon may not enter private');
select set_eq(
  $$select name || ': ' || lower(privilege_type)
      || coalesce(' (' || string_agg(column_name, ', ' order by column_name) || ')', '')
    from tests.grants where role = 'authenticated'
    group by name, privilege_type$$,
  array[
    'analytics_events: insert (event_type, properties, session_id, user_id)',
    'analytics_events: select',
    'order_events: select',
    'orders: select',
    'plans: select',
    'shipment_orders: select',
    'shipments: select',
    'subscriptions: select (cancel_at_period_end, created_at, current_period_end, current_period_start, id, plan_name, status, updated_at, user_id)',
    'tiktok_shops: select (connected_at, connection_status, created_at, ended_at, granted_scopes, id, is_active, refresh_token_expires_at, region, shop_id, shop_name, status_reason, token_expires_at, updated_at, user_id, webhook_url)',
    'users: select',
    'users: update (display_name)'
  ],
  'what sellers may do with tables and columns'
);

-- Upkeep.
select is_empty(
  $$select conrelid::regclass, conname from pg_constraint
    where contype = 'f'
      and connamespace in ('public'::regnamespace, 'private'::regnamespace)
      and conrelid::regclass::text <> 'users'
      and not exists (
        select from pg_index
        where indrelid = conrelid and indpred is null and indkey[0] = conkey[1]
      )$$,
  'every foreign key has an index'
);
-- Comments: what each object is, in one sentence that ends with a full stop.
create view tests.comments as
select name, obj_description(oid, 'pg_class') as text from tests.tables where relkind in ('r', 'p', 'm', 'v')
union all
select name, obj_description(oid, 'pg_proc') from tests.functions;
select is_empty('select name from tests.comments where text is null', 'every table and function has a comment');
select is_empty(
  $$select name, text from tests.comments where text !~ '\.$' or text ~ '[.:;] [A-Z][a-z]+ [a-z].*\.'$$,
  'which is one sentence'
);

select * from finish();
rollback;
