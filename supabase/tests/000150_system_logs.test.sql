-- Privileges and checks of the log.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
delete from public.system_logs;
insert into public.system_logs (event_type) values ('started');

-- Logs.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from public.system_logs',
  'insert into public.system_logs (event_type) values (''forged'')',
  'update public.system_logs set event_type = ''forged''',
  'delete from public.system_logs'
]) as statement;
select tests.reaches('service_role', 1, 'select * from public.system_logs', 'the backend reads the logs');
select tests.reaches(
  'service_role', 1, 'insert into public.system_logs (event_type) values (''x'') returning id',
  'the backend writes logs'
);
select tests.refused('service_role', statement, 'service_role cannot: ' || statement)
from unnest(array[
  'update public.system_logs set event_type = ''forged''',
  'delete from public.system_logs'
]) as statement;
select throws_like(
  format('update public.system_logs set %I = %L', column_name, value),
  '%system_logs_' || column_name || '_check%',
  format('%s is not %L', column_name, value)
)
from (values ('event_type', ''), ('event_type', 'Any Text'), ('details', '[]')) as wrong (column_name, value);

select * from finish();
rollback;
