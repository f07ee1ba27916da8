-- Labels for many orders: accepted together, bought one by one through the inbox.

create table private.label_batches (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  idempotency_key text not null,
  request_hash text not null,
  created_at timestamptz not null default now(),
  constraint label_batches_user_id_idempotency_key_key unique (user_id, idempotency_key)
);
comment on table private.label_batches is 'Requests for the labels of up to 100 orders.';

alter table private.label_batches enable row level security;
grant select, insert on private.label_batches to service_role;

create table private.label_batch_items (
  user_id uuid not null,
  batch_id uuid not null references private.label_batches (id) on delete cascade,
  place integer not null,
  order_id uuid not null,
  request jsonb not null,
  state text not null default 'waiting',
  code text,
  primary key (batch_id, place),
  constraint label_batch_items_state_check check (state in ('waiting', 'purchased', 'failed', 'unknown'))
);
comment on table private.label_batch_items is 'The labels of a batch and their results.';
comment on column private.label_batch_items.order_id is 'As the seller sent it; the order may be unknown or belong to another seller.';
comment on column private.label_batch_items.code is 'Why the label was not bought: a code of docs/labels.md.';

alter table private.label_batch_items enable row level security;
grant select, insert, update on private.label_batch_items to service_role;

create function private.batch_view(p_batch_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    with items as (
      select
        item.place,
        item.order_id,
        -- The purchase decides about items whose result was unknown or came too late.
        case
          when item.state = 'waiting' or purchase.id is null then item.state
          when purchase.state in ('requested', 'purchasing') then item.state
          when purchase.state in ('unknown', 'failed') then purchase.state
          else 'purchased'
        end as state,
        item.code,
        case when purchase.id is not null then private.shipment_view(purchase) end as shipment
      from private.label_batches as batch
      join private.label_batch_items as item on item.batch_id = batch.id
      left join private.label_purchases as purchase
        on purchase.user_id = batch.user_id
        and purchase.idempotency_key = 'batch:' || batch.id || ':' || item.place
      where batch.id = p_batch_id
    )
    select jsonb_build_object(
      'id', batch.id,
      'state', case when bool_or(items.state = 'waiting') then 'processing' else 'done' end,
      'total', count(*),
      'waiting', count(*) filter (where items.state = 'waiting'),
      'purchased', count(*) filter (where items.state = 'purchased'),
      'failed', count(*) filter (where items.state = 'failed'),
      'unknown', count(*) filter (where items.state = 'unknown'),
      'created_at', batch.created_at,
      'items', jsonb_agg(
        jsonb_build_object(
          'order_id', items.order_id,
          'state', items.state,
          'shipment', items.shipment,
          'code', items.code
        )
        -- What a seller needs to request the label for all.
        || case
          when items.code = 'order_combined' then jsonb_build_object(
            'order_ids', (
              select jsonb_agg(combined.id order by combined.tiktok_order_id)
              from public.orders, private.combined_orders(orders) as combined
              where orders.id = items.order_id and orders.user_id = batch.user_id
            ),
            'tiktok_order_ids', (
              select to_jsonb(private.unstored_combined_orders(orders))
              from public.orders
              where orders.id = items.order_id and orders.user_id = batch.user_id
            )
          )
          else '{}'
        end
        order by items.place
      )
    )
    from private.label_batches as batch, items
    where batch.id = p_batch_id
    group by batch.id
  );
end;
$$;
comment on function private.batch_view(uuid) is
  'A batch as the API shows it to its seller: docs/labels.md.';
grant execute on function private.batch_view(uuid) to service_role;

/*
  Arguments: p_user_id; p_idempotency_key; p_request_hash; p_items, an array of p_request of request_label, each with
             order_id.
  Returns:   {outcome, batch (private.batch_view)}: accepted, exists, or key_reused without batch.
  Errors:    PT404, unknown user.
*/
create function public.request_label_batch(
  p_user_id uuid,
  p_idempotency_key text,
  p_request_hash text,
  p_items jsonb
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  batch private.label_batches;
begin
  perform private.lock_sellers(p_user_id);
  perform private.require_seller(p_user_id);
  insert into private.label_batches (user_id, idempotency_key, request_hash)
  values (p_user_id, p_idempotency_key, p_request_hash)
  on conflict (user_id, idempotency_key) do nothing
  returning * into batch;
  if batch.id is null then
    select * into batch
    from private.label_batches
    where user_id = p_user_id and idempotency_key = p_idempotency_key;
    if batch.request_hash <> p_request_hash then
      return jsonb_build_object('outcome', 'key_reused');
    end if;
    return jsonb_build_object('outcome', 'exists', 'batch', private.batch_view(batch.id));
  end if;
  insert into private.label_batch_items (user_id, batch_id, place, order_id, request)
  select p_user_id, batch.id, item.place, (item.request ->> 'order_id')::uuid, item.request
  from jsonb_array_elements(p_items) with ordinality as item (request, place);
  perform private.enqueue_task(
    'BUY_LABEL', batch.id || ':' || item.place, shop.shop_id, batch.id || ':' || item.place
  )
  from private.label_batch_items as item
  left join public.orders on orders.id = item.order_id and orders.user_id = p_user_id
  left join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id
  where item.batch_id = batch.id;
  return jsonb_build_object('outcome', 'accepted', 'batch', private.batch_view(batch.id));
end;
$$;
comment on function public.request_label_batch(uuid, text, text, jsonb) is
  'Stores a batch and enqueues each of its labels, in one transaction.';
grant execute on function public.request_label_batch(uuid, text, text, jsonb) to service_role;

/*
  Arguments: p_user_id; p_batch_id.
  Returns:   private.batch_view.
  Errors:    PT404, the seller has no such batch.
*/
create function public.get_label_batch(p_user_id uuid, p_batch_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if not exists (select from private.label_batches where id = p_batch_id and user_id = p_user_id) then
    raise exception 'The seller has no batch %', p_batch_id using errcode = 'PT404';
  end if;
  return private.batch_view(p_batch_id);
end;
$$;
comment on function public.get_label_batch(uuid, uuid) is
  'One batch of a seller.';
grant execute on function public.get_label_batch(uuid, uuid) to service_role;

/*
  Arguments: p_batch_id; p_place.
  Returns:   {user_id, request, state}; null for an unknown item.
*/
create function public.get_batch_item(p_batch_id uuid, p_place integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('user_id', batch.user_id, 'request', item.request, 'state', item.state)
    from private.label_batch_items as item
    join private.label_batches as batch on batch.id = item.batch_id
    where item.batch_id = p_batch_id and item.place = p_place
  );
end;
$$;
comment on function public.get_batch_item(uuid, integer) is
  'One label of a batch, for the event worker.';
grant execute on function public.get_batch_item(uuid, integer) to service_role;

/*
  Arguments: p_event_id; p_batch_id; p_place; p_result {state: purchased | failed | unknown, code unless purchased}.
*/
create function public.settle_batch_item(
  p_event_id bigint,
  p_batch_id uuid,
  p_place integer,
  p_result jsonb
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_sellers((select user_id from private.label_batches where id = p_batch_id));
  perform private.lock_event(p_event_id);
  update private.label_batch_items
  set state = p_result ->> 'state',
      code = p_result ->> 'code'
  where batch_id = p_batch_id and place = p_place;
  perform private.settle_event(p_event_id);
end;
$$;
comment on function public.settle_batch_item(bigint, uuid, integer, jsonb) is
  'Stores the result of one label of a batch and settles its event, in one transaction.';
grant execute on function public.settle_batch_item(bigint, uuid, integer, jsonb) to service_role;
