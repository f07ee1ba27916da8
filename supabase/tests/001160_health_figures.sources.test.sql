-- The rhythm of the senders, the scheduled jobs, and the database itself.
begin;
\ir helpers.psql

select tests.sign_up('ada');
delete from private.webhook_events;
delete from private.source_health;

-- Measures the part of the figure only: all of them take long.
create function tests.health(figure text)
returns text
language plpgsql
as $$
declare
  part text := case
    when figure like 'source%' then 'source_figures'
    when figure like 'job%' then 'job_figures'
    when figure like 'scheduled%' then 'call_figures'
    else 'server_figures'
  end;
  answer text;
begin
  execute format(
    'select concat_ws('' '', measured.value, private.judge_figure(measured.value, threshold))
     from private.%I() as measured
     left join private.health_thresholds as threshold
       on threshold.metric = measured.metric and threshold.subject = measured.subject
     where concat_ws(''.'', measured.metric, nullif(measured.subject, '''')) = $1',
    part
  ) into answer using figure;
  return answer;
end;
$$;

-- A source against its usual rhythm: an event each half hour, none in the eight hours of the night.
create function tests.silence()
returns text
language sql
as $$
  select concat_ws(', ', tests.health('source_silent_seconds.tiktok'), tests.health('source_silence.tiktok'));
$$;
select is(tests.silence(), 'info, info', 'a source without an event is not judged');
insert into private.source_health (source, state, last_received_at)
values ('tiktok', 'healthy', now() - interval '40 days');
select is(tests.silence(), '3456000 info, info', 'the last event may be deleted, the time since it is known');
insert into private.webhook_events (source, external_id, event_type, body, received_at)
select 'tiktok', minute::text, 'x', '{}', now() - make_interval(mins => minute)
from generate_series(0, 5 * 1440, 30) as minute
where minute / 60 % 24 not between 6 and 12;
select is(private.usual_silence_seconds('tiktok', now()), 28800::numeric, 'the longest silence is the one of the night');
select is(tests.silence(), '0 info, 0.00 healthy', 'an event arrives now');
create function tests.silent_for(hours integer)
returns text
language plpgsql
as $$
declare
  before interval := (select now() - max(received_at) from private.webhook_events where source = 'tiktok');
begin
  update private.webhook_events
  set received_at = received_at + before - make_interval(hours => hours)
  where source = 'tiktok';
  return tests.silence();
end;
$$;
select is(tests.silent_for(15), '54000 info, 1.88 healthy', 'less than two nights are not a cause');
select is(tests.silent_for(16), '57600 info, 2.00 warning', 'two nights are a warning');
select is(tests.silent_for(48), '172800 info, 6.00 critical', 'six nights are critical');
select is(tests.silent_for(480), '1728000 info, 60.00 critical', 'the rhythm before it is not forgotten');
insert into private.webhook_events (source, external_id, event_type, body)
values ('creatorflow', 'task', 'x', '{}'), ('stripe', 'other', 'x', '{}');
select is(tests.silence(), '1728000 info, 60.00 critical', 'tasks and other senders do not end the silence');
select is(tests.health('source_silence.stripe'), 'info', 'a few events are not a rhythm');
select is(tests.silent_for(0), '0 info, 0.00 healthy', 'the next event ends it');

insert into private.source_health (source, state) values ('easypost', 'webhook_missing');
select is(tests.health('sources_unhealthy'), '1 warning', 'a source that the daily check found unhealthy');
update private.source_health set state = 'healthy';
select is(tests.health('sources_unhealthy'), '0 healthy', 'and back');

-- Scheduled jobs.
select set_eq(
  $$select jobname from cron.job$$,
  $$select subject from private.health_thresholds where metric = 'job_age_seconds'$$,
  'every scheduled job has its thresholds'
);
delete from cron.job_run_details;
create function tests.job_ran(job_name text, outcome text, ago integer)
returns text
language sql
as $$
  insert into cron.job_run_details (jobid, status, start_time, end_time)
  select jobid, outcome, now() - make_interval(secs => ago + 1), now() - make_interval(secs => ago)
  from cron.job where jobname = job_name;
  select tests.health('job_age_seconds.' || job_name);
$$;
update private.health_thresholds set watched_since = now() - interval '10 days';
select is(tests.health('job_age_seconds.event-worker'), '864000 critical', 'a job that has never succeeded');
select is(
  tests.job_ran('subscription-sync', 'failed', 120) || ', ' || tests.health('job_age_seconds.aggregate-analytics'),
  '120 healthy, 120 healthy', 'without older runs, as after a restore, jobs are judged from the first one'
);
delete from cron.job_run_details;
select is(tests.job_ran('event-worker', 'succeeded', 3600), '3600 critical', 'an hour without a job of each minute');
select is(tests.job_ran('event-worker', 'succeeded', 300), '300 warning', 'five minutes');
select is(tests.job_ran('event-worker', 'failed', 10), '300 warning', 'a failed run is not a success');
select is(tests.job_ran('event-worker', 'succeeded', 20), '20 healthy', 'a success is');
select is(tests.job_ran('subscription-sync', 'succeeded', 93599), '93599 healthy', 'a daily job may be a day old');
update private.health_thresholds set watched_since = now();
select is(tests.health('job_age_seconds.order-sync'), '0 healthy', 'a new database has not missed a run');
select is(
  (
    select string_agg(job.name, ' ')
    from (
      select threshold.subject as name, tests.job_ran(threshold.subject, 'succeeded', threshold.warning::integer) as at_warning
      from private.health_thresholds as threshold
      where threshold.metric = 'job_age_seconds' and threshold.subject not in ('event-worker', 'subscription-sync')
    ) as job
    where job.at_warning not like '0 healthy'
  ),
  null, 'a run from before the watch does not count against a job'
);
update private.health_thresholds set watched_since = now() - interval '10 days';
select is(
  tests.health('job_age_seconds.' || subject), concat_ws(' ', warning, 'warning'),
  'the job has a run that is too old: ' || subject
)
from private.health_thresholds
where metric = 'job_age_seconds' and subject not in ('event-worker', 'subscription-sync');
select is(tests.job_ran(subject, 'succeeded', 1), '1 healthy', 'the next run ends it: ' || subject)
from private.health_thresholds
where metric = 'job_age_seconds';
select cron.unschedule('event-worker');
select is(tests.health('job_age_seconds.event-worker'), '93600 critical', 'a job that was removed');

-- Calls of functions by the scheduler.
delete from net._http_response;
create function tests.called(status integer, times integer, ago text default '59 minutes')
returns text
language sql
as $$
  insert into net._http_response (status_code, created)
  select status, now() - ago::interval from generate_series(1, times);
  select tests.health('scheduled_calls_failed');
$$;
select is(tests.called(200, 60), '0 healthy', 'calls that succeeded');
select is(tests.called(500, 9, '61 minutes'), '0 healthy', 'failures of an earlier hour');
select is(tests.called(503, 4), '4 healthy', 'a few that did not');
select is(tests.called(null, 1), '5 warning', 'one more, without an answer');
select is(tests.called(401, 25), '30 critical', 'half of an hour');
update net._http_response set created = now() - interval '2 hours';
select is(tests.health('scheduled_calls_failed'), '0 healthy', 'and back');
insert into net.http_request_queue (method, url, timeout_milliseconds)
select 'POST', 'http://functions', 60000 from generate_series(1, 5);
select is(tests.health('scheduled_calls_failed'), '5 warning', 'calls that pg_net does not send');
delete from net.http_request_queue;
select is(tests.health('scheduled_calls_failed'), '0 healthy', 'and back again');

-- What a test cannot change: the thresholds move over the value.
create function tests.at_threshold(figure text, named text, worse numeric)
returns text
language plpgsql
as $$
declare
  measured numeric := (select value from private.health_figures() where metric = figure);
  judged text[] := '{}';
begin
  for step in -1 .. 1 loop
    update private.health_thresholds
    set warning = case named when 'warning' then measured - worse * step end,
        critical = case named when 'critical' then measured - worse * step end
    where metric = figure;
    judged := judged || split_part(tests.health(figure), ' ', 2);
  end loop;
  update private.health_thresholds set warning = measured + worse * 1000, critical = null where metric = figure;
  return array_to_string(judged || split_part(tests.health(figure), ' ', 2), ' ');
end;
$$;
select is(
  tests.at_threshold('xid_age_percent', named, 10), format('healthy %1$s %1$s healthy', named),
  'transaction ids move over the threshold and back: ' || named
)
from unnest(array['warning', 'critical']) as named;

-- The cache.
select is(
  private.judge_figure(private.cache_hit_percent(hit, 1000000 - hit), threshold), status, format('%s hits in a million', hit)
)
from (
  values (950000, 'healthy'), (900999, 'warning'), (700999, 'critical'), (701000, 'warning'), (901000, 'healthy')
) as rates (hit, status), private.health_thresholds as threshold
where threshold.metric = 'cache_hit_percent';
select is(private.cache_hit_percent(0, 999999), null, 'the first reads are not judged');

-- The time to the end of the transaction ids.
select is(tests.health('wraparound_days'), 'info', 'without a rate it is not known');
select is(private.wraparound_days(1072483648, 10720000, 86400), 100.0, 'ids that are left, at the rate of a day');
select is(private.wraparound_days(1072483648, 10720000, 43200), 50.0, 'at twice the rate');
select is(private.wraparound_days(0, 0, 3600), null, 'without a transaction there is no rate');

select * from finish();
rollback;
