-- Grants of a new Supabase database, before any migration.
create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role, postgres;
grant usage on schema public to anon, authenticated, service_role;
grant all on schema public to postgres;
do $$
begin
  execute format('grant create, connect on database %I to postgres', current_database());
end
$$;

-- Auth owns the objects of its schema. REST reads a token's user; migrations reference the users and have
-- a trigger on them.
do $$
declare
  object record;
begin
  alter schema auth owner to supabase_admin;
  grant all on schema auth to supabase_auth_admin;
  for object in
    select oid::regclass as name from pg_class
    where relnamespace = 'auth'::regnamespace and relkind in ('r', 'v')
  loop
    execute format('alter table %s owner to supabase_auth_admin', object.name);
  end loop;
  for object in
    select oid::regprocedure as name from pg_proc where pronamespace = 'auth'::regnamespace
  loop
    execute format('alter routine %s owner to supabase_auth_admin', object.name);
  end loop;
end
$$;
grant usage on schema auth to anon, authenticated, service_role, authenticator, postgres;
grant select on all tables in schema auth to authenticator;
grant select, insert, update, delete, truncate, references, trigger
  on all tables in schema auth to postgres;
grant execute on all functions in schema auth to anon, authenticated, service_role, postgres;

-- The role that runs the migrations owns their history.
do $$
declare
  history regclass;
begin
  create schema if not exists supabase_migrations;
  alter schema supabase_migrations owner to postgres;
  for history in
    select oid from pg_class where relnamespace = 'supabase_migrations'::regnamespace and relkind = 'r'
  loop
    execute format('alter table %s owner to postgres', history);
  end loop;
end
$$;
