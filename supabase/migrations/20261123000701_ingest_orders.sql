-- Many orders at once: together where the plan has room for all, else one by one.

/*
  Arguments: item, of ingest_orders.
  Returns:   the facts of its event for the timeline.
*/
create function private.notice_of(item jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return coalesce(nullif(item -> 'notice', 'null'), '{}');
end;
$$;
comment on function private.notice_of(jsonb) is
  'Part of ingest_orders: the notice of an item, {} if it has none.';
grant execute on function private.notice_of(jsonb) to service_role;

/*
  Arguments: p_shop; p_items [{event_id, order, notice}], new orders that have a place, each once, in the order of their
             TikTok ids; their events are locked and open.
  Returns:   outcomes as those of ingest_orders, numbers for count_orders, and totals for add_batch_totals.
*/
create function private.ingest_new_orders(
  p_shop public.tiktok_shops,
  p_items jsonb[],
  out outcomes jsonb,
  out counted integer,
  out not_counted integer,
  out totals private.order_totals[]
)
language plpgsql
security invoker
set search_path = ''
as $$
declare
  result record;
begin
  -- 1. Insert the orders, write their timelines and settle their events.
  with stored as materialized (
    select
      inserted as row,
      event.id as event_id,
      event.event_type,
      event.received_at,
      private.notice_of(item) as notice
    from private.insert_orders(p_shop, array(select item -> 'order' from unnest(p_items) as item)) as inserted
    join unnest(p_items) as item on item #>> '{order,tiktok_order_id}' = inserted.tiktok_order_id
    join private.webhook_events as event on event.id = (item ->> 'event_id')::bigint
  ), timeline as (
    insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
    select
      (stored.row).id,
      p_shop.user_id,
      stored.event_type,
      stored.event_id,
      stored.notice || private.describe_new_order(stored.row),
      case when stored.notice = '{}' then least((stored.row).tiktok_updated_at, now()) else stored.received_at end
    from stored
  ), settled as (
    update private.webhook_events
    set status = 'done', reason = null, object_id = (stored.row).tiktok_order_id, settled_at = now()
    from stored
    where webhook_events.id = stored.event_id
  ), summed as (
    select row(
      p_shop.user_id, (stored.row).currency, count(*), sum((stored.row).total_amount) * 100,
      private.current_month(), count(*), sum((stored.row).total_amount) * 100,
      count(*) filter (where (stored.row).is_revenue),
      coalesce(sum((stored.row).total_amount) filter (where (stored.row).is_revenue), 0) * 100,
      coalesce(
        sum(private.refunded_amount(stored.row))
          filter (
            where (stored.row).is_revenue
              and ((stored.row).payment_status <> 'paid' or (stored.row).cancelled_amount > 0)
          ),
        0
      ) * 100,
      now()
    )::private.order_totals as of_currency
    from stored
    group by (stored.row).currency
  )
  select
    jsonb_agg(jsonb_build_object('event_id', event_id, 'outcome', 'inserted', 'order_id', (stored.row).id)) as outcomes,
    count(*) filter (where (stored.row).counts_for_plan) as counted,
    count(*) filter (where not (stored.row).counts_for_plan) as not_counted,
    (select array_agg(of_currency) from summed) as totals
  into result
  from stored;
  outcomes := result.outcomes;
  counted := result.counted;
  not_counted := result.not_counted;
  totals := result.totals;
  -- 2. Settle their other events.
  perform private.settle_others_of_orders(
    p_shop.shop_id, array(select item #>> '{order,tiktok_order_id}' from unnest(p_items) as item)
  );
end;
$$;
comment on function private.ingest_new_orders(public.tiktok_shops, jsonb[]) is
  'Part of ingest_orders: stores new orders in one statement.';
grant execute on function private.ingest_new_orders(public.tiktok_shops, jsonb[]) to service_role;

/*
  Arguments: p_shop; p_items.
  Returns:   the open events and the stored orders among them.
*/
create function private.lock_order_batch(
  p_shop public.tiktok_shops,
  p_items jsonb,
  out open_events bigint[],
  out stored_orders text[]
)
language plpgsql
security invoker
set search_path = ''
as $$
begin
  select array_agg(id) filter (where status not in ('done', 'ignored')) into open_events
  from (
    select id, status
    from private.webhook_events
    where id = any (array(select (entry ->> 'event_id')::bigint from jsonb_array_elements(p_items) as entry))
    order by id
    for update
  ) as locked;
  select array_agg(tiktok_order_id) into stored_orders
  from (
    select tiktok_order_id
    from public.orders
    where user_id = p_shop.user_id
      and tiktok_shop_id = p_shop.id
      and tiktok_order_id = any (array(
        select entry #>> '{order,tiktok_order_id}' from jsonb_array_elements(p_items) as entry
      ))
    order by id
    for no key update
  ) as locked;
end;
$$;
comment on function private.lock_order_batch(public.tiktok_shops, jsonb) is
  'Part of ingest_orders: locks its events, then its stored orders; the caller has locked the counters.';
grant execute on function private.lock_order_batch(public.tiktok_shops, jsonb) to service_role;

/*
  Arguments: p_items, as those of ingest_orders.
  Returns:   (place, item), the place in p_items; the most urgent orders first. Times are compared as ISO 8601 texts: a
             wrong one fails alone.
*/
create function private.order_batch(p_items jsonb)
returns table (place bigint, item jsonb)
language plpgsql
immutable
set search_path = ''
rows 50
as $$
#variable_conflict use_column
begin
  return query
  select listed.place, listed.item
  from jsonb_array_elements(p_items) with ordinality as listed (item, place)
  order by
    private.order_urgency(item #>> '{order,order_status}'),
    item #>> '{order,ship_by}' collate "C" nulls last,
    item #>> '{order,tiktok_created_at}' collate "C" nulls last,
    (item ->> 'event_id')::bigint;
end;
$$;
comment on function private.order_batch(jsonb) is
  'Part of ingest_orders: its items in the order in which they get places.';
grant execute on function private.order_batch(jsonb) to service_role;

/*
  Arguments: p_items, as those of ingest_orders; p_open_events and p_stored_orders, as lock_order_batch returns them.
  Returns:   the new orders for ingest_new_orders and their places in p_items; null if there are none.
*/
create function private.new_orders_of_batch(
  p_items jsonb,
  p_open_events bigint[],
  p_stored_orders text[],
  out places bigint[],
  out items jsonb[]
)
language plpgsql
immutable
set search_path = ''
as $$
begin
  select array_agg(new.place), array_agg(new.item) into places, items
  from (
    -- Further events of an order are updates of it.
    select distinct on (listed.item #>> '{order,tiktok_order_id}') listed.place, listed.item
    from private.order_batch(p_items) with ordinality as listed (place, item, turn)
    where (listed.item ->> 'event_id')::bigint = any (p_open_events)
      and (listed.item #>> '{order,tiktok_order_id}' = any (p_stored_orders)) is not true
    order by listed.item #>> '{order,tiktok_order_id}', listed.turn
  ) as new;
end;
$$;
comment on function private.new_orders_of_batch(jsonb, bigint[], text[]) is
  'Part of ingest_orders: its new orders, each once.';
grant execute on function private.new_orders_of_batch(jsonb, bigint[], text[]) to service_role;

/*
  Arguments: p_shop; p_items as those of ingest_orders; p_limit, their limit_counted_last.
  Returns:   their outcomes; null, and nothing written or locked, if one of them cannot be stored or is not new any more.
*/
create function private.ingest_batch_counted_last(
  p_shop public.tiktok_shops,
  p_items jsonb,
  p_limit integer
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  locked record;
  new_orders record;
  added record;
  outcomes jsonb := '[]';
  listed record;
  item jsonb;
  stored public.orders;
  events bigint[] := array(select (entry ->> 'event_id')::bigint from jsonb_array_elements(p_items) as entry);
begin
  if jsonb_array_length(p_items) = 1 then
    item := p_items -> 0;
    return jsonb_build_array(
      jsonb_build_object('event_id', item -> 'event_id')
      || private.ingest_counted_last(
        p_shop, (item ->> 'event_id')::bigint, item -> 'order', private.notice_of(item), p_limit
      )
    );
  end if;
  perform private.share_order_counts(p_shop);
  locked := private.lock_order_batch(p_shop, p_items);
  new_orders := private.new_orders_of_batch(p_items, locked.open_events, locked.stored_orders);
  if new_orders.items is not null then
    if not public.check_order_limit(p_shop.user_id) then
      raise exception 'The limit of the plan was reached meanwhile' using errcode = '40001';
    end if;
    added := private.ingest_new_orders(p_shop, new_orders.items);
    outcomes := added.outcomes;
    if jsonb_array_length(outcomes) is distinct from cardinality(new_orders.places) then
      raise exception 'Another event of an order was faster' using errcode = '40001';
    end if;
  end if;
  if jsonb_array_length(outcomes) < jsonb_array_length(p_items) then
    for listed in
      select * from private.order_batch(p_items) as batch where (batch.place = any (new_orders.places)) is not true
    loop
      item := listed.item;
      stored := private.lock_stored_order(p_shop, item -> 'order');
      if stored.id is null and (item ->> 'event_id')::bigint = any (locked.open_events) then
        raise exception 'A new order' using errcode = '40001';
      end if;
      outcomes := outcomes || (
        jsonb_build_object('event_id', item -> 'event_id')
        || private.ingest_locked_order(
          private.lock_open_event((item ->> 'event_id')::bigint), stored, p_shop, item -> 'order',
          private.notice_of(item), events
        )
      );
    end loop;
  end if;
  if new_orders.items is not null then
    perform private.count_orders(p_shop, added.counted, added.not_counted, p_limit);
    perform private.add_batch_totals(added.totals);
  end if;
  return outcomes;
exception
  -- Each has an outcome of its own where the counters are locked first.
  when others then
    return null;
end;
$$;
comment on function private.ingest_batch_counted_last(public.tiktok_shops, jsonb, integer) is
  'Part of ingest_orders: stores a batch whose orders need no decision about places; locks the counters last.';
grant execute on function private.ingest_batch_counted_last(public.tiktok_shops, jsonb, integer) to service_role;

/*
  Arguments: p_shop; p_items, as those of ingest_new_orders; the counters are locked.
  Returns:   false if one of them may have to wait, or brings a refund: a case for ingest_locked_order.
*/
create function private.has_room_for_all(p_shop public.tiktok_shops, p_items jsonb[])
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  events bigint[];
  has_refund boolean;
begin
  select array_agg((item ->> 'event_id')::bigint), bool_or(item -> 'notice' ?| array['refund_id', 'refund_total'])
  into events, has_refund
  from unnest(p_items) as item;
  return has_refund is not true
    and public.check_order_limit(p_shop.user_id)
    and private.limit_with_room(p_shop, events) is not null;
end;
$$;
comment on function private.has_room_for_all(public.tiktok_shops, jsonb[]) is
  'Part of ingest_orders: whether new orders can be stored together.';
grant execute on function private.has_room_for_all(public.tiktok_shops, jsonb[]) to service_role;

/*
  Arguments: p_shop; p_items, as those of ingest_new_orders; the counters are locked.
  Returns:   their outcomes; null, and nothing written, if one of them may have to wait or cannot be stored.
*/
create function private.ingest_new_of_batch(p_shop public.tiktok_shops, p_items jsonb[])
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  added record;
begin
  if not private.has_room_for_all(p_shop, p_items) then
    return null;
  end if;
  added := private.ingest_new_orders(p_shop, p_items);
  perform private.count_orders(p_shop, added.counted, added.not_counted);
  perform private.add_batch_totals(added.totals);
  return added.outcomes;
exception
  when others then
    return null;
end;
$$;
comment on function private.ingest_new_of_batch(public.tiktok_shops, jsonb[]) is
  'Part of ingest_orders: stores its new orders together, all or none.';
grant execute on function private.ingest_new_of_batch(public.tiktok_shops, jsonb[]) to service_role;

create function private.ingest_batch_counted_first(p_shop public.tiktok_shops, p_items jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  events bigint[] := array(select (entry ->> 'event_id')::bigint from jsonb_array_elements(p_items) as entry);
  locked record;
  new_orders record;
  outcomes jsonb;
  listed record;
  item jsonb;
begin
  -- 1. Lock the counters, then the events, then the orders: docs/architecture.md.
  perform private.lock_order_counts(p_shop);
  locked := private.lock_order_batch(p_shop, p_items);
  -- 2. Store new orders together, if the plan has room.
  new_orders := private.new_orders_of_batch(p_items, locked.open_events, locked.stored_orders);
  if new_orders.items is not null then
    outcomes := private.ingest_new_of_batch(p_shop, new_orders.items);
  end if;
  if outcomes is null then
    outcomes := '[]';
    new_orders.places := '{}';
  end if;
  -- 3. Ingest the others, the most urgent first.
  for listed in
    select * from private.order_batch(p_items) as batch where (batch.place = any (new_orders.places)) is not true
  loop
    item := listed.item;
    begin
      outcomes := outcomes || (
        jsonb_build_object('event_id', item -> 'event_id')
        || private.ingest_locked_order(
          private.lock_open_event((item ->> 'event_id')::bigint), private.lock_stored_order(p_shop, item -> 'order'),
          p_shop, item -> 'order', private.notice_of(item), events
        )
      );
    exception
      -- An order that cannot be stored does not stop the others.
      when others then
        outcomes := outcomes || jsonb_build_object(
          'event_id', item -> 'event_id', 'outcome', 'failed', 'error', sqlstate
        );
    end;
  end loop;
  return outcomes;
end;
$$;
comment on function private.ingest_batch_counted_first(public.tiktok_shops, jsonb) is
  'Part of ingest_orders: decides about the places of a batch under the lock of the counters; each order has its own outcome.';
grant execute on function private.ingest_batch_counted_first(public.tiktok_shops, jsonb) to service_role;

/*
  Arguments: p_tiktok_shop_id; p_items [{event_id, order, notice}].
  Returns:   {outcomes: [{event_id, outcome, order_id}], released}; outcome failed has error, an SQLSTATE, and leaves
             its event unchanged; released counts the held events that are due again.
  Errors:    PT404, unknown shop.
*/
create function public.ingest_orders(p_tiktok_shop_id uuid, p_items jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  shop public.tiktok_shops := private.lock_shop_of_orders(p_tiktok_shop_id);
  limit_last integer := case jsonb_array_length(p_items)
    when 1 then private.limit_of_order(
      shop, (p_items #>> '{0,event_id}')::bigint, p_items #> '{0,order}', private.notice_of(p_items -> 0)
    )
    else private.limit_counted_last(shop, p_items)
  end;
  outcomes jsonb;
begin
  if limit_last is not null then
    outcomes := private.ingest_batch_counted_last(shop, p_items, limit_last);
  end if;
  if outcomes is null then
    outcomes := private.ingest_batch_counted_first(shop, p_items);
  end if;
  -- A place may be free again, or these were the last undecided orders.
  return jsonb_build_object(
    'outcomes', outcomes,
    'released', case
      when private.has_held_orders(shop.user_id) and public.check_order_limit(shop.user_id)
        then public.release_held_events(shop.user_id)
      else 0
    end
  );
end;
$$;
comment on function public.ingest_orders(uuid, jsonb) is
  'Stores many orders of a shop as ingest_order does, the most urgent first; each has its own outcome.';
grant execute on function public.ingest_orders(uuid, jsonb) to service_role;
