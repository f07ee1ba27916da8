-- Stripe customers of sellers.

create table private.stripe_customers (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.users (id) on delete set null,
  stripe_customer_id text not null,
  stripe_customer_id_hash text not null,
  version integer not null default 1,
  account_deleted_at timestamptz,
  deletion_requested boolean not null default false,
  created_at timestamptz not null default now(),
  constraint stripe_customers_user_id_key unique (user_id),
  constraint stripe_customers_stripe_customer_id_check check (private.is_encrypted(stripe_customer_id)),
  constraint stripe_customers_stripe_customer_id_hash_key unique (stripe_customer_id_hash),
  constraint stripe_customers_account_deleted_at_check check (
    (user_id is null) = (account_deleted_at is not null)
  )
);
comment on table private.stripe_customers is 'The Stripe customer of each seller; only the checkout creates rows, so no other statement about a customer binds it.';
comment on column private.stripe_customers.user_id is 'Null once the account was deleted: docs/account.md.';
comment on column private.stripe_customers.account_deleted_at is 'When the account was deleted; the row stays until nothing at Stripe can charge any more.';
comment on column private.stripe_customers.deletion_requested is 'The seller deleted the account here, so a subscription that is still found is always cancelled.';
comment on column private.stripe_customers.stripe_customer_id is 'Encrypted (shared/crypto).';
comment on column private.stripe_customers.stripe_customer_id_hash is 'Keyed hash of the id, used to find the row.';
comment on column private.stripe_customers.version is 'Raised with every stored state; a worker that read Stripe before that reads it again.';

alter table private.stripe_customers enable row level security;
grant select, insert, update, delete on private.stripe_customers to service_role;

create table private.stripe_attempts (
  user_id uuid primary key references public.users (id) on delete cascade,
  attempt integer not null,
  constraint stripe_attempts_attempt_check check (attempt > 0)
);
comment on table private.stripe_attempts is 'Number of the attempt that the Idempotency-Keys of a seller name; raised once Stripe has saved a failure for a key.';

alter table private.stripe_attempts enable row level security;
grant select, insert, update on private.stripe_attempts to service_role;

/*
  Arguments: p_user_id.
  Returns:   {email, stripe_customer_id, attempt}, the id encrypted, null without a customer.
  Errors:    PT404, unknown user.
*/
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
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    'email', seller.email,
    'stripe_customer_id', (
      select stripe_customer_id from private.stripe_customers where user_id = p_user_id
    ),
    'attempt', coalesce(
      (select attempt from private.stripe_attempts where user_id = p_user_id), 0
    )
  );
end;
$$;
comment on function public.get_stripe_customer(uuid) is
  'A seller as a Stripe customer.';
grant execute on function public.get_stripe_customer(uuid) to service_role;

/*
  Arguments: p_user_id; p_failed, the attempt that failed.
  Returns:   the present attempt; another request may have raised it before.
  Errors:    PT404, unknown user.
*/
create function public.raise_stripe_attempt(p_user_id uuid, p_failed integer)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into private.stripe_attempts as stored (user_id, attempt)
  select id, p_failed + 1 from public.users where id = p_user_id
  on conflict (user_id) do update set attempt = p_failed + 1 where stored.attempt = p_failed;
  if not exists (select from private.stripe_attempts where user_id = p_user_id) then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  return (select attempt from private.stripe_attempts where user_id = p_user_id);
end;
$$;
comment on function public.raise_stripe_attempt(uuid, integer) is
  'Makes the next Idempotency-Keys of a seller other ones than those of a failed attempt, once.';
grant execute on function public.raise_stripe_attempt(uuid, integer) to service_role;

create function private.enqueue_customer_email(p_user_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.enqueue_task(
    'UPDATE_CUSTOMER_EMAIL', gen_random_uuid()::text, p_object_id => p_user_id::text
  );
end;
$$;
comment on function private.enqueue_customer_email(uuid) is
  'Enqueues that the Stripe customer of a seller gets their present e-mail address.';
grant execute on function private.enqueue_customer_email(uuid) to service_role;

/*
  Arguments: p_user_id; p_email, the address that Stripe has for the customer.
*/
create function private.check_customer_email(p_user_id uuid, p_email text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if exists (select from public.users where id = p_user_id and email is distinct from p_email) then
    perform private.enqueue_customer_email(p_user_id);
  end if;
end;
$$;
comment on function private.check_customer_email(uuid, text) is
  'Enqueues an update of the customer if the seller has changed their address meanwhile.';
grant execute on function private.check_customer_email(uuid, text) to service_role;

/*
  Arguments: p_user_id; p_stripe_customer_id, encrypted; p_stripe_customer_id_hash; p_email, the address that Stripe has
             for the customer.
  Returns:   the encrypted id of the bound customer.
  Errors:    PT404, unknown user.
*/
create function public.store_stripe_customer(
  p_user_id uuid,
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
  -- A change of the address is stored before this, or finds the customer's row after it. Two requests that store the
  -- same customer at once would both find none, and the second one break the key of its id.
  perform private.lock_sellers(p_user_id);
  perform from public.users where id = p_user_id for no key update;
  if not found then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  insert into private.stripe_customers (user_id, stripe_customer_id, stripe_customer_id_hash)
  values (p_user_id, p_stripe_customer_id, p_stripe_customer_id_hash)
  on conflict (user_id) do nothing;
  perform private.check_customer_email(p_user_id, p_email);
  return (select stripe_customer_id from private.stripe_customers where user_id = p_user_id);
end;
$$;
comment on function public.store_stripe_customer(uuid, text, text, text) is
  'Binds a Stripe customer to a seller, once.';
grant execute on function public.store_stripe_customer(uuid, text, text, text) to service_role;

/*
  Arguments: p_hashes, the hashes of customer ids under every key.
  Returns:   [{hash, user_id (null: the account was deleted), version, deletion_requested}], without unknown ones; hash is
             the one of p_hashes.
*/
create function public.find_stripe_customers(p_hashes text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'hash', stripe_customer_id_hash, 'user_id', user_id, 'version', version,
          'deletion_requested', deletion_requested
        )
      ),
      '[]'
    )
    from private.stripe_customers
    where stripe_customer_id_hash = any (p_hashes)
  );
end;
$$;
comment on function public.find_stripe_customers(text[]) is
  'The sellers of Stripe customers.';
grant execute on function public.find_stripe_customers(text[]) to service_role;

create function private.handle_email_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from private.stripe_customers where user_id = new.id) then
    perform private.enqueue_customer_email(new.id);
  end if;
  return null;
end;
$$;
comment on function private.handle_email_change() is
  'Trigger: the Stripe customer follows the e-mail address of the account; definer, because the role of Auth may not write the inbox.';

create trigger handle_email_change
  after update of email on public.users
  for each row when (old.email is distinct from new.email)
  execute function private.handle_email_change();

/*
  Arguments: p_event_id, the task.
  Returns:   {outcome}: updated; settled, the event already was.
*/
create function public.settle_customer_email(p_event_id bigint)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
begin
  return private.settle_locked_event(private.lock_open_event(p_event_id), '{"outcome": "updated"}');
end;
$$;
comment on function public.settle_customer_email(bigint) is
  'Settles the update of a customer''s e-mail address.';
grant execute on function public.settle_customer_email(bigint) to service_role;
