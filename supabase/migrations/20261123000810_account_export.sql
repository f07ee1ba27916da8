-- All rows of a seller as a download, read in pages by key, so a page costs the same at any depth.

/*
  Returns:   rows (place, part, relation, source, key_1, type_1, key_2, type_2, hidden). source ends with the condition
             that limits it to the seller $1; the keys order the rows and find the next page; hidden names columns of a
             table in private that are not exported.
*/
create function private.export_parts()
returns table (
  place integer, part text, relation text, source text,
  key_1 text, type_1 text, key_2 text, type_2 text, hidden text[]
)
language sql
immutable
set search_path = ''
as $$
  select *
  from (
    values
      (1, 'account', 'public.users', 'public.users as item where item.id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'uuid', '{}'::text[]),
      (2, 'shops', 'public.tiktok_shops', 'public.tiktok_shops as item where item.user_id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'uuid', '{}'),
      (3, 'senders', 'private.senders',
        'public.tiktok_shops as owner join private.senders as item on item.tiktok_shop_id = owner.id where owner.user_id = $1',
        'owner.created_at', 'timestamptz', 'owner.id', 'uuid', '{}'),
      (4, 'subscriptions', 'public.subscriptions', 'public.subscriptions as item where item.user_id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'uuid', '{}'),
      (5, 'monthly_order_counts', 'private.monthly_order_counts',
        'private.monthly_order_counts as item where item.user_id = $1',
        'item.month', 'date', 'item.user_id', 'uuid', '{}'),
      (6, 'orders', 'public.orders', 'public.orders as item where item.user_id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'uuid', '{}'),
      (7, 'order_events', 'public.order_events', 'public.order_events as item where item.user_id = $1',
        'item.created_at', 'timestamptz', 'item.id', 'bigint', '{}'),
      (8, 'shipments', 'public.shipments',
        'public.orders as owner join public.shipments as item on item.order_id = owner.id where owner.user_id = $1',
        'owner.created_at', 'timestamptz', 'item.id', 'uuid', '{}'),
      (9, 'shipment_orders', 'public.shipment_orders',
        'public.orders as owner join public.shipment_orders as item on item.order_id = owner.id where owner.user_id = $1',
        'owner.created_at', 'timestamptz', 'item.id', 'bigint', '{}'),
      (10, 'label_purchases', 'private.label_purchases', 'private.label_purchases as item where item.user_id = $1',
        'item.idempotency_key', 'text', 'item.id', 'uuid', '{request_hash,address_digest}'),
      (11, 'own_tracking_numbers', 'private.own_tracking_numbers',
        'private.label_purchases as owner join private.own_tracking_numbers as item on item.shipment_id = owner.id where owner.user_id = $1',
        'owner.idempotency_key', 'text', 'item.attempt', 'integer', '{}'),
      (12, 'label_batches', 'private.label_batches', 'private.label_batches as item where item.user_id = $1',
        'item.idempotency_key', 'text', 'item.id', 'uuid', '{request_hash}'),
      (13, 'label_batch_items', 'private.label_batch_items',
        'private.label_batches as owner join private.label_batch_items as item on item.batch_id = owner.id where owner.user_id = $1',
        'owner.idempotency_key', 'text', 'item.place', 'integer', '{}'),
      (14, 'analytics_events', 'public.analytics_events',
        'public.analytics_events as item where item.user_id = $1',
        'item.timestamp', 'timestamptz', 'item.id', 'uuid', '{}'),
      -- What waits for a transferred shop belongs to its new account; tasks about labels to the account of the label.
      (15, 'held_orders', 'private.held_orders',
        'public.tiktok_shops as owner join private.held_orders as item on item.shop_id = owner.shop_id where owner.user_id = $1 and owner.connection_status <> ''transferred''',
        'item.shop_id', 'text', 'item.tiktok_order_id', 'text', '{}'),
      (16, 'webhook_events', 'private.webhook_events',
        'public.tiktok_shops as owner join private.webhook_events as item on item.shop_id = owner.shop_id and item.source in (''tiktok'', ''creatorflow'') where owner.user_id = $1 and coalesce(private.seller_of_label_task(item.source, item.object_id), case when owner.connection_status <> ''transferred'' then owner.user_id end) = owner.user_id',
        'item.id', 'bigint', 'owner.id', 'uuid', '{last_error}')
  ) as listed (place, part, relation, source, key_1, type_1, key_2, type_2, hidden);
$$;
comment on function private.export_parts() is
  'The tables that hold rows of a seller, in the order of the export: docs/privacy.md.';
grant execute on function private.export_parts() to service_role;

create function private.export_columns(p_relation regclass, p_hidden text[])
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select string_agg(
      -- As text, so a reader of JSON does not round it.
      case atttypid when 'numeric'::regtype then format('item.%1$I::text as %1$I', attname) else format('item.%I', attname) end,
      ', ' order by attnum
    )
    from pg_catalog.pg_attribute
    where attrelid = p_relation
      and attnum > 0
      and not attisdropped
      and attname <> all (p_hidden)
      and case (select relnamespace from pg_catalog.pg_class where oid = p_relation)
        -- Columns of a public table that the seller may select anyway: no token, no Stripe id.
        when 'public'::regnamespace then has_column_privilege('authenticated', p_relation, attnum, 'select')
        else true
      end
  );
end;
$$;
comment on function private.export_columns(regclass, text[]) is
  'The select list of the exported columns of a table.';
grant execute on function private.export_columns(regclass, text[]) to service_role;

create function private.export_condition(p_part text, p_after jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select case
      when p_after is null or jsonb_typeof(p_after) = 'null' then source
      else format(
        '%s and (%s, %s) > (%L::%s, %L::%s)',
        source, key_1, key_2, p_after ->> 0, type_1, p_after ->> 1, type_2
      )
    end
    from private.export_parts()
    where part = p_part
  );
end;
$$;
comment on function private.export_condition(text, jsonb) is
  'The rows of a part after a key, as the from clause of a query with the seller as $1.';
grant execute on function private.export_condition(text, jsonb) to service_role;

/*
  Arguments: p_user_id; p_from {part, after}, next of the plan before, or null; p_rows, the largest number of rows.
  Returns:   {slices: [{part, after, rows}], next: {part, after} | null}; the slices have p_rows rows together; next is
             null if no row is left.
  Errors:    PT404, unknown user; PT400, invalid p_from.
*/
create function public.plan_account_export(p_user_id uuid, p_from jsonb, p_rows integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  source record;
  start_after jsonb := p_from -> 'after';
  left_over integer := p_rows;
  found_rows integer;
  last_key jsonb;
  slices jsonb := '[]';
begin
  perform private.require_seller(p_user_id);
  for source in
    select * from private.export_parts()
    where place >= coalesce(
      (select first.place from private.export_parts() as first where first.part = p_from ->> 'part'), 1
    )
    order by place
  loop
    execute format(
      $query$
        select count(*), (array_agg(key) filter (where place = $2))[1]
        from (
          select
            jsonb_build_array((%1$s)::text, (%2$s)::text) as key,
            row_number() over (order by %1$s, %2$s) as place
          from %3$s
          order by %1$s, %2$s
          limit $2 + 1
        ) as keys
      $query$,
      source.key_1, source.key_2, private.export_condition(source.part, start_after)
    )
    into found_rows, last_key
    using p_user_id, left_over;
    slices := slices || jsonb_build_object(
      'part', source.part, 'after', start_after, 'rows', least(found_rows, left_over)
    );
    if found_rows > left_over then
      return jsonb_build_object(
        'slices', slices,
        'next', jsonb_build_object('part', source.part, 'after', coalesce(last_key, start_after))
      );
    end if;
    left_over := left_over - found_rows;
    start_after := null;
  end loop;
  return jsonb_build_object('slices', slices, 'next', null);
exception
  when data_exception then
    raise exception 'p_from names no row' using errcode = 'PT400';
end;
$$;
comment on function public.plan_account_export(uuid, jsonb, integer) is
  'Divides the rows of a seller into parts of the export that can be read in one request.';
grant execute on function public.plan_account_export(uuid, jsonb, integer) to service_role;

/*
  Arguments: p_user_id; p_part, a part of plan_account_export; p_after, the key of the row before, or null; p_limit.
  Returns:   {rows, next}: rows as objects, amounts as decimal strings; next is the key of the last row, null without
             rows.
*/
create function public.read_account_export(p_user_id uuid, p_part text, p_after jsonb, p_limit integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  source record;
  page jsonb;
begin
  select * into strict source from private.export_parts() where part = p_part;
  execute format(
    $query$
      select jsonb_build_object(
        'rows', coalesce(jsonb_agg(record order by place), '[]'),
        'next', (array_agg(key order by place desc))[1]
      )
      from (
        select
          jsonb_build_array((%1$s)::text, (%2$s)::text) as key,
          row_number() over (order by %1$s, %2$s) as place,
          (select to_jsonb(exported) from (select %3$s) as exported) as record
        from %4$s
        order by %1$s, %2$s
        limit $2
      ) as page
    $query$,
    source.key_1, source.key_2, private.export_columns(source.relation::regclass, source.hidden),
    private.export_condition(p_part, p_after)
  )
  into page
  using p_user_id, p_limit;
  return page;
end;
$$;
comment on function public.read_account_export(uuid, text, jsonb, integer) is
  'One page of the rows of a seller in one table, without tokens and without what only operators need.';
grant execute on function public.read_account_export(uuid, text, jsonb, integer) to service_role;
