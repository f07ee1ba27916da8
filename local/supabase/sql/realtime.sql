-- Stand-in for Supabase Realtime's database side; local/realtime/ sends the stored broadcasts to clients.
do $$
begin
  if not exists (select from pg_roles where rolname = 'supabase_realtime_admin') then
    create role supabase_realtime_admin nologin noinherit;
  end if;
  -- Supabase lets `postgres` make policies on a table that it does not own. A plain Postgres cannot: here it
  -- belongs to a role that owns the table and may not write to it.
  if not exists (select from pg_roles where rolname = 'realtime_policy_owner') then
    create role realtime_policy_owner nologin;
  end if;
end
$$;
revoke supabase_realtime_admin from postgres;
grant realtime_policy_owner to postgres;

create schema if not exists realtime authorization supabase_realtime_admin;
grant usage on schema realtime to postgres, anon, authenticated, service_role;

create table if not exists realtime.messages (
  id uuid primary key default gen_random_uuid(),
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  inserted_at timestamp not null default now(),
  updated_at timestamp not null default now()
);
alter table realtime.messages owner to realtime_policy_owner;
alter table realtime.messages enable row level security;
revoke all on realtime.messages from realtime_policy_owner;
grant select, insert on realtime.messages to postgres;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;

-- Topic that a client joins; Realtime sets it before it evaluates the policies.
create or replace function realtime.topic()
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(current_setting('realtime.topic', true), '');
$$;

-- As on Supabase: an error becomes a warning, and the payload has an id.
create or replace function realtime.send(
  payload jsonb,
  event text,
  topic text,
  private boolean default true
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  message_id uuid := gen_random_uuid();
begin
  if not payload ? 'id' then
    payload := jsonb_set(payload, '{id}', to_jsonb(message_id));
  end if;
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (message_id, payload, event, topic, private, 'broadcast');
exception
  when others then
    raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end;
$$;
grant execute on function realtime.topic() to anon, authenticated, service_role, postgres;
grant execute on function realtime.send(jsonb, text, text, boolean) to postgres, service_role;

-- Slots that a killed stack left behind: Postgres would keep its log for them for ever.
do $$
begin
  perform pg_drop_replication_slot(slot_name) from pg_replication_slots
  where database = current_database() and not active
    and starts_with(slot_name, 'creatorflow_realtime_');
end
$$;
