-- Rows that name a deleted account without belonging to it: our log, our tasks, Stripe events, Auth's log.

/*
  Arguments: p_source; p_body, JSON.
  Returns:   for Stripe and EasyPost, the ids, codes, times and amounts of the event, which are enough to process it again; for
             TikTok, whose topics without a handler are reduced, type, ids and time; for our own tasks, p_body.
*/
create function private.event_without_person(p_source text, p_body text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  event jsonb;
  subject jsonb;
begin
  if p_source not in ('stripe', 'easypost', 'tiktok') then
    return p_body;
  end if;
  event := p_body::jsonb;
  if p_source = 'tiktok' then
    return jsonb_strip_nulls(jsonb_build_object(
      'type', event -> 'type', 'tts_notification_id', event -> 'tts_notification_id',
      'shop_id', event -> 'shop_id', 'timestamp', event -> 'timestamp', 'data', '{}'::jsonb
    ))::text;
  end if;
  if p_source = 'easypost' then
    select jsonb_object_agg(key, value) into subject
    from jsonb_each(case jsonb_typeof(event -> 'result') when 'object' then event -> 'result' else '{}' end)
    where key in (
      'id', 'object', 'mode', 'status', 'tracking_code', 'carrier', 'shipment_id', 'est_delivery_date',
      'created_at', 'updated_at', 'adjustment_amount', 'invoice_currency'
    );
    subject := subject || jsonb_build_object(
      'tracking_details', (
        select jsonb_agg(jsonb_build_object('status', scan -> 'status', 'datetime', scan -> 'datetime'))
        from jsonb_path_query(event, '$.result.tracking_details[*] ? (@.type() == "object")') as scan
      )
    );
    return jsonb_strip_nulls(jsonb_build_object(
      'id', event -> 'id', 'object', event -> 'object', 'description', event -> 'description', 'mode', event -> 'mode',
      'created_at', event -> 'created_at', 'result', subject
    ))::text;
  end if;
  -- An expanded object becomes its id.
  select jsonb_object_agg(key, case jsonb_typeof(value) when 'object' then value -> 'id' else value end) into subject
  from jsonb_each(
    case jsonb_typeof(event #> '{data,object}') when 'object' then event #> '{data,object}' else '{}' end
  )
  where key in (
    'id', 'object', 'customer', 'subscription', 'client_reference_id', 'charge', 'payment_intent', 'status',
    'reason', 'amount', 'currency', 'created'
  );
  subject := subject || jsonb_build_object(
    'parent', jsonb_build_object(
      'subscription_details', jsonb_build_object(
        'subscription',
        case jsonb_typeof(event #> '{data,object,parent,subscription_details,subscription}')
          when 'object' then event #> '{data,object,parent,subscription_details,subscription,id}'
          else event #> '{data,object,parent,subscription_details,subscription}'
        end
      )
    )
  );
  return jsonb_strip_nulls(jsonb_build_object(
    'id', event -> 'id', 'object', event -> 'object', 'type', event -> 'type', 'livemode', event -> 'livemode',
    'account', event -> 'account', 'api_version', event -> 'api_version', 'created', event -> 'created',
    'data', jsonb_build_object('object', subject)
  ))::text;
exception
  -- Text that jsonb cannot hold.
  when data_exception then
    return '{}';
end;
$$;
comment on function private.event_without_person(text, text) is
  'The body of an event without names, e-mail addresses and places.';
grant execute on function private.event_without_person(text, text) to service_role;

/*
  Arguments: p_source and p_object_id of an event.
*/
create function private.seller_of_label_task(p_source text, p_object_id text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  subject uuid;
begin
  if p_source <> 'creatorflow' or p_object_id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:[0-9]+)?$' then
    return null;
  end if;
  subject := split_part(p_object_id, ':', 1);
  return coalesce(
    (select user_id from private.label_purchases where id = subject),
    (select user_id from private.label_batches where id = subject)
  );
end;
$$;
comment on function private.seller_of_label_task(text, text) is
  'The seller of the label or batch that a task is about; null for other events.';
grant execute on function private.seller_of_label_task(text, text) to service_role;

create function private.delete_shop_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  locked bigint[] := array(
    select id
    from private.webhook_events
    where source in ('tiktok', 'creatorflow') and shop_id = old.shop_id
      -- Labels of an account that had the shop before are its own.
      and (
        source = 'tiktok' or coalesce(private.seller_of_label_task(source, object_id), old.user_id) = old.user_id
      )
    order by id
    for update
  );
begin
  delete from private.webhook_events where id = any (locked);
  return null;
end;
$$;
comment on function private.delete_shop_events() is
  'Trigger: deletes the events of a deleted shop, so a deleted account leaves nothing; definer, because it runs as the role that deletes the account.';

-- Not for a transferred shop: its events belong to the new account.
create trigger delete_shop_events
  after delete on public.tiktok_shops
  for each row when (old.connection_status <> 'transferred')
  execute function private.delete_shop_events();

create function private.delete_account_log(p_user_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- The entries of a transferred shop belong to its new account.
  shops text[] := array(
    select shop_id from public.tiktok_shops where user_id = p_user_id and connection_status <> 'transferred'
  );
begin
  -- Each part has an index.
  delete from public.system_logs
  where id = any (array(
    select id from public.system_logs where details ->> 'user_id' = p_user_id::text
    union all
    select id from public.system_logs where details ->> 'shop_id' = any (shops)
    union all
    select id
    from public.system_logs
    where details ? 'filter'
      and (
        details #>> '{filter,shop_id}' = any (shops)
        or details #>> '{filter,object_id}' in (
          select tiktok_order_id from public.orders where user_id = p_user_id
          union all
          select p_user_id::text
        )
      )
  ));
end;
$$;
comment on function private.delete_account_log(uuid) is
  'Deletes the entries of our log that name an account, its shops or its orders; definer, because the backend deletes no log.';

/*
  Auth names the account as actor or as subject, by id or by e-mail address. The rows are not the account's: no
  foreign key deletes them.
*/
create function private.delete_auth_traces()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  ids text[] := array(select id::text from deleted);
  emails text[] := array(select email from deleted where email is not null);
begin
  -- A statement that deletes none, as most runs of the job unconfirmed-accounts.
  if ids = '{}' then
    return null;
  end if;
  -- Auth's log has no such index: it is read once for all accounts of a statement.
  delete from auth.audit_log_entries
  where payload ->> 'actor_id' = any (ids)
    or payload #>> '{traits,user_id}' = any (ids)
    or payload ->> 'actor_username' = any (emails)
    or payload #>> '{traits,user_email}' = any (emails);
  delete from auth.flow_state where user_id in (select id from deleted);
  return null;
end;
$$;
comment on function private.delete_auth_traces() is
  'Trigger: deletes what Auth keeps of deleted accounts in its log and its flows; definer, because only its owner may delete rows of Auth.';

create trigger delete_auth_traces
  after delete on auth.users
  referencing old table as deleted
  for each statement execute function private.delete_auth_traces();

create function private.reduce_stripe_events(p_name text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform from private.webhook_events
  where source = 'stripe' and private.names_in_event(body) && array[p_name]
  order by id
  for update;
  update private.webhook_events
  set body = private.event_without_person(source, body)
  where source = 'stripe' and private.names_in_event(body) && array[p_name];
end;
$$;
comment on function private.reduce_stripe_events(text) is
  'Removes the personal data from the raw events with this one of names_in_event, an e-mail address.';

create function private.delete_account_traces()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  tasks bigint[];
begin
  -- 1. Our log.
  perform private.delete_account_log(old.id);
  -- 2. Our tasks that name no shop, or one that another account has now; the others go with their shop.
  tasks := array(
    select id
    from private.webhook_events
    where id = any (array(
        select id
        from private.webhook_events
        where shop_id is null
          and object_id in (
            select old.id::text
            union all
            select item.batch_id || ':' || item.place
            from private.label_batches as batch
            join private.label_batch_items as item on item.batch_id = batch.id and item.user_id = batch.user_id
            where batch.user_id = old.id
          )
        union all
        select id
        from private.webhook_events
        where shop_id in (
            select shop_id from public.tiktok_shops where user_id = old.id and connection_status = 'transferred'
          )
          and private.seller_of_label_task(source, object_id) = old.id
      ))
      and source = 'creatorflow'
    order by id
    for update
  );
  delete from private.webhook_events where id = any (tasks);
  -- 3. Stripe events that name the account. One that only quotes the address may be about another seller, for example
  --    if this one pays for both: it stays, without the address.
  perform private.delete_stripe_events(array[old.id::text]);
  perform private.reduce_stripe_events(old.email);
  return old;
end;
$$;
comment on function private.delete_account_traces() is
  'Trigger: deletes what names a deleted account in tables that do not belong to it; definer, because it runs as the role that deletes the account.';

-- Before: afterwards shops, orders and batches are gone.
create trigger delete_account_traces
  before delete on public.users
  for each row execute function private.delete_account_traces();

/*
  Arguments: p_limit, the largest number of entries.
  Returns:   the number of entries. Auth may write one while the account is deleted.
*/
create function private.purge_auth_log(p_limit integer default 100000)
returns bigint
language sql
security invoker
set search_path = ''
as $$
  with purged as (
    delete from auth.audit_log_entries
    where id = any (array(
      select entry.id
      from auth.audit_log_entries as entry
      cross join lateral (
        values (
          -- The zero is Auth's own administrator.
          nullif(entry.payload ->> 'actor_id', '00000000-0000-0000-0000-000000000000'),
          nullif(entry.payload #>> '{traits,user_id}', '00000000-0000-0000-0000-000000000000')
        )
      ) as named (actor_id, account_id)
      -- Joins, so that the accounts are read once, not for each entry.
      left join auth.users as actor on actor.id::text = named.actor_id
      left join auth.users as account on account.id::text = named.account_id
      where entry.created_at < now() - interval '90 days'
        or (named.actor_id is not null and actor.id is null)
        or (named.account_id is not null and account.id is null)
      -- A locked one waits for the next run: docs/architecture.md.
      limit p_limit
      for update of entry skip locked
    ))
    returning 1
  )
  select count(*) from purged;
$$;
comment on function private.purge_auth_log(integer) is
  'Deletes entries of Auth''s log after 90 days, and those of accounts that do not exist.';
