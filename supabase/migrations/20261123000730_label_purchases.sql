-- Buying a label: at most once for one request, and never twice for one unit. docs/labels.md.

create table private.label_transitions (
  from_state text not null,
  to_state text not null,
  primary key (from_state, to_state)
);
comment on table private.label_transitions is 'Which state of a purchase may follow which: docs/labels.md.';

alter table private.label_transitions enable row level security;
grant select on private.label_transitions to service_role;

insert into private.label_transitions (from_state, to_state)
values
  ('requested', 'purchasing'),
  ('requested', 'failed'),
  ('purchasing', 'purchased'),
  ('purchasing', 'failed'),
  ('purchasing', 'unknown'),
  ('unknown', 'purchased'),
  ('unknown', 'failed'),
  -- Asked for again.
  ('failed', 'requested'),
  -- The truth came late.
  ('failed', 'purchased'),
  ('requested', 'purchased'),
  ('purchased', 'void_requested'),
  ('void_requested', 'voided'),
  ('void_requested', 'void_rejected'),
  ('void_rejected', 'void_requested');

create table private.label_purchases (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  order_id uuid not null references public.orders (id) on delete cascade,
  idempotency_key text not null,
  request_hash text not null,
  provider text not null,
  line_item_ids text[] not null,
  parcel jsonb not null,
  sender jsonb,
  service text not null,
  label_format text not null,
  carrier_shipment_id text,
  carrier_rate_id text,
  quoted_cost numeric(14, 2),
  currency text,
  state text not null default 'requested',
  state_since timestamptz not null default now(),
  attempt integer not null default 1,
  reason text,
  checked_at timestamptz,
  created_at timestamptz not null default now(),
  constraint label_purchases_user_id_idempotency_key_key unique (user_id, idempotency_key),
  constraint label_purchases_provider_check check (provider in ('tiktok_shipping', 'easypost')),
  constraint label_purchases_label_format_check check (label_format in ('PDF', 'PNG', 'ZPL')),
  constraint label_purchases_line_item_ids_check check (cardinality(line_item_ids) > 0),
  constraint label_purchases_state_check check (
    state in (
      'requested', 'purchasing', 'purchased', 'failed', 'unknown',
      'void_requested', 'voided', 'void_rejected'
    )
  )
);
comment on table private.label_purchases is 'Every label that somebody asked for: the intent, stored before the provider is asked, and what became of it.';
comment on column private.label_purchases.id is 'Also the id of the shipment that it becomes, and the reference that EasyPost is given.';
comment on column private.label_purchases.request_hash is 'Of the whole request: the same key with another one is refused.';
comment on column private.label_purchases.service is 'The provider''s id of the service, or "cheapest" or "default" until it is chosen.';
comment on column private.label_purchases.carrier_shipment_id is 'EasyPost''s shipment: stored before it is bought, and bought once at most.';
comment on column private.label_purchases.quoted_cost is 'In major units of currency; null where the provider does not tell beforehand.';
comment on column private.label_purchases.attempt is 'A worker that was given up for dead is recognised by an older number.';
comment on column private.label_purchases.reason is 'Code: why it failed, is unknown, or was not voided.';
comment on column private.label_purchases.checked_at is 'When the provider was last asked what became of a void.';

create index idx_label_purchases_order_id on private.label_purchases (order_id);
-- One carrier shipment, one purchase.
create unique index label_purchases_carrier_shipment_id_key
  on private.label_purchases (carrier_shipment_id);
-- Serves what the worker settles; nearly all purchases are in none of these states.
create index idx_label_purchases_open on private.label_purchases (state_since)
  where state in ('requested', 'purchasing', 'unknown', 'void_requested');

alter table private.label_purchases enable row level security;
grant select, insert, update on private.label_purchases to service_role;

create table private.labelled_lines (
  order_id uuid not null references public.orders (id) on delete cascade,
  line_item_id text not null,
  purchase_id uuid not null references private.label_purchases (id) on delete cascade,
  primary key (order_id, line_item_id)
);
comment on table private.labelled_lines is 'The units that have a label or are getting one: never two. Freed when the purchase fails or the label is voided.';

