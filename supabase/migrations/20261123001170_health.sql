-- Health: the figures with their status, for operators and for monitors.

create function private.judge_figure(p_value numeric, p_threshold private.health_thresholds)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  sign integer := case p_threshold.bad_when when 'below' then -1 else 1 end;
begin
  return case
    when p_value is null or p_threshold.metric is null then 'info'
    when p_value * sign >= p_threshold.critical * sign then 'critical'
    when p_value * sign >= p_threshold.warning * sign then 'warning'
    else 'healthy'
  end;
end;
$$;
comment on function private.judge_figure(numeric, private.health_thresholds) is
  'The status of a figure: healthy, warning, critical, or info where it is not judged.';

/*
  Returns:   one row a figure; subject is empty for figures of the whole system; value is null where it is not known.
*/
create function private.health_figures()
returns table (
  metric text, subject text, value numeric, status text, warning numeric, critical numeric, bad_when text
)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select
    figure.metric, figure.subject, figure.value, private.judge_figure(figure.value, threshold), threshold.warning,
    threshold.critical, threshold.bad_when
  from (
    select * from private.server_figures()
    union all
    select * from private.inbox_figures()
    union all
    select * from private.source_figures()
    union all
    select * from private.connection_figures()
    union all
    select * from private.label_figures()
    union all
    select * from private.job_figures()
    union all
    select * from private.call_figures()
  ) as figure
  left join private.health_thresholds as threshold
    on threshold.metric = figure.metric and threshold.subject = figure.subject;
end;
$$;
comment on function private.health_figures() is
  'Every figure of the health, with its status and thresholds.';

/*
  Returns:   rows (metric, value, status); metric is followed by a dot and the subject where there are several; status is
             healthy, warning, critical, or info without a judgement.
*/
create function public.check_database_health()
returns table (metric text, value numeric, status text)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
  select concat_ws('.', figure.metric, nullif(figure.subject, '')), figure.value, figure.status
  from private.health_figures() as figure;
end;
$$;
comment on function public.check_database_health() is
  'Figures of the health with a status; definer, because only the role of the owner sees all connections.';
grant execute on function public.check_database_health() to service_role;

create function private.schema_version()
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  newest text;
begin
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    execute 'select max(version) from supabase_migrations.schema_migrations' into newest;
  end if;
  return newest;
end;
$$;
comment on function private.schema_version() is
  'Version of the newest migration that was applied.';

/*
  Returns:   {status, version, checked_at, figures: [{metric, subject, value, status, warning, critical, bad_when}]};
             status is the worst of all figures; subject, value and thresholds may be null.
*/
create function public.read_health()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'status', case
        when bool_or(figure.status = 'critical') then 'critical'
        when bool_or(figure.status = 'warning') then 'warning'
        else 'healthy'
      end,
      'version', private.schema_version(),
      'checked_at', now(),
      'figures', jsonb_agg(
        to_jsonb(figure) || jsonb_build_object('subject', nullif(figure.subject, ''))
        order by figure.metric, figure.subject
      )
    )
    from private.health_figures() as figure
  );
end;
$$;
comment on function public.read_health() is
  'The health with every figure and its thresholds, as the function health returns it to operators; definer as check_database_health.';
grant execute on function public.read_health() to service_role;

/*
  Returns:   {status, version}; critical: the oldest open event, or the last success of the job event-worker, is as old
             as its critical threshold, else healthy.
*/
create function public.read_health_status()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'status', case
      when exists (
        select from (
          select 'oldest_open_event_seconds' as metric, '' as subject, public.oldest_open_event_seconds() as value
          union all
          -- Without it nothing is retried. It fails too while the database takes no writes, and no event is stored.
          select * from private.job_figures('event-worker')
        ) as figure
        join private.health_thresholds as threshold
          on threshold.metric = figure.metric and threshold.subject = figure.subject
        where private.judge_figure(figure.value, threshold) = 'critical'
      ) then 'critical'
      else 'healthy'
    end,
    'version', private.schema_version()
  );
end;
$$;
comment on function public.read_health_status() is
  'Whether webhooks are processed, as the function health returns it to anyone; definer for the version of the schema.';
grant execute on function public.read_health_status() to service_role;
