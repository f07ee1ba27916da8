-- Backup points and the deletion of old rows.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
delete from public.system_logs;
insert into public.system_logs (event_type) values ('started');

-- Functions.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select public.create_backup_point(''x'')',
  'select private.purge_old_rows()',
  'select private.invoke_function(''event-worker'')'
]) as statement;
select tests.refused('service_role', statement, 'service_role cannot: ' || statement)
from unnest(array[
  'select private.purge_old_rows()',
  'select private.invoke_function(''event-worker'')'
]) as statement;

-- Backup points: their name is checked first; this login may not make one.
select is(
  tests.attempt('service_role', format('select public.create_backup_point(%L)', name)),
  '22023',
  format('%L is not a name', name)
)
from unnest(array['', ' x', 'a/b', repeat('x', 64), null]) as name;

-- Only old rows are deleted.
delete from private.webhook_events;
create table tests.ages as
select status || ' for ' || days || ' days' as name, status, days
from (
  values
    ('done', 29), ('done', 31), ('ignored', 29), ('ignored', 31), ('dead', 89), ('dead', 91),
    ('held', 999), ('pending', 999)
) as ages (status, days);
insert into private.webhook_events (source, external_id, event_type, body, status, reason, received_at, settled_at)
select
  'tiktok', name, 'x', '', status,
  case when status in ('ignored', 'held', 'dead') then 'x' end,
  now() - make_interval(days => days),
  case when status <> 'pending' then now() - make_interval(days => days) end
from tests.ages;
insert into public.system_logs (event_type, created_at)
values ('young', now() - interval '89 days'), ('old', now() - interval '91 days');
insert into private.tiktok_authorizations (state_hash, user_id, expires_at)
select repeat(hash, 64), tests.id('ada'), now() - age
from (values ('a', interval '23 hours'), ('b', interval '25 hours')) as states (hash, age);
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status, reason)
values ('tiktok', 'of a held order', 'x', '1', 'waits', '', 'held', 'x');
insert into private.held_orders (shop_id, tiktok_order_id, order_status, tiktok_updated_at, held_at)
select '1', id, 'on_hold', now(), now() - make_interval(days => days)
from (values ('old', 31), ('young', 29), ('waits', 31)) as held (id, days);
insert into public.analytics_events (user_id, event_type, timestamp)
select tests.id('ada'), name, now() - age
from (
  values ('young', interval '12 months 27 days'), ('old', interval '13 months 1 day')
) as events (name, age);
insert into private.request_counts (user_id, route, window_start, requests)
values
  (tests.id('ada'), 'analytics_events', now() - interval '1 day', 1),
  (tests.id('ada'), 'POST /shipments/rates', now() - interval '3 days', 1);
insert into private.deleted_event_ids (source, external_id, deleted_at)
values
  ('stripe', 'young', now() - interval '12 months 27 days'), ('stripe', 'old', now() - interval '13 months 1 day');
create table tests.purged as select private.purge_old_rows() - 'job_run_details' as counts;
select is(
  counts, '{"settled_events": 2, "dead_events": 1, "deleted_event_ids": 1, "held_orders": 1, "label_rates": 0, "monthly_shop_counts": 0, "label_spending": 0, "unassigned_invoices": 0, "shop_identities": 0, "tiktok_authorizations": 1, "system_logs": 1, "auth_log": 0, "analytics_events": 1, "request_counts": 1}', 'old rows are deleted'
)
from tests.purged;
select set_eq(
  'select tiktok_order_id from private.held_orders', array['young', 'waits'],
  'a held order stays while an event may still store it'
);
select set_eq(
  'select external_id from private.webhook_events where external_id <> ''of a held order''',
  array[
    'done for 29 days', 'ignored for 29 days', 'dead for 89 days',
    'held for 999 days', 'pending for 999 days'
  ],
  'young events stay, and so do those that wait'
);
select set_has(
  'select external_id from private.deleted_event_ids',
  $$values ('done for 31 days'), ('ignored for 31 days'), ('dead for 91 days'), ('young')$$,
  'the ids of deleted events stay for 13 months'
);
select set_has(
  'select event_type from public.analytics_events', $$values ('young')$$, 'young events of the account stay'
);
select bag_eq(
  'select event_type from public.system_logs', $$values ('started'), ('young'), ('purged')$$,
  'the logs say so'
);


-- After a long pause each run still ends, and deletes a part.
delete from private.webhook_events;
insert into private.webhook_events (source, external_id, event_type, body, status, received_at, settled_at)
select 'tiktok', 'of a backlog ' || n, 'x', '', 'done', now() - interval '60 days', now() - interval '60 days'
from generate_series(1, 5) as n;
select is(private.purge_old_rows(2) -> 'settled_events', to_jsonb(deleted), format('run %s deletes %s', run, deleted))
from (values (1, 2), (2, 2), (3, 1), (4, 0)) as runs (run, deleted);

select * from finish();
rollback;
