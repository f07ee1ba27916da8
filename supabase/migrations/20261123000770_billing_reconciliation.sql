-- Comparison of all Stripe subscriptions with the stored ones, page by page, through the inbox.

/*
  Arguments: p_user_id, one seller; null means all.
  Returns:   {event_id}.
  Errors:    PT404, the seller has no Stripe customer.
*/
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
    raise exception 'User % has no Stripe customer', p_user_id using errcode = 'PT404';
  end if;
  -- All sellers: one run at a time. One seller: as many runs as requested.
  if p_user_id is null then
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('SYNC_SUBSCRIPTIONS', 0));
  end if;
  select event.id into event_id
  from private.webhook_events as event
  where event.event_type = 'SYNC_SUBSCRIPTIONS'
    and event.source = 'creatorflow'
    and event.id in (
      select waiting.event_id from private.event_queue as waiting
      where waiting.status in ('pending', 'processing') and waiting.shop_id = ''
    )
    and p_user_id is null and event.object_id is null
  limit 1;
  if event_id is null then
    event_id := private.enqueue_task(
      'SYNC_SUBSCRIPTIONS',
      gen_random_uuid()::text,
      p_object_id => p_user_id::text,
      p_body => jsonb_build_object('started_at', now(), 'checked', 0, 'repaired', 0)::text
    );
    if p_user_id is null then
      perform private.enqueue_task('CLOSE_CUSTOMER', id || ':' || event_id, p_object_id => id::text)
      from private.stripe_customers
      where user_id is null;
    end if;
  end if;
  return jsonb_build_object('event_id', event_id);
end;
$$;
comment on function public.request_subscription_sync(uuid) is
  'Enqueues the comparison of all subscriptions with Stripe and a check of each customer without an account, unless one is running, or the comparison of one seller.';
grant execute on function public.request_subscription_sync(uuid) to service_role;

