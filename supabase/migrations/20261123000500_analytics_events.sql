-- Events of seller accounts, and statistics over all sellers that identify none.

create table public.analytics_events (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  event_type text not null,
  properties jsonb not null default '{}',
  session_id text,
  timestamp timestamptz not null default now(),
  constraint analytics_events_event_type_check check (event_type ~ '^[a-z][a-z0-9_.]{0,63}$'),
  constraint analytics_events_properties_check check (
    jsonb_typeof(properties) = 'object' and pg_column_size(properties) <= 8192
  ),
  constraint analytics_events_session_id_check check (char_length(session_id) <= 128)
);
comment on table public.analytics_events is 'Events of the account of a seller, who reads and inserts their own; events are never changed.';

-- idx_analytics_user_timestamp contains the requested idx_analytics_user_id.
create index idx_analytics_event_type on public.analytics_events (event_type);
create index idx_analytics_timestamp on public.analytics_events (timestamp);
create index idx_analytics_user_timestamp on public.analytics_events (user_id, timestamp);

alter table public.analytics_events enable row level security;
create policy "Users can view own analytics" on public.analytics_events
  for select to authenticated using ((select auth.uid()) = user_id);

create function private.is_backend_event(event_type text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return event_type in ('order_received', 'label_bought', 'plan_changed', 'authorization_expiring');
end;
$$;
comment on function private.is_backend_event(text) is
  'Whether only the backend may write this event type.';
-- The policy runs as the seller.
grant usage on schema private to authenticated;
grant execute on function private.is_backend_event(text) to authenticated, service_role;

create policy "Users can insert own analytics" on public.analytics_events
  for insert to authenticated
  with check ((select auth.uid()) = user_id and not private.is_backend_event(event_type));
-- Without id and timestamp: the database sets them.
grant select, insert (user_id, event_type, properties, session_id) on public.analytics_events
  to authenticated;
grant select, insert on public.analytics_events to service_role;

/*
  Errors:    PT413, more than 100 rows; PT429, more rows in a day than private.request_limits allows.
*/
create function private.limit_analytics_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  seller record;
begin
  if (select count(*) from inserted) > 100 then
    raise exception 'analytics_rows_limit'
      using errcode = 'PT413', hint = 'Insert at most 100 events in one call.';
  end if;
  for seller in
    select user_id, count(*)::integer as events from inserted group by user_id order by user_id
  loop
    if private.count_requests(seller.user_id, 'analytics_events', seller.events) is not null then
      raise exception 'analytics_daily_limit'
        using errcode = 'PT429', hint = 'Insert further events tomorrow (UTC).';
    end if;
  end loop;
  return null;
end;
$$;
comment on function private.limit_analytics_events() is
  'Trigger: limits the events that sellers insert; definer, because sellers may not write the count.';

-- The backend's own events are not limited: an order must not fail because of one.
create trigger limit_analytics_events
  after insert on public.analytics_events
  referencing new table as inserted
  for each statement when (current_user = 'authenticated')
  execute function private.limit_analytics_events();

-- Triggers record these events, so every way of writing them is covered and a rollback records nothing.

create function private.record_order_received()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  insert into public.analytics_events (user_id, event_type, properties)
  select user_id, 'order_received', jsonb_build_object('order_id', id) from inserted;
  return null;
end;
$$;
comment on function private.record_order_received() is
  'Trigger: records order_received for new orders.';

-- Once a statement: ingest_orders inserts many.
create trigger record_order_received
  after insert on public.orders
  referencing new table as inserted
  for each statement execute function private.record_order_received();

create function private.record_label_bought()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  insert into public.analytics_events (user_id, event_type, properties)
  values (new.user_id, 'label_bought', jsonb_build_object('order_id', new.order_id, 'shipment_id', new.id));
  return null;
end;
$$;
comment on function private.record_label_bought() is
  'Trigger: records label_bought for a shipment that became purchased.';

create trigger record_label_bought_on_insert
  after insert on public.shipments
  for each row when (new.status = 'purchased')
  execute function private.record_label_bought();

create trigger record_label_bought_on_update
  after update of status on public.shipments
  for each row when (new.status = 'purchased' and old.status is distinct from new.status)
  execute function private.record_label_bought();

create function private.record_plan_changed()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  insert into public.analytics_events (user_id, event_type, properties)
  values (
    new.user_id,
    'plan_changed',
    jsonb_build_object('plan_name', new.plan_name, 'status', new.status)
  );
  return null;
end;
$$;
comment on function private.record_plan_changed() is
  'Trigger: records plan_changed for a new subscription or a change of its plan or status.';

create trigger record_plan_changed_on_insert
  after insert on public.subscriptions
  for each row execute function private.record_plan_changed();

create trigger record_plan_changed_on_update
  after update of plan_name, status on public.subscriptions
  for each row when ((old.plan_name, old.status) is distinct from (new.plan_name, new.status))
  execute function private.record_plan_changed();

create table private.daily_event_counts (
  day date not null,
  event_type text not null,
  events bigint not null,
  sellers integer not null,
  primary key (day, event_type),
  -- Smaller groups could identify a seller.
  constraint daily_event_counts_sellers_check check (sellers >= 5)
);
comment on table private.daily_event_counts is 'Number of events of all sellers by day (UTC) and type, without groups of fewer than 5 sellers.';

alter table private.daily_event_counts enable row level security;
grant select on private.daily_event_counts to service_role;

/*
  Arguments: p_day, a day in UTC.
  Returns:   the number of groups with at least 5 sellers.
*/
create function private.aggregate_analytics(p_day date)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  groups integer;
begin
  -- Two runs at once would store the same groups.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('daily_event_counts', 0));
  delete from private.daily_event_counts where day = p_day;
  insert into private.daily_event_counts (day, event_type, events, sellers)
  select p_day, event_type, count(*), count(distinct user_id)
  from public.analytics_events
  where timestamp >= p_day::timestamp at time zone 'UTC'
    and timestamp < (p_day + 1)::timestamp at time zone 'UTC'
  group by event_type
  having count(distinct user_id) >= 5;
  get diagnostics groups = row_count;
  return groups;
end;
$$;
comment on function private.aggregate_analytics(date) is
  'Counts the events of a day; running it again gives the same result.';