create index idx_labelled_lines_purchase_id on private.labelled_lines (purchase_id);

alter table private.labelled_lines enable row level security;
grant select, insert, delete on private.labelled_lines to service_role;

create function private.check_label_transition()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if not exists (
    select from private.label_transitions where from_state = old.state and to_state = new.state
  ) then
    raise exception 'A label purchase does not go from % to %', old.state, new.state
      using errcode = 'PT409';
  end if;
  new.state_since = now();
  return new;
end;
$$;
comment on function private.check_label_transition() is 'Trigger: refuses a transition that is not in label_transitions, and notes its time.';

create trigger check_label_transition
  before update of state on private.label_purchases
  for each row when (old.state is distinct from new.state)
  execute function private.check_label_transition();

create function private.is_abandoned(p_purchase private.label_purchases)
returns boolean
language sql
stable
set search_path = ''
as $$
  -- Nobody works on it so long: a provider's answer is waited for less than a minute.
  select p_purchase.state in ('requested', 'purchasing')
    and p_purchase.state_since < now() - interval '2 minutes';
$$;
comment on function private.is_abandoned(private.label_purchases) is 'Whether the worker of a purchase must have died.';
grant execute on function private.is_abandoned(private.label_purchases) to service_role;

create function private.shipment_view(p_purchase private.label_purchases)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_purchase.id,
    'order_id', p_purchase.order_id,
    'state', p_purchase.state,
    'reason', p_purchase.reason,
    'provider', p_purchase.provider,
    'carrier', shipment.carrier,
    'service_type', shipment.service_type,
    'tracking_number', shipment.tracking_number,
    'label_url', shipment.label_url,
    'label_expires_at', shipment.label_expires_at,
    'label_format', coalesce(shipment.label_format, p_purchase.label_format),
    'shipping_cost', shipment.shipping_cost::text,
    'quoted_cost', p_purchase.quoted_cost::text,
    'currency', coalesce(shipment.currency, p_purchase.currency),
    'line_item_ids', to_jsonb(p_purchase.line_item_ids),
    'estimated_delivery', shipment.estimated_delivery,
    'status', shipment.status,
    'tiktok_told_at', shipment.tiktok_told_at,
    'tiktok_warning', shipment.tiktok_warning,
    'tiktok_error', shipment.tiktok_error,
    'created_at', p_purchase.created_at,
    'updated_at', coalesce(shipment.updated_at, p_purchase.state_since)
  )
  from (select) as nothing
  left join public.shipments as shipment on shipment.id = p_purchase.id;
$$;
comment on function private.shipment_view(private.label_purchases) is
  'A label and its parcel as the seller sees them: docs/labels.md.';
grant execute on function private.shipment_view(private.label_purchases) to service_role;

create function private.purchase_to_work(p_purchase private.label_purchases)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_purchase.id,
    'attempt', p_purchase.attempt,
    'state', p_purchase.state,
    'provider', p_purchase.provider,
    'line_item_ids', to_jsonb(p_purchase.line_item_ids),
    'parcel', p_purchase.parcel,
    'sender', p_purchase.sender,
    'service', p_purchase.service,
    'label_format', p_purchase.label_format,
    'carrier_shipment_id', p_purchase.carrier_shipment_id,
    'carrier_rate_id', p_purchase.carrier_rate_id,
    'quoted_cost', p_purchase.quoted_cost::text,
    'currency', p_purchase.currency,
    'tiktok_package_id', (select tiktok_package_id from public.shipments where id = p_purchase.id),
    'order', (
      select private.order_to_ship(orders) from public.orders where id = p_purchase.order_id
    )
  );
$$;
comment on function private.purchase_to_work(private.label_purchases) is
  'A purchase as those who buy, look up and void need it, with its order (private.order_to_ship).';
grant execute on function private.purchase_to_work(private.label_purchases) to service_role;

