-- The requested schema, as far as an order concerns it: tables, foreign keys, indexes, triggers, check_order_limit.
create schema requested;

create table requested.users (
  id uuid primary key default gen_random_uuid(),
  email text unique not null,
  created_at timestamptz default now(),
  subscription_status text default 'trial',
  subscription_tier text default 'starter'
);

create table requested.tiktok_shops (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references requested.users (id) on delete cascade,
  shop_id text not null
);

create table requested.orders (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references requested.users (id) on delete cascade,
  tiktok_shop_id uuid references requested.tiktok_shops (id) on delete cascade,
  tiktok_order_id text not null,
  order_status text not null default 'received',
  payment_status text not null default 'pending',
  total_amount decimal(10, 2) not null,
  shipping_cost decimal(10, 2) default 0,
  customer_email text,
  shipping_address jsonb not null,
  order_items jsonb not null,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create index idx_orders_user_id on requested.orders (user_id);
create index idx_orders_tiktok_shop_id on requested.orders (tiktok_shop_id);
create index idx_orders_tiktok_order_id on requested.orders (tiktok_order_id);
create index idx_orders_status on requested.orders (order_status);
create index idx_orders_created_at on requested.orders (created_at);
create index idx_orders_user_created on requested.orders (user_id, created_at);

create table requested.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references requested.users (id) on delete cascade,
  stripe_customer_id text not null,
  stripe_subscription_id text unique,
  plan_name text not null,
  status text not null,
  created_at timestamptz default now()
);
create index idx_subscriptions_user_id on requested.subscriptions (user_id);
create index idx_subscriptions_status on requested.subscriptions (status);

create table requested.analytics_events (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references requested.users (id) on delete cascade,
  event_type text not null,
  properties jsonb default '{}',
  session_id text,
  timestamp timestamptz default now()
);
create index idx_analytics_user_id on requested.analytics_events (user_id);
create index idx_analytics_event_type on requested.analytics_events (event_type);
create index idx_analytics_timestamp on requested.analytics_events (timestamp);
create index idx_analytics_user_timestamp on requested.analytics_events (user_id, timestamp);

create function requested.orders_realtime_filter() returns trigger as $$
begin
  if auth.uid() = new.user_id then
    return new;
  end if;
  return null;
end;
$$ language plpgsql security definer;
create trigger orders_realtime_trigger
  after insert or update on requested.orders
  for each row execute function requested.orders_realtime_filter();

create function requested.check_order_limit(user_uuid uuid) returns boolean as $$
declare
  user_plan text;
  order_count integer;
  plan_limit integer;
begin
  select plan_name into user_plan
  from requested.subscriptions
  where user_id = user_uuid and status in ('active', 'trialing')
  order by created_at desc
  limit 1;
  select count(*) into order_count
  from requested.orders
  where user_id = user_uuid and created_at >= date_trunc('month', now());
  plan_limit := case user_plan
    when 'starter' then 100
    when 'growth' then 500
    when 'scale' then 999999
    else 10
  end;
  return order_count < plan_limit;
end;
$$ language plpgsql security definer;
