-- Log of automatic and operator actions.

create table public.system_logs (
  id bigint generated always as identity primary key,
  event_type text not null,
  details jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint system_logs_event_type_check check (event_type ~ '^[a-z][a-z0-9_.]{0,63}$'),
  constraint system_logs_details_check check (jsonb_typeof(details) = 'object')
);
comment on table public.system_logs is 'Log of automatic and operator actions, for the backend only.';

create index idx_system_logs_created_at on public.system_logs (created_at);

alter table public.system_logs enable row level security;
grant select, insert on public.system_logs to service_role;
grant usage on sequence public.system_logs_id_seq to service_role;
