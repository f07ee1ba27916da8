-- The clock for personal data: docs/privacy.md. Ids, states, times and amounts stay.

create table private.retention_periods (
  name text primary key,
  days integer not null,
  description text not null,
  constraint retention_periods_days_check check (days between 1 and 3650)
);
comment on table private.retention_periods is 'How long personal data stay; an operator changes days, and the next run of the clock follows.';

alter table private.retention_periods enable row level security;
grant select on private.retention_periods to service_role;

insert into private.retention_periods (name, days, description)
values
  ('final_order', 30, 'after an order was completed or cancelled, or a batch of labels was requested'),
  ('ended_shop', 30, 'after the connection of a shop ended'),
  ('unchanged_order', 180, 'after the last change of an order that never became final'),
  ('dead_event', 30, 'after an event of Stripe or EasyPost became dead'),
  ('unconfirmed_account', 30, 'after the last mail to a sign-up whose address was never confirmed'),
  ('read_log', 365, 'after personal data were read: the entry of the log');

create function private.retention(p_name text)
returns interval
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select make_interval(days => days) from private.retention_periods where name = p_name
  );
end;
$$;
comment on function private.retention(text) is
  'A retention period as an interval.';
grant execute on function private.retention(text) to service_role;

-- Each index holds only the orders that still have personal data.
create index idx_orders_retention_final on public.orders (final_at)
  where personal_data_removed_at is null and final_at is not null;
create index idx_orders_retention_open on public.orders (created_at)
  where personal_data_removed_at is null and final_at is null;
create index idx_orders_retention_shop on public.orders (tiktok_shop_id)
  where personal_data_removed_at is null;
create index idx_label_batch_items_sender on private.label_batch_items (batch_id)
  where request ? 'sender';

