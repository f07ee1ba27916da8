-- Spending of the platform on labels: totals of a seller, of a shop in all accounts and of the platform, and their limits.

create table private.label_limits (
  id bigint generated always as identity primary key,
  user_id uuid references public.users (id) on delete cascade,
  daily_label_limit integer not null,
  monthly_label_limit integer not null,
  daily_label_cents bigint not null,
  monthly_label_cents bigint not null,
  -- One row without a seller.
  constraint label_limits_user_id_key unique nulls not distinct (user_id),
  constraint label_limits_check check (
    least(daily_label_limit, monthly_label_limit, daily_label_cents, monthly_label_cents) >= 0
  )
);
comment on table private.label_limits is 'Limits that operators set: of one seller in place of those of the plan; without a seller, of the platform.';
comment on column private.label_limits.daily_label_limit is 'As in public.plans, like the others.';

alter table private.label_limits enable row level security;
grant select, insert, update, delete on private.label_limits to service_role;
grant usage on sequence private.label_limits_id_seq to service_role;

insert into private.label_limits (
  daily_label_limit, monthly_label_limit, daily_label_cents, monthly_label_cents
)
values (5000, 50000, 5000000, 50000000);

create table private.label_spending (
  id bigint generated always as identity primary key,
  user_id uuid references public.users (id) on delete cascade,
  shop_key uuid,
  month private.month not null,
  labels integer not null default 0,
  cents bigint not null default 0,
  day date not null,
  day_labels integer not null default 0,
  day_cents bigint not null default 0,
  constraint label_spending_key unique nulls not distinct (user_id, shop_key, month),
  constraint label_spending_owner_check check (num_nonnulls(user_id, shop_key) <= 1),
  constraint label_spending_labels_check check (labels >= 0 and day_labels >= 0)
);
comment on table private.label_spending is 'EasyPost labels of a month (UTC) that are bought or being bought: of a seller, of a shop, and, without either, of the platform; those of a shop outlive its accounts for three months.';
comment on column private.label_spending.cents is 'US cents; below 0 in a month in which carriers pay back more than labels cost.';
comment on column private.label_spending.day is 'Newest day of the month (UTC) with a purchase; day_labels and day_cents are of this day.';

alter table private.label_spending enable row level security;
grant select, insert, update on private.label_spending to service_role;
grant usage on sequence private.label_spending_id_seq to service_role;

create table private.label_currencies (
  currency text primary key,
  us_cents numeric not null,
  constraint label_currencies_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint label_currencies_us_cents_check check (us_cents > 0)
);
comment on table private.label_currencies is 'Currencies in which EasyPost quotes; a label in another one is not bought.';
comment on column private.label_currencies.us_cents is 'Value of one major unit for the limits, rounded up: no exchange rate.';

alter table private.label_currencies enable row level security;
grant select on private.label_currencies to service_role;

insert into private.label_currencies (currency, us_cents)
values ('USD', 100), ('CAD', 80), ('GBP', 145), ('EUR', 125), ('AUD', 75), ('NZD', 70), ('MXN', 7);

create function private.current_day()
returns date
language plpgsql
stable
set search_path = ''
as $$
begin
  return (now() at time zone 'UTC')::date;
end;
$$;
comment on function private.current_day() is
  'The current day, UTC.';
grant execute on function private.current_day() to service_role;

create function private.label_cents(p_amount numeric, p_currency text)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select ceil(p_amount * us_cents)::bigint
    from private.label_currencies
    where currency = p_currency and p_amount >= 0
  );
end;
$$;
comment on function private.label_cents(numeric, text) is
  'An amount in US cents for the limits; null for an unknown amount or currency.';
grant execute on function private.label_cents(numeric, text) to service_role;

create function private.label_limit_of(p_user_id uuid)
returns private.label_limits
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(
    (select own from private.label_limits as own where own.user_id = p_user_id),
    (
      select row(
        null, p_user_id, plan.daily_label_limit, plan.monthly_label_limit, plan.daily_label_cents,
        plan.monthly_label_cents
      )::private.label_limits
      from public.plans as plan
      where plan.name = coalesce((select plan_name from public.get_user_active_subscription(p_user_id)), 'trial')
    )
  );
