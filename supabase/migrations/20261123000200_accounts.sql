-- Sellers, plans and subscriptions.

create table public.plans (
  name text primary key,
  monthly_order_limit integer not null,
  daily_label_limit integer not null,
  monthly_label_limit integer not null,
  daily_label_cents bigint not null,
  monthly_label_cents bigint not null,
  constraint plans_monthly_order_limit_check check (monthly_order_limit > 0),
  constraint plans_label_limits_check check (
    least(daily_label_limit, monthly_label_limit, daily_label_cents, monthly_label_cents) >= 0
  )
);
comment on table public.plans is 'The plans and their limits; trial is the plan of a seller without a live subscription.';
comment on column public.plans.name is 'Code of the plan.';
comment on column public.plans.monthly_order_limit is 'Number of new orders that a seller may receive per calendar month (UTC).';

comment on column public.plans.daily_label_limit is 'Number of EasyPost labels that a seller may buy per day (UTC): the account of the platform pays them.';
comment on column public.plans.monthly_label_limit is 'Number of EasyPost labels per calendar month (UTC).';
comment on column public.plans.daily_label_cents is 'Cost of the EasyPost labels of a day, in US cents.';
comment on column public.plans.monthly_label_cents is 'Cost of the EasyPost labels of a calendar month, in US cents.';

insert into public.plans (
  name, monthly_order_limit, daily_label_limit, monthly_label_limit, daily_label_cents, monthly_label_cents
)
values
  ('trial', 10, 2, 2, 2000, 2000),
  ('starter', 100, 50, 150, 50000, 150000),
  ('growth', 500, 200, 750, 200000, 750000),
  ('scale', 999999, 1000, 10000, 1000000, 10000000);

alter table public.plans enable row level security;
create policy "Signed-in users can read the plans" on public.plans
  for select to authenticated using (true);
grant select on public.plans to authenticated, service_role;

create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null,
  display_name text,
  subscription_status text not null default 'trial',
  subscription_tier text not null default 'starter' references public.plans (name),
  created_at timestamptz not null default now(),
  constraint users_email_key unique (email),
  constraint users_display_name_check check (char_length(display_name) between 1 and 100),
  constraint users_subscription_status_check check (
    subscription_status in (
      'trial', 'trialing', 'active', 'past_due', 'unpaid', 'canceled',
      'incomplete', 'incomplete_expired', 'paused'
    )
  )
);
comment on table public.users is 'Profiles of sellers, created at sign-up and deleted with the account.';
comment on column public.users.subscription_status is 'trial, or the Stripe status of the subscription that counts, else of the newest: docs/billing.md; written by the backend only.';
comment on column public.users.subscription_tier is 'The plan that the seller sees: docs/billing.md; limits are read from subscriptions, not from here.';

-- The requested idx_users_email is the index of users_email_key.
create index idx_users_subscription_status on public.users (subscription_status);
create index idx_users_subscription_tier on public.users (subscription_tier);

alter table public.users enable row level security;
create policy "Users can view own profile" on public.users
  for select to authenticated using ((select auth.uid()) = id);
create policy "Users can update own profile" on public.users
  for update to authenticated
  using ((select auth.uid()) = id) with check ((select auth.uid()) = id);
grant select, update (display_name) on public.users to authenticated;
grant select, update on public.users to service_role;

/*
  Arguments: p_user_ids, sellers, also null ones.
*/
create function private.lock_sellers(variadic p_user_ids uuid[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  -- Nearly always one, and null takes no lock.
  if cardinality(p_user_ids) = 1 then
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('seller:' || p_user_ids[1], 0));
  elsif cardinality(p_user_ids) > 1 then
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('seller:' || id, 0))
    from (select distinct id from unnest(p_user_ids) as given (id) where id is not null order by id) as seller;
  end if;
end;
$$;
comment on function private.lock_sellers(uuid[]) is
  'First lock of a function that locks several rows of a seller, shared by all but the deletion of the account: docs/architecture.md.';
grant execute on function private.lock_sellers(uuid[]) to service_role;

create function private.lock_seller_alone(p_user_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  -- Not the row: shared locks of a row pass those who wait for it alone, so they could wait for ever.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('seller:' || p_user_id, 0));
end;
$$;
comment on function private.lock_seller_alone(uuid) is
  'The same lock, exclusive: it waits for all functions that use rows of the seller, and later ones wait for it.';
