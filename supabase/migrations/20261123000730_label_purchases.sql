-- Label purchases and their states: docs/labels.md.

create table private.label_transitions (
  from_state text not null,
  to_state text not null,
  primary key (from_state, to_state)
);
comment on table private.label_transitions is 'Allowed transitions of label_purchases.state: docs/labels.md.';

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
  -- The seller requests it again.
  ('failed', 'requested'),
  -- The provider reports late that it was bought.
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
  other_order_ids uuid[] not null default '{}',
  idempotency_key text not null,
  request_hash text not null,
  provider text not null,
  line_item_ids text[] not null,
  parcel jsonb,
  sender jsonb,
  address_digest text,
  service text not null,
  label_format text,
  carrier_shipment_id text,
  carrier_rate_id text,
  quoted_cost numeric(14, 2),
  currency text,
  state text not null default 'requested',
  state_since timestamptz not null default now(),
  attempt integer not null default 1,
  reason text,
  checked_at timestamptz,
  cost_cents bigint,
  cost_day date,
  cost_shop_key uuid,
  adjustments jsonb not null default '{}',
  void_used_at timestamptz,
  created_at timestamptz not null default now(),
  constraint label_purchases_user_id_idempotency_key_key unique (user_id, idempotency_key),
  constraint label_purchases_provider_check check (provider in ('tiktok_shipping', 'easypost', 'own')),
  constraint label_purchases_own_check check (
    (provider = 'own') = (parcel is null) and (provider = 'own') = (label_format is null)
  ),
  constraint label_purchases_label_format_check check (label_format in ('PDF', 'PNG', 'ZPL')),
  constraint label_purchases_line_item_ids_check check (cardinality(line_item_ids) > 0),
  constraint label_purchases_cost_check check (num_nulls(cost_cents, cost_day, cost_shop_key) in (0, 3)),
  constraint label_purchases_reason_check check (reason ~ '^[a-z][a-z0-9_]*$'),
  constraint label_purchases_state_check check (
    state in (
      'requested', 'purchasing', 'purchased', 'failed', 'unknown',
      'void_requested', 'voided', 'void_rejected'
    )
  )
);
comment on table private.label_purchases is 'Every requested label: the intent, stored before the provider is called, and its result; and every tracking number from elsewhere (own).';
comment on column private.label_purchases.id is 'Also the id of the shipment that it becomes and its reference at EasyPost.';
comment on column private.label_purchases.request_hash is 'Hash of the whole request; the same key with another request is refused.';
comment on column private.label_purchases.other_order_ids is 'The other orders in a combined parcel.';
comment on column private.label_purchases.address_digest is 'private.address_digest of the order for which the carrier shipment was made; null once the label is bought.';
comment on column private.label_purchases.service is 'Id of the service at the provider; "cheapest" or "default" until it is chosen; own for a tracking number from elsewhere.';
comment on column private.label_purchases.carrier_shipment_id is 'EasyPost shipment, stored before it is bought, and bought at most once.';
comment on column private.label_purchases.quoted_cost is 'In major units of currency; null where the provider quotes none.';
comment on column private.label_purchases.attempt is 'A worker that lost the purchase has an older number; of an own tracking number, each correction is an attempt.';
comment on column private.label_purchases.reason is 'Code of the reason why it failed, is unknown or was not voided: docs/labels.md.';
comment on column private.label_purchases.checked_at is 'When the provider was last called about a void.';
comment on column private.label_purchases.cost_cents is 'What the label adds to private.label_spending, in US cents; null while it adds nothing.';
comment on column private.label_purchases.cost_day is 'Day (UTC) to which it is added.';
comment on column private.label_purchases.cost_shop_key is 'Shop to which it is added.';
comment on column private.label_purchases.adjustments is 'What the carrier charged or paid back later, by the id of the EasyPost invoice: {amount, cents, at}; cents, of US dollars, count.';
comment on column private.label_purchases.void_used_at is 'When the carrier was first seen to have the parcel of this voided label.';

create index idx_label_purchases_order_id on private.label_purchases (order_id);
create index idx_label_purchases_other_orders on private.label_purchases using gin (other_order_ids);
-- One carrier shipment, one purchase.
create unique index label_purchases_carrier_shipment_id_key
  on private.label_purchases (carrier_shipment_id);
-- Serves the event worker; nearly all purchases are in other states.
create index idx_label_purchases_open on private.label_purchases (state_since)
  where state in ('requested', 'purchasing', 'unknown', 'void_requested');

