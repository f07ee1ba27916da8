-- One-time states and claims of the TikTok authorization.

create table private.tiktok_authorizations (
  state_hash text primary key,
  user_id uuid not null references public.users (id) on delete cascade,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint tiktok_authorizations_state_hash_check check (state_hash ~ '^[0-9a-f]{64}$')
);
comment on table private.tiktok_authorizations is 'States that sellers took to the TikTok authorization page, and redeemed claims; each is valid once.';
comment on column private.tiktok_authorizations.state_hash is 'SHA-256 of the state, or of the code in a claim, in hexadecimal; the value itself is not stored.';

create index idx_tiktok_authorizations_user_id on private.tiktok_authorizations (user_id, expires_at);
create index idx_tiktok_authorizations_expires_at on private.tiktok_authorizations (expires_at);

alter table private.tiktok_authorizations enable row level security;
grant select, insert, update, delete on private.tiktok_authorizations to service_role;

/*
  Arguments: p_user_id; p_state_hash, SHA-256 of the state; p_valid_seconds.
  Returns:   {expires_at}.
  Errors:    PT404, unknown user.
*/
create function public.begin_tiktok_authorization(
  p_user_id uuid,
  p_state_hash text,
  p_valid_seconds integer
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  valid_until timestamptz := now() + make_interval(secs => p_valid_seconds);
begin
  perform from public.users where id = p_user_id for key share;
  if not found then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  -- A user has at most ten open states: the oldest are deleted.
  delete from private.tiktok_authorizations
  where state_hash in (
    select state_hash
    from private.tiktok_authorizations
    where user_id = p_user_id and used_at is null
    order by expires_at desc
    offset 9
  );
  insert into private.tiktok_authorizations (state_hash, user_id, expires_at)
  values (p_state_hash, p_user_id, valid_until);
  return jsonb_build_object('expires_at', valid_until);
end;
$$;
comment on function public.begin_tiktok_authorization(uuid, text, integer) is
  'Stores the state that a user takes to the TikTok authorization page.';
grant execute on function public.begin_tiktok_authorization(uuid, text, integer) to service_role;

/*
  Arguments: p_state_hash.
  Returns:   {outcome: valid, user_id}, or {outcome: unknown | used | expired}.
*/
create function public.consume_tiktok_authorization(p_state_hash text)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  known private.tiktok_authorizations;
begin
  select * into known from private.tiktok_authorizations where state_hash = p_state_hash for update;
  if known.state_hash is null then
    return jsonb_build_object('outcome', 'unknown');
  elsif known.used_at is not null then
    return jsonb_build_object('outcome', 'used');
  end if;
  update private.tiktok_authorizations set used_at = now() where state_hash = p_state_hash;
  if known.expires_at <= now() then
    return jsonb_build_object('outcome', 'expired');
  end if;
  return jsonb_build_object('outcome', 'valid', 'user_id', known.user_id);
end;
$$;
comment on function public.consume_tiktok_authorization(text) is
  'Consumes a state: it is valid once.';
grant execute on function public.consume_tiktok_authorization(text) to service_role;

/*
  Arguments: p_user_id; p_claim_hash, SHA-256 of the code in the claim.
  Returns:   false if the claim was redeemed before.
  Errors:    PT404, unknown user.
*/
create function public.redeem_tiktok_claim(p_user_id uuid, p_claim_hash text)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform from public.users where id = p_user_id for key share;
  if not found then
    raise exception 'Unknown user %', p_user_id using errcode = 'PT404';
  end if;
  insert into private.tiktok_authorizations (state_hash, user_id, expires_at, used_at)
  values (p_claim_hash, p_user_id, now(), now())
  on conflict (state_hash) do nothing;
  return found;
end;
$$;
comment on function public.redeem_tiktok_claim(uuid, text) is
  'Redeems the claim of an installation that began at TikTok: it is valid once.';
grant execute on function public.redeem_tiktok_claim(uuid, text) to service_role;
