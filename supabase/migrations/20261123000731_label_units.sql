-- Units of an order: at most one label each.

create function private.claim_label_lines(p_purchase private.label_purchases)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
declare
  claimed integer;
begin
  insert into private.labelled_lines (user_id, order_id, line_item_id, purchase_id)
  select p_purchase.user_id, private.order_of_unit(p_purchase, line.id), line.id, p_purchase.id
  from unnest(p_purchase.line_item_ids) as line (id)
  on conflict (order_id, line_item_id) do nothing;
  get diagnostics claimed = row_count;
  return claimed = cardinality(p_purchase.line_item_ids);
end;
$$;
comment on function private.claim_label_lines(private.label_purchases) is
  'Reserves the units of a purchase; false if another purchase has one of them, while the free ones are still reserved.';
grant execute on function private.claim_label_lines(private.label_purchases) to service_role;

create function private.has_label_lines(p_purchase private.label_purchases)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return exists (
    select from private.labelled_lines where purchase_id = p_purchase.id and user_id = p_purchase.user_id
  );
end;
$$;
comment on function private.has_label_lines(private.label_purchases) is
  'Whether a purchase has one of its units: all may have another label, if it was sold after it had failed.';
grant execute on function private.has_label_lines(private.label_purchases) to service_role;

create function private.take_free_label_lines(p_purchase private.label_purchases)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
declare
  had_all boolean := cardinality(p_purchase.line_item_ids) = (
    select count(*) from private.labelled_lines
    where purchase_id = p_purchase.id and user_id = p_purchase.user_id
  );
  taken integer;
begin
  if had_all then
    return false;
  end if;
  insert into private.labelled_lines (user_id, order_id, line_item_id, purchase_id)
  select p_purchase.user_id, private.order_of_unit(p_purchase, line.id), line.id, p_purchase.id
  from unnest(p_purchase.line_item_ids) as line (id)
  on conflict (order_id, line_item_id) do nothing;
  get diagnostics taken = row_count;
  if taken = 0 then
    return false;
  end if;
  update public.shipments
  set advice = null, advice_reason = null, advised_at = null, tiktok_notified_at = null
  where id = p_purchase.id and user_id = p_purchase.user_id;
  perform private.advise_new_shipment(p_purchase.user_id, p_purchase.id, null);
  return true;
end;
$$;
comment on function private.take_free_label_lines(private.label_purchases) is
  'Gives a label that was sold late those of its units that have no other label any more; whether there were any, of which TikTok has to be notified.';
grant execute on function private.take_free_label_lines(private.label_purchases) to service_role;

create function private.free_lines_of_purchase(p_purchase private.label_purchases)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  freed text[];
  late private.label_purchases;
begin
  with deleted as (
    delete from private.labelled_lines
    where purchase_id = p_purchase.id and user_id = p_purchase.user_id
    returning line_item_id
  )
  select array_agg(line_item_id) into freed from deleted;
  -- A label that was sold after its purchase had failed is valid, but had to leave them to this one.
  for late in
    select *
    from private.label_purchases
    where user_id = p_purchase.user_id
      and order_id = any (p_purchase.order_id || p_purchase.other_order_ids)
      and id <> p_purchase.id
      and provider = 'easypost'
      and state in ('purchased', 'void_rejected')
      and line_item_ids && freed
    order by id
    for update
  loop
    if private.take_free_label_lines(late) then
      perform private.enqueue_label_task('MARK_SHIPPED', late, 'taken:' || now());
    end if;
  end loop;
end;
$$;
comment on function private.free_lines_of_purchase(private.label_purchases) is
  'Frees the units of a purchase that ended without a label in use; another valid label of them takes them over.';
grant execute on function private.free_lines_of_purchase(private.label_purchases) to service_role;

