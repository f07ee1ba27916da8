-- The counters that the monthly limit of a plan is checked against.

create table private.monthly_order_counts (
  user_id uuid not null references public.users (id) on delete cascade,
  month private.month not null,
  orders integer not null default 0,
  not_counted integer not null default 0,
  primary key (user_id, month),
  constraint monthly_order_counts_orders_check check (orders >= 0),
  constraint monthly_order_counts_not_counted_check check (not_counted >= 0)
);
comment on table private.monthly_order_counts is 'Number of orders that a seller received in a month (UTC); ingest_order locks the row, so the limit holds under concurrency.';
comment on column private.monthly_order_counts.orders is 'Orders that count for the plan.';
comment on column private.monthly_order_counts.not_counted is 'Stored orders that do not count: docs/orders.md.';

alter table private.monthly_order_counts enable row level security;
grant select, insert, update on private.monthly_order_counts to service_role;

create function private.current_month()
returns date
language plpgsql
stable
set search_path = ''
as $$
begin
  return date_trunc('month', now() at time zone 'UTC')::date;
end;
$$;
comment on function private.current_month() is
  'First day of the current month, UTC.';
grant execute on function private.current_month() to service_role;

create function private.monthly_order_limit(user_uuid uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(
    -- The subscription that get_user_active_subscription names: the live one with the largest plan.
    (
      select max(plans.monthly_order_limit)
      from public.subscriptions as live
      join public.plans on plans.name = live.plan_name
      where live.user_id = user_uuid and live.status in ('active', 'trialing')
    ),
    (select plans.monthly_order_limit from public.plans where plans.name = 'trial')
  );
end;
$$;
comment on function private.monthly_order_limit(uuid) is
  'Number of new orders that a seller may receive per month.';
grant execute on function private.monthly_order_limit(uuid) to service_role;

create function private.monthly_order_count(user_uuid uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(
    (
      select orders
      from private.monthly_order_counts
      where user_id = user_uuid and month = private.current_month()
    ),
    0
  );
end;
$$;
comment on function private.monthly_order_count(uuid) is
  'Number of orders of this month that count for the plan of a seller.';
grant execute on function private.monthly_order_count(uuid) to service_role;

/*
  Arguments: user_uuid, the seller.
  Returns:   true or false; binding only while the counter is locked, as ingest_order does.
*/
create function public.check_order_limit(user_uuid uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return private.monthly_order_count(user_uuid) < private.monthly_order_limit(user_uuid);
end;
$$;
comment on function public.check_order_limit(uuid) is
  'Whether a seller may receive one more order this month: two indexed reads, independent of the number of orders.';
grant execute on function public.check_order_limit(uuid) to service_role;

create function private.monthly_shop_count(p_shop_key uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(
    (
      select orders
      from private.monthly_shop_counts
      where shop_key = p_shop_key and month = private.current_month()
    ),
    0
  );
end;
$$;
comment on function private.monthly_shop_count(uuid) is
  'Number of orders of this month that count for the plan of a shop, in all accounts together.';
grant execute on function private.monthly_shop_count(uuid) to service_role;

create function private.check_shop_limit(p_shop public.tiktok_shops)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return private.monthly_shop_count(p_shop.shop_key) < private.monthly_order_limit(p_shop.user_id);
end;
$$;
comment on function private.check_shop_limit(public.tiktok_shops) is
  'Whether a shop may receive one more order this month, whatever account received the others; the limit is that of its seller.';
grant execute on function private.check_shop_limit(public.tiktok_shops) to service_role;

/*
  Arguments: p_shop; p_counted and p_not_counted, numbers of new orders of this month; p_limit of the plan, null where the
             caller has locked the counters and checked it.
  Errors:    40001, the limit was reached meanwhile: nothing of the transaction may stay.
*/
create function private.count_orders(
  p_shop public.tiktok_shops,
  p_counted integer,
  p_not_counted integer,
  p_limit integer default null
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  this_month date := private.current_month();
  of_seller integer;
  of_shop integer;
begin
  update private.monthly_order_counts
  set orders = orders + p_counted, not_counted = not_counted + p_not_counted
  where user_id = p_shop.user_id and month = this_month
  returning orders into of_seller;
  if not found then
    insert into private.monthly_order_counts as counter (user_id, month, orders, not_counted)
    values (p_shop.user_id, this_month, p_counted, p_not_counted)
    on conflict (user_id, month) do update
      set orders = counter.orders + excluded.orders, not_counted = counter.not_counted + excluded.not_counted
    returning orders into of_seller;
  end if;
  if p_counted = 0 then
    return;
  end if;
  update private.monthly_shop_counts
  set orders = orders + p_counted
  where shop_key = p_shop.shop_key and month = this_month
  returning orders into of_shop;
  if not found then
    insert into private.monthly_shop_counts as counter (shop_key, month, orders)
    values (p_shop.shop_key, this_month, p_counted)
    on conflict (shop_key, month) do update set orders = counter.orders + excluded.orders
    returning orders into of_shop;
  end if;
  if greatest(of_seller, of_shop) > p_limit then
    raise exception 'The limit of the plan was reached meanwhile' using errcode = '40001';
  end if;
end;
$$;
comment on function private.count_orders(public.tiktok_shops, integer, integer, integer) is
  'Part of ingest_order: counts new orders for their seller and their shop, and checks the limit under the lock of the counters.';
grant execute on function private.count_orders(public.tiktok_shops, integer, integer, integer) to service_role;

/*
  Arguments: p_order, an order that counts or not.
  Returns:   the order as it is stored now.
*/
create function private.give_back_order(p_order public.orders)
returns public.orders
language plpgsql
security invoker
set search_path = ''
as $$
declare
  changed public.orders;
begin
  -- The condition gives the place back once, also to workers on both sides of a month's end.
  update public.orders
  set counts_for_plan = false
  where id = p_order.id and user_id = p_order.user_id and counts_for_plan
  returning * into changed;
  if changed.id is null then
    return p_order;
  end if;
  update private.monthly_order_counts
  -- An operator may have lowered the counter.
  set orders = greatest(orders - 1, 0),
      not_counted = not_counted + 1
  where user_id = changed.user_id
    and month = date_trunc('month', changed.created_at at time zone 'UTC')::date;
  update private.monthly_shop_counts as counted
  set orders = greatest(counted.orders - 1, 0)
  from public.tiktok_shops as shop
  where shop.id = changed.tiktok_shop_id
    and shop.user_id = changed.user_id
    and counted.shop_key = shop.shop_key
    and counted.month = date_trunc('month', changed.created_at at time zone 'UTC')::date;
  return changed;
end;
$$;
comment on function private.give_back_order(public.orders) is
  'Part of ingest_order: frees the place of an order that was cancelled before payment, in the month in which it was counted.';
grant execute on function private.give_back_order(public.orders) to service_role;
