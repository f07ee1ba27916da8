-- The end of an account: its rows go; the id of its Stripe customer stays until nothing can charge it any more.

create function private.lock_account_alone(p_user_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_seller_alone(p_user_id);
  -- Meanwhile the seller connects no other shop.
  perform private.lock_tiktok_shops_alone(
    variadic array(select shop_id from public.tiktok_shops where user_id = p_user_id)
  );
end;
$$;
comment on function private.lock_account_alone(uuid) is
  'Locks of the deletion of an account: the seller and their TikTok shops, each alone.';

create function private.begin_account_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_account_alone(old.id);
  return old;
end;
$$;
comment on function private.begin_account_deletion() is
  'Trigger: the deletion of an account waits for the functions that use its rows; definer, because the role of Auth may not call the locks.';

create trigger on_auth_user_deleted
  before delete on auth.users
  for each row execute function private.begin_account_deletion();

create function private.keep_stripe_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  new.account_deleted_at := now();
  perform private.enqueue_task('CLOSE_CUSTOMER', new.id::text, p_object_id => new.id::text);
  return new;
end;
$$;
comment on function private.keep_stripe_customer() is
  'Trigger: marks the customer of a deleted account and enqueues its check; definer, because it runs as the role that deletes the account.';

create trigger keep_stripe_customer
  before update of user_id on private.stripe_customers
  for each row when (new.user_id is null and old.user_id is not null)
  execute function private.keep_stripe_customer();

create function private.delete_tracking_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  locked bigint[] := array(
    select event.id
    from private.webhook_events as event
    where event.source = 'easypost'
      -- Carriers name no shop: so the index finds them by their object.
      and event.shop_id is null
      and event.object_id in (
        select shipment.tracking_number
        from public.shipments as shipment
        join public.orders on orders.id = shipment.order_id
        where orders.user_id = old.id and shipment.tracking_number is not null
        union
        select own.tracking_number
        from private.own_tracking_numbers as own
        join public.shipments as shipment on shipment.id = own.shipment_id
        join public.orders on orders.id = shipment.order_id
        where orders.user_id = old.id
      )
      -- Anyone may enter any number, and EasyPost has one tracker for it: the event is another seller's too.
      and not exists (
        select from public.shipments as other
        where other.tracking_number = event.object_id and other.user_id <> old.id
      )
    order by event.id
    for update of event
  );
begin
  delete from private.webhook_events where id = any (locked);
  return old;
end;
$$;
comment on function private.delete_tracking_events() is
  'Trigger: deletes the carrier events about the parcels of a deleted account alone; definer, because it runs as the role that deletes the account.';

-- Before: afterwards the shipments are gone.
create trigger delete_tracking_events
  before delete on public.users
  for each row execute function private.delete_tracking_events();

create function private.delete_stripe_events(p_names text[])
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  locked bigint[] := array(
    select event.id
    from private.webhook_events as event
    where event.source = 'stripe' and private.names_in_event(event.body) && p_names
    order by event.id
    for update
  );
begin
  delete from private.webhook_events where id = any (locked);
end;
$$;
comment on function private.delete_stripe_events(text[]) is
  'Deletes the raw events with one of these names_in_event, such as the id of a customer: they quote the payer; definer, because the backend may not delete other events.';
grant execute on function private.delete_stripe_events(text[]) to service_role;

/*
  Arguments: p_user_id; p_customer_hashes, hashes under every key of the Stripe customers that were closed;
             p_stripe_customer_ids, their ids.
  Returns:   {outcome, shops}: deleted, with the live connections [{shop_id, shop_cipher, access_token}], tokens
             encrypted; absent, there is no such account; customer_changed, the seller has another Stripe customer that
             must be closed first, and nothing was deleted.
*/
create function public.delete_account(
  p_user_id uuid,
  p_customer_hashes text[],
  p_stripe_customer_ids text[]
)
returns jsonb
language plpgsql
security definer
set search_path = ''
-- The API applies it to the whole transaction: 100,000 orders took 39 s on a busy database.
set statement_timeout = '110s'
as $$
declare
  customer private.stripe_customers;
  shops jsonb;
begin
  -- 1. Lock the account in Auth, as Auth's own deletion does, the seller and the shops alone, and the customer:
  --    docs/architecture.md.
  perform from auth.users where id = p_user_id for update;
  if not found then
    return jsonb_build_object('outcome', 'absent', 'shops', '[]'::jsonb);
  end if;
  perform private.lock_account_alone(p_user_id);
  select * into customer from private.stripe_customers where user_id = p_user_id for update;
  if customer.id is not null and customer.stripe_customer_id_hash <> all (p_customer_hashes) then
    return jsonb_build_object('outcome', 'customer_changed', 'shops', '[]'::jsonb);
  end if;
  -- 2. Keep what is needed afterwards.
  update private.stripe_customers set deletion_requested = true where id = customer.id;
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'shop_id', shop_id, 'shop_cipher', shop_cipher, 'access_token', access_token
      )
      order by shop_id
    ),
    '[]'
  ) into shops
  from public.tiktok_shops
  where user_id = p_user_id and connection_status in ('active', 'paused');
  -- 3. Delete the raw events of Stripe, and the account with everything that belongs to it. The timelines have
  --    the most rows: one by one with their orders they take three times as long.
  perform private.delete_stripe_events(p_stripe_customer_ids);
  delete from public.order_events where user_id = p_user_id;
  delete from auth.users where id = p_user_id;
  return jsonb_build_object('outcome', 'deleted', 'shops', shops);
