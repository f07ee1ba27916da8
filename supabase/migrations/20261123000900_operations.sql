-- Backup points and the deletion of old rows.

/*
  Arguments: backup_name.
  Returns:   the position in the write-ahead log, which is also logged.
  Errors:    22023, invalid name; 42501, the role may not create restore points.
*/
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
    raise exception 'The name of a backup point has 1 to 63 letters, digits, spaces, _ . : or -'
      using errcode = '22023';
  end if;
  if not pg_catalog.has_function_privilege('pg_catalog.pg_create_restore_point(text)', 'execute') then
    raise exception 'The role % may not create restore points', current_user
      using errcode = '42501',
        hint = 'On Supabase, use the backups or point-in-time recovery of the project; elsewhere: grant execute on function pg_create_restore_point(text) to ' || quote_ident(current_user);
  end if;
  location := pg_catalog.pg_create_restore_point(backup_name)::text;
  insert into public.system_logs (event_type, details)
  values ('backup_created', jsonb_build_object('backup_name', backup_name, 'location', location));
  return location;
end;
$$;
comment on function public.create_backup_point(text) is
  'Creates a restore point for point-in-time recovery; it copies nothing; definer, so the backend may call it.';
grant execute on function public.create_backup_point(text) to service_role;

/*
  Arguments: p_limit, the largest number of rows of each kind: a run that a timeout ends would delete nothing, and the
             next one would have more to do.
  Returns:   the counts by kind.
*/
create function private.purge_old_rows(p_limit integer default 100000)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  purged jsonb := '{}';
  rows_deleted bigint;
begin
  -- A locked row waits for the next run: docs/architecture.md.
  -- 1. Settled events: senders repeat a delivery for hours, not for weeks.
  delete from private.webhook_events
  where id = any (array(
    select id from private.webhook_events
    -- Received before it was settled: the index has no other time.
    where source in ('tiktok', 'stripe', 'easypost', 'creatorflow') and received_at < now() - interval '30 days'
      and status in ('done', 'ignored') and settled_at < now() - interval '30 days'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('settled_events', rows_deleted);

  -- 2. Dead events.
  delete from private.webhook_events
  where id = any (array(
    select id from private.webhook_events
    where id in (select event_id from private.event_queue where event_queue.status = 'dead')
      and status = 'dead' and settled_at < now() - interval '90 days'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('dead_events', rows_deleted);

  -- Their ids stay for longer, so a replayed delivery is not new.
  delete from private.deleted_event_ids
  where ctid = any (array(
    select ctid from private.deleted_event_ids
    where deleted_at < now() - interval '13 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('deleted_event_ids', rows_deleted);

  -- 3. Held orders that no event can store any more.
  delete from private.held_orders
  where ctid = any (array(
    select held.ctid from private.held_orders as held
    where held_at < now() - interval '30 days'
      and not exists (
        select from private.webhook_events as event
        where event.shop_id = held.shop_id
          and event.object_id = held.tiktok_order_id
          and event.status not in ('done', 'ignored', 'dead')
      )
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('held_orders', rows_deleted);

  -- Counters that outlived their account, and the shops that they were for.
  delete from private.monthly_shop_counts
  where ctid = any (array(
    select ctid from private.monthly_shop_counts
    where month < private.current_month() - interval '3 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('monthly_shop_counts', rows_deleted);

  delete from private.label_spending
  where id = any (array(
    select id from private.label_spending
    where month < private.current_month() - interval '3 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('label_spending', rows_deleted);

  delete from private.unassigned_invoices
  where id = any (array(
    select id from private.unassigned_invoices
    where reported_at < now() - interval '6 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('unassigned_invoices', rows_deleted);

  delete from private.shop_identities
  where shop_id_hash = any (array(
    select shop_id_hash from private.shop_identities as identity
    where not exists (select from public.tiktok_shops as shop where shop.shop_key = identity.shop_key)
      and not exists (select from private.monthly_shop_counts as counted where counted.shop_key = identity.shop_key)
      and not exists (select from private.label_spending as spent where spent.shop_key = identity.shop_key)
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('shop_identities', rows_deleted);

  -- 4. States and rates: kept for a day after they expire, so a late request gets the right error.
  delete from private.tiktok_authorizations
  where state_hash = any (array(
    select state_hash from private.tiktok_authorizations
    where expires_at < now() - interval '1 day'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('tiktok_authorizations', rows_deleted);

  delete from private.label_rates
  where id = any (array(
    select id from private.label_rates
    where expires_at < now() - interval '1 day'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('label_rates', rows_deleted);

  -- 5. Events of accounts after 13 months, a year and the month to compare it with; ended windows of limits.
  delete from public.analytics_events
  where id = any (array(
    select id from public.analytics_events
    where timestamp < now() - interval '13 months'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('analytics_events', rows_deleted);

  delete from private.request_counts
  where ctid = any (array(
    select ctid from private.request_counts
    where window_start < now() - interval '2 days'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('request_counts', rows_deleted);

  -- 6. Logs and job history.
  delete from public.system_logs
  where id = any (array(
    select id from public.system_logs
    where created_at < now() - interval '90 days'
    limit p_limit
    for update skip locked
  ));
  get diagnostics rows_deleted = row_count;
  purged := purged || jsonb_build_object('system_logs', rows_deleted);

  purged := purged || jsonb_build_object('auth_log', private.purge_auth_log(p_limit));

  if to_regclass('cron.job_run_details') is not null then
    execute 'delete from cron.job_run_details where end_time < now() - interval ''7 days''';
    get diagnostics rows_deleted = row_count;
    purged := purged || jsonb_build_object('job_run_details', rows_deleted);
  end if;

  insert into public.system_logs (event_type, details) values ('purged', purged);
  return purged;
end;
$$;
comment on function private.purge_old_rows(integer) is
  'Deletes expired rows and logs the counts: settled events after 30 days, dead events and logs after 90, job history after 7, analytics events and ids of deleted events after 13 months; open and held events stay.';