create function private.enqueue_label_task(p_type text, p_purchase private.label_purchases, p_occasion text)
returns void
language sql
security invoker
set search_path = ''
as $$
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select
    'creatorflow',
    p_type || ':' || p_purchase.id || ':' || p_occasion,
    p_type,
    shop.shop_id,
    p_purchase.id::text,
    '{}'
  from public.orders
  join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
  where orders.id = p_purchase.order_id
  on conflict (source, external_id) do nothing;
$$;
comment on function private.enqueue_label_task(text, private.label_purchases, text) is
  'Puts a task about a label into the inbox, once for each occasion.';
grant execute on function private.enqueue_label_task(text, private.label_purchases, text) to service_role;

create function private.claim_label_lines(p_purchase private.label_purchases)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
declare
  claimed integer;
begin
  insert into private.labelled_lines (order_id, line_item_id, purchase_id)
  select p_purchase.order_id, line.id, p_purchase.id
  from unnest(p_purchase.line_item_ids) as line (id)
  on conflict (order_id, line_item_id) do nothing;
  get diagnostics claimed = row_count;
  return claimed = cardinality(p_purchase.line_item_ids);
end;
$$;
comment on function private.claim_label_lines(private.label_purchases) is
  'Takes the units of a purchase. False if another has one of them; those that were free are taken all the same.';
grant execute on function private.claim_label_lines(private.label_purchases) to service_role;

