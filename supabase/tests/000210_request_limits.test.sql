-- Limits of requests, by seller and route.
begin;
\ir helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob']) as nickname;

select results_eq(
  format('select requests, period from private.request_limits where route = %L', route),
  format('values (%s, %L::interval)', requests, period),
  format('%s: %s in %s', route, requests, period)
)
from (
  values
    ('POST /shipments/rates', 30, '1 minute'), ('POST /shipments/batch', 100, '1 hour'),
    ('analytics_events', 10000, '1 day')
) as limits (route, requests, period);

create function tests.count(nickname text, route text default 'POST /shipments/rates')
returns jsonb
language sql
as $$
  select tests.call(format('count_request(%L, %L)', tests.id(nickname), route));
$$;

-- Windows of a day, so that none ends within the test.
update private.request_limits set requests = 3, period = '1 day' where route = 'POST /shipments/rates';
select is(tests.count('ada'), '{"retry_after_seconds": null}', format('request %s is allowed', n))
from generate_series(1, 3) as n;
select ok(
  (tests.count('ada') ->> 'retry_after_seconds')::integer between 1 and 86400, 'request 4 has to wait'
);
select is(
  (select requests from private.request_counts where user_id = tests.id('ada')), 3,
  'a refused request is not counted'
);
select is(tests.count('bob'), '{"retry_after_seconds": null}', 'another seller has their own count');
select is(
  tests.count('ada', 'POST /billing/checkout'), '{"retry_after_seconds": null}',
  'and another route its own'
);

-- Windows.
update private.request_counts set window_start = window_start - interval '1 day';
select is(tests.count('ada'), '{"retry_after_seconds": null}', 'the next window begins at 0');
select is(
  (
    select requests from private.request_counts
    where user_id = tests.id('ada') and route = 'POST /shipments/rates'
  ),
  1, 'and counts from there'
);
update private.request_counts
set requests = 3, window_start = window_start + interval '1 day'
where user_id = tests.id('ada') and route = 'POST /shipments/rates';
select isnt(
  tests.count('ada'), '{"retry_after_seconds": null}',
  'a request that comes late does not reopen a window that has ended'
);
update private.request_counts
set window_start = window_start + interval '1 day'
where user_id = tests.id('ada') and route = 'POST /shipments/rates';
select is(
  tests.count('ada'), '{"retry_after_seconds": null}',
  'a window that a wrong clock began far ahead refuses no request until then'
);
select is(
  (
    select row(requests, window_start <= now())::text from private.request_counts
    where user_id = tests.id('ada') and route = 'POST /shipments/rates'
  ),
  '(1,t)', 'but ends with the next request'
);
update private.request_counts set requests = 3 where user_id = tests.id('ada') and route = 'POST /shipments/rates';
update private.request_limits set requests = 4 where route = 'POST /shipments/rates';
select is(tests.count('ada'), '{"retry_after_seconds": null}', 'a raised limit counts at once');

-- Several at once, as rows of a call.
update private.request_limits set requests = 100 where route = 'analytics_events';
select is(private.count_requests(tests.id('bob'), 'analytics_events', 60), null, '60 rows are allowed');
select ok(private.count_requests(tests.id('bob'), 'analytics_events', 41) > 0, '41 more are too many');
select is(private.count_requests(tests.id('bob'), 'analytics_events', 40), null, '40 more are not');
select ok(private.count_requests(tests.id('ada'), 'analytics_events', 101) > 0, 'a first call is limited too');

-- Errors and access.
select is(tests.count('deleted'), '"PT404"', 'an account that was deleted is not found');
select is(tests.count('ada', 'POST /typo'), '"P0002"', 'a route without a limit is an error');
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  format('select public.count_request(%L, ''POST /shipments/rates'')', tests.id('bob')),
  format('select private.count_requests(%L, ''analytics_events'', -1000)', tests.id('ada')),
  'select * from private.request_counts',
  'delete from private.request_counts',
  'select * from private.request_limits',
  'update private.request_limits set requests = 1000000'
]) as statement;
select tests.refused(
  'service_role', 'update private.request_limits set requests = 1000000', 'limits are those of operators'
);

delete from auth.users where id = tests.id('bob');
select is_empty(
  format('select from private.request_counts where user_id = %L', tests.id('bob')),
  'the counts end with the account'
);

select * from finish();
rollback;
