-- Queries of database-tasks: fixed questions to the catalog, never a caller's SQL.

/*
  Arguments: part: objects, access, performance or migrations.
  Returns:   the answer of private.catalog_<part>.
  Errors:    PT400, unknown part.
*/
create function public.read_catalog(part text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '8s'
as $$
begin
  -- For the rest of the transaction, whatever calls this; a stable function may not write either.
  perform pg_catalog.set_config('transaction_read_only', 'on', true);
  case part
    when 'objects' then return private.catalog_objects();
    when 'access' then return private.catalog_access();
    when 'performance' then return private.catalog_performance();
    when 'migrations' then return private.catalog_migrations();
    else raise exception 'Unknown part of the catalog: %', part using errcode = 'PT400';
  end case;
end;
$$;
comment on function public.read_catalog(text) is
  'Reads the catalog, for database-tasks; definer, because service_role may not see jobs, migrations and the statements of others.';
grant execute on function public.read_catalog(text) to service_role;
