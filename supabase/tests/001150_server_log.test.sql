-- Errors of REST stay out of a log with details.
begin;
\ir helpers.psql

select tests.refused(who, 'select private.silence_rest_errors()', who || ' changes no log')
from unnest(array['anon', 'service_role']) as who;

create function tests.setting()
returns text
language sql
as $$
  select option
  from pg_roles, unnest(rolconfig) as option
  where rolname = 'authenticator' and option like 'log_min_messages=%';
$$;
select is(current_setting('log_error_verbosity'), 'terse', 'the log of the local server has no details');
select is(current_setting('log_min_error_statement'), 'panic', 'and no statements');
select is(private.silence_rest_errors(), false, 'it needs no change');
select is(tests.setting(), null, 'nor has one');

select is(private.silence_rest_errors('default'), true, 'errors of REST are kept out of a log with details');
select is(tests.setting(), 'log_min_messages=fatal', 'by a setting of its login');

select * from finish();
rollback;