create function private.address_without_person(p_address jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_strip_nulls(
    jsonb_build_object('state', p_address -> 'state', 'country', p_address -> 'country')
  );
end;
$$;
comment on function private.address_without_person(jsonb) is
  'What stays of an address: state and country, which figures and taxes are grouped by.';
grant execute on function private.address_without_person(jsonb) to service_role;

create function private.keep_retention()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  -- 1. The time from which the clock runs.
  if new.order_status in ('completed', 'cancelled') or new.tiktok_status in ('COMPLETED', 'CANCELLED', 'CANCEL') then
    new.final_at := coalesce(new.final_at, least(new.tiktok_updated_at, now()));
  else
    new.final_at := null;
  end if;
  -- 2. What was removed comes back with a live order only: a late refund of an old order does not bring it.
  if tg_op = 'UPDATE' and old.personal_data_removed_at is not null
    and (
      new.customer_email is not null or new.buyer_note is not null or new.seller_note is not null
      or new.address_status <> 'none'
    )
  then
    if new.final_at <= now() - private.retention('final_order') then
      new.customer_email := null;
      new.buyer_note := null;
      new.seller_note := null;
      new.shipping_address := private.address_without_person(new.shipping_address);
      new.address_status := 'none';
    else
      new.personal_data_removed_at := null;
    end if;
  end if;
  return new;
end;
$$;
comment on function private.keep_retention() is
  'Trigger: stores when an order became final, and keeps removed personal data out of an old order.';

create trigger keep_retention
  before insert or update on public.orders
  for each row execute function private.keep_retention();

create function private.keep_label_link_out()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if exists (
    select from public.orders where id = new.order_id and personal_data_removed_at is not null
  ) then
    new.label_url := null;
    new.label_expires_at := null;
  end if;
  return new;
end;
$$;
comment on function private.keep_label_link_out() is
  'Trigger: stores no new link to a label, which shows the address, once the personal data of the order were removed.';

create trigger keep_label_link_out
  before insert or update of label_url on public.shipments
  for each row when (new.label_url is not null)
  execute function private.keep_label_link_out();

create function private.note_shop_end()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  new.ended_at := case
    -- A paused shop is still connected: TikTok has deactivated it.
    when new.connection_status not in ('active', 'paused') then coalesce(new.ended_at, now())
  end;
  return new;
end;
$$;
comment on function private.note_shop_end() is
  'Trigger: stores when the connection of a shop ended.';

create trigger note_shop_end
  before insert or update of connection_status on public.tiktok_shops
  for each row execute function private.note_shop_end();

create function private.reread_removed_orders()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.enqueue_tasks(
    'ORDER_FOUND',
    coalesce(
      jsonb_agg(jsonb_build_object(
        'occasion', concat_ws(
          ':', new.id, extract(epoch from new.connected_at), tiktok_order_id, extract(epoch from personal_data_removed_at)
        ),
        'shop_id', new.shop_id,
        'object_id', tiktok_order_id
      )),
      '[]'
    )
  )
  from public.orders
  where tiktok_shop_id = new.id and personal_data_removed_at is not null and final_at is null;
  return null;
end;
$$;
comment on function private.reread_removed_orders() is
  'Trigger: reads the live orders of a shop that is connected again, whose personal data were removed meanwhile.';

create trigger reread_removed_orders
  after update of connection_status on public.tiktok_shops
  for each row when (new.connection_status = 'active' and old.connection_status <> 'active')
  execute function private.reread_removed_orders();

create function private.reduce_settled_event()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if new.status in ('done', 'ignored')
    and (new.source in ('stripe', 'easypost') or new.reason = 'event_type_not_handled')
  then
    new.body := private.event_without_person(new.source, new.body);
  end if;
  return new;
end;
$$;
comment on function private.reduce_settled_event() is
  'Trigger: removes the personal data from the body of an event as soon as it is processed; those of TikTok that have a handler have none.';

-- A short condition, as that of keep_queued_event: it leaves out the ordinary settlement.
create trigger reduce_settled_event
  before update of status on private.webhook_events
  for each row when (new.source <> 'tiktok' or new.reason is not null)
  execute function private.reduce_settled_event();

create function private.orders_past_retention(p_limit integer)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(id), '{}')
    from (
      select id
      from public.orders
      where personal_data_removed_at is null
        and id in (
          (
            select id from public.orders
            where personal_data_removed_at is null
              and final_at is not null
              and final_at <= now() - private.retention('final_order')
            limit p_limit
          )
          union all
          (
            select id from public.orders
            where personal_data_removed_at is null
              and final_at is null
              and created_at <= now() - private.retention('unchanged_order')
              and tiktok_updated_at <= now() - private.retention('unchanged_order')
            limit p_limit
          )
          union all
          (
            select owned.id
            from public.tiktok_shops as shop
            cross join lateral (
              select id from public.orders
              where tiktok_shop_id = shop.id and personal_data_removed_at is null
              limit p_limit
            ) as owned
            where shop.ended_at is not null and shop.ended_at <= now() - private.retention('ended_shop')
            limit p_limit
          )
        )
      order by id
      limit p_limit
      for update skip locked
    ) as due
  );
end;
$$;
comment on function private.orders_past_retention(integer) is
  'Locks orders whose personal data may no longer stay; those that are locked come with the next run.';

