-- What those who run the system need: logs, health, backup points, tidying up.

create table public.system_logs (
  id bigint generated always as identity primary key,
  event_type text not null,
  details jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint system_logs_event_type_check check (event_type ~ '^[a-z][a-z0-9_.]{0,63}$'),
  constraint system_logs_details_check check (jsonb_typeof(details) = 'object')
);
comment on table public.system_logs is 'What the system did by itself or was told to by its operators. For the backend only.';

create index idx_system_logs_created_at on public.system_logs (created_at);

alter table public.system_logs enable row level security;
grant select, insert on public.system_logs to service_role;
grant usage on sequence public.system_logs_id_seq to service_role;

create function public.check_database_health()
returns table (metric text, value numeric, status text)
language sql
stable
security definer
set search_path = ''
as $$
  with figures as (
    select
      (select count(*) from pg_catalog.pg_stat_activity where state = 'active') as active_connections,
      (select pg_database_size(current_database()) / 1024 / 1024) as database_size_mb,
      (select count(*) from public.orders where created_at > now() - interval '1 hour') as orders_last_hour,
      (select count(*) from private.webhook_events where status in ('pending', 'processing')) as events_open,
      public.oldest_open_event_seconds() as oldest_open_event_seconds,
      (select count(*) from private.webhook_events where status = 'held') as events_held,
      (select count(*) from private.webhook_events where status = 'dead') as events_dead,
      (select count(*) from private.label_purchases where state = 'unknown') as labels_unknown
  )
  select 'active_connections', active_connections::numeric,
    case when active_connections < 50 then 'healthy' else 'warning' end
  from figures
  union all
  select 'database_size_mb', database_size_mb, 'info' from figures
  union all
  select 'orders_last_hour', orders_last_hour, 'info' from figures
  union all
  select 'events_open', events_open, 'info' from figures
  union all
  select 'oldest_open_event_seconds', oldest_open_event_seconds,
    case
      when oldest_open_event_seconds < 300 then 'healthy'
      when oldest_open_event_seconds < 3600 then 'warning'
      else 'critical'
    end
  from figures
  union all
  select 'events_held', events_held, 'info' from figures
  union all
  select 'events_dead', events_dead, case when events_dead = 0 then 'healthy' else 'warning' end
  from figures
  union all
  select 'labels_unknown', labels_unknown, case when labels_unknown = 0 then 'healthy' else 'warning' end
  from figures;
$$;
comment on function public.check_database_health() is
  'Figures with a status: healthy, warning, critical, or info where there is no judgement. Definer, because only the owner''s role sees all connections.';
grant execute on function public.check_database_health() to service_role;

-- Serves the counts of held and dead events, and the inspection of them.
create index idx_webhook_events_dead on private.webhook_events (received_at) where status = 'dead';

create function public.create_backup_point(backup_name text)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  location text;
begin
  if backup_name is null or backup_name !~ '^[A-Za-z0-9][A-Za-z0-9 _.:-]{0,62}$' then
    raise exception 'A backup point''s name has 1 to 63 letters, digits, blanks, _ . : or -'
      using errcode = '22023';
  end if;
  if not pg_catalog.has_function_privilege('pg_catalog.pg_create_restore_point(text)', 'execute') then
    raise exception 'The role % may not create restore points', current_user
      using errcode = '42501',
        hint = 'On Supabase, use the project''s backups or point-in-time recovery; elsewhere: grant execute on function pg_create_restore_point(text) to ' || quote_ident(current_user);
  end if;
  location := pg_catalog.pg_create_restore_point(backup_name)::text;
  insert into public.system_logs (event_type, details)
  values ('backup_created', jsonb_build_object('backup_name', backup_name, 'location', location));
  return location;
end;
$$;
comment on function public.create_backup_point(text) is
  'Marks a place in the write-ahead log that point-in-time recovery can go back to; it copies nothing. Returns the place, and logs it. Raises 42501 where the role may not. Definer, so that the backend can ask for it.';
grant execute on function public.create_backup_point(text) to service_role;

create function private.purge_old_rows()
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  purged jsonb := '{}';
  rows_deleted bigint;
begin
  -- A sender repeats itself for hours, not for weeks: by then its id is not needed to recognise it.
  delete from private.webhook_events
  where status in ('done', 'ignored') and settled_at < now() - interval '30 days';
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('settled_events', rows_deleted);

  delete from private.webhook_events
  where status = 'dead' and settled_at < now() - interval '90 days';
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('dead_events', rows_deleted);

  -- Kept for a while after their time, so that somebody who comes late is told so.
  delete from private.tiktok_authorizations where expires_at < now() - interval '1 day';
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('tiktok_authorizations', rows_deleted);

  delete from private.label_rates where expires_at < now() - interval '1 day';
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('label_rates', rows_deleted);

  delete from public.system_logs where created_at < now() - interval '90 days';
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('system_logs', rows_deleted);

  if to_regclass('cron.job_run_details') is not null then
    execute 'delete from cron.job_run_details where end_time < now() - interval ''7 days''';
    get diagnostics rows_deleted = row_count;
    purged := purged || jsonb_build_object('job_run_details', rows_deleted);
  end if;

  insert into public.system_logs (event_type, details) values ('purged', purged);
  return purged;
end;
$$;
comment on function private.purge_old_rows() is
  'Deletes what nobody needs any more: settled events after 30 days, dead ones and logs after 90, job history after 7. Open and held events stay. Returns the counts, and logs them.';

create index idx_webhook_events_settled on private.webhook_events (settled_at)
  where status in ('done', 'ignored', 'dead');

create function private.forget_shop_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.webhook_events
  where source in ('tiktok', 'creatorflow') and shop_id = old.shop_id;
  return null;
end;
$$;
comment on function private.forget_shop_events() is
  'Trigger: with a shop go its webhooks, so that a deleted account leaves nothing. Definer, because it runs for whoever deletes the account.';

-- Not when another account has the shop now: they are that account's.
create trigger forget_shop_events
  after delete on public.tiktok_shops
  for each row when (old.connection_status <> 'transferred')
  execute function private.forget_shop_events();

create index idx_webhook_events_shop_id on private.webhook_events (shop_id, object_id);
