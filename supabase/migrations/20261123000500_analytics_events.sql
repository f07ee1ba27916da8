-- What happened in a seller's account, for their own statistics.

create table public.analytics_events (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  event_type text not null,
  properties jsonb not null default '{}',
  session_id text,
  timestamp timestamptz not null default now(),
  constraint analytics_events_event_type_check check (event_type ~ '^[a-z][a-z0-9_.]{0,63}$'),
  constraint analytics_events_properties_check check (
    jsonb_typeof(properties) = 'object' and pg_column_size(properties) <= 8192
  ),
  constraint analytics_events_session_id_check check (char_length(session_id) <= 128)
);
comment on table public.analytics_events is 'Events of a seller''s account. Sellers insert and read their own; nobody changes one.';

-- The brief's idx_analytics_user_id is contained in idx_analytics_user_timestamp.
create index idx_analytics_event_type on public.analytics_events (event_type);
create index idx_analytics_timestamp on public.analytics_events (timestamp);
create index idx_analytics_user_timestamp on public.analytics_events (user_id, timestamp);

alter table public.analytics_events enable row level security;
create policy "Users can view own analytics" on public.analytics_events
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "Users can insert own analytics" on public.analytics_events
  for insert to authenticated with check ((select auth.uid()) = user_id);
-- Not id and not timestamp: when an event happened is for the database to say.
grant select, insert (user_id, event_type, properties, session_id) on public.analytics_events
  to authenticated;
grant select, insert on public.analytics_events to service_role;
