-- Lists of orders and shipments that sellers download, read in pages by key, so a page costs the same at any depth.

-- Serves the list of orders by the time at which buyers ordered.
create index idx_orders_user_ordered
  on public.orders (user_id, (coalesce(tiktok_created_at, created_at)), id);

create function private.describe_items(p_items jsonb)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select string_agg(
      (item ->> 'quantity') || ' x ' || coalesce(
        nullif(item ->> 'seller_sku', ''), item ->> 'product_name', item ->> 'sku_id'
      ),
      '; '
      order by place
    )
    from jsonb_array_elements(p_items) with ordinality as entry (item, place)
  );
end;
$$;
comment on function private.describe_items(jsonb) is
  'Items of an order in one line, e.g. "2 x MUG-MOSS; 1 x TRAY".';
grant execute on function private.describe_items(jsonb) to service_role;

/*
  Arguments: p_user_id; p_from and p_to, the time at which the buyer ordered, p_to excluded; p_after, next of the page
             before, or null; p_limit.
  Returns:   {rows: [{ordered_at, tiktok_order_id, order_id, shop_id, shop_name, order_kind, order_status,
             payment_status, currency, total_amount, shipping_cost, paid_at, refunded, items, state, country, stored_at}],
             next};
             next is null on the last page; amounts are decimal strings.
  Errors:    PT404, unknown user.
*/
create function public.list_orders_of_seller(
  p_user_id uuid,
  p_from timestamptz,
  p_to timestamptz,
  p_after jsonb,
  p_limit integer
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  page jsonb;
begin
  perform private.require_seller(p_user_id);
  with sold as (
    select orders, coalesce(orders.tiktok_created_at, orders.created_at) as ordered_at
    from public.orders
    where user_id = p_user_id
      and coalesce(tiktok_created_at, created_at) >= p_from
      and coalesce(tiktok_created_at, created_at) < p_to
      and (coalesce(tiktok_created_at, created_at), id) > (
        coalesce((p_after ->> 0)::timestamptz, '-infinity'),
        coalesce((p_after ->> 1)::uuid, '00000000-0000-0000-0000-000000000000')
      )
    order by coalesce(tiktok_created_at, created_at), id
    limit p_limit
  )
  select jsonb_build_object(
    'rows', coalesce(
      jsonb_agg(
        jsonb_build_object(
          'ordered_at', ordered_at,
          'tiktok_order_id', (orders).tiktok_order_id,
          'order_id', (orders).id,
          'shop_id', shop.shop_id,
          'shop_name', shop.shop_name,
          'order_kind', (orders).order_kind,
          'order_status', (orders).order_status,
          'payment_status', (orders).payment_status,
          'currency', (orders).currency,
          'total_amount', (orders).total_amount::text,
          'shipping_cost', (orders).shipping_cost::text,
          'paid_at', (orders).paid_at,
          'refunded', private.refunded_amount(orders)::text,
          'items', private.describe_items((orders).order_items),
          'state', (orders).shipping_address ->> 'state',
          'country', (orders).shipping_address ->> 'country',
          'stored_at', (orders).created_at
        )
        order by ordered_at, (orders).id
      ),
      '[]'
    ),
    'next', case when count(*) = p_limit then (
      array_agg(jsonb_build_array(ordered_at, (orders).id) order by ordered_at desc, (orders).id desc)
    )[1] end
  )
  into page
  from sold
  join public.tiktok_shops as shop on shop.id = (orders).tiktok_shop_id;
  return page;
end;
$$;
comment on function public.list_orders_of_seller(uuid, timestamptz, timestamptz, jsonb, integer) is
  'One page of the orders that buyers placed in a range of time, oldest first, without the names and streets of buyers.';
grant execute on function public.list_orders_of_seller(uuid, timestamptz, timestamptz, jsonb, integer)
  to service_role;

/*
  Arguments: p_user_id; p_from and p_to, the time at which the shipment was created, p_to excluded; p_after, next of the
             page before, or null; p_limit, the number of orders whose shipments a page holds.
  Returns:   {rows: [{created_at, shipment_id, tiktok_order_id, tiktok_order_ids, order_id, provider, carrier,
             service_type, tracking_number, status, units, currency, cost, quoted_cost, estimated_delivery, tiktok_notified_at}], next};
             tiktok_order_ids are those of all orders in the parcel, joined by a space; next is null on the last page,
             which may come after pages without rows.
  Errors:    PT404, unknown user.
*/
create function public.list_shipments_of_seller(
  p_user_id uuid,
  p_from timestamptz,
  p_to timestamptz,
  p_after jsonb,
  p_limit integer
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  page jsonb;
begin
  perform private.require_seller(p_user_id);
  -- A shipment is created after its order was stored.
  with sold as (
    select id, tiktok_order_id, created_at
    from public.orders
    where user_id = p_user_id
      and created_at < p_to
      and (created_at, id) > (
        coalesce((p_after ->> 0)::timestamptz, '-infinity'),
        coalesce((p_after ->> 1)::uuid, '00000000-0000-0000-0000-000000000000')
      )
    order by created_at, id
    limit p_limit
  )
  select jsonb_build_object(
    'rows', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'created_at', shipment.created_at,
            'shipment_id', shipment.id,
            'tiktok_order_id', sold.tiktok_order_id,
            'tiktok_order_ids', (
              select string_agg(packed.tiktok_order_id, ' ' order by packed.tiktok_order_id)
              from public.shipment_orders as link
              join public.orders as packed on packed.id = link.order_id
              where link.shipment_id = shipment.id
            ),
            'order_id', sold.id,
            'provider', shipment.provider,
            'carrier', shipment.carrier,
            'service_type', shipment.service_type,
            'tracking_number', shipment.tracking_number,
            'status', shipment.status,
            'units', cardinality(shipment.line_item_ids),
            'currency', shipment.currency,
            'cost', shipment.shipping_cost::text,
            'quoted_cost', shipment.quoted_cost::text,
            'estimated_delivery', shipment.estimated_delivery,
            'tiktok_notified_at', shipment.tiktok_notified_at
          )
          order by sold.created_at, sold.id, shipment.created_at, shipment.id
        ),
        '[]'
      )
      from sold
      join public.shipments as shipment on shipment.order_id = sold.id
      where shipment.created_at >= p_from and shipment.created_at < p_to
    ),
    'next', case when count(*) = p_limit then (
      array_agg(jsonb_build_array(created_at, id) order by created_at desc, id desc)
    )[1] end
  )
  into page
  from sold;
  return page;
end;
$$;
comment on function public.list_shipments_of_seller(uuid, timestamptz, timestamptz, jsonb, integer) is
  'One page of the shipments that were created in a range of time, by order, oldest order first.';
grant execute on function public.list_shipments_of_seller(uuid, timestamptz, timestamptz, jsonb, integer)
  to service_role;
