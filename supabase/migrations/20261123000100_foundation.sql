-- Base of all later migrations: nothing is granted unless a migration grants it.

alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke execute on functions from anon, authenticated, service_role;

create schema private;
comment on schema private is 'Not exposed by the API; only the backend (service_role) may use it.';
grant usage on schema private to service_role;

create function public.update_updated_at_column()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at = now();
  return new;
end;
$$;
comment on function public.update_updated_at_column() is
  'Trigger: sets updated_at on every update.';

create function private.is_encrypted(value text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return value ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}$';
end;
$$;
comment on function private.is_encrypted(text) is
  'Whether value has the form of encrypted text: v1.<key id>.<iv>.<ciphertext>, base64url, as shared/crypto/encryption.ts writes it.';
grant execute on function private.is_encrypted(text) to service_role;
