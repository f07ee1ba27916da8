-- Claiming due events, shops in turn.

/*
  Arguments: p_event_id, whose row in the inbox is locked, so only its claim can end; p_claim, the number of a claim.
*/
create function private.has_claim(p_event_id bigint, p_claim integer)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return exists (
    select from private.event_queue
    where event_id = p_event_id and status = 'processing' and claims = p_claim
  );
end;
$$;
comment on function private.has_claim(bigint, integer) is
  'Whether a worker still has its claim: it has not been set back, and no other worker has claimed the event.';
grant execute on function private.has_claim(bigint, integer) to service_role;

/*
  Arguments: p_after, a shop id, '' for the events without a shop; p_limit.
  Returns:   the ids of shops that have an event waiting, in ascending order; not all of these are due.
*/
create function private.shops_in_turn(p_after text, p_limit integer)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return array(
    with recursive turn (shop, place) as (
      select p_after, 0
      union all
      select next.shop, turn.place + 1
      from turn
      cross join lateral (
        select shop_id as shop
        from private.event_queue
        where status = 'pending' and shop_id > turn.shop
        order by shop_id, next_attempt_at, event_id
        limit 1
      ) as next
      where turn.place < p_limit
    )
    select shop from turn where place > 0
  );
end;
$$;
comment on function private.shops_in_turn(text, integer) is
  'The next shops with waiting events: reads one entry of an index for each, however many events wait.';
grant execute on function private.shops_in_turn(text, integer) to service_role;

/*
  Arguments: p_limit; p_except_shops, shops whose events are left out.
  Returns:   ids of due live events: of the shop of the oldest one and of the shops after it, at most 400; round-robin,
             the oldest of a shop first.
*/
create function private.due_events_in_turn(p_limit integer, p_except_shops text[])
returns bigint[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  max_shops constant integer := 400;
  oldest text;
  shops text[];
  share integer;
  due bigint[];
begin
  -- 1. The shops: the first is that of the oldest event, so that each shop's turn comes.
  select shop_id into oldest
  from private.event_queue
  where status = 'pending' and next_attempt_at <= now()
  order by next_attempt_at
  limit 1;
  if oldest is null then
    return '{}';
  end if;
  shops := array[oldest] || private.shops_in_turn(oldest, max_shops - 1);
  if oldest <> '' and cardinality(shops) < max_shops then
    shops := array(
      select shop from unnest(array_append(shops, '') || private.shops_in_turn('', max_shops - cardinality(shops))) as shop
      group by shop
    );
  end if;
  if p_except_shops <> '{}' then
    shops := array(select shop from unnest(shops) as shop where shop <> all (p_except_shops));
    if shops = '{}' then
      return '{}';
    end if;
  end if;
  -- 2. An equal share of each, a larger one while the shares of some shops are too small.
  share := greatest(p_limit / cardinality(shops), 1);
  loop
    due := array(
      select event.id
      from unnest(shops) as turn (shop)
      cross join lateral (
        select event_id as id, next_attempt_at, row_number() over (order by next_attempt_at, event_id) as place
        from (
          select event_id, next_attempt_at
          from private.event_queue
          where status = 'pending' and shop_id = turn.shop and next_attempt_at <= now()
          order by shop_id, next_attempt_at, event_id
          limit share
        ) as first
      ) as event
      order by event.place, event.next_attempt_at, event.id
      limit p_limit
    );
    exit when cardinality(due) = p_limit or share >= p_limit;
    share := least(share * 4, p_limit);
  end loop;
  -- 3. The oldest of all if the shops after it have few due ones.
  if cardinality(due) < p_limit and cardinality(shops) >= max_shops then
    due := due || array(
      select event_id
      from (
        select event_id from private.event_queue
        where status = 'pending' and next_attempt_at <= now()
        order by next_attempt_at
        limit p_limit
      ) as waiting
      where event_id <> all (due)
    );
  end if;
  return due;
end;
$$;
comment on function private.due_events_in_turn(integer, text[]) is
  'Due live events, shops in turn; reads as many entries as it returns, however many wait.';
grant execute on function private.due_events_in_turn(integer, text[]) to service_role;

/*
  Arguments: p_limit.
  Returns:   the ids of due failing events, locked in the queue, the longest due first.
*/
create function private.lock_failing_events(p_limit integer)
returns bigint[]
language plpgsql
security invoker
set search_path = ''
as $$
begin
  return array(
    select event_id
    from private.event_queue
    where status = 'failing' and next_attempt_at <= now()
    order by next_attempt_at
    limit p_limit
    for update skip locked
  );
end;
$$;
comment on function private.lock_failing_events(integer) is
  'Part of lock_due_events: the failing events.';
grant execute on function private.lock_failing_events(integer) to service_role;

/*
  Arguments: p_limit; p_except_shops, as below.
  Returns:   the ids, locked in the queue. Live events are ordered round-robin by shop, oldest first. Failing events are up to a
             fifth, or one if no live event is due.
*/
create function private.lock_due_events(p_limit integer, p_except_shops text[])
returns bigint[]
language plpgsql
security invoker
set search_path = ''
as $$
declare
  -- Those of the shops left out may be the first of any number.
  failing bigint[] := private.lock_failing_events(case when p_except_shops = '{}' then p_limit / 5 else 0 end);
  free integer := p_limit - cardinality(failing);
  read integer;
  due bigint[];
  live bigint[];
begin
  -- More than the limit if other workers have locked some of them.
  foreach read in array array[free, p_limit * 4] loop
    due := private.due_events_in_turn(read, p_except_shops);
    live := array(
      select event_id
      from private.event_queue
      where event_id = any (due)
        -- Another worker may have claimed one since; in this form, so that rows are found by the key and not among all
        -- that is due.
        and case status when 'pending' then next_attempt_at <= now() end
      -- The place of each takes as long to find as the list is long: only where some are too many.
      order by case when cardinality(due) > free then array_position(due, event_id) end
      limit free
      for update skip locked
    );
    exit when cardinality(live) = free or cardinality(due) < read;
  end loop;
  if cardinality(failing) = 0 and cardinality(live) = 0 and p_except_shops = '{}' then
    failing := private.lock_failing_events(least(p_limit, 1));
  end if;
  return failing || live;
end;
$$;
comment on function private.lock_due_events(integer, text[]) is
  'Locks the due events of the next claim.';
grant execute on function private.lock_due_events(integer, text[]) to service_role;

create function private.paused_seconds(p_shop public.tiktok_shops)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_shop.probe_at is not null then greatest(60, ceil(extract(epoch from p_shop.probe_at - now())))::integer
  end;
end;
$$;
comment on function private.paused_seconds(public.tiktok_shops) is
  'How long the events of a paused shop wait; null for another shop.';
grant execute on function private.paused_seconds(public.tiktok_shops) to service_role;

/*
  Arguments: p_source, p_shop_id and p_object_id of an event.
  Returns:   {id, user_id, shop_id, shop_cipher, access_token, token_version, paused_seconds}: paused_seconds is null
             unless TikTok has deactivated the shop. Null if the shop is not connected.
*/
create function private.connection_of_event(p_source text, p_shop_id text, p_object_id text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', shop.id,
      'user_id', shop.user_id,
      'shop_id', shop.shop_id,
      'shop_cipher', shop.shop_cipher,
      'access_token', shop.access_token,
      'token_version', login.token_version,
      'paused_seconds', private.paused_seconds(shop)
    )
    from public.tiktok_shops as shop
    join private.tiktok_logins as login
      on login.user_id = shop.user_id and login.open_id = shop.open_id
    where p_source in ('tiktok', 'creatorflow')
      -- Some webhooks name only an order.
      and shop.shop_id = coalesce(
        p_shop_id,
        (
          select owner.shop_id
          from public.orders
          join public.tiktok_shops as owner on owner.id = orders.tiktok_shop_id
          where orders.tiktok_order_id = p_object_id and owner.connection_status in ('active', 'paused')
          limit 1
        )
      )
      and shop.connection_status in ('active', 'paused')
  );
