-- Stripe customers of sellers.

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
comment on table private.stripe_customers is 'The Stripe customer of each seller; only the checkout creates rows, so no other statement about a customer binds it.';
comment on column private.stripe_customers.stripe_customer_id is 'Encrypted (shared/crypto).';
comment on column private.stripe_customers.stripe_customer_id_hash is 'Keyed hash of the id, used to find the row.';
comment on column private.stripe_customers.version is 'Raised with every stored state; a worker that read Stripe before that reads it again.';

alter table private.stripe_customers enable row level security;
grant select, insert, update on private.stripe_customers to service_role;

/*
  Arguments: p_user_id.
  Returns:   {email, stripe_customer_id}, the id encrypted, null without a customer.
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
    )
  );
end;
$$;
comment on function public.get_stripe_customer(uuid) is
  'A seller as a Stripe customer.';
grant execute on function public.get_stripe_customer(uuid) to service_role;

/*
  Arguments: p_user_id; p_stripe_customer_id, encrypted; p_stripe_customer_id_hash.
  Returns:   the encrypted id of the bound customer.
*/
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
  'Binds a Stripe customer to a seller, once.';
grant execute on function public.store_stripe_customer(uuid, text, text) to service_role;

/*
  Arguments: p_hashes, the hashes of the customer id under every key.
  Returns:   {user_id, version}; null for an unknown customer.
*/
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
  'The seller of a Stripe customer.';
grant execute on function public.find_stripe_customer(text[]) to service_role;
