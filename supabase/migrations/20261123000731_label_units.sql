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
  insert into private.labelled_lines (order_id, line_item_id, purchase_id)
  select p_purchase.order_id, line.id, p_purchase.id
  from unnest(p_purchase.line_item_ids) as line (id)
  on conflict (order_id, line_item_id) do nothing;
  get diagnostics claimed = row_count;
  return claimed = cardinality(p_purchase.line_item_ids);
end;
$$;
comment on function private.claim_label_lines(private.label_purchases) is
  'Reserves the units of a purchase; false if another purchase has one of them, while the free ones are still reserved.';
grant execute on function private.claim_label_lines(private.label_purchases) to service_role;

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
    where labelled.order_id = p_order.id and labelled.line_item_id = line.id
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
      then 'unit_cancelled'
    when private.order_line_item_ids(p_order) = '{}' then 'line_items_unknown'
    when exists (
      select from private.label_purchases
      where order_id = p_order.id and state in ('requested', 'purchasing', 'unknown', 'void_requested')
    ) then 'line_items_labelled'
    else 'already_shipped'
  end;
end;
$$;
comment on function private.free_label_lines(public.orders, uuid, jsonb) is
  'The units that a label covers: the requested ones, or all units without a label.';
grant execute on function private.free_label_lines(public.orders, uuid, jsonb) to service_role;
