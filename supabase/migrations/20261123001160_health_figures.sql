-- Figures of the running system, and from which values on they are a warning or critical.

create table private.health_thresholds (
  metric text not null,
  subject text not null default '',
  warning numeric,
  critical numeric,
  bad_when text not null default 'above',
  watched_since timestamptz not null default now(),
  primary key (metric, subject),
  constraint health_thresholds_bad_when_check check (bad_when in ('above', 'below')),
  constraint health_thresholds_order_check check (
    num_nonnulls(warning, critical) > 0
    and case bad_when when 'above' then warning <= critical else warning >= critical end is not false
  )
);
comment on table private.health_thresholds is 'From which value on a figure of the health is a warning or critical: docs/health.md; an operator changes them with an update, which counts at once. A figure without a row is not judged.';
comment on column private.health_thresholds.subject is 'The job, source or period that the figure is of; empty for a figure of the whole system.';
comment on column private.health_thresholds.bad_when is 'above: the threshold and every value above it are bad; below: the threshold and every value below it.';
comment on column private.health_thresholds.watched_since is 'A job that has not succeeded yet is judged by the time since then, or since the oldest run that is kept.';

alter table private.health_thresholds enable row level security;
grant select on private.health_thresholds to service_role;

insert into private.health_thresholds (metric, subject, warning, critical, bad_when)
values
  ('active_connections', '', 50, null, 'above'),
  ('connections_percent', '', 80, 95, 'above'),
  ('oldest_open_event_seconds', '', 300, 3600, 'above'),
  ('events_failing', '', 1, null, 'above'),
  ('events_dead', '', 1, null, 'above'),
  ('sources_unhealthy', '', 1, null, 'above'),
  -- Times the longest silence of the two weeks before it.
  ('source_silence', 'easypost', 2, 6, 'above'),
  ('source_silence', 'stripe', 2, 6, 'above'),
  ('source_silence', 'tiktok', 2, 6, 'above'),
  ('tokens_overdue', '', 1, 20, 'above'),
  ('connections_to_renew', '', 10, 100, 'above'),
  ('dashboard_corrections', '', 1, null, 'above'),
  ('labels_unknown', '', 1, null, 'above'),
  ('label_budget_percent', 'day', 80, 100, 'above'),
  ('label_budget_percent', 'month', 80, 100, 'above'),
  ('scheduled_calls_failed', '', 5, 30, 'above'),
  -- Jobs that run each minute, every five or fifteen minutes, each hour, each day.
  ('job_age_seconds', 'event-worker', 300, 3600, 'above'),
  ('job_age_seconds', 'remove-personal-data', 1800, 21600, 'above'),
  ('job_age_seconds', 'expired-claims', 1800, 21600, 'above'),
  ('job_age_seconds', 'unconfirmed-accounts', 1800, 21600, 'above'),
  ('job_age_seconds', 'tiktok-token-refresh', 3600, 21600, 'above'),
  ('job_age_seconds', 'order-sync', 3600, 21600, 'above'),
  ('job_age_seconds', 'source-checks', 10800, 86400, 'above'),
  ('job_age_seconds', 'refresh-dashboard-metrics', 10800, 86400, 'above'),
  ('job_age_seconds', 'purge-old-rows', 10800, 86400, 'above'),
  ('job_age_seconds', 'subscription-sync', 93600, 259200, 'above'),
  ('job_age_seconds', 'aggregate-analytics', 93600, 259200, 'above'),
  ('cache_hit_percent', '', 90, 70, 'below'),
  ('longest_transaction_seconds', '', 300, 3600, 'above'),
  ('xid_age_percent', '', 25, 50, 'above'),
  ('wraparound_days', '', 14, 3, 'below');

create function private.inbox_figures()
returns table (metric text, subject text, value numeric)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select 'events_open', '', (
    -- Apart: each is counted by its own index.
    (select count(*) from private.event_queue where status = 'pending')
    + (select count(*) from private.event_queue where status = 'processing')
  )::numeric
  union all
  select 'oldest_open_event_seconds', '', public.oldest_open_event_seconds()
  union all
  select 'events_held', '', count(*) from private.event_queue where status = 'held'
  union all
  select 'events_failing', '', count(*) from private.event_queue where status = 'failing'
  union all
  select 'events_dead', '', count(*) from private.event_queue where status = 'dead';
end;
$$;
comment on function private.inbox_figures() is
  'Part of health_figures: the events that wait, and those that failed.';