end;
$$;
comment on function public.delete_account(uuid, text[], text[]) is
  'Deletes an account whose Stripe customers were closed, with all its rows; definer, because only its owner may delete users of Auth.';
grant execute on function public.delete_account(uuid, text[], text[]) to service_role;

/*
  Arguments: p_id, of private.stripe_customers.
  Returns:   {stripe_customer_id (encrypted), deletion_requested}; null if it is unknown or has an account.
*/
create function public.get_deleted_customer(p_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'stripe_customer_id', stripe_customer_id, 'deletion_requested', deletion_requested
    )
    from private.stripe_customers
    where id = p_id and user_id is null
  );
end;
$$;
comment on function public.get_deleted_customer(uuid) is
  'The Stripe customer of a deleted account.';
grant execute on function public.get_deleted_customer(uuid) to service_role;

/*
  Arguments: p_subscription {stripe_subscription_id, status, user_id, action: reported or cancelled}.
*/
create function public.log_orphaned_subscription(p_subscription jsonb)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
begin
  -- A task and a webhook may find the same subscription at the same time.
  perform pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended('subscription_orphaned:' || (p_subscription ->> 'stripe_subscription_id'), 0)
  );
  insert into public.system_logs (event_type, details)
  select 'subscription_orphaned', p_subscription
  where not exists (
    select from public.system_logs
    where event_type = 'subscription_orphaned'
      and details @> (p_subscription - 'status')
      and created_at > now() - interval '12 hours'
  );
  return found;
end;
$$;
comment on function public.log_orphaned_subscription(jsonb) is
  'Logs a live subscription without an account for operators, once in twelve hours; returns whether it did.';
grant execute on function public.log_orphaned_subscription(jsonb) to service_role;

/*
  Arguments: p_event_id, the task; p_id, of private.stripe_customers; p_closed_id, the Stripe id of a customer that can
             not be charged any more, or null.
  Returns:   {outcome}: closed; forgotten, its last traces were deleted too; reported, a subscription goes on; settled,
             the event already was.
*/
create function public.settle_deleted_customer(p_event_id bigint, p_id uuid, p_closed_id text)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  outcome text := case when p_closed_id is null then 'reported' else 'closed' end;
begin
  if event.id is not null and p_closed_id is not null then
    perform private.delete_stripe_events(array[p_closed_id]);
    -- Stripe may still send events about the end: a day later nothing comes any more.
    delete from private.stripe_customers
    where id = p_id and user_id is null and account_deleted_at < now() - interval '1 day';
    if found then
      outcome := 'forgotten';
    end if;
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$$;
comment on function public.settle_deleted_customer(bigint, uuid, text) is
  'Settles the check of a deleted account''s customer; a closed one is forgotten a day after the deletion.';
grant execute on function public.settle_deleted_customer(bigint, uuid, text) to service_role;
