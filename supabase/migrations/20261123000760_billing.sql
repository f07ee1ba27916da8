-- Stripe decides the plan: its customers are bound to our users, and its subscriptions copied from it.

create table private.stripe_customers (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  stripe_customer_id text not null,
  stripe_customer_id_hash text not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  constraint stripe_customers_user_id_key unique (user_id),
  constraint stripe_customers_stripe_customer_id_check check (private.is_encrypted(stripe_customer_id)),
  constraint stripe_customers_stripe_customer_id_hash_key unique (stripe_customer_id_hash)
);
comment on table private.stripe_customers is 'Whose customer at Stripe is whose account here. Only the checkout makes rows: what anybody else says of a customer binds nothing.';
comment on column private.stripe_customers.stripe_customer_id is 'Encrypted (shared/crypto).';
comment on column private.stripe_customers.stripe_customer_id_hash is 'Keyed hash of the id, to find the row by.';
comment on column private.stripe_customers.version is 'Raised with every state that is stored. Whoever read Stripe before another state was stored reads again.';

alter table private.stripe_customers enable row level security;
grant select, insert, update on private.stripe_customers to service_role;

create function public.get_stripe_customer(p_user_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  seller public.users;
begin
  select * into seller from public.users where id = p_user_id;
  if seller.id is null then
    raise exception 'There is no user %', p_user_id using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    'email', seller.email,
    'stripe_customer_id', (
      select stripe_customer_id from private.stripe_customers where user_id = p_user_id
    )
  );
end;
$$;
comment on function public.get_stripe_customer(uuid) is
  'A seller at Stripe: {email, stripe_customer_id (encrypted; null if there is none yet)}. Raises PT404.';
grant execute on function public.get_stripe_customer(uuid) to service_role;