grant execute on function private.lock_seller_alone(uuid) to service_role;

create function private.require_seller(p_user_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if not exists (select from public.users where id = p_user_id) then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
end;
$$;
comment on function private.require_seller(uuid) is
  'Raises PT404 for an account that does not exist: a token outlives its account.';
grant execute on function private.require_seller(uuid) to service_role;

create function private.handle_auth_user()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' then
    -- The new address locks out rows that refer to the seller.
    perform private.lock_seller_alone(new.id);
  end if;
  insert into public.users (id, email) values (new.id, new.email)
  on conflict (id) do update set email = excluded.email;
  return new;
end;
$$;
comment on function private.handle_auth_user() is
  'Trigger: creates the profile at sign-up and copies its e-mail address from Auth; definer, because the role of Auth may not write public.users.';

create trigger on_auth_user_written
  after insert or update of email on auth.users
  for each row execute function private.handle_auth_user();

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  stripe_customer_id text not null,
  stripe_customer_id_hash text not null,
  stripe_subscription_id text,
  stripe_subscription_id_hash text,
  plan_name text not null references public.plans (name),
  status text not null,
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  reconciled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint subscriptions_stripe_customer_id_check check (private.is_encrypted(stripe_customer_id)),
  constraint subscriptions_stripe_subscription_id_check check (private.is_encrypted(stripe_subscription_id)),
  -- Encrypting the same id twice gives two texts, so the unique key is on the hash.
  constraint subscriptions_stripe_subscription_id_hash_key unique (stripe_subscription_id_hash),
  constraint subscriptions_stripe_subscription_id_hash_present check (
    (stripe_subscription_id is null) = (stripe_subscription_id_hash is null)
  ),
  constraint subscriptions_status_check check (
    status in (
      'trialing', 'active', 'past_due', 'unpaid', 'canceled',
      'incomplete', 'incomplete_expired', 'paused'
    )
  )
);
comment on table public.subscriptions is 'The last known state of each Stripe subscription; written by the backend only.';
comment on column public.subscriptions.stripe_customer_id is 'Encrypted (shared/crypto).';
comment on column public.subscriptions.stripe_customer_id_hash is 'Keyed hash of the id, used to find the row.';
comment on column public.subscriptions.stripe_subscription_id is 'Encrypted (shared/crypto).';
comment on column public.subscriptions.reconciled_at is 'When its state was last read from Stripe.';
comment on column public.subscriptions.stripe_subscription_id_hash is 'Keyed hash of the id, used to find the row.';

-- Serves "the newest subscription of a user" without a sort.
create index idx_subscriptions_user_id on public.subscriptions (user_id, created_at desc, id desc);
create index idx_subscriptions_stripe_customer on public.subscriptions (stripe_customer_id_hash);
create index idx_subscriptions_status on public.subscriptions (status);
create index idx_subscriptions_plan_name on public.subscriptions (plan_name);

create trigger update_subscriptions_updated_at
  before update on public.subscriptions
  for each row execute function public.update_updated_at_column();

alter table public.subscriptions enable row level security;
create policy "Users can view own subscriptions" on public.subscriptions
  for select to authenticated using ((select auth.uid()) = user_id);
grant select (
  id, user_id, plan_name, status, current_period_start, current_period_end,
  cancel_at_period_end, created_at, updated_at
) on public.subscriptions to authenticated;
grant select, insert, update on public.subscriptions to service_role;

/*
  Arguments: user_uuid, the seller.
  Returns:   one row (subscription_id, plan_name, status, current_period_end), or none without a live subscription.
*/
create function public.get_user_active_subscription(user_uuid uuid)
returns table (
  subscription_id uuid,
  plan_name text,
  status text,
  current_period_end timestamptz
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
  select s.id, s.plan_name, s.status, s.current_period_end
  from public.subscriptions as s
  join public.plans on plans.name = s.plan_name
  where s.user_id = user_uuid
    and s.status in ('active', 'trialing')
  order by plans.monthly_order_limit desc, s.created_at desc, s.id desc
  limit 1;
end;
$$;
comment on function public.get_user_active_subscription(uuid) is
  'The subscription that counts: the live one with the largest plan; runs as the caller, so a seller finds only their own.';
grant execute on function public.get_user_active_subscription(uuid) to authenticated, service_role;