create function public.request_label(
  p_user_id uuid,
  p_idempotency_key text,
  p_request_hash text,
  p_order_id uuid,
  p_request jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  wanted public.orders;
  rate private.label_rates;
  purchase private.label_purchases;
  chosen_provider text;
  lines text[];
  free_lines text[];
  refusal text;
begin
  -- Every label of the order is decided under this lock.
  select * into wanted from public.orders where id = p_order_id and user_id = p_user_id for update;
  if wanted.id is null then
    raise exception 'The seller has no order %', p_order_id using errcode = 'PT404';
  end if;

  select * into purchase
  from private.label_purchases
  where user_id = p_user_id and idempotency_key = p_idempotency_key
  for update;
  if purchase.id is not null then
    if purchase.request_hash <> p_request_hash or purchase.order_id <> p_order_id then
      return jsonb_build_object('outcome', 'key_reused');
    end if;
    if purchase.state in ('purchasing', 'unknown')
      and (purchase.state = 'unknown' or private.is_abandoned(purchase)) then
      return jsonb_build_object('outcome', 'unsettled', 'purchase', private.purchase_to_work(purchase));
    end if;
    if purchase.state in ('requested', 'purchasing') and not private.is_abandoned(purchase) then
      return jsonb_build_object('outcome', 'in_progress', 'shipment', private.shipment_view(purchase));
    end if;
    if purchase.state not in ('requested', 'failed') then
      return jsonb_build_object('outcome', 'exists', 'shipment', private.shipment_view(purchase));
    end if;
  end if;

  if p_request ? 'rate_id' then
    select * into rate
    from private.label_rates
    where id = (p_request ->> 'rate_id')::uuid and order_id = p_order_id;
    refusal := case
      when rate.id is null then 'rate_not_found'
      when rate.expires_at <= now() then 'rate_expired'
      when rate.parcel <> p_request -> 'parcel' then 'rate_of_another_parcel'
      when p_request ->> 'provider' <> rate.provider then 'rate_of_another_provider'
    end;
    if refusal is not null then
      return jsonb_build_object('outcome', 'refused', 'code', refusal);
    end if;
  end if;
  chosen_provider := coalesce(
    rate.provider,
    p_request ->> 'provider',
    case wanted.shipping_type when 'TIKTOK' then 'tiktok_shipping' else 'easypost' end
  );
  refusal := private.label_refusal(wanted, chosen_provider);
  if refusal is not null then
    return jsonb_build_object('outcome', 'refused', 'code', refusal);
  end if;

  lines := private.order_line_item_ids(wanted);
  select coalesce(array_agg(line.id order by line.id), '{}') into free_lines
  from unnest(lines) as line (id)
  where not exists (
    select from private.labelled_lines
    where order_id = p_order_id and line_item_id = line.id
      and purchase_id is distinct from purchase.id
  );
  if p_request ? 'line_item_ids' then
    select array_agg(distinct line.id order by line.id) into lines
    from jsonb_array_elements_text(p_request -> 'line_item_ids') as line (id);
    refusal := case
      when not lines <@ private.order_line_item_ids(wanted) then 'line_items_unknown'
      when not lines <@ free_lines then 'line_items_labelled'
    end;
  else
    lines := free_lines;
    refusal := case
      when lines <> '{}' then null
      when exists (
        select from private.label_purchases
        where order_id = p_order_id and state in ('requested', 'purchasing', 'unknown')
      ) then 'line_items_labelled'
      else 'already_shipped'
    end;
  end if;
  if refusal is not null then
    return jsonb_build_object('outcome', 'refused', 'code', refusal);
  end if;

  if p_request ? 'sender' then
    insert into private.senders (tiktok_shop_id, address)
    values (wanted.tiktok_shop_id, p_request -> 'sender')
    on conflict (tiktok_shop_id) do update set address = excluded.address, updated_at = now();
  end if;
  if purchase.id is null then
    insert into private.label_purchases (
      user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, sender,
      service, label_format
    )
    values (
      p_user_id, p_order_id, p_idempotency_key, p_request_hash, chosen_provider, lines,
      p_request -> 'parcel',
      coalesce(
        p_request -> 'sender',
        (select address from private.senders where tiktok_shop_id = wanted.tiktok_shop_id)
      ),
      coalesce(rate.service, p_request ->> 'service'), p_request ->> 'label_format'
    )
    returning * into purchase;
  else
    update private.label_purchases
    set state = 'requested',
        state_since = now(),
        attempt = attempt + 1,
        reason = null,
        provider = chosen_provider,
        line_item_ids = lines,
        -- Without one it failed: the shop may have given it since.
        sender = coalesce(
          label_purchases.sender,
          (select address from private.senders where tiktok_shop_id = wanted.tiktok_shop_id)
        )
    where id = purchase.id
    returning * into purchase;
  end if;
  -- The price that the seller saw is the one to be paid, unless its shipment was used for another label.
  if rate.id is not null and purchase.carrier_shipment_id is null then
    update private.label_purchases
    set carrier_shipment_id = rate.carrier_shipment_id,
        carrier_rate_id = rate.carrier_rate_id
    where id = purchase.id
      and not exists (
        select from private.label_purchases as other
        where other.carrier_shipment_id = rate.carrier_shipment_id
      );
  end if;
  update private.label_purchases
  set quoted_cost = coalesce(rate.price, quoted_cost),
      currency = coalesce(rate.currency, label_purchases.currency)
  where id = purchase.id
  returning * into purchase;
  perform private.claim_label_lines(purchase);
  return jsonb_build_object('outcome', 'requested', 'purchase', private.purchase_to_work(purchase));
exception
  -- Two requests with one key for two orders.
  when unique_violation then
    return jsonb_build_object('outcome', 'key_reused');
end;
$$;
comment on function public.request_label(uuid, text, text, uuid, jsonb) is
  'Stores the intent to buy a label, and takes its units. p_request: {parcel, label_format, rate_id | service, provider?, line_item_ids?, sender?}. Returns {outcome}: requested {purchase} (now buy it), exists {shipment}, in_progress {shipment}, unsettled {purchase} (look it up at the provider), key_reused, or refused {code}: docs/labels.md. A failed purchase, and one that was abandoned before anything was bought, begins anew. Raises PT404 for an order that is not the seller''s.';
grant execute on function public.request_label(uuid, text, text, uuid, jsonb) to service_role;

create function public.start_label_purchase(
  p_purchase_id uuid,
  p_attempt integer,
  p_choice jsonb
)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update private.label_purchases
  set state = 'purchasing',
      service = p_choice ->> 'service',
      carrier_shipment_id = p_choice ->> 'carrier_shipment_id',
      carrier_rate_id = p_choice ->> 'carrier_rate_id',
      quoted_cost = (p_choice ->> 'quoted_cost')::numeric,
      currency = p_choice ->> 'currency'
  where id = p_purchase_id and state = 'requested' and attempt = p_attempt;
  return found;
end;
$$;
comment on function public.start_label_purchase(uuid, integer, jsonb) is
  'The last step before money is spent: stores what will be bought, p_choice {service, carrier_shipment_id, carrier_rate_id, quoted_cost, currency}. False if another worker has taken the purchase over: then nothing may be bought.';
grant execute on function public.start_label_purchase(uuid, integer, jsonb) to service_role;

create function private.order_status_of_shipments(p_order public.orders)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  with parcel as (
    select status, line_item_ids
    from public.shipments
    where order_id = p_order.id and provider is not null and status <> 'voided'
  ), units as (
    select
      private.order_line_item_ids(p_order) <@ coalesce(
        (select array_agg(line.id) from parcel, unnest(parcel.line_item_ids) as line (id)),
        '{}'
      ) as all_labelled
  )
  select case
    when not exists (select from parcel) then null
    when not all_labelled then 'partially_shipped'
    when (select bool_and(status in ('delivered', 'returned')) and bool_or(status = 'delivered') from parcel)
      then 'delivered'
    when (select bool_or(status not in ('created', 'purchased')) from parcel) then 'in_transit'
    else 'awaiting_collection'
  end
  from units;
$$;
comment on function private.order_status_of_shipments(public.orders) is
  'What an order''s parcels make of it; null without a live label.';
grant execute on function private.order_status_of_shipments(public.orders) to service_role;

create function private.note_shipment_change(p_order_id uuid, p_event_type text, p_changes jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  before public.orders;
  becomes text;
begin
  select * into before from public.orders where id = p_order_id for update;
  becomes := private.order_status_of_shipments(before);
  if p_event_type = 'LABEL_VOIDED' and before.tiktok_status in ('AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING') then
    -- TikTok still waits for these units: so do we, which no other news may bring about.
    becomes := coalesce(
      becomes,
      case before.tiktok_status when 'AWAITING_SHIPMENT' then 'awaiting_shipment' else 'partially_shipped' end
    );
  else
    becomes := private.next_order_status(before.order_status, becomes);
  end if;
  if becomes is distinct from before.order_status then
    update public.orders set order_status = becomes where id = p_order_id;
    p_changes := p_changes
      || jsonb_build_object('order_status', jsonb_build_object('from', before.order_status, 'to', becomes));
  end if;
  insert into public.order_events (order_id, user_id, event_type, changes, happened_at)
  values (p_order_id, before.user_id, p_event_type, p_changes, now());
end;
$$;
comment on function private.note_shipment_change(uuid, text, jsonb) is
  'A parcel of an order has changed: moves the order accordingly, and writes its timeline.';
grant execute on function private.note_shipment_change(uuid, text, jsonb) to service_role;

create function public.finish_label_purchase(
  p_purchase_id uuid,
  p_label jsonb,
  p_event_id bigint default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  -- The order first, as everywhere.
  perform from public.orders
  where id = (select order_id from private.label_purchases where id = p_purchase_id)
  for update;
  select * into purchase from private.label_purchases where id = p_purchase_id for update;
  if purchase.id is null then
    raise exception 'There is no label purchase %', p_purchase_id using errcode = 'PT404';
  end if;
  if purchase.state in ('requested', 'purchasing', 'unknown', 'failed') then
    update private.label_purchases
    set state = 'purchased', reason = null
    where id = p_purchase_id
    returning * into purchase;
    -- Bought is bought, also what was believed to have failed.
    perform private.claim_label_lines(purchase);
    insert into public.shipments (
      id, order_id, provider, carrier, service_type, tracking_number, label_url, label_expires_at,
      label_format, shipping_cost, quoted_cost, currency, line_item_ids, estimated_delivery, status,
      tracked_at, tiktok_package_id, tiktok_told_at
    )
    values (
      p_purchase_id,
      purchase.order_id,
      purchase.provider,
      p_label ->> 'carrier',
      p_label ->> 'service_type',
      p_label ->> 'tracking_number',
      p_label ->> 'label_url',
      (p_label ->> 'label_expires_at')::timestamptz,
      coalesce(p_label ->> 'label_format', purchase.label_format),
      (p_label ->> 'shipping_cost')::numeric,
      purchase.quoted_cost,
      coalesce(p_label ->> 'currency', purchase.currency),
      purchase.line_item_ids,
      (p_label ->> 'estimated_delivery')::date,
      'purchased',
      now(),
      p_label ->> 'tiktok_package_id',
      case when purchase.provider = 'tiktok_shipping' then now() end
    );
    perform private.note_shipment_change(
      purchase.order_id,
      'LABEL_PURCHASED',
      jsonb_build_object('shipment_id', purchase.id, 'carrier', p_label ->> 'carrier')
    );
    perform private.enqueue_label_task(
      case purchase.provider when 'tiktok_shipping' then 'FETCH_LABEL' else 'MARK_SHIPPED' end,
      purchase,
      'purchased'
    );
  end if;
  perform private.settle_done(p_event_id);
  return private.shipment_view(purchase);
end;
$$;
comment on function public.finish_label_purchase(uuid, jsonb, bigint) is
  'A label was bought: the purchase, the shipment, the order and its timeline in one transaction, with the task that follows and the event that asked for it. p_label: {carrier, service_type, tracking_number, label_url, label_expires_at, label_format, shipping_cost (a decimal string), currency, estimated_delivery, tiktok_package_id}. Doing it again changes nothing. Returns the shipment (private.shipment_view); raises PT404.';
grant execute on function public.finish_label_purchase(uuid, jsonb, bigint) to service_role;

create function public.fail_label_purchase(
  p_purchase_id uuid,
  p_attempt integer,
  p_reason text,
  p_event_id bigint default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  update private.label_purchases
  set state = 'failed', reason = p_reason
  where id = p_purchase_id and attempt = p_attempt and state in ('requested', 'purchasing', 'unknown');
  if found then
    delete from private.labelled_lines where purchase_id = p_purchase_id;
  end if;
  perform private.settle_done(p_event_id);
  select * into purchase from private.label_purchases where id = p_purchase_id;
  return private.shipment_view(purchase);
end;
$$;
comment on function public.fail_label_purchase(uuid, integer, text, bigint) is
  'It is certain that nothing was bought: its units are free again. Changes nothing if the purchase was taken over or settled since. Returns the shipment (private.shipment_view).';
grant execute on function public.fail_label_purchase(uuid, integer, text, bigint) to service_role;

create function public.doubt_label_purchase(p_purchase_id uuid, p_attempt integer, p_reason text)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  update private.label_purchases
  set state = 'unknown', reason = p_reason
  where id = p_purchase_id and attempt = p_attempt and state = 'purchasing';
  select * into purchase from private.label_purchases where id = p_purchase_id;
  return private.shipment_view(purchase);
end;
$$;
comment on function public.doubt_label_purchase(uuid, integer, text) is
  'Nobody can say whether it was bought: the worker will ask the provider. Returns the shipment (private.shipment_view).';
grant execute on function public.doubt_label_purchase(uuid, integer, text) to service_role;

create function public.get_shipment(p_user_id uuid, p_shipment_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  select * into purchase
  from private.label_purchases
  where id = p_shipment_id and user_id = p_user_id;
  if purchase.id is null then
    raise exception 'The seller has no shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    'shipment', private.shipment_view(purchase),
    'purchase', private.purchase_to_work(purchase)
  );
end;
$$;
comment on function public.get_shipment(uuid, uuid) is
  'A label of a seller: {shipment (private.shipment_view), purchase (private.purchase_to_work)}. Raises PT404 for one that is not theirs.';
grant execute on function public.get_shipment(uuid, uuid) to service_role;

create function public.list_shipments(p_user_id uuid, p_order_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if not exists (select from public.orders where id = p_order_id and user_id = p_user_id) then
    raise exception 'The seller has no order %', p_order_id using errcode = 'PT404';
  end if;
  return (
    select coalesce(jsonb_agg(private.shipment_view(purchase) order by purchase.created_at), '[]')
    from private.label_purchases as purchase
    where purchase.order_id = p_order_id
  );
end;
$$;
comment on function public.list_shipments(uuid, uuid) is
  'Every label that was asked for an order, oldest first, also those that failed or are in doubt (private.shipment_view). Raises PT404 for an order that is not the seller''s.';
grant execute on function public.list_shipments(uuid, uuid) to service_role;

create function public.get_label_purchase(p_purchase_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.purchase_to_work(purchase)
    || jsonb_build_object('abandoned', private.is_abandoned(purchase))
    || jsonb_build_object('seconds', extract(epoch from now() - purchase.state_since)::integer)
    || jsonb_build_object('shipment', private.shipment_view(purchase))
  from private.label_purchases as purchase
  where id = p_purchase_id;
$$;
comment on function public.get_label_purchase(uuid) is
  'A purchase for the worker: private.purchase_to_work, whether its worker must have died (abandoned), seconds since its last change, and its shipment. Null if it is gone.';
grant execute on function public.get_label_purchase(uuid) to service_role;

create function public.store_label_document(
  p_purchase_id uuid,
  p_document jsonb,
  p_event_id bigint default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  update public.shipments
  set label_url = p_document ->> 'label_url',
      label_expires_at = (p_document ->> 'label_expires_at')::timestamptz,
      label_format = coalesce(p_document ->> 'label_format', label_format),
      tracking_number = coalesce(p_document ->> 'tracking_number', tracking_number)
  where id = p_purchase_id;
  perform private.settle_done(p_event_id);
  select * into purchase from private.label_purchases where id = p_purchase_id;
  return private.shipment_view(purchase);
end;
$$;
comment on function public.store_label_document(uuid, jsonb, bigint) is
  'Keeps a fresh link to a label: p_document {label_url, label_expires_at, label_format, tracking_number}. Returns the shipment (private.shipment_view).';
grant execute on function public.store_label_document(uuid, jsonb, bigint) to service_role;

create function public.note_tiktok_told(
  p_purchase_id uuid,
  p_package_id text,
  p_warning text,
  p_error text,
  p_event_id bigint default null
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update public.shipments
  set tiktok_package_id = coalesce(p_package_id, tiktok_package_id),
      tiktok_told_at = case when p_error is null then coalesce(tiktok_told_at, now()) else tiktok_told_at end,
      tiktok_warning = coalesce(p_warning, tiktok_warning),
      tiktok_error = p_error
  where id = p_purchase_id;
  perform private.settle_done(p_event_id);
end;
$$;
comment on function public.note_tiktok_told(uuid, text, text, text, bigint) is
  'TikTok took a shipment''s tracking number, perhaps with a warning, or did not (p_error).';
grant execute on function public.note_tiktok_told(uuid, text, text, text, bigint) to service_role;

create function public.request_label_void(p_user_id uuid, p_shipment_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
  parcel_status text;
begin
  select * into purchase
  from private.label_purchases
  where id = p_shipment_id and user_id = p_user_id
  for update;
  if purchase.id is null then
    raise exception 'The seller has no shipment %', p_shipment_id using errcode = 'PT404';
  end if;
  if purchase.state = 'voided'
    or (purchase.state = 'void_requested' and purchase.checked_at > now() - interval '1 minute') then
    return jsonb_build_object('outcome', 'exists', 'shipment', private.shipment_view(purchase));
  end if;
  -- Asked for again, and not by the same click: the provider is asked how it stands.
  if purchase.state = 'void_requested' then
    update private.label_purchases set checked_at = now() where id = p_shipment_id;
    return jsonb_build_object('outcome', 'requested', 'purchase', private.purchase_to_work(purchase));
  end if;
  select status into parcel_status from public.shipments where id = p_shipment_id;
  if purchase.state not in ('purchased', 'void_rejected') then
    return jsonb_build_object('outcome', 'refused', 'code', 'not_purchased');
  end if;
  if parcel_status not in ('created', 'purchased') then
    return jsonb_build_object('outcome', 'refused', 'code', 'already_underway');
  end if;
  update private.label_purchases
  set state = 'void_requested', reason = null, checked_at = now()
  where id = p_shipment_id
  returning * into purchase;
  return jsonb_build_object('outcome', 'requested', 'purchase', private.purchase_to_work(purchase));
end;
$$;
comment on function public.request_label_void(uuid, uuid) is
  'Stores that a seller wants a label voided. Returns {outcome}: requested {purchase}, exists {shipment}, or refused {code: not_purchased, already_underway}. Raises PT404 for one that is not theirs.';
grant execute on function public.request_label_void(uuid, uuid) to service_role;

create function public.settle_label_void(
  p_purchase_id uuid,
  p_state text,
  p_reason text,
  p_event_id bigint default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  purchase private.label_purchases;
begin
  perform from public.orders
  where id = (select order_id from private.label_purchases where id = p_purchase_id)
  for update;
  select * into purchase from private.label_purchases where id = p_purchase_id for update;
  if purchase.state = 'void_requested' then
    update private.label_purchases
    set state = p_state, reason = p_reason, checked_at = now()
    where id = p_purchase_id
    returning * into purchase;
    if p_state = 'voided' then
      update public.shipments set status = 'voided' where id = p_purchase_id;
      delete from private.labelled_lines where purchase_id = p_purchase_id;
      perform private.note_shipment_change(
        purchase.order_id, 'LABEL_VOIDED', jsonb_build_object('shipment_id', purchase.id)
      );
    elsif p_state = 'void_rejected' and exists (
      select from public.shipments where id = p_purchase_id and tiktok_told_at is null
    ) then
      -- The label is in use after all, and its task found that it was not.
      perform private.enqueue_label_task('MARK_SHIPPED', purchase, 'void_rejected:' || now());
    end if;
  end if;
  perform private.settle_done(p_event_id);
  return private.shipment_view(purchase);
end;
$$;
comment on function public.settle_label_void(uuid, text, text, bigint) is
  'What the provider said to a void: p_state is voided (its units are free again), void_rejected, or void_requested (not decided yet). Returns the shipment (private.shipment_view).';
grant execute on function public.settle_label_void(uuid, text, text, bigint) to service_role;

create function public.enqueue_label_tasks()
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  enqueued integer;
begin
  with due as (
    select
      id,
      order_id,
      case state when 'void_requested' then 'CHECK_VOID' else 'SETTLE_LABEL' end as task,
      attempt || ':' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24') as occasion
    from private.label_purchases as purchase
    where state = 'unknown'
      or (state in ('requested', 'purchasing') and private.is_abandoned(purchase))
      or (state = 'void_requested' and checked_at < now() - interval '6 hours')
    union all
    select
      id, order_id, 'CHECK_TRACKING', to_char(now() at time zone 'UTC', 'YYYYMMDD')
    from public.shipments
    where status in ('purchased', 'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed')
      and provider is not null
      and tracked_at < now() - interval '24 hours'
      and created_at > now() - interval '90 days'
  )
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select 'creatorflow', task || ':' || due.id || ':' || occasion, task, shop.shop_id, due.id::text, '{}'
  from due
  join public.orders on orders.id = due.order_id
  join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
  where not exists (
    select from private.webhook_events as waiting
    where waiting.shop_id = shop.shop_id
      and waiting.object_id = due.id::text
      and waiting.event_type = task
      and waiting.status in ('pending', 'processing')
  )
  -- Those that were asked for in vain keep no other waiting.
  and not exists (
    select from private.webhook_events as told
    where told.source = 'creatorflow' and told.external_id = task || ':' || due.id || ':' || occasion
  )
  order by due.id
  limit 1000
  on conflict (source, external_id) do nothing;
  get diagnostics enqueued = row_count;
  return enqueued;
end;
$$;
comment on function public.enqueue_label_tasks() is
  'Puts into the inbox what nobody else does: purchases whose outcome is unknown or whose worker died (hourly), voids that are not decided (every 6 hours), and parcels that nothing was heard of for 24 hours (daily, for 90 days). Returns how many.';
grant execute on function public.enqueue_label_tasks() to service_role;
