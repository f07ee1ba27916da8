-- Each figure moves over its thresholds and back.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
delete from private.webhook_events;
delete from private.source_health;

select tests.refused(who, 'select * from private.health_thresholds', who || ' cannot read the thresholds')
from unnest(array['anon', 'ada']) as who;
select tests.refused('service_role', statement, 'thresholds are those of operators: ' || statement)
from unnest(array[
  'update private.health_thresholds set warning = 2',
  'insert into private.health_thresholds (metric, warning) values (''x'', 1)',
  'delete from private.health_thresholds'
]) as statement;
select throws_ok(
  'insert into private.health_thresholds (metric, warning, critical, bad_when) values ' || row,
  '23514', null, 'a threshold that makes no sense: ' || row
)
from unnest(array[
  $$('x', 2, 1, 'above')$$, $$('x', 1, 2, 'below')$$, $$('x', null, null, 'above')$$, $$('x', 1, 2, 'aside')$$
]) as row;

create function tests.health(figure text)
returns text
language sql
as $$
  select concat_ws(' ', value, status) from public.check_database_health() where metric = figure;
$$;

-- Waiting, failing, held and dead events.
select is(tests.health('oldest_open_event_seconds'), '0 healthy', 'an empty inbox is healthy');
select tests.receive_event('ada', 'late');
select is(tests.health('events_open'), '1 info', 'the number of waiting events alone is not judged');
create function tests.health_at_age(seconds integer)
returns text
language plpgsql
as $$
begin
  update private.webhook_events set received_at = now() - make_interval(secs => seconds);
  return tests.health('oldest_open_event_seconds');
end;
$$;
select is(tests.health_at_age(299), '299 healthy', 'a few minutes are ordinary');
select is(tests.health_at_age(300), '300 warning', 'five are a warning');
select is(tests.health_at_age(3600), '3600 critical', 'an hour is critical');
update private.event_queue set next_attempt_at = now() + interval '1 day';
select is(tests.health_at_age(3600), '3600 critical', 'also while it waits for its next attempt');
select is(tests.health_at_age(0), '0 healthy', 'and back');
-- A held order of last month that has a place now, an event of a shop that is connected again, a replay.
update private.webhook_events set status = 'held', reason = 'order_limit';
select is(tests.health_at_age(3600), '0 healthy', 'a held event is not late');
select private.reopen_webhook_events(array(select id from private.webhook_events));
select is(tests.health('oldest_open_event_seconds'), '0 healthy', 'nor one that was opened again just now');
update private.webhook_events set status = 'ignored', reason = 'shop_not_connected';
select private.reopen_webhook_events(array(select id from private.webhook_events));
select is(tests.health('oldest_open_event_seconds'), '0 healthy', 'whatever it was before');
update private.event_queue set open_since = now() - interval '1 hour';
select is(tests.health('oldest_open_event_seconds'), '3600 critical', 'an hour later it is');
update private.webhook_events set status = 'failing', reason = 'x', failing_since = now();
select is(tests.health('events_failing'), '1 warning', 'a failing event is a warning');
select is(tests.health('oldest_open_event_seconds'), '0 healthy', 'and no open event that waits');
update private.webhook_events set status = 'dead', failing_since = null;
select is(tests.health('events_failing'), '0 healthy', 'no failing event');
select is(tests.health('events_dead'), '1 warning', 'a dead event is a warning');
update private.webhook_events set status = 'held';
select is(tests.health('events_dead'), '0 healthy', 'no dead event');
select is(tests.health('events_held'), '1 info', 'a held event waits for its seller');
delete from private.webhook_events;
select is(tests.health('events_held'), '0 info', 'no held event');

-- Orders and size are not judged.
select tests.add_order('ada', '1');
select tests.add_order('ada', '2', now() - interval '61 minutes');
select is(tests.health('orders_last_hour'), '1 info', 'orders of the last hour');
select matches(tests.health('database_size_mb'), '^[1-9][0-9]* info$', 'the size of the database');

