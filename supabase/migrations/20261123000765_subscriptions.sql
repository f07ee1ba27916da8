-- Subscriptions as Stripe reports them, which decide the plan: docs/billing.md.

create function private.refresh_user_plan(p_user_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update public.users as seller
  set subscription_status = copied.status,
      subscription_tier = copied.tier
  from (select) as nothing
  left join lateral (
    select subscription.status, subscription.plan_name
    from public.subscriptions as subscription
    join public.plans on plans.name = subscription.plan_name
    where subscription.user_id = p_user_id
    order by
      subscription.status in ('active', 'trialing') desc,
      subscription.status in ('canceled', 'incomplete_expired'),
      plans.monthly_order_limit desc,
      subscription.created_at desc
    limit 1
  ) as shown on true
  cross join lateral (
    select
      coalesce(shown.status, 'trial') as status,
      case
        when shown.status is null or shown.status in ('canceled', 'incomplete_expired') then 'starter'
        else shown.plan_name
      end as tier
  ) as copied
  where seller.id = p_user_id
    and (seller.subscription_status, seller.subscription_tier) is distinct from (copied.status, copied.tier);
end;
$$;
comment on function private.refresh_user_plan(uuid) is
  'Copies status and tier of the subscription that counts to users: docs/billing.md.';
grant execute on function private.refresh_user_plan(uuid) to service_role;

/*
  Arguments: p_user_id; p_deleted_hashes, hashes of the deleted customer id; p_stripe_customer_id, encrypted;
             p_stripe_customer_id_hash; p_email, the address that Stripe has for the new customer.
  Returns:   the encrypted id of the bound customer; unchanged if the customer was replaced already.
  Errors:    PT404, unknown user.
*/
create function public.replace_stripe_customer(
  p_user_id uuid,
  p_deleted_hashes text[],
  p_stripe_customer_id text,
  p_stripe_customer_id_hash text,
  p_email text
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
begin
  -- The seller, whose plan changes, then the customer: docs/architecture.md.
  perform private.lock_sellers(p_user_id);
  perform from public.users where id = p_user_id for no key update;
  if not found then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  perform from private.stripe_customers where user_id = p_user_id for update;
  update private.stripe_customers
  set stripe_customer_id = p_stripe_customer_id,
      stripe_customer_id_hash = p_stripe_customer_id_hash,
      version = version + 1
  where user_id = p_user_id and stripe_customer_id_hash = any (p_deleted_hashes);
  if found then
    -- Stripe sends no more events about the subscriptions of a deleted customer.
    perform from public.subscriptions where user_id = p_user_id order by id for no key update;
    update public.subscriptions
    set status = 'canceled', reconciled_at = now()
    where user_id = p_user_id and status not in ('canceled', 'incomplete_expired');
    perform private.refresh_user_plan(p_user_id);
  end if;
  perform private.check_customer_email(p_user_id, p_email);
  return (select stripe_customer_id from private.stripe_customers where user_id = p_user_id);
end;
$$;
comment on function public.replace_stripe_customer(uuid, text[], text, text, text) is
  'Binds a new customer to a seller whose customer was deleted at Stripe, and ends the subscriptions of the deleted one.';
grant execute on function public.replace_stripe_customer(uuid, text[], text, text, text) to service_role;

/*
  Arguments: p_items of apply_subscriptions.
  Returns:   the open events among theirs, locked.
*/
create function private.lock_subscription_items(p_items jsonb)
returns bigint[]
language plpgsql
security invoker
set search_path = ''
as $$
declare
  hashes text[] := array(
    select hash.value
    from jsonb_array_elements(p_items) as entry
    cross join jsonb_array_elements_text(entry.value -> 'customer_hashes') as hash
  );
  sellers uuid[] := array(
    select user_id
    from private.stripe_customers
    where stripe_customer_id_hash = any (hashes) and user_id is not null
  );
  open_events bigint[];
begin
  -- The sellers, whose plans change, the events, the customers and their subscriptions: docs/architecture.md.
  perform private.lock_sellers(variadic sellers);
  perform from public.users where id = any (sellers) order by id for no key update;
  open_events := private.lock_open_events(array(
    select event.value::bigint
    from jsonb_array_elements(p_items) as entry
    cross join jsonb_array_elements_text(entry.value -> 'event_ids') as event
  ));
  perform from private.stripe_customers
  where stripe_customer_id_hash = any (hashes)
  order by id
  for update;
  perform from public.subscriptions
  where stripe_subscription_id_hash = any (array(
    select hash.value
    from jsonb_array_elements(p_items) as entry
    cross join jsonb_array_elements_text(entry.value #> '{subscription,stripe_subscription_id_hashes}') as hash
  ))
  order by id
  for no key update;
  return open_events;
end;
$$;
comment on function private.lock_subscription_items(jsonb) is
  'Part of apply_subscriptions: takes its locks, those of all items of one kind at once.';
grant execute on function private.lock_subscription_items(jsonb) to service_role;

/*
  Arguments: p_item, one of apply_subscriptions; p_open_events, as lock_subscription_items returns them.
  Returns:   its {outcome, released}.
*/
create function private.apply_subscription(p_item jsonb, p_open_events bigint[])
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  said jsonb := p_item -> 'subscription';
  event_ids bigint[] := array(
    select value::bigint from jsonb_array_elements_text(p_item -> 'event_ids')
  );
  open_events bigint[];
  customer_hashes text[] := array(select jsonb_array_elements_text(p_item -> 'customer_hashes'));
  hashes text[] := array(select jsonb_array_elements_text(said -> 'stripe_subscription_id_hashes'));
  customer private.stripe_customers;
  stored public.subscriptions;
  plan text := said ->> 'plan_name';
  limit_before integer;
  released integer := 0;
  plan_changed boolean;
  changed boolean;
begin
  -- 1. Check that the events are open, and that no other state was stored since.
  if cardinality(event_ids) > 0 then
    open_events := array(select id from unnest(event_ids) as id where id = any (p_open_events));
    if cardinality(open_events) = 0 then
      return jsonb_build_object('outcome', 'settled', 'released', 0);
    end if;
  end if;
  select * into customer
  from private.stripe_customers
  where stripe_customer_id_hash = any (customer_hashes);
  if customer.user_id is null then
    raise exception 'Unknown Stripe customer' using errcode = 'PT404';
  end if;
  if customer.version <> (p_item ->> 'version')::integer then
    return jsonb_build_object('outcome', 'conflict', 'released', 0);
  end if;

  -- 2. Find the stored subscription.
  select * into stored
  from public.subscriptions
  where stripe_subscription_id_hash = any (hashes);
  if stored.id is not null and stored.user_id <> customer.user_id then
    raise exception 'The subscription belongs to another seller' using errcode = 'PT409';
  end if;
  -- 3. Choose the plan: an unknown price creates none and leaves a stored plan unchanged.
  plan := coalesce(plan, stored.plan_name);
  if plan is null then
    return jsonb_build_object('outcome', 'price_unknown', 'released', 0);
  end if;

  -- 4. Store the state.
  plan_changed := stored.id is null
    or (stored.plan_name, stored.status) is distinct from (plan, said ->> 'status');
  changed := plan_changed or (
    stored.current_period_start, stored.current_period_end, stored.cancel_at_period_end
  ) is distinct from (
    (said ->> 'current_period_start')::timestamptz,
    (said ->> 'current_period_end')::timestamptz,
    (said ->> 'cancel_at_period_end')::boolean
  );
  if plan_changed then
    limit_before := private.monthly_order_limit(customer.user_id);
  end if;
  if stored.id is null then
    insert into public.subscriptions (
      user_id, stripe_customer_id, stripe_customer_id_hash, stripe_subscription_id,
      stripe_subscription_id_hash, plan_name, status, current_period_start, current_period_end,
      cancel_at_period_end, reconciled_at
    )
    values (
      customer.user_id,
      said ->> 'stripe_customer_id',
      said ->> 'stripe_customer_id_hash',
      said ->> 'stripe_subscription_id',
      said ->> 'stripe_subscription_id_hash',
      plan,
      said ->> 'status',
      (said ->> 'current_period_start')::timestamptz,
      (said ->> 'current_period_end')::timestamptz,
      (said ->> 'cancel_at_period_end')::boolean,
      now()
    );
  else
    update public.subscriptions
    set reconciled_at = now(),
        plan_name = plan,
        status = said ->> 'status',
        current_period_start = (said ->> 'current_period_start')::timestamptz,
        current_period_end = (said ->> 'current_period_end')::timestamptz,
        cancel_at_period_end = (said ->> 'cancel_at_period_end')::boolean
    where id = stored.id;
  end if;
  -- 5. Update the version and the profile, and release held orders.
  update private.stripe_customers set version = version + 1 where id = customer.id;
  perform private.refresh_user_plan(customer.user_id);
  if plan_changed and private.monthly_order_limit(customer.user_id) > limit_before then
    released := public.release_held_events(customer.user_id);
  end if;
  return jsonb_build_object(
    'outcome', case when changed then 'applied' else 'unchanged' end,
    'released', released
  );
end;
$$;
comment on function private.apply_subscription(jsonb, bigint[]) is
  'Part of apply_subscriptions: stores one state and the plan of its seller.';
grant execute on function private.apply_subscription(jsonb, bigint[]) to service_role;

/*
  Arguments: p_items [{event_ids, customer_hashes, version of find_stripe_customers, read before Stripe was read,
             subscription: {stripe_customer_id, stripe_customer_id_hash, stripe_subscription_id,
             stripe_subscription_id_hash (of a new row), stripe_subscription_id_hashes (under every key), plan_name (null:
             unknown price), status, current_period_start, current_period_end, cancel_at_period_end}}]; event_ids are all
             events that the state answers, and may be none.
  Returns:   [{outcome, released}] in the order of p_items: applied; unchanged; conflict, another state was stored since,
             read Stripe again; price_unknown, nothing was stored; settled, all its events already were, or are deleted.
  Errors:    PT404, unknown customer; PT409, the subscription belongs to another seller. Then no item is stored.
*/
create function public.apply_subscriptions(p_items jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  open_events bigint[] := private.lock_subscription_items(p_items);
  outcomes jsonb := '[]';
  item jsonb;
  result jsonb;
  answered bigint[] := '{}';
begin
  for item in select value from jsonb_array_elements(p_items) loop
    result := private.apply_subscription(item, open_events);
    outcomes := outcomes || result;
    if result ->> 'outcome' in ('applied', 'unchanged') then
      answered := answered || array(select value::bigint from jsonb_array_elements_text(item -> 'event_ids'));
    end if;
  end loop;
  perform private.settle_events(array(select id from unnest(answered) as id where id = any (open_events)));
  return outcomes;
end;
$$;
comment on function public.apply_subscriptions(jsonb) is
  'Stores states of Stripe subscriptions, the plans of their sellers and their events in one transaction; a larger plan releases held orders.';
grant execute on function public.apply_subscriptions(jsonb) to service_role;

create function public.list_stripe_subscriptions(p_customer_hashes text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(subscription.stripe_subscription_id order by subscription.created_at), '[]')
    from private.stripe_customers as customer
    join public.subscriptions as subscription on subscription.user_id = customer.user_id
    where customer.stripe_customer_id_hash = any (p_customer_hashes)
      and subscription.stripe_subscription_id is not null
  );
end;
$$;
comment on function public.list_stripe_subscriptions(text[]) is
  'The encrypted ids of the subscriptions of a customer, oldest first.';
grant execute on function public.list_stripe_subscriptions(text[]) to service_role;

/*
  Arguments: p_event_id; p_customer_hashes; p_dispute, what to log.
  Returns:   {outcome}: recorded; settled, the event already was.
*/
create function public.record_dispute(p_event_id bigint, p_customer_hashes text[], p_dispute jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
begin
  if event.id is not null then
    insert into public.system_logs (event_type, details)
    select
      'dispute_created',
      p_dispute || jsonb_build_object(
        'user_id',
        (
          select user_id
          from private.stripe_customers
          where stripe_customer_id_hash = any (p_customer_hashes)
        )
      );
  end if;
  return private.settle_locked_event(event, '{"outcome": "recorded"}');
end;
$$;
comment on function public.record_dispute(bigint, text[], jsonb) is
  'Logs a payment dispute for operators, without changing a plan, and settles the event.';
grant execute on function public.record_dispute(bigint, text[], jsonb) to service_role;