/*
  Arguments: p_order; p_purchase_id, whose own units count as free; p_wanted, an array of unit ids, or null.
  Returns:   line_item_ids; refusal, a code of docs/labels.md, or null.
*/
create function private.free_label_lines(
  p_order public.orders,
  p_purchase_id uuid,
  p_wanted jsonb,
  out line_item_ids text[],
  out refusal text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  free_lines text[];
begin
  select coalesce(array_agg(line.id order by line.id), '{}') into free_lines
  from unnest(private.order_line_item_ids(p_order)) as line (id)
  where not exists (
    select from private.labelled_lines as labelled
    where labelled.order_id = p_order.id and labelled.user_id = p_order.user_id
      and labelled.line_item_id = line.id
      and labelled.purchase_id is distinct from p_purchase_id
  );
  if p_wanted is not null then
    select array_agg(distinct line.id order by line.id) into line_item_ids
    from jsonb_array_elements_text(p_wanted) as line (id);
    refusal := case
      when line_item_ids && private.cancelled_line_item_ids(p_order) then 'unit_cancelled'
      when not line_item_ids <@ private.order_line_item_ids(p_order) then 'line_items_unknown'
      when not line_item_ids <@ free_lines then 'line_items_labelled'
    end;
    return;
  end if;
  line_item_ids := free_lines;
  refusal := case
    when free_lines <> '{}' then null
    when private.order_line_item_ids(p_order) = '{}' and private.cancelled_line_item_ids(p_order) <> '{}'
      then 'no_unit_left'
    when private.order_line_item_ids(p_order) = '{}' then 'line_items_unknown'
    when exists (
      select from private.labelled_lines as labelled
      join private.label_purchases as purchase
        on purchase.id = labelled.purchase_id and purchase.user_id = labelled.user_id
      where labelled.order_id = p_order.id and labelled.user_id = p_order.user_id
        and purchase.state in ('requested', 'purchasing', 'unknown', 'void_requested')
    ) then 'line_items_labelled'
    else 'already_shipped'
  end;
end;
$$;
comment on function private.free_label_lines(public.orders, uuid, jsonb) is
  'The units that a label covers: the requested ones, or all units without a label.';
grant execute on function private.free_label_lines(public.orders, uuid, jsonb) to service_role;

/*
  Arguments: p_user_id; p_order_ids, the orders that the request names, the first one first; p_provider; p_purchase_id,
             whose own units count as free; p_wanted, an array of unit ids, or null for all.
  Returns:   line_item_ids; refusal, a code of docs/labels.md, or null; other_order_ids, the orders that TikTok combined
             with the first one; unstored_order_ids, null unless some of them are not stored: the known TikTok ids of these.
*/
create function private.choose_parcel(
  p_user_id uuid,
  p_order_ids uuid[],
  p_provider text,
  p_purchase_id uuid,
  p_wanted jsonb,
  out line_item_ids text[],
  out refusal text,
  out other_order_ids uuid[],
  out unstored_order_ids text[]
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  first_order public.orders;
  part public.orders;
  part_lines text[];
begin
  select * into first_order from public.orders where id = p_order_ids[1] and user_id = p_user_id;
  -- 1. The first order alone.
  refusal := private.label_refusal(first_order, p_provider);
  if refusal is not null then
    return;
  end if;
  select free.line_item_ids, free.refusal into line_item_ids, refusal
  from private.free_label_lines(
    first_order, p_purchase_id, case when cardinality(p_order_ids) = 1 then p_wanted end
  ) as free;
  if refusal is not null then
    return;
  end if;
  -- 2. All orders that TikTok combined, and no others.
  select coalesce(array_agg(combined.id order by combined.tiktok_order_id), '{}') into other_order_ids
  from private.combined_orders(first_order) as combined;
  unstored_order_ids := private.unstored_combined_orders(first_order);
  refusal := case
    when unstored_order_ids is not null or not other_order_ids <@ p_order_ids then 'order_combined'
    when not p_order_ids <@ (first_order.id || other_order_ids) then 'orders_not_combined'
  end;
  if refusal is not null or other_order_ids = '{}' then
    return;
  end if;
  -- 3. Every unit of each.
  for part in
    select orders.*
    from public.orders
    where id = any (other_order_ids) and user_id = p_user_id
    order by tiktok_order_id
  loop
    refusal := private.label_refusal(part, p_provider);
    if refusal is not null then
      return;
    end if;
    select free.line_item_ids, free.refusal into part_lines, refusal
    from private.free_label_lines(part, p_purchase_id, null) as free;
    if refusal is not null then
      return;
    end if;
    line_item_ids := line_item_ids || part_lines;
  end loop;
  refusal := case
    when cardinality(line_item_ids) <> (
      select count(*)
      from public.orders, unnest(private.order_line_item_ids(orders)) as unit (id)
      where orders.id = any (p_order_ids) and orders.user_id = p_user_id
    ) then 'line_items_labelled'
    when p_wanted is not null and not (to_jsonb(line_item_ids) <@ p_wanted and p_wanted <@ to_jsonb(line_item_ids))
      then 'order_combined'
  end;
end;
$$;
comment on function private.choose_parcel(uuid, uuid[], text, uuid, jsonb) is
  'The units that a label covers, of one order or of all orders that TikTok combined.';
grant execute on function private.choose_parcel(uuid, uuid[], text, uuid, jsonb) to service_role;

create function private.named_order_ids(p_order_id uuid, p_request jsonb)
returns uuid[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select p_order_id || coalesce(
      array_agg(distinct named.id) filter (where named.id <> p_order_id),
      '{}'
    )
    from (
      select value::uuid as id from jsonb_array_elements_text(coalesce(p_request -> 'order_ids', '[]'))
    ) as named
  );
end;
$$;
comment on function private.named_order_ids(uuid, jsonb) is
  'The orders that a request names, order_id first.';
grant execute on function private.named_order_ids(uuid, jsonb) to service_role;
