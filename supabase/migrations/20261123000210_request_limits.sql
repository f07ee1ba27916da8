-- Limits of requests that cost a vendor's call or much of our own time.

create table private.request_limits (
  route text primary key,
  requests integer not null,
  period interval not null,
  constraint request_limits_requests_check check (requests > 0),
  constraint request_limits_period_check check (period between '1 second' and '1 day')
);
comment on table private.request_limits is 'Limits for each seller; an operator changes them with an update, which counts at once.';
comment on column private.request_limits.route is 'Method and path of a function, such as POST /shipments/rates, or analytics_events.';

insert into private.request_limits (route, requests, period)
values
  ('POST /shipments/rates', 30, '1 minute'),
  ('POST /shipments', 60, '1 minute'),
  ('POST /shipments/batch', 100, '1 hour'),
  ('POST /shipments/own', 60, '1 minute'),
  ('POST /shipments/:id/tracking', 60, '1 minute'),
  ('POST /shipments/:id/void', 60, '1 minute'),
  ('GET /shipments/:id/label', 300, '1 minute'),
  ('GET /shipments/carriers', 60, '1 minute'),
  ('POST /tiktok-oauth/authorize', 20, '1 minute'),
  ('POST /tiktok-oauth/complete', 20, '1 minute'),
  ('POST /billing/checkout', 20, '1 minute'),
  ('POST /billing/portal', 20, '1 minute'),
  ('DELETE /account', 20, '1 minute'),
  ('GET /account/export', 60, '1 minute'),
  ('GET /account/orders.csv', 20, '1 minute'),
  ('GET /account/shipments.csv', 20, '1 minute'),
  ('analytics_events', 10000, '1 day');

alter table private.request_limits enable row level security;
grant select on private.request_limits to service_role;

-- A logged table: the limit of a day outlives a crash, and a limited route does far more than this write.
create table private.request_counts (
  user_id uuid references public.users (id) on delete cascade,
  route text,
  window_start timestamptz not null,
  requests integer not null,
  primary key (user_id, route)
);
comment on table private.request_counts is 'Requests of a seller in the current window of a limit; one row for each route that they have used.';

alter table private.request_counts enable row level security;
grant select, insert, update on private.request_counts to service_role;

/*
  Arguments: p_user_id; p_route, as in private.request_limits; p_requests, 1 or more.
  Returns:   null, and the requests are counted; over the limit the seconds until the window ends, and
             nothing is counted.
  Errors:    PT404, unknown user; P0002, a route without a limit.
*/
create function private.count_requests(p_user_id uuid, p_route text, p_requests integer default 1)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  allowed private.request_limits;
  this_window timestamptz;
begin
  select * into strict allowed from private.request_limits where route = p_route;
  this_window := date_bin(allowed.period, clock_timestamp(), '2000-01-01T00:00:00Z');
  if p_requests <= allowed.requests then
    insert into private.request_counts as counted (user_id, route, window_start, requests)
    values (p_user_id, p_route, this_window, p_requests)
    -- A request that waited for the row may come from the window before; one further ahead began by a wrong clock.
    on conflict (user_id, route) do update set
      window_start = case
        when counted.window_start between this_window and this_window + allowed.period then counted.window_start
        else this_window
      end,
      requests = excluded.requests + case
        when counted.window_start between this_window and this_window + allowed.period then counted.requests
        else 0
      end
    where counted.window_start not between this_window and this_window + allowed.period
      or counted.requests + excluded.requests <= allowed.requests;
    if found then
      return null;
    end if;
  end if;
  return greatest(1, ceil(extract(epoch from this_window + allowed.period - clock_timestamp())));
exception
  when foreign_key_violation then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
end;
$$;
comment on function private.count_requests(uuid, text, integer) is
  'Counts requests of a seller, unless they pass the limit of the route in its fixed window.';
grant execute on function private.count_requests(uuid, text, integer) to service_role;

/*
  Arguments: p_user_id; p_route, as in private.request_limits.
  Returns:   {"retry_after_seconds": null} for a request that is allowed and counted, else a number.
  Errors:    PT404, unknown user; P0002, a route without a limit.
*/
create function public.count_request(p_user_id uuid, p_route text)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  return jsonb_build_object('retry_after_seconds', private.count_requests(p_user_id, p_route));
end;
$$;
comment on function public.count_request(uuid, text) is
  'Counts a request of a seller, or says how long they have to wait.';
grant execute on function public.count_request(uuid, text) to service_role;
