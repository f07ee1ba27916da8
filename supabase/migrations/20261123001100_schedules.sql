-- Scheduled jobs; each one may run twice or concurrently.

do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron with schema pg_catalog;
  end if;
  if exists (select from pg_available_extensions where name = 'pg_net') then
    create extension if not exists pg_net with schema extensions;
  end if;
end;
$$;

/*
  Arguments: function_name.
  Returns:   the request id of pg_net.
  Errors:    P0001, Vault lacks project_url or secret_key.
*/
create function private.invoke_function(function_name text)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $$
declare
  project_url text;
  secret_key text;
begin
  select decrypted_secret into project_url from vault.decrypted_secrets where name = 'project_url';
  select decrypted_secret into secret_key from vault.decrypted_secrets where name = 'secret_key';
  if project_url is null or secret_key is null then
    raise exception 'Vault lacks "project_url" or "secret_key": function "%" was not called', function_name
      using hint = 'select vault.create_secret(''https://<project>.supabase.co'', ''project_url''); the same for the secret key, sb_secret_...';
  end if;
  return net.http_post(
    url => project_url || '/functions/v1/' || function_name,
    body => '{}'::jsonb,
    headers => jsonb_build_object('Content-Type', 'application/json', 'apikey', secret_key),
    timeout_milliseconds => 60000
  );
end;
$$;
comment on function private.invoke_function(text) is
  'Calls an Edge Function through pg_net with the secret key from Vault.';

do $$
begin
  if to_regprocedure('cron.schedule(text, text, text)') is null then
    raise warning 'pg_cron is not available: run the scheduled jobs from outside';
    return;
  end if;
  perform cron.schedule('event-worker', '* * * * *', $job$select private.invoke_function('event-worker')$job$);
  perform cron.schedule('tiktok-token-refresh', '*/15 * * * *', $job$select private.invoke_function('tiktok-token-refresh')$job$);
  perform cron.schedule('order-sync', '7-59/15 * * * *', 'select public.request_order_sync()');
  perform cron.schedule('source-checks', '50 * * * *', 'select public.request_source_checks()');
  perform cron.schedule('subscription-sync', '40 2 * * *', 'select public.request_subscription_sync()');
  -- It reads all orders: from some 16 million on that takes longer than the two minutes that Supabase gives a statement.
  perform cron.schedule(
    'refresh-dashboard-metrics', '0 * * * *', $job$set local statement_timeout = '50min'; select public.refresh_dashboard_metrics()$job$
  );
  perform cron.schedule('aggregate-analytics', '10 0 * * *', $job$select private.aggregate_analytics((now() at time zone 'UTC')::date - 1)$job$);
  perform cron.schedule('remove-personal-data', '3-58/5 * * * *', 'select private.remove_personal_data()');
  perform cron.schedule('expired-claims', '2-57/5 * * * *', 'select private.delete_expired_claims()');
  perform cron.schedule('unconfirmed-accounts', '*/5 * * * *', 'select private.delete_unconfirmed_accounts()');
  perform cron.schedule('purge-old-rows', '20 * * * *', 'select private.purge_old_rows()');
end;
$$;