end;
$$;
comment on function private.label_limit_of(uuid) is
  'Limits of a seller: those that an operator set, else those of the plan.';
grant execute on function private.label_limit_of(uuid) to service_role;

create function private.lock_label_spending(p_user_id uuid, p_shop_key uuid, p_day date)
returns private.label_spending
language plpgsql
security invoker
set search_path = ''
as $$
declare
  locked private.label_spending;
begin
  insert into private.label_spending as spent (user_id, shop_key, month, day)
  values (p_user_id, p_shop_key, date_trunc('month', p_day)::date, p_day)
  on conflict (user_id, shop_key, month) do update
    set day = greatest(spent.day, excluded.day),
        day_labels = case when spent.day < excluded.day then 0 else spent.day_labels end,
        day_cents = case when spent.day < excluded.day then 0 else spent.day_cents end
  returning * into locked;
  return locked;
end;
$$;
comment on function private.lock_label_spending(uuid, uuid, date) is
  'Locks a total until the transaction ends, with the figures of this day; every caller locks the seller, the shop, then the platform.';
grant execute on function private.lock_label_spending(uuid, uuid, date) to service_role;

create function private.has_label_room(
  p_spent private.label_spending,
  p_limit private.label_limits,
  p_cents bigint
)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return p_spent.labels < p_limit.monthly_label_limit
    and p_spent.day_labels < p_limit.daily_label_limit
    and p_spent.cents + p_cents <= p_limit.monthly_label_cents
    and p_spent.day_cents + p_cents <= p_limit.daily_label_cents;
end;
$$;
comment on function private.has_label_room(private.label_spending, private.label_limits, bigint) is
  'Whether a limit has room for one more label of this price.';
grant execute on function private.has_label_room(private.label_spending, private.label_limits, bigint) to service_role;