/*
  Arguments: p_event_id; p_progress, the body of the next page; with "finished" the comparison ends and is logged as
             subscriptions_reconciled, or as subscriptions_differ if "failed" is above 0.
  Returns:   {outcome}: continued; reconciled; settled, the event already was.
*/
create function public.continue_subscription_sync(p_event_id bigint, p_progress jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
begin
  if event.id is not null and p_progress ? 'finished' then
    insert into public.system_logs (event_type, details)
    values (
      case when coalesce((p_progress ->> 'failed')::integer, 0) = 0 then 'subscriptions_reconciled'
        else 'subscriptions_differ'
      end,
      p_progress - 'finished' || jsonb_build_object('user_id', event.object_id)
    );
    return private.settle_locked_event(event, '{"outcome": "reconciled"}');
  elsif event.id is not null then
    perform private.enqueue_task(
      'SYNC_SUBSCRIPTIONS',
      'after:' || p_event_id,
      p_object_id => event.object_id,
      p_body => p_progress::text
    );
  end if;
  return private.settle_locked_event(event, '{"outcome": "continued"}');
end;
$$;
comment on function public.continue_subscription_sync(bigint, jsonb) is
  'Settles one page of a comparison: enqueues the next page, or logs the result.';
grant execute on function public.continue_subscription_sync(bigint, jsonb) to service_role;

/*
  Arguments: p_subscriptions, each as subscription in p_items of apply_subscriptions, with place,
             stripe_customer_id_hashes and user_id, the user that the subscription names, or null.
  Returns:   {differing, orphaned, unbound}, all places: differing subscriptions of known customers; and, of unknown
             customers, subscriptions that have not ended and name a user who does not exist (orphaned), or one who
             has no customer (unbound: the row was lost, as by the restore of an older backup).
*/
create function public.compare_subscriptions(p_subscriptions jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  differing jsonb;
  orphaned jsonb;
  unbound jsonb;
  hashes text[];
  sellers uuid[];
begin
  -- 1. Find the subscriptions of known customers that differ.
  select coalesce(jsonb_agg(listed.place order by listed.place), '[]') into differing
  from (
    select (entry.value ->> 'place')::integer as place, entry.value as state
    from jsonb_array_elements(p_subscriptions) as entry
  ) as listed
  left join public.subscriptions as stored
    on stored.stripe_subscription_id_hash = any (array(
      select jsonb_array_elements_text(listed.state -> 'stripe_subscription_id_hashes')
    ))
  where exists (
      select from private.stripe_customers
      where stripe_customer_id_hash = any (array(
        select jsonb_array_elements_text(listed.state -> 'stripe_customer_id_hashes')
      ))
        and user_id is not null
    )
    and (
      stored.id is null
      or (
        stored.plan_name, stored.status, stored.current_period_start, stored.current_period_end,
        stored.cancel_at_period_end
      ) is distinct from (
        coalesce(listed.state ->> 'plan_name', stored.plan_name), listed.state ->> 'status',
        (listed.state ->> 'current_period_start')::timestamptz,
        (listed.state ->> 'current_period_end')::timestamptz,
        (listed.state ->> 'cancel_at_period_end')::boolean
      )
    )
    and not (stored.id is null and listed.state ->> 'plan_name' is null);
  -- 2. Find those of unknown customers. Customers of deleted accounts have their own task.
  select
    coalesce(
      jsonb_agg((entry.value -> 'place') order by (entry.value ->> 'place')::integer)
        filter (where named.id is null),
      '[]'
    ),
    coalesce(
      jsonb_agg((entry.value -> 'place') order by (entry.value ->> 'place')::integer)
        filter (where named.id is not null and bound.id is null),
      '[]'
    )
  into orphaned, unbound
  from jsonb_array_elements(p_subscriptions) as entry
  left join public.users as named on named.id = (entry.value ->> 'user_id')::uuid
  left join private.stripe_customers as bound on bound.user_id = named.id
  where entry.value ->> 'status' not in ('canceled', 'incomplete_expired')
    and entry.value ->> 'user_id' is not null
    and not exists (
      select from private.stripe_customers
      where stripe_customer_id_hash = any (array(
        select jsonb_array_elements_text(entry.value -> 'stripe_customer_id_hashes')
      ))
    );
  -- 3. Mark all of them as seen.
  hashes := array(
    select jsonb_array_elements_text(entry.value -> 'stripe_subscription_id_hashes')
    from jsonb_array_elements(p_subscriptions) as entry
  );
  sellers := array(select user_id from public.subscriptions where stripe_subscription_id_hash = any (hashes));
  perform private.lock_sellers(variadic sellers);
  perform from public.subscriptions
  where user_id = any (sellers) and stripe_subscription_id_hash = any (hashes)
  order by id
  for no key update;
  update public.subscriptions
  set reconciled_at = now()
  where user_id = any (sellers) and stripe_subscription_id_hash = any (hashes);
  return jsonb_build_object('differing', differing, 'orphaned', orphaned, 'unbound', unbound);
end;
$$;
comment on function public.compare_subscriptions(jsonb) is
  'Marks subscriptions as seen at Stripe, and finds those that differ from the stored ones, have no account, or a customer that is not bound to its user.';
grant execute on function public.compare_subscriptions(jsonb) to service_role;

/*
  Arguments: p_started_at, the start of the comparison; p_user_id, one seller or null; p_after, the last id of the page
             before or null.
  Returns:   [{id, stripe_subscription_id, stripe_customer_id}] by id; the Stripe ids encrypted.
*/
create function public.list_unseen_subscriptions(
  p_started_at timestamptz,
  p_user_id uuid default null,
  p_after uuid default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
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
    ) as unseen
  );
end;
$$;
comment on function public.list_unseen_subscriptions(timestamptz, uuid, uuid) is
  'Up to 100 stored subscriptions that have not ended and that a comparison has not seen at Stripe.';
grant execute on function public.list_unseen_subscriptions(timestamptz, uuid, uuid) to service_role;

/*
  Arguments: p_hashes, the hashes of the subscription id under every key.
  Returns:   false if it had ended before.
*/
create function public.end_subscription(p_hashes text[])
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
declare
  seller uuid;
  ended public.subscriptions;
begin
  -- The seller, whose plan changes, then the customer: docs/architecture.md.
  seller := (select user_id from public.subscriptions where stripe_subscription_id_hash = any (p_hashes));
  perform private.lock_sellers(seller);
  perform from public.users where id = seller for no key update;
  perform from private.stripe_customers where user_id = seller for update;
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
  'Ends a subscription that Stripe no longer has.';
grant execute on function public.end_subscription(text[]) to service_role;