/*
  Arguments: p_source; p_last, when its last event arrived.
  Returns:   the longest time without an event in the 14 days before, in seconds of whole hours; null with events in
             fewer than 24 of these hours: such a source has no rhythm. Its cost does not grow with the events.
*/
create function private.usual_silence_seconds(p_source text, p_last timestamptz)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select max(busy.hour - busy.before) * 3600
    from (
      select hour, lag(hour) over (order by hour) as before
      from generate_series(0, 335) as hour
      where exists (
        select from private.webhook_events as event
        where event.source = p_source
          and event.received_at <= p_last - make_interval(hours => hour)
          and event.received_at > p_last - make_interval(hours => hour + 1)
      )
    ) as busy
    having count(*) >= 24
  );
end;
$$;
comment on function private.usual_silence_seconds(text, timestamptz) is
  'Part of source_figures: how long a sender of webhooks is usually silent.';

create function private.source_figures()
returns table (metric text, subject text, value numeric)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  with sources as materialized (
    select
      known.name,
      coalesce(
        (
          select max(event.received_at) from private.webhook_events as event
          where event.source = known.name
        ),
        (select health.last_received_at from private.source_health as health where health.source = known.name)
      ) as last_at
    from unnest(array['easypost', 'stripe', 'tiktok']) as known (name)
  ),
  silences as materialized (
    select source.name, source.last_at, extract(epoch from now() - source.last_at) as seconds from sources as source
  )
  select 'sources_unhealthy', '', count(*)::numeric from private.source_health where state <> 'healthy'
  union all
  select 'source_silent_seconds', silence.name, round(silence.seconds) from silences as silence
  union all
  select
    'source_silence', silence.name,
    round(silence.seconds / private.usual_silence_seconds(silence.name, silence.last_at), 2)
  from silences as silence;
end;
$$;
comment on function private.source_figures() is
  'Part of health_figures: the time since the last webhook of each sender, against its usual rhythm.';

create function private.connection_figures()
returns table (metric text, subject text, value numeric)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  with soon as (
    select min(shop.token_expires_at) as ends_at
    from public.tiktok_shops as shop
    where shop.connection_status = 'active' and shop.token_expires_at <= now() + interval '24 hours'
    group by shop.user_id, shop.open_id
  )
  select 'tokens_ending_24h', '', count(*)::numeric from soon
  union all
  -- The refresh is due 24 hours before the end, and runs every 15 minutes.
  select 'tokens_overdue', '', count(*) from soon where soon.ends_at <= now() + interval '22 hours'
  union all
  select 'connections_to_renew', '', count(*)
  from public.tiktok_shops as shop
  where (shop.connection_status = 'needs_reauth' and shop.ended_at > now() - interval '7 days')
    or (
      shop.connection_status in ('active', 'paused')
      and shop.refresh_token_expires_at <= now() + interval '7 days'
    );
end;
$$;
comment on function private.connection_figures() is
  'Part of health_figures: TikTok logins whose tokens end, and shops that only their sellers can connect again.';

create function private.label_figures()
returns table (metric text, subject text, value numeric)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select 'labels_unknown', '', count(*)::numeric from private.label_purchases where state = 'unknown'
  union all
  -- Without a limit, or with a limit of 0, nothing can be bought.
  select
    'label_budget_percent', budget.period,
    trunc(100 * greatest(
      coalesce(budget.labels / nullif(budget.label_limit, 0), 1),
      coalesce(budget.cents / nullif(budget.cents_limit, 0), 1)
    ), 1)
  from (select) as always
  left join private.label_limits as allowed on allowed.user_id is null
  left join private.label_spending as spent
    on spent.user_id is null and spent.shop_key is null and spent.month = private.current_month()
  cross join lateral (
    values
      (
        'day',
        case when spent.day = private.current_day() then spent.day_labels else 0 end::numeric,
        allowed.daily_label_limit,
        case when spent.day = private.current_day() then spent.day_cents else 0 end::numeric,
        allowed.daily_label_cents
      ),
      (
        'month', coalesce(spent.labels, 0), allowed.monthly_label_limit, coalesce(spent.cents, 0),
        allowed.monthly_label_cents
      )
  ) as budget (period, labels, label_limit, cents, cents_limit);
end;
$$;
comment on function private.label_figures() is
  'Part of health_figures: purchases of unknown outcome, and how much of the limits of the platform is used.';