end;
$$;
comment on function private.connection_of_event(text, text, text) is
  'The live connection that an event concerns.';
grant execute on function private.connection_of_event(text, text, text) to service_role;

/*
  Arguments: p_limit, the maximum number of events; p_lease_seconds, how long the claim lasts;
             p_except_shops, shops whose events stay: their worker is busy with enough of them.
  Returns:   [{event_id, claim, claimed_at, attempt, failing, source, event_type, shop_id, object_id, body, shop}]:
             attempt is the number of this attempt if it fails; shop is as in private.connection_of_event.
*/
create function public.claim_webhook_events(
  p_limit integer,
  p_lease_seconds integer,
  p_except_shops text[] default '{}'
)
returns json
language plpgsql
security invoker
set search_path = ''
-- Its statements find rows by keys and in the order of indexes: their plans hold however many wait, and are made once.
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
declare
  due bigint[];
  claimed json;
begin
  -- 1. Set events of lost workers back. 2. Lock what is due, in the queue alone. 3. Claim it.
  perform private.set_back_lost_events(p_limit * 10);
  due := private.lock_due_events(p_limit, p_except_shops);
  with queued as (
    update private.event_queue
    set status = 'processing', claims = claims + 1, next_attempt_at = now() + make_interval(secs => p_lease_seconds)
    where event_id = any (due)
    returning event_id, claims, shop_id
  ), connected as (
    -- Once for each shop, however many of its events are claimed.
    select named.shop_id, private.connection_of_event('tiktok', named.shop_id, null) as shop
    from (select distinct shop_id from queued where shop_id <> '') as named
  )
  -- Rows become JSON for two thirds of what objects cost that are built key by key.
  select coalesce(json_agg(taken), '[]') into claimed
  from (
    select
      event.id as event_id,
      queued.claims as claim,
      now() as claimed_at,
      event.attempts + 1 as attempt,
      event.failing_since is not null as failing,
      event.source,
      event.event_type,
      event.shop_id,
      event.object_id,
      event.body,
      case
        when event.source not in ('tiktok', 'creatorflow') then null
        when event.shop_id is not null then connected.shop
        when event.object_id is not null
          then private.connection_of_event(event.source, event.shop_id, event.object_id)
      end as shop,
      event.request_id,
      event.traceparent
    from queued
    -- With a limit Postgres looks each event up, also by a plan that it made while there were few.
    cross join lateral (select * from private.webhook_events where id = queued.event_id limit 1) as event
    left join connected on connected.shop_id = event.shop_id
    order by event.id
  ) as taken;
  return claimed;
end;
$$;
comment on function public.claim_webhook_events(integer, integer, text[]) is
  'Claims due events for a worker; shops take turns, and so do live and failing events: many of one kind delay no other.';
grant execute on function public.claim_webhook_events(integer, integer, text[]) to service_role;