/*
  Arguments: p_user_id; p_shop_key; p_day of the purchase; p_labels and p_cents to add, negative to give back.
*/
create function private.add_label_cost(
  p_user_id uuid,
  p_shop_key uuid,
  p_day date,
  p_labels integer,
  p_cents bigint
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_label_spending(p_user_id, null, p_day);
  perform private.lock_label_spending(null, p_shop_key, p_day);
  perform private.lock_label_spending(null, null, p_day);
  update private.label_spending
  -- An operator may have lowered a number of labels. A cost may be below 0: a carrier pays back for earlier months.
  set labels = greatest(labels + p_labels, 0),
      cents = cents + p_cents,
      day_labels = case when day = p_day then greatest(day_labels + p_labels, 0) else day_labels end,
      day_cents = case when day = p_day then day_cents + p_cents else day_cents end
  where month = date_trunc('month', p_day)::date
    and (
      (user_id = p_user_id and shop_key is null)
      or (user_id is null and shop_key = p_shop_key)
      or (user_id is null and shop_key is null)
    );
end;
$$;
comment on function private.add_label_cost(uuid, uuid, date, integer, bigint) is
  'Changes the three totals of a label in the month of its purchase, and in its day while no later day has begun.';
grant execute on function private.add_label_cost(uuid, uuid, date, integer, bigint) to service_role;

create function private.report_label_spending(p_spent private.label_spending, p_limit private.label_limits)
returns text[]
language sql
security invoker
set search_path = ''
as $$
  with near as (
    select period, began, labels, label_limit, cents, cents_limit
    from (
      values
        ('day', p_spent.day, p_spent.day_labels, p_limit.daily_label_limit, p_spent.day_cents, p_limit.daily_label_cents),
        ('month', p_spent.month, p_spent.labels, p_limit.monthly_label_limit, p_spent.cents, p_limit.monthly_label_cents)
    ) as figures (period, began, labels, label_limit, cents, cents_limit)
    where labels >= 0.8 * label_limit or cents >= 0.8 * cents_limit
  ), logged as (
    insert into public.system_logs (event_type, details)
    select 'label_limit_near', to_jsonb(near)
    from near
    where not exists (
      select from public.system_logs
      where event_type = 'label_limit_near'
        -- The log has no index of its types: only the period is read.
        and created_at >= near.began::timestamp at time zone 'UTC'
        and details ->> 'period' = near.period
        and details ->> 'began' = near.began::text
    )
    returning details ->> 'period' as period
  )
  select coalesce(array_agg(period order by period), '{}') from logged;
$$;
comment on function private.report_label_spending(private.label_spending, private.label_limits) is
  'Logs for operators, once a period, that the platform has used 80 % of a limit; returns the periods that were logged now.';
grant execute on function private.report_label_spending(private.label_spending, private.label_limits) to service_role;

/*
  Arguments: p_user_id; p_shop_key; p_cents, the price.
  Returns:   {refusal: label_limit of the seller or the shop, funds_missing: the limit of the platform, or null; near:
             the periods in which the platform has reached 80 % of a limit with this label}.
*/
create function private.reserve_label_cost(p_user_id uuid, p_shop_key uuid, p_cents bigint)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  today date := private.current_day();
  allowed private.label_limits := private.label_limit_of(p_user_id);
  platform private.label_limits;
  of_seller private.label_spending;
  of_shop private.label_spending;
  of_platform private.label_spending;
begin
  -- 1. Lock the totals, and check each.
  of_seller := private.lock_label_spending(p_user_id, null, today);
  of_shop := private.lock_label_spending(null, p_shop_key, today);
  if not private.has_label_room(of_seller, allowed, p_cents)
    or not private.has_label_room(of_shop, allowed, p_cents) then
    return '{"refusal": "label_limit"}';
  end if;
  select * into platform from private.label_limits where user_id is null;
  of_platform := private.lock_label_spending(null, null, today);
  if not coalesce(private.has_label_room(of_platform, platform, p_cents), false) then
    return '{"refusal": "funds_missing"}';
  end if;
  -- 2. Reserve the price.
  perform private.add_label_cost(p_user_id, p_shop_key, today, 1, p_cents);
  of_platform := private.lock_label_spending(null, null, today);
  return jsonb_build_object(
    'refusal', null, 'near', to_jsonb(private.report_label_spending(of_platform, platform))
  );
end;
$$;
comment on function private.reserve_label_cost(uuid, uuid, bigint) is
  'Part of start_label_purchase: adds a label to the totals if all three limits have room for it.';
grant execute on function private.reserve_label_cost(uuid, uuid, bigint) to service_role;

/*
  Arguments: p_user_id, one seller; null means the platform. p_limits, any of {daily_label_limit, monthly_label_limit,
             daily_label_cents, monthly_label_cents}; what it leaves out stays. null ends the limits of the seller: those
             of the plan hold again.
  Returns:   the limits that hold now, all four.
  Errors:    PT400, invalid limits; PT404, unknown seller.
*/
create function public.set_label_limit(p_user_id uuid, p_limits jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  names text[] := array['daily_label_limit', 'monthly_label_limit', 'daily_label_cents', 'monthly_label_cents'];
  wanted private.label_limits;
begin
  if p_user_id is not null then
    perform private.require_seller(p_user_id);
  end if;
  if (p_limits is null and p_user_id is null) or jsonb_typeof(p_limits) <> 'object' or p_limits - names <> '{}'
    or exists (select from jsonb_each_text(p_limits) as entry where entry.value !~ '^[0-9]{1,9}$' or entry.value is null) then
    raise exception 'Limits are whole numbers named %', names using errcode = 'PT400';
  end if;
  delete from private.label_limits where user_id = p_user_id and p_limits is null;
  if p_limits is not null then
    select * into wanted from private.label_limits where user_id is not distinct from p_user_id for update;
    if wanted.id is null then
      wanted := private.label_limit_of(p_user_id);
    end if;
    wanted := jsonb_populate_record(wanted, p_limits);
    insert into private.label_limits (
      user_id, daily_label_limit, monthly_label_limit, daily_label_cents, monthly_label_cents
    )
    values (
      p_user_id, wanted.daily_label_limit, wanted.monthly_label_limit, wanted.daily_label_cents,
      wanted.monthly_label_cents
    )
    on conflict (user_id) do update
      set daily_label_limit = excluded.daily_label_limit,
          monthly_label_limit = excluded.monthly_label_limit,
          daily_label_cents = excluded.daily_label_cents,
          monthly_label_cents = excluded.monthly_label_cents;
  end if;
  insert into public.system_logs (event_type, details)
  values ('label_limit_set', jsonb_build_object('user_id', p_user_id, 'limits', p_limits));
  return to_jsonb(
    coalesce(
      (select own from private.label_limits as own where own.user_id is not distinct from p_user_id),
      private.label_limit_of(p_user_id)
    )
  ) - array['id', 'user_id'];
end;
$$;
comment on function public.set_label_limit(uuid, jsonb) is
  'Sets how many labels one seller, or the platform, may buy, and at what cost: docs/runbooks/labels.md; logs the change.';
grant execute on function public.set_label_limit(uuid, jsonb) to service_role;

/*
  Arguments: p_user_id.
  Returns:   {today, month, currency}, the periods each {labels, label_limit, cost, cost_limit, shop_labels,
             shop_limit_reached}: amounts are decimal strings of US dollars; shop_labels is the largest number of a
             connected shop in all accounts, for which the same limits hold.
*/
create function private.label_usage(p_user_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'today', jsonb_build_object(
        'labels', own.day_labels,
        'label_limit', (allowed).daily_label_limit,
        'cost', round(own.day_cents / 100.0, 2)::text,
        'cost_limit', round((allowed).daily_label_cents / 100.0, 2)::text,
        'shop_labels', shop.day_labels,
        'shop_limit_reached',
          shop.day_labels >= (allowed).daily_label_limit or shop.day_cents >= (allowed).daily_label_cents
      ),
      'month', jsonb_build_object(
        'labels', own.labels,
        'label_limit', (allowed).monthly_label_limit,
        'cost', round(own.cents / 100.0, 2)::text,
        'cost_limit', round((allowed).monthly_label_cents / 100.0, 2)::text,
        'shop_labels', shop.labels,
        'shop_limit_reached', shop.labels >= (allowed).monthly_label_limit or shop.cents >= (allowed).monthly_label_cents
      ),
      'currency', 'USD'
    )
    from (select private.label_limit_of(p_user_id) as allowed) as limits
    cross join lateral (
      select
        coalesce(max(total.labels), 0) as labels,
        coalesce(max(total.cents), 0) as cents,
        coalesce(max(total.day_labels) filter (where total.day = private.current_day()), 0) as day_labels,
        coalesce(max(total.day_cents) filter (where total.day = private.current_day()), 0) as day_cents
      from private.label_spending as total
      where total.month = private.current_month() and total.user_id = p_user_id
    ) as own
    -- What other accounts paid for the shop is not shown.
    cross join lateral (
      select
        coalesce(max(total.labels), 0) as labels,
        coalesce(max(total.cents), 0) as cents,
        coalesce(max(total.day_labels) filter (where total.day = private.current_day()), 0) as day_labels,
        coalesce(max(total.day_cents) filter (where total.day = private.current_day()), 0) as day_cents
      from private.label_spending as total
      where total.month = private.current_month()
        -- Those of a shop have no seller: so the index finds them by their shop.
        and total.user_id is null
        and total.shop_key in (
          select shop_key from public.tiktok_shops
          where user_id = p_user_id and connection_status in ('active', 'paused')
        )
    ) as shop
  );
end;
$$;
comment on function private.label_usage(uuid) is
  'Labels of a seller against the limits, as get_usage shows them.';
