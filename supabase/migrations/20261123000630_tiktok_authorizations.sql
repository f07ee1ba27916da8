-- One-time states and claims of the TikTok authorization.

create table private.tiktok_authorizations (
  state_hash text primary key,
  user_id uuid not null references public.users (id) on delete cascade,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint tiktok_authorizations_state_hash_check check (state_hash ~ '^[0-9a-f]{64}$')
);
comment on table private.tiktok_authorizations is 'States that sellers took to the TikTok authorization page; each is valid once, for its seller.';
comment on column private.tiktok_authorizations.state_hash is 'SHA-256 of the state in hexadecimal; the state itself is not stored.';

create index idx_tiktok_authorizations_user_id on private.tiktok_authorizations (user_id, expires_at);
create index idx_tiktok_authorizations_expires_at on private.tiktok_authorizations (expires_at);

alter table private.tiktok_authorizations enable row level security;
grant select, insert, update, delete on private.tiktok_authorizations to service_role;

create table private.tiktok_claims (
  claim_hash text primary key,
  user_id uuid not null references public.users (id) on delete cascade,
  sealed_grant text,
  connected_at timestamptz,
  expires_at timestamptz not null,
  constraint tiktok_claims_claim_hash_check check (claim_hash ~ '^[0-9a-f]{64}$'),
  constraint tiktok_claims_sealed_grant_check check (private.is_encrypted(sealed_grant)),
  constraint tiktok_claims_connected_at_check check (connected_at is null or sealed_grant is null)
);
comment on table private.tiktok_claims is 'Authorizations that came back from TikTok and wait for the confirmation of their seller.';
comment on column private.tiktok_claims.claim_hash is 'SHA-256 of the code from TikTok in hexadecimal; the code itself is not stored.';
comment on column private.tiktok_claims.sealed_grant is 'Tokens and shops, encrypted; null while the code is exchanged, after a failed exchange and once connected.';
comment on column private.tiktok_claims.expires_at is 'Until then the seller may confirm; the job expired-claims then deletes the row.';

create index idx_tiktok_claims_user_id on private.tiktok_claims (user_id);
create index idx_tiktok_claims_expires_at on private.tiktok_claims (expires_at);

alter table private.tiktok_claims enable row level security;
grant select, insert, update on private.tiktok_claims to service_role;

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
  too_many text[];
begin
  perform private.lock_sellers(p_user_id);
  perform private.require_seller(p_user_id);
  -- A user has at most ten open states: the oldest are deleted.
  too_many := array(
    select state_hash
    from private.tiktok_authorizations
    where user_id = p_user_id and state_hash in (
      select state_hash
      from private.tiktok_authorizations
      where user_id = p_user_id and used_at is null
      order by expires_at desc
      offset 9
    )
    order by state_hash
    for update
  );
  delete from private.tiktok_authorizations where state_hash = any (too_many);
  insert into private.tiktok_authorizations (state_hash, user_id, expires_at)
  values (p_state_hash, p_user_id, valid_until);
  return jsonb_build_object('expires_at', valid_until);
end;
$$;
comment on function public.begin_tiktok_authorization(uuid, text, integer) is
  'Stores the state that a user takes to the TikTok authorization page.';
grant execute on function public.begin_tiktok_authorization(uuid, text, integer) to service_role;

/*
  Arguments: p_user_id; p_claim_hash, SHA-256 of the code; p_state_hash, null for an installation from the app store;
             p_expires_at, end of the claim; p_may_exchange, false to confirm only what was shown.
  Returns:   {outcome}: exchange, the caller exchanges the code, once; shown, with {sealed_grant, expires_at};
             claim_used, claim_expired, claim_not_shown; state_unknown, state_used, state_expired,
             state_of_another_user. A refusal changes nothing.
  Errors:    PT404, unknown user.
*/
create function public.open_tiktok_claim(
  p_user_id uuid,
  p_claim_hash text,
  p_state_hash text,
  p_expires_at timestamptz,
  p_may_exchange boolean
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  state private.tiktok_authorizations;
  claim private.tiktok_claims;
begin
  -- 1. Lock the seller, then the state.
  perform private.lock_sellers(p_user_id);
  perform private.require_seller(p_user_id);
  if p_state_hash is not null then
    select * into state
    from private.tiktok_authorizations
    where state_hash = p_state_hash
    for update;
    if not found then
      return jsonb_build_object('outcome', 'state_unknown');
    elsif state.user_id <> p_user_id then
      return jsonb_build_object('outcome', 'state_of_another_user');
    end if;
  end if;

  -- 2. A claim that was opened before shows its shops again, to the same seller.
  select * into claim from private.tiktok_claims where claim_hash = p_claim_hash;
  if found then
    return case
      when claim.user_id <> p_user_id or claim.sealed_grant is null
        then jsonb_build_object('outcome', 'claim_used')
      when claim.expires_at <= now() then jsonb_build_object('outcome', 'claim_expired')
      else jsonb_build_object(
        'outcome', 'shown', 'sealed_grant', claim.sealed_grant, 'expires_at', claim.expires_at
      )
    end;
  end if;
  if not p_may_exchange then
    return jsonb_build_object('outcome', 'claim_not_shown');
  end if;

  -- 3. Use the state up, and give the claim to the seller.
  if state.used_at is not null then
    return jsonb_build_object('outcome', 'state_used');
  elsif state.expires_at <= now() then
    return jsonb_build_object('outcome', 'state_expired');
  end if;
  insert into private.tiktok_claims (claim_hash, user_id, expires_at)
  values (p_claim_hash, p_user_id, p_expires_at)
  on conflict (claim_hash) do nothing;
  if not found then
    return jsonb_build_object('outcome', 'claim_used');
  end if;
  update private.tiktok_authorizations set used_at = now() where state_hash = p_state_hash;
  return jsonb_build_object('outcome', 'exchange');
end;
$$;
comment on function public.open_tiktok_claim(uuid, text, text, timestamptz, boolean) is
  'Opens a claim for the seller of its state: the first call may exchange the code, later calls get what it stored.';
grant execute on function public.open_tiktok_claim(uuid, text, text, timestamptz, boolean) to service_role;

/*
  Arguments: p_user_id; p_claim_hash; p_sealed_grant, encrypted.
  Returns:   the end of the claim; null if the claim has expired.
*/
create function public.store_tiktok_claim(p_user_id uuid, p_claim_hash text, p_sealed_grant text)
returns timestamptz
language plpgsql
security invoker
set search_path = ''
as $$
declare
  expiry timestamptz;
begin
  update private.tiktok_claims
  set sealed_grant = p_sealed_grant
  where claim_hash = p_claim_hash
    and user_id = p_user_id
    and sealed_grant is null
    and connected_at is null
    and expires_at > now()
  returning expires_at into expiry;
  return expiry;
end;
$$;
comment on function public.store_tiktok_claim(uuid, text, text) is
  'Stores what the code of a claim was exchanged for, until its seller confirms.';
grant execute on function public.store_tiktok_claim(uuid, text, text) to service_role;

create function private.delete_expired_claims()
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  deleted integer;
begin
  delete from private.tiktok_claims
  where claim_hash in (
    select claim_hash
    from private.tiktok_claims
    where expires_at <= now()
    order by claim_hash
    for update skip locked
  );
  get diagnostics deleted = row_count;
  return deleted;
end;
$$;
comment on function private.delete_expired_claims() is
  'Deletes expired claims with their tokens, and returns how many; a claim that is being confirmed waits for the next run.';
