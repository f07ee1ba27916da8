-- Stand-in for pg_cron: same schema, names and signatures. local/supabase/scheduler.ts runs the jobs.
create schema if not exists cron;
grant usage on schema cron to postgres;

create table if not exists cron.job (
  jobid bigint generated always as identity primary key,
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default 5432,
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  unique (jobname, username)
);

create table if not exists cron.job_run_details (
  jobid bigint,
  runid bigint generated always as identity primary key,
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);

-- As on Supabase: jobs change through the functions only, which run as the owner of the extension.
revoke all on cron.job from postgres;
grant select on cron.job to postgres;
grant select, insert, update, delete on cron.job_run_details to postgres;

create or replace function cron.caller()
returns name
language sql
stable
set search_path = ''
as $$
  select coalesce(nullif(current_setting('role'), 'none')::name, session_user);
$$;

create or replace function cron.schedule(job_name text, schedule text, command text)
returns bigint
language sql
security definer
set search_path = ''
as $$
  insert into cron.job (jobname, schedule, command, username)
  values (job_name, schedule, command, cron.caller())
  on conflict (jobname, username) do update
    set schedule = excluded.schedule, command = excluded.command, active = true
  returning jobid;
$$;

create or replace function cron.schedule(schedule text, command text)
returns bigint
language sql
security definer
set search_path = ''
as $$
  insert into cron.job (schedule, command, username)
  values (schedule, command, cron.caller())
  returning jobid;
$$;

create or replace function cron.unschedule(job_name text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from cron.job where jobname = job_name and username = cron.caller();
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_name;
  end if;
  return true;
end;
$$;

create or replace function cron.unschedule(job_id bigint)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from cron.job where jobid = job_id and username = cron.caller();
  if not found then
    raise exception 'could not find valid entry for job %', job_id;
  end if;
  return true;
end;
$$;

-- What is null stays as it is. Other roles' jobs are as if they did not exist, except for a superuser.
create or replace function cron.alter_job(
  job_id bigint,
  schedule text default null,
  command text default null,
  database text default null,
  username text default null,
  active boolean default null
)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if alter_job.username is not null or alter_job.database is not null then
    raise exception 'must be superuser to alter the database or the username of a job';
  end if;
  update cron.job as job
  set schedule = coalesce(alter_job.schedule, job.schedule),
      command = coalesce(alter_job.command, job.command),
      active = coalesce(alter_job.active, job.active)
  where job.jobid = alter_job.job_id
    and (
      job.username = cron.caller()
      or (select rolsuper from pg_catalog.pg_roles where rolname = cron.caller())
    );
  if not found then
    raise exception 'Job % does not exist or you don''t own it', job_id;
  end if;
end;
$$;