alter table private.label_purchases enable row level security;
grant select, insert, update on private.label_purchases to service_role;

create table private.labelled_lines (
  user_id uuid not null,
  order_id uuid not null references public.orders (id) on delete cascade,
  line_item_id text not null,
  purchase_id uuid not null references private.label_purchases (id) on delete cascade,
  primary key (order_id, line_item_id)
);
comment on table private.labelled_lines is 'Units that have a label or a pending purchase, at most one each; freed when the purchase fails or the label is voided.';

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
comment on function private.check_label_transition() is
  'Trigger: refuses a transition that label_transitions does not list, and stores the time of the transition.';

create trigger check_label_transition
  before update of state on private.label_purchases
  for each row when (old.state is distinct from new.state)
  execute function private.check_label_transition();

create function private.is_abandoned(p_purchase private.label_purchases)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Longer than any provider call, which is limited to less than a minute.
  return p_purchase.state in ('requested', 'purchasing')
    and p_purchase.state_since < now() - interval '2 minutes';
end;
$$;
comment on function private.is_abandoned(private.label_purchases) is
  'Whether the worker of a purchase must have died: a provider call is limited to less than a minute.';
grant execute on function private.is_abandoned(private.label_purchases) to service_role;

create function private.obstacle_at_shop(p_purchase private.label_purchases)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select case
      when p_purchase.provider <> 'tiktok_shipping' then null
      when private.shop_of_order(orders) is null then 'shop_not_connected'
      when private.shop_of_order(orders) ->> 'paused_seconds' is not null then 'shop_paused'
    end
    from public.orders
    where id = p_purchase.order_id and user_id = p_purchase.user_id
  );
end;
$$;
comment on function private.obstacle_at_shop(private.label_purchases) is
  'Why a label that only TikTok knows cannot be read there now, a code; null if it can.';
grant execute on function private.obstacle_at_shop(private.label_purchases) to service_role;

create function private.shipment_view(p_purchase private.label_purchases)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', p_purchase.id,
      'order_id', p_purchase.order_id,
      'order_ids', to_jsonb(p_purchase.order_id || p_purchase.other_order_ids),
      'state', p_purchase.state,
      'reason', case
        when p_purchase.state = 'void_requested'
          then coalesce(private.obstacle_at_shop(p_purchase), p_purchase.reason)
        else p_purchase.reason
      end,
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
      'tiktok_notified_at', shipment.tiktok_notified_at,
      'tiktok_warning', shipment.tiktok_warning,
      'tiktok_error', shipment.tiktok_error,
      'tiktok_error_code', shipment.tiktok_error_code,
      'advice', shipment.advice,
      'advice_reason', shipment.advice_reason,
      'advised_at', shipment.advised_at,
      'created_at', p_purchase.created_at,
      'updated_at', coalesce(shipment.updated_at, p_purchase.state_since)
    )
    from (select) as nothing
    left join public.shipments as shipment on shipment.id = p_purchase.id and shipment.user_id = p_purchase.user_id
  );
end;
$$;
comment on function private.shipment_view(private.label_purchases) is
  'A label and its parcel as the API shows them to the seller: docs/labels.md.';
grant execute on function private.shipment_view(private.label_purchases) to service_role;

create function private.order_of_unit(p_purchase private.label_purchases, p_line_item_id text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(
    (
      select id
      from public.orders
      where user_id = p_purchase.user_id
        and id = any (p_purchase.other_order_ids)
        and p_line_item_id = any (
          private.order_line_item_ids(orders) || private.cancelled_line_item_ids(orders)
        )
    ),
    p_purchase.order_id
  );
end;
$$;
comment on function private.order_of_unit(private.label_purchases, text) is
  'Which order in a parcel a unit belongs to.';
grant execute on function private.order_of_unit(private.label_purchases, text) to service_role;

/*
  Arguments: p_purchase.
  Returns:   the requested order first: [{id, tiktok_order_id, combine_group_id, line_item_ids (those in the parcel),
             labelled_elsewhere (those of them that another purchase has), tracking_numbers (of all its labels that were
             bought here)}].
*/
create function private.orders_in_parcel(p_purchase private.label_purchases)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', orders.id,
          'tiktok_order_id', orders.tiktok_order_id,
          'combine_group_id', orders.combine_group_id,
          'line_item_ids', (
            select coalesce(jsonb_agg(unit.id order by unit.id), '[]')
            from unnest(p_purchase.line_item_ids) as unit (id)
            where private.order_of_unit(p_purchase, unit.id) = orders.id
          ),
          'labelled_elsewhere', (
            select coalesce(jsonb_agg(line_item_id order by line_item_id), '[]')
            from private.labelled_lines
            where order_id = orders.id and user_id = orders.user_id
              and line_item_id = any (p_purchase.line_item_ids) and purchase_id <> p_purchase.id
          ),
          'tracking_numbers', private.order_to_ship(orders) -> 'tracking_numbers'
        )
        order by orders.id <> p_purchase.order_id, orders.tiktok_order_id
      ),
      '[]'
    )
    from public.orders
    where orders.user_id = p_purchase.user_id
      and orders.id = any (p_purchase.order_id || p_purchase.other_order_ids)
  );
