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
-- The deletion of an account finds the entries that name it.
create index idx_system_logs_user on public.system_logs ((details ->> 'user_id')) where details ->> 'user_id' is not null;
create index idx_system_logs_shop on public.system_logs ((details ->> 'shop_id')) where details ->> 'shop_id' is not null;
create index idx_system_logs_filter on public.system_logs (id) where details ? 'filter';

alter table public.system_logs enable row level security;
grant select, insert on public.system_logs to service_role;
grant usage on sequence public.system_logs_id_seq to service_role;

create table private.personal_data_reads (
  id bigint generated always as identity primary key,
  reader text not null,
  what text not null,
  object_ids text[] not null,
  read_at timestamptz not null default now(),
  constraint personal_data_reads_reader_check check (char_length(reader) between 1 and 200),
  constraint personal_data_reads_what_check check (what in ('event_body', 'backup'))
);
comment on table private.personal_data_reads is 'Who read personal data through our commands, without the data: docs/privacy.md.';
comment on column private.personal_data_reads.reader is 'Name of the login at the operator''s machine, else the database role.';
comment on column private.personal_data_reads.what is 'event_body: the body of events of the inbox; backup: all rows.';
comment on column private.personal_data_reads.object_ids is 'Ids of what was read; empty for a backup.';

create index idx_personal_data_reads_read_at on private.personal_data_reads (read_at);

alter table private.personal_data_reads enable row level security;
grant select, insert on private.personal_data_reads to service_role;
grant usage on sequence private.personal_data_reads_id_seq to service_role;

create function private.record_personal_data_read(p_reader text, p_what text, p_object_ids text[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into private.personal_data_reads (reader, what, object_ids)
  values (left(coalesce(nullif(p_reader, ''), session_user), 200), p_what, p_object_ids);
end;
$$;
comment on function private.record_personal_data_read(text, text, text[]) is
  'Logs that a person reads personal data.';
grant execute on function private.record_personal_data_read(text, text, text[]) to service_role;
