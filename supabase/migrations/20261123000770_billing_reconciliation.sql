-- What no webhook told: Stripe's subscriptions against ours, page by page, through the inbox.

create function public.request_subscription_sync(p_user_id uuid default null)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event_id bigint;
begin
  if p_user_id is not null and not exists (
    select from private.stripe_customers where user_id = p_user_id
  ) then
    raise exception 'User % has no customer at Stripe', p_user_id using errcode = 'PT404';
  end if;
  -- One run at a time; of one user as many as are asked for.
  if p_user_id is null then
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('SYNC_SUBSCRIPTIONS', 0));
  end if;
  select id into event_id
  from private.webhook_events
  where event_type = 'SYNC_SUBSCRIPTIONS'
    and source = 'creatorflow'
    and status in ('pending', 'processing')
    and p_user_id is null and object_id is null
  limit 1;
  if event_id is null then
    insert into private.webhook_events (source, external_id, event_type, object_id, body)
    values (
      'creatorflow',
      'SYNC_SUBSCRIPTIONS:' || gen_random_uuid(),
      'SYNC_SUBSCRIPTIONS',
      p_user_id::text,
      jsonb_build_object('started_at', now(), 'checked', 0, 'repaired', 0)::text
    )
    returning id into event_id;
  end if;
  return jsonb_build_object('event_id', event_id);
end;
$$;
comment on function public.request_subscription_sync(uuid) is
  'Enqueues the comparison of all subscriptions with Stripe, unless one is under way, or of one seller''s. Returns {event_id}; raises PT404 for a seller without a customer at Stripe.';
grant execute on function public.request_subscription_sync(uuid) to service_role;

create function public.continue_subscription_sync(p_event_id bigint, p_progress jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
begin
  if event.id is null then
    return jsonb_build_object('outcome', 'settled');
  end if;
  perform private.settle_done(p_event_id);
  if p_progress ? 'finished' then
    insert into public.system_logs (event_type, details)
    values (
      case when coalesce((p_progress ->> 'failed')::integer, 0) = 0 then 'subscriptions_reconciled'
        else 'subscriptions_differ'
      end,
      p_progress - 'finished' || jsonb_build_object('user_id', event.object_id)
    );
    return jsonb_build_object('outcome', 'reconciled');
  end if;
  insert into private.webhook_events (source, external_id, event_type, object_id, body)
  values (
    'creatorflow',
    'SYNC_SUBSCRIPTIONS:after:' || p_event_id,
    'SYNC_SUBSCRIPTIONS',
    event.object_id,
    p_progress::text
  )
  on conflict (source, external_id) do nothing;
  return jsonb_build_object('outcome', 'continued');
end;
$$;
comment on function public.continue_subscription_sync(bigint, jsonb) is
  'Settles a page of a comparison: enqueues the next one, which begins where p_progress says, or, if p_progress has "finished", logs subscriptions_reconciled, and subscriptions_differ if some could not be stored ("failed"). Returns {outcome}: continued, reconciled, or settled (the event already was).';
grant execute on function public.continue_subscription_sync(bigint, jsonb) to service_role;

create function public.compare_subscriptions(p_subscriptions jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  differing jsonb;
begin
  select coalesce(jsonb_agg(said.place order by said.place), '[]') into differing
  from (
    select (entry.value ->> 'place')::integer as place, entry.value as state
    from jsonb_array_elements(p_subscriptions) as entry
  ) as said
  left join public.subscriptions as stored
    on stored.stripe_subscription_id_hash = any (array(
      select jsonb_array_elements_text(said.state -> 'stripe_subscription_id_hashes')
    ))
  where exists (
      select from private.stripe_customers
      where stripe_customer_id_hash = any (array(
        select jsonb_array_elements_text(said.state -> 'stripe_customer_id_hashes')
      ))
    )
    and (
      stored.id is null
      or (
        stored.plan_name, stored.status, stored.current_period_start, stored.current_period_end,
        stored.cancel_at_period_end
      ) is distinct from (
        coalesce(said.state ->> 'plan_name', stored.plan_name), said.state ->> 'status',
        (said.state ->> 'current_period_start')::timestamptz,
        (said.state ->> 'current_period_end')::timestamptz,
        (said.state ->> 'cancel_at_period_end')::boolean
      )
    )
    and not (stored.id is null and said.state ->> 'plan_name' is null);
  update public.subscriptions
  set reconciled_at = now()
  where stripe_subscription_id_hash = any (array(
    select jsonb_array_elements_text(entry.value -> 'stripe_subscription_id_hashes')
    from jsonb_array_elements(p_subscriptions) as entry
  ));
  return differing;
end;
$$;
comment on function public.compare_subscriptions(jsonb) is
  'Notes that Stripe has these subscriptions. p_subscriptions: an array of what apply_subscription takes, each with place and stripe_customer_id_hashes. Returns the places of those of our customers that differ from ours.';
grant execute on function public.compare_subscriptions(jsonb) to service_role;

create function public.list_unseen_subscriptions(
  p_started_at timestamptz,
  p_user_id uuid default null,
  p_after uuid default null
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'id', id,
        'stripe_subscription_id', stripe_subscription_id,
        'stripe_customer_id', stripe_customer_id
      )
      order by id
    ),
    '[]'
  )
  from (
    select id, stripe_subscription_id, stripe_customer_id
    from public.subscriptions
    where status not in ('canceled', 'incomplete_expired')
      and stripe_subscription_id is not null
      and (reconciled_at is null or reconciled_at < p_started_at)
      and created_at < p_started_at
      and (p_user_id is null or user_id = p_user_id)
      and (p_after is null or id > p_after)
    order by id
    limit 100
  ) as unseen;
$$;
comment on function public.list_unseen_subscriptions(timestamptz, uuid, uuid) is
  'Up to 100 subscriptions that are not over here, and that a comparison has not met at Stripe: [{id, stripe_subscription_id, stripe_customer_id (both encrypted)}], by id, behind p_after.';
grant execute on function public.list_unseen_subscriptions(timestamptz, uuid, uuid) to service_role;

create function public.end_subscription(p_hashes text[])
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
declare
  ended public.subscriptions;
begin
  -- The customer first, like apply_subscription: else the two could wait for each other.
  perform from private.stripe_customers
  where user_id in (
    select user_id from public.subscriptions where stripe_subscription_id_hash = any (p_hashes)
  )
  for update;
  update public.subscriptions
  set status = 'canceled', reconciled_at = now()
  where stripe_subscription_id_hash = any (p_hashes)
    and status not in ('canceled', 'incomplete_expired')
  returning * into ended;
  if ended.id is null then
    return false;
  end if;
  update private.stripe_customers set version = version + 1 where user_id = ended.user_id;
  perform private.refresh_user_plan(ended.user_id);
  return true;
end;
$$;
comment on function public.end_subscription(text[]) is
  'A subscription that Stripe does not have any more has ended. Returns whether it had not before.';
grant execute on function public.end_subscription(text[]) to service_role;