-- Tokens and connections.
create function tests.health_at_token_end(ends interval)
returns text
language plpgsql
as $$
begin
  update public.tiktok_shops set token_expires_at = now() + ends;
  return concat_ws(', ', tests.health('tokens_ending_24h'), tests.health('tokens_overdue'));
end;
$$;
select is(tests.health_at_token_end('25 hours'), '0 info, 0 healthy', 'a token of more than a day');
select is(tests.health_at_token_end('23 hours'), '1 info, 0 healthy', 'its refresh is due within a day');
select is(tests.health_at_token_end('22 hours'), '1 info, 1 warning', 'two hours later it is overdue');
update private.health_thresholds set critical = 1 where metric = 'tokens_overdue';
select is(tests.health('tokens_overdue'), '1 critical', 'many of them are critical');
select is(tests.health_at_token_end('7 days'), '0 info, 0 healthy', 'and back');

update private.health_thresholds set warning = 1, critical = 2 where metric = 'connections_to_renew';
select is(tests.health('connections_to_renew'), '0 healthy', 'no seller has to connect again');
update public.tiktok_shops set refresh_token_expires_at = now() + interval '6 days';
select is(tests.health('connections_to_renew'), '1 warning', 'an authorization that ends within a week');
select tests.sign_up('bob');
select tests.connect_shop('bob');
select private.close_tiktok_shops(array[tests.shop('bob')], 'needs_reauth', 'token_refused');
select is(tests.health('connections_to_renew'), '2 critical', 'and a connection that ended');
update public.tiktok_shops set ended_at = now() - interval '8 days' where ended_at is not null;
update public.tiktok_shops set refresh_token_expires_at = now() + interval '8 days';
select is(tests.health('connections_to_renew'), '0 healthy', 'a seller who does not come back is not counted for ever');

-- Corrections of kept figures.
insert into public.system_logs (event_type, created_at) values ('dashboard_figures_corrected', now() - interval '25 hours');
select is(tests.health('dashboard_corrections'), '0 healthy', 'a correction of yesterday');
insert into public.system_logs (event_type) values ('dashboard_figures_corrected');
select is(tests.health('dashboard_corrections'), '1 warning', 'a seller whose figures were corrected today');

-- The budget for labels of the platform.
create function tests.budget()
returns text
language sql
as $$
  select concat_ws(', ', tests.health('label_budget_percent.day'), tests.health('label_budget_percent.month'));
$$;
delete from private.label_spending;
select is(tests.budget(), '0.0 healthy, 0.0 healthy', 'nothing is spent');
update private.label_limits
set daily_label_limit = 10, monthly_label_limit = 100, daily_label_cents = 1000, monthly_label_cents = 10000
where user_id is null;
insert into private.label_spending (month, day, labels, day_labels, cents, day_cents)
values (private.current_month(), private.current_day(), 7, 7, 790, 790);
select is(tests.budget(), '79.0 healthy, 7.9 healthy', 'the larger share of labels and cents');
update private.label_spending set day_labels = 8;
select is(tests.budget(), '80.0 warning, 7.9 healthy', '80 % of a day are a warning');
update private.label_spending set labels = 100, day_cents = 1000;
select is(tests.budget(), '100.0 critical, 100.0 critical', 'nothing is left');
-- Not yesterday: on the first day of a month that would be in the month before.
update private.label_spending set day = private.current_day() + 1, labels = 1, cents = 1;
select is(tests.budget(), '0.0 healthy, 1.0 healthy', 'the figures of another day do not count');
update private.label_limits set monthly_label_limit = 0 where user_id is null;
select is(tests.budget(), '0.0 healthy, 100.0 critical', 'of a limit of 0 nothing is left');
delete from private.label_limits where user_id is null;
select is(tests.budget(), '100.0 critical, 100.0 critical', 'without limits nothing can be bought');

select * from finish();
rollback;