/*
  Arguments: p_orders. An order that is not final has its data again with its next change at TikTok.
*/
create function private.clean_orders(p_orders uuid[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update public.orders
  set customer_email = null,
      buyer_note = null,
      seller_note = null,
      shipping_address = private.address_without_person(shipping_address),
      address_status = 'none',
      personal_data_removed_at = now()
  where id = any (p_orders);
  perform 1 from private.label_purchases where order_id = any (p_orders) order by id for update;
  update private.label_purchases
  set sender = null, address_digest = null
  where order_id = any (p_orders) and (sender is not null or address_digest is not null);
  -- The link opens a label with the address.
  perform 1 from public.shipments where order_id = any (p_orders) order by id for no key update;
  update public.shipments
  set label_url = null, label_expires_at = null
  where order_id = any (p_orders) and label_url is not null;
end;
$$;
comment on function private.clean_orders(uuid[]) is
  'Removes the personal data of orders, with their labels and purchases.';

/*
  Arguments: p_limit, the largest number of orders, and of batch items, of one run.
  Returns:   {orders, senders, batch_items, events}, the counts of what was cleaned.
*/
create function private.remove_personal_data(p_limit integer default 2000)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  due uuid[] := private.orders_past_retention(p_limit);
  cleaned jsonb := jsonb_build_object('orders', cardinality(due));
  rows_cleaned integer;
begin
  -- A locked row waits for the next run: docs/architecture.md.
  -- 1. Orders, with their labels and purchases.
  perform private.clean_orders(due);

  -- 2. Senders of shops whose connection ended.
  delete from private.senders
  where tiktok_shop_id = any (array(
    select sender.tiktok_shop_id
    from private.senders as sender
    join public.tiktok_shops as shop on shop.id = sender.tiktok_shop_id
    where shop.ended_at is not null and shop.ended_at <= now() - private.retention('ended_shop')
    for update of sender skip locked
  ));
  get diagnostics rows_cleaned = row_count;
  cleaned := cleaned || jsonb_build_object('senders', rows_cleaned);

  -- 3. Senders in batches.
  update private.label_batch_items as item
  set request = item.request - 'sender'
  where item.ctid = any (array(
    select old_item.ctid
    from private.label_batch_items as old_item
    join private.label_batches as batch on batch.id = old_item.batch_id
    where old_item.request ? 'sender'
      and old_item.state <> 'waiting'
      and batch.created_at <= now() - private.retention('final_order')
    limit p_limit
    for update of old_item skip locked
  ));
  get diagnostics rows_cleaned = row_count;
  cleaned := cleaned || jsonb_build_object('batch_items', rows_cleaned);

  -- 4. Dead events; the others lose theirs as soon as they are processed.
  update private.webhook_events
  set body = private.event_without_person(source, body)
  where id = any (array(
    select id
    from private.webhook_events
    where id in (select event_id from private.event_queue where event_queue.status = 'dead')
      and status = 'dead'
      and source in ('stripe', 'easypost')
      and settled_at <= now() - private.retention('dead_event')
      and body is distinct from private.event_without_person(source, body)
    for update skip locked
  ));
  get diagnostics rows_cleaned = row_count;
  cleaned := cleaned || jsonb_build_object('events', rows_cleaned);

  -- 5. The log of reads, and an entry about this run.
  delete from private.personal_data_reads
  where id = any (array(
    select id from private.personal_data_reads where read_at <= now() - private.retention('read_log')
    for update skip locked
  ));
  if cleaned <> '{"orders": 0, "senders": 0, "batch_items": 0, "events": 0}' then
    insert into public.system_logs (event_type, details) values ('personal_data_removed', cleaned);
  end if;
  return cleaned;
end;
$$;
comment on function private.remove_personal_data(integer) is
  'One run of the clock for personal data, in a bounded batch; repeating it changes nothing more.';

/*
  Arguments: p_limit, few: their deletion reads Auth's log once, and an account takes exclusive locks.
  Returns:   the number of accounts.
*/
create function private.delete_unconfirmed_accounts(p_limit integer default 20)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  deleted integer;
begin
  delete from auth.users
  where id = any (array(
    select account.id
    from auth.users as account
    where account.email_confirmed_at is null
      and account.phone_confirmed_at is null
      and account.last_sign_in_at is null
      -- An operator may wait longer for an answer to an invitation.
      and account.invited_at is null
      and greatest(account.created_at, account.confirmation_sent_at) <= now() - private.retention('unconfirmed_account')
      -- Such an account has neither, unless an operator took its confirmation back.
      and not exists (select from public.tiktok_shops as shop where shop.user_id = account.id)
      and not exists (select from private.stripe_customers as customer where customer.user_id = account.id)
    order by account.id
    limit p_limit
    for update of account skip locked
  ));
  get diagnostics deleted = row_count;
  return deleted;
end;
$$;
comment on function private.delete_unconfirmed_accounts(integer) is
  'Deletes sign-ups whose e-mail address was never confirmed: its owner may never have heard of us, and cannot delete the account.';