create function public.store_stripe_customer(
  p_user_id uuid,
  p_stripe_customer_id text,
  p_stripe_customer_id_hash text
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into private.stripe_customers (user_id, stripe_customer_id, stripe_customer_id_hash)
  values (p_user_id, p_stripe_customer_id, p_stripe_customer_id_hash)
  on conflict (user_id) do nothing;
  return (select stripe_customer_id from private.stripe_customers where user_id = p_user_id);
end;
$$;
comment on function public.store_stripe_customer(uuid, text, text) is
  'Binds a customer of Stripe''s to a seller, once. Returns the encrypted id of the one that is bound.';
grant execute on function public.store_stripe_customer(uuid, text, text) to service_role;

create function public.find_stripe_customer(p_hashes text[])
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object('user_id', user_id, 'version', version)
  from private.stripe_customers
  where stripe_customer_id_hash = any (p_hashes);
$$;
comment on function public.find_stripe_customer(text[]) is
  'Whose customer it is, by the hashes of its id under every key: {user_id, version}; null if nobody''s.';
grant execute on function public.find_stripe_customer(text[]) to service_role;

create function private.refresh_user_plan(p_user_id uuid)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.users as seller
  set subscription_status = coalesce(shown.status, 'trial'),
      subscription_tier = case
        when shown.status is null or shown.status in ('canceled', 'incomplete_expired') then 'starter'
        else shown.plan_name
      end
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
  where seller.id = p_user_id;
$$;
comment on function private.refresh_user_plan(uuid) is
  'users.subscription_status and subscription_tier from the subscription that counts: docs/billing.md.';
grant execute on function private.refresh_user_plan(uuid) to service_role;

create function public.replace_stripe_customer(
  p_user_id uuid,
  p_gone_hashes text[],
  p_stripe_customer_id text,
  p_stripe_customer_id_hash text
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update private.stripe_customers
  set stripe_customer_id = p_stripe_customer_id,
      stripe_customer_id_hash = p_stripe_customer_id_hash,
      version = version + 1
  where user_id = p_user_id and stripe_customer_id_hash = any (p_gone_hashes);
  if found then
    -- They were the deleted customer's: nobody will tell of them any more.
    update public.subscriptions
    set status = 'canceled', reconciled_at = now()
    where user_id = p_user_id and status not in ('canceled', 'incomplete_expired');
    perform private.refresh_user_plan(p_user_id);
  end if;
  return (select stripe_customer_id from private.stripe_customers where user_id = p_user_id);
end;
$$;
comment on function public.replace_stripe_customer(uuid, text[], text, text) is
  'Binds another customer to a seller whose customer was deleted at Stripe, and with it ended its subscriptions. Does nothing if somebody has done so. Returns the encrypted id of the one that is bound.';
grant execute on function public.replace_stripe_customer(uuid, text[], text, text) to service_role;

create function public.apply_subscription(
  p_event_id bigint,
  p_customer_hashes text[],
  p_version integer,
  p_subscription jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
  customer private.stripe_customers;
  stored public.subscriptions;
  plan text := p_subscription ->> 'plan_name';
  hashes text[] := array(
    select jsonb_array_elements_text(p_subscription -> 'stripe_subscription_id_hashes')
  );
  limit_before integer;
  released integer := 0;
  changed boolean;
begin
  if p_event_id is not null then
    event := private.lock_open_event(p_event_id);
    if event.id is null then
      return jsonb_build_object('outcome', 'settled', 'released', 0);
    end if;
  end if;
  select * into customer
  from private.stripe_customers
  where stripe_customer_id_hash = any (p_customer_hashes)
  for update;
  if customer.id is null then
    raise exception 'Nobody here is this customer' using errcode = 'PT404';
  end if;
  if customer.version <> p_version then
    return jsonb_build_object('outcome', 'conflict', 'released', 0);
  end if;

  select * into stored
  from public.subscriptions
  where stripe_subscription_id_hash = any (hashes);
  if stored.id is not null and stored.user_id <> customer.user_id then
    raise exception 'The subscription is another seller''s' using errcode = 'PT409';
  end if;
  -- A price that is none of ours makes no plan; of one that we know it leaves the plan as it was.
  plan := coalesce(plan, stored.plan_name);
  if plan is null then
    return jsonb_build_object('outcome', 'price_unknown', 'released', 0);
  end if;

  limit_before := private.monthly_order_limit(customer.user_id);
  changed := stored.id is null or (
    stored.plan_name, stored.status, stored.current_period_start, stored.current_period_end,
    stored.cancel_at_period_end
  ) is distinct from (
    plan, p_subscription ->> 'status',
    (p_subscription ->> 'current_period_start')::timestamptz,
    (p_subscription ->> 'current_period_end')::timestamptz,
    (p_subscription ->> 'cancel_at_period_end')::boolean
  );
  if stored.id is null then
    insert into public.subscriptions (
      user_id, stripe_customer_id, stripe_customer_id_hash, stripe_subscription_id,
      stripe_subscription_id_hash, plan_name, status, current_period_start, current_period_end,
      cancel_at_period_end, reconciled_at
    )
    values (
      customer.user_id,
      p_subscription ->> 'stripe_customer_id',
      p_subscription ->> 'stripe_customer_id_hash',
      p_subscription ->> 'stripe_subscription_id',
      p_subscription ->> 'stripe_subscription_id_hash',
      plan,
      p_subscription ->> 'status',
      (p_subscription ->> 'current_period_start')::timestamptz,
      (p_subscription ->> 'current_period_end')::timestamptz,
      (p_subscription ->> 'cancel_at_period_end')::boolean,
      now()
    );
  else
    update public.subscriptions
    set reconciled_at = now(),
        plan_name = plan,
        status = p_subscription ->> 'status',
        current_period_start = (p_subscription ->> 'current_period_start')::timestamptz,
        current_period_end = (p_subscription ->> 'current_period_end')::timestamptz,
        cancel_at_period_end = (p_subscription ->> 'cancel_at_period_end')::boolean
    where id = stored.id;
  end if;
  update private.stripe_customers set version = version + 1 where id = customer.id;
  perform private.refresh_user_plan(customer.user_id);
  if private.monthly_order_limit(customer.user_id) > limit_before then
    released := public.release_held_events(customer.user_id);
  end if;
  perform private.settle_done(p_event_id);
  return jsonb_build_object(
    'outcome', case when changed then 'applied' else 'unchanged' end,
    'released', released
  );
end;
$$;
comment on function public.apply_subscription(bigint, text[], integer, jsonb) is
  'Stores what Stripe says of a subscription, the seller''s plan, and the event that told of it (null: nobody did), in one transaction; a plan that grows releases held orders. p_version: of find_stripe_customer, read before Stripe was. p_subscription: {stripe_customer_id, stripe_customer_id_hash, stripe_subscription_id, stripe_subscription_id_hash (for a new row), stripe_subscription_id_hashes (under every key), plan_name (null: no price of ours), status, current_period_start, current_period_end, cancel_at_period_end}. Returns {outcome, released}: applied, unchanged, conflict (another state was stored since: read Stripe again), price_unknown (nothing is stored), or settled (the event already was). Raises PT404 for a customer that is nobody''s, PT409 for a subscription of another seller.';
grant execute on function public.apply_subscription(bigint, text[], integer, jsonb) to service_role;

create function public.list_stripe_subscriptions(p_customer_hashes text[])
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(jsonb_agg(subscription.stripe_subscription_id order by subscription.created_at), '[]')
  from private.stripe_customers as customer
  join public.subscriptions as subscription on subscription.user_id = customer.user_id
  where customer.stripe_customer_id_hash = any (p_customer_hashes)
    and subscription.stripe_subscription_id is not null;
$$;
comment on function public.list_stripe_subscriptions(text[]) is
  'The encrypted ids of a customer''s subscriptions.';
grant execute on function public.list_stripe_subscriptions(text[]) to service_role;

create function public.note_dispute(p_event_id bigint, p_customer_hashes text[], p_dispute jsonb)
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
  perform private.settle_done(p_event_id);
  return jsonb_build_object('outcome', 'noted');
end;
$$;
comment on function public.note_dispute(bigint, text[], jsonb) is
  'Somebody disputes a payment: for people to look at, it changes no plan. Returns {outcome}: noted or settled.';
grant execute on function public.note_dispute(bigint, text[], jsonb) to service_role;