/*
  Arguments: p_job, its name; null for each judged job.
  Returns:   no row where pg_cron is missing.
*/
create function private.job_figures(p_job text default null)
returns table (metric text, subject text, value numeric)
language plpgsql
stable
set search_path = ''
as $$
begin
  if to_regclass('cron.job_run_details') is not null then
    -- A job that was removed or switched off has no success. A restored database has no older runs of its own.
    return query execute $query$
      select
        threshold.metric, threshold.subject,
        round(extract(epoch from now() - greatest(
          max(run.end_time), threshold.watched_since, (select min(end_time) from cron.job_run_details)
        )))
      from private.health_thresholds as threshold
      left join cron.job as job on job.jobname = threshold.subject and job.active
      left join cron.job_run_details as run on run.jobid = job.jobid and run.status = 'succeeded'
      where threshold.metric = 'job_age_seconds' and threshold.subject = coalesce($1, threshold.subject)
      group by threshold.metric, threshold.subject, threshold.watched_since
    $query$
    using p_job;
  end if;
end;
$$;
comment on function private.job_figures(text) is
  'Part of health_figures: the time since the last success of each scheduled job.';

/*
  Returns:   no row where pg_net is missing.
*/
create function private.call_figures()
returns table (metric text, subject text, value numeric)
language plpgsql
stable
set search_path = ''
as $$
begin
  if to_regclass('net._http_response') is not null then
    -- A call leaves the queue within a second: what waits in it shows that the sender of pg_net has ended.
    return query execute $query$
      select
        'scheduled_calls_failed', '',
        (
          (
            select count(*) from net._http_response
            where created > now() - interval '1 hour' and (status_code between 200 and 299) is not true
          ) + (select count(*) from net.http_request_queue)
        )::numeric
    $query$;
  end if;
end;
$$;
comment on function private.call_figures() is
  'Part of health_figures: calls of functions by the scheduler that failed, or that pg_net does not send.';

/*
  Arguments: p_age of the oldest transaction id that is not frozen; p_spent, the ids that were used in p_seconds.
  Returns:   in how many days the ids run out at this rate if nothing is frozen; null without a rate.
*/
create function private.wraparound_days(p_age bigint, p_spent bigint, p_seconds numeric)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- Postgres stops three million ids before the end.
  return round((2147483648 - 3000000 - p_age)::numeric / nullif(p_spent, 0) * p_seconds / 86400, 1);
end;
$$;
comment on function private.wraparound_days(bigint, bigint, numeric) is
  'Part of server_figures: the time that is left before Postgres takes no more writes.';

create function private.cache_hit_percent(p_hit bigint, p_read bigint)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- The first reads of a database all miss the cache.
  return case when p_hit + p_read >= 1000000 then trunc(100.0 * p_hit / (p_hit + p_read), 1) end;
end;
$$;
comment on function private.cache_hit_percent(bigint, bigint) is
  'Part of server_figures: the share of blocks that were in memory; null below a million of them.';

create function private.server_figures()
returns table (metric text, subject text, value numeric)
language plpgsql
stable
set search_path = ''
as $$
declare
  oldest_id bigint := (select max(age(datfrozenxid)) from pg_catalog.pg_database);
begin
  return query
  select 'active_connections', '', count(*)::numeric from pg_catalog.pg_stat_activity where state = 'active'
  union all
  -- Superusers have some of them for themselves.
  select 'connections_percent', '', round(
    100.0 * count(*) / (current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer), 1
  )
  from pg_catalog.pg_stat_activity
  where backend_type = 'client backend'
  union all
  select 'longest_transaction_seconds', '', coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)
  from pg_catalog.pg_stat_activity
  where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
  union all
  select 'database_size_mb', '', pg_database_size(current_database()) / 1024 / 1024
  union all
  select 'orders_last_hour', '', count(*) from public.orders where created_at > now() - interval '1 hour'
  union all
  select 'dashboard_corrections', '', count(*) from public.system_logs
  where event_type = 'dashboard_figures_corrected' and created_at > now() - interval '1 day'
  union all
  select 'cache_hit_percent', '', private.cache_hit_percent(blks_hit, blks_read)
  from pg_catalog.pg_stat_database where datname = current_database()
  union all
  select 'xid_age_percent', '', round(100.0 * oldest_id / 2147483648, 1)
  union all
  -- Each purge writes a row: its transaction id, and its time, give the rate.
  select 'wraparound_days', '', private.wraparound_days(
    oldest_id, age(purged.xmin), extract(epoch from now() - purged.created_at)
  )
  from (select) as always
  left join lateral (
    select log.xmin, log.created_at from public.system_logs as log
    where log.event_type = 'purged'
      and log.created_at between now() - interval '8 days' and now() - interval '1 hour'
    order by log.created_at
    limit 1
  ) as purged on true;
end;
$$;
comment on function private.server_figures() is
  'Part of health_figures: connections, transactions, size, cache and transaction ids of the database.';