end;
$$;
comment on function private.orders_in_parcel(private.label_purchases) is
  'Every order in the parcel of a purchase.';
grant execute on function private.orders_in_parcel(private.label_purchases) to service_role;

/*
  Arguments: p_purchase.
  Returns:   {id, attempt, state, provider, line_item_ids, parcel, sender, service, label_format, carrier_shipment_id,
             carrier_rate_id, quoted_cost, currency, tiktok_package_id, refused_carriers, order (private.order_to_ship),
             orders (private.orders_in_parcel)}.
*/
create function private.purchase_for_worker(p_purchase private.label_purchases)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return jsonb_build_object(
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
    'tiktok_package_id', (
      select tiktok_package_id from public.shipments where id = p_purchase.id and user_id = p_purchase.user_id
    ),
    'refused_carriers', (
      select private.refused_carriers(orders, p_purchase.provider)
      from public.orders
      where id = p_purchase.order_id and user_id = p_purchase.user_id
    ),
    'order', (
      select private.order_to_ship(orders) from public.orders
      where id = p_purchase.order_id and user_id = p_purchase.user_id
    ),
    'orders', private.orders_in_parcel(p_purchase)
  );
end;
$$;
comment on function private.purchase_for_worker(private.label_purchases) is
  'A purchase with its order, as the steps that buy, look up and void it need it.';
grant execute on function private.purchase_for_worker(private.label_purchases) to service_role;

create function private.enqueue_label_task(p_type text, p_purchase private.label_purchases, p_occasion text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.enqueue_task(
    p_type, p_purchase.id || ':' || p_occasion, shop.shop_id, p_purchase.id::text
  )
  from public.orders
  join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id and shop.user_id = orders.user_id
  where orders.id = p_purchase.order_id and orders.user_id = p_purchase.user_id;
end;
$$;
comment on function private.enqueue_label_task(text, private.label_purchases, text) is
  'Enqueues a task about a label, once per occasion.';
grant execute on function private.enqueue_label_task(text, private.label_purchases, text) to service_role;

/*
  Arguments: p_user_id; p_shipment_id.
  Returns:   {shipment (private.shipment_view), purchase (private.purchase_for_worker; null without a label)}.
  Errors:    PT404, the seller has no such label.
*/
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
    'purchase', case when purchase.provider <> 'own' then private.purchase_for_worker(purchase) end
  );
end;
$$;
comment on function public.get_shipment(uuid, uuid) is
  'One label of a seller.';
grant execute on function public.get_shipment(uuid, uuid) to service_role;

/*
  Arguments: p_user_id; p_order_id.
  Returns:   [private.shipment_view].
  Errors:    PT404, the seller has no such order.
*/
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
    where purchase.order_id = p_order_id or purchase.other_order_ids @> array[p_order_id]
  );
end;
$$;
comment on function public.list_shipments(uuid, uuid) is
  'All labels that were requested for an order, oldest first, including failed and unknown ones.';
grant execute on function public.list_shipments(uuid, uuid) to service_role;

/*
  Arguments: p_purchase_id.
  Returns:   private.purchase_for_worker with abandoned (its worker must have died), seconds (since its last change) and
             shipment (private.shipment_view); null for an unknown purchase.
*/
create function public.get_label_purchase(p_purchase_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select private.purchase_for_worker(purchase)
      || jsonb_build_object('abandoned', private.is_abandoned(purchase))
      || jsonb_build_object('seconds', extract(epoch from now() - purchase.state_since)::integer)
      || jsonb_build_object('shipment', private.shipment_view(purchase))
    from private.label_purchases as purchase
    where id = p_purchase_id
  );
end;
$$;
comment on function public.get_label_purchase(uuid) is
  'A purchase for the event worker.';
grant execute on function public.get_label_purchase(uuid) to service_role;
