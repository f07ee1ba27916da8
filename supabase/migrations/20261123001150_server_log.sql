-- The log of Postgres: its details quote rows, with names and addresses.

/*
  Arguments: p_verbosity, of the log.
  Returns:   whether it changed the role; false where the log is terse, or where the platform does not let us.
*/
create function private.silence_rest_errors(
  p_verbosity text default current_setting('log_error_verbosity')
)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if p_verbosity = 'terse' then
    return false;
  end if;
  -- On Supabase the verbosity is the platform's, and this setting ours. The functions log the code of each error.
  alter role authenticator set log_min_messages = 'fatal';
  return true;
exception
  when insufficient_privilege then
    raise warning 'The log of Postgres may quote rows: set log_error_verbosity to terse (docs/privacy.md)';
    return false;
end;
$$;
comment on function private.silence_rest_errors(text) is
  'Keeps errors of REST, whose details quote rows, out of the log of a server that logs details.';

do $$
begin
  perform private.silence_rest_errors();
end;
$$;
