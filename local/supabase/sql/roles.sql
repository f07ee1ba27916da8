-- The roles that every Supabase project has. Passwords are set by local/supabase/bootstrap.ts.
do $$
begin
  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin inherit;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin inherit;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin inherit bypassrls;
  end if;
  -- REST's login. It owns nothing, so it cannot grant more than the migrations do.
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role authenticator login inherit;
    comment on role authenticator is 'creatorflow local stack';
  end if;
  -- Auth's login. It owns the objects of the schema auth only.
  if not exists (select from pg_roles where rolname = 'supabase_auth_admin') then
    create role supabase_auth_admin login noinherit;
  end if;
  -- Owns the platform's schemas, on the embedded server as its superuser: `supabase db reset` drops
  -- every schema of another owner.
  if not exists (select from pg_roles where rolname = 'supabase_admin') then
    create role supabase_admin nologin;
  end if;
  -- On Supabase `postgres` runs the migrations and is not a superuser.
  if not exists (select from pg_roles where rolname = 'postgres') then
    create role postgres login createdb createrole replication bypassrls;
  end if;
end
$$;

-- As on Supabase. A session has the settings of its login; REST applies those of the role that it switches to.
alter role anon inherit;
alter role authenticated inherit;
alter role service_role inherit;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, authenticator to postgres with admin option;
-- As on Supabase, where supautils allows it.
grant set on parameter log_min_messages to postgres;
-- As on Supabase: the health check reads the active sessions.
grant pg_monitor to postgres;
