-- Who reads the health, how a figure is judged, and what the answers hold.
begin;
\ir helpers.psql

select tests.sign_up('ada');
delete from private.webhook_events;

select tests.refused(who, 'select ' || call, who || ' cannot call ' || call)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'public.check_database_health()', 'public.read_health()', 'public.read_health_status()',
  'private.health_figures()'
]) as call;
select tests.refused('service_role', 'select private.health_figures()', 'the backend reads the public functions');

-- The requested three, and ours.
select is(
  (select proargnames from pg_proc where oid = 'public.check_database_health()'::regprocedure),
  array['metric', 'value', 'status'], 'three columns'
);
select is(
  tests.run_as(
    'service_role',
    'select string_agg(distinct split_part(metric, ''.'', 1) collate "C", '' '' order by split_part(metric, ''.'', 1) collate "C")
     from public.check_database_health()'
  ),
  'active_connections cache_hit_percent connections_percent connections_to_renew dashboard_corrections database_size_mb events_dead events_failing'
    ' events_held events_open job_age_seconds label_budget_percent labels_unknown longest_transaction_seconds'
    ' oldest_open_event_seconds orders_last_hour scheduled_calls_failed source_silence source_silent_seconds'
    ' sources_unhealthy tokens_ending_24h tokens_overdue wraparound_days xid_age_percent',
  'the backend reads every figure'
);
select is_empty(
  'select metric from public.check_database_health() group by metric having count(*) > 1',
  'each row has a name of its own'
);

-- Each threshold that is stored, from just inside over it and back.
create function tests.judged(threshold private.health_thresholds, at numeric, worse numeric)
returns text
language sql
as $$
  select concat_ws(
    ' ', private.judge_figure(at - worse, threshold), private.judge_figure(at, threshold),
    private.judge_figure(at + worse, threshold), private.judge_figure(at - worse, threshold)
  );
$$;
select is(
  tests.judged(threshold, warning, case bad_when when 'above' then 0.01 else -0.01 end),
  'healthy warning warning healthy',
  concat_ws(' ', 'warning:', metric, subject)
)
from private.health_thresholds as threshold;
select is(
  tests.judged(threshold, critical, case bad_when when 'above' then 0.01 else -0.01 end),
  'warning critical critical warning',
  concat_ws(' ', 'critical:', metric, subject)
)
from private.health_thresholds as threshold
where critical is not null;
select is(private.judge_figure(null, threshold), 'info', 'an unknown value is not judged')
from private.health_thresholds as threshold
where metric = 'events_dead';
select is(private.judge_figure(1, null), 'info', 'a value without thresholds is not judged');

-- The answers to operators and to anyone.
create table tests.answer as select tests.call('read_health()') as health, tests.call('read_health_status()') as status;
select is(
  status, jsonb_build_object('status', 'healthy', 'version', max(version)), 'anyone may know the status and the version'
)
from tests.answer, supabase_migrations.schema_migrations
group by status;
select is(health ->> 'version', status ->> 'version', 'so may operators') from tests.answer;
select is(
  jsonb_array_length(health -> 'figures'), (select count(*)::integer from public.check_database_health()),
  'they get every figure'
)
from tests.answer;
select is(
  figure - 'value',
  '{"metric": "label_budget_percent", "subject": "day", "status": "healthy", "warning": 80, "critical": 100, "bad_when": "above"}',
  'with its thresholds'
)
from tests.answer, jsonb_array_elements(health -> 'figures') as figure
where figure ->> 'metric' = 'label_budget_percent' and figure ->> 'subject' = 'day';
select is(
  figure - 'value',
  '{"metric": "events_held", "subject": null, "status": "info", "warning": null, "critical": null, "bad_when": null}',
  'or without'
)
from tests.answer, jsonb_array_elements(health -> 'figures') as figure
where figure ->> 'metric' = 'events_held';

create function tests.overall()
returns text
language sql
as $$
  select concat_ws(' ', tests.call('read_health()') ->> 'status', tests.call('read_health_status()') ->> 'status');
$$;
update private.health_thresholds set warning = 'infinity', critical = null where bad_when = 'above';
update private.health_thresholds set warning = '-infinity', critical = null where bad_when = 'below';
update private.health_thresholds set warning = 300, critical = 3600 where metric = 'oldest_open_event_seconds';
select is(tests.overall(), 'healthy healthy', 'nothing is wrong');
insert into private.webhook_events (source, external_id, event_type, body, received_at)
values ('tiktok', 'late', 'x', '{}', now() - interval '59 minutes');
select is(tests.overall(), 'warning healthy', 'a warning is for operators');
update private.webhook_events set received_at = now() - interval '60 minutes';
select is(tests.overall(), 'critical critical', 'an inbox that is not processed is for anyone');
delete from private.webhook_events;
select is(tests.overall(), 'healthy healthy', 'and back');
update private.health_thresholds
set warning = 300, critical = 3600, watched_since = now() - interval '1 hour'
where metric = 'job_age_seconds' and subject in ('event-worker', 'order-sync');
insert into cron.job_run_details (jobid, command, username, database, status, start_time, end_time)
select jobid, command, username, database, 'succeeded', ended_at, ended_at
from cron.job cross join unnest(array[now(), now() - interval '1 hour']) as ended_at where jobname = 'event-worker';
select is(tests.overall(), 'critical healthy', 'a job that fails is for operators');
update cron.job_run_details set status = 'failed';
select is(tests.overall(), 'critical critical', 'the worker that is never called is for anyone: nothing is retried');
update private.health_thresholds set watched_since = now() where metric = 'job_age_seconds';
update private.health_thresholds set warning = 0, critical = 0 where metric = 'events_dead';
select is(tests.overall(), 'critical healthy', 'other figures are for operators only');

select * from finish();
rollback;
