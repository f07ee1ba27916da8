-- Timeline entries of a new order, and of a change.

create function private.cancelled_units(p_items jsonb)
returns table (line_item_id text, cancelled_by text, cancel_reason text)
language plpgsql
immutable
set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
  select unit ->> 'line_item_id', unit ->> 'cancelled_by', left(unit ->> 'cancel_reason', 100)
  from jsonb_array_elements(p_items) as item,
    jsonb_array_elements(item -> 'units') as unit
  where item -> 'cancelled_line_item_ids' ? (unit ->> 'line_item_id');
end;
$$;
comment on function private.cancelled_units(jsonb) is
  'The cancelled units of orders.order_items.';
grant execute on function private.cancelled_units(jsonb) to service_role;

create function private.describe_cancellation(before public.orders, after public.orders)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  if after.order_status = 'cancelled' then
    return case
      when before.order_status is distinct from 'cancelled' then
        jsonb_strip_nulls(jsonb_build_object(
          'cancelled_by', after.cancelled_by,
          'cancel_reason', left(after.cancel_reason, 100)
        ))
      else '{}'
    end;
  end if;
  return coalesce(
    (
      select jsonb_build_object('units_cancelled', jsonb_agg(to_jsonb(unit)))
      from private.cancelled_units(after.order_items) as unit
      where unit.line_item_id not in (
        select earlier.line_item_id from private.cancelled_units(before.order_items) as earlier
      )
      having count(*) > 0
    ),
    '{}'
  );
end;
$$;
comment on function private.describe_cancellation(public.orders, public.orders) is
  'Who cancelled the order and why; of an order that goes on, its newly cancelled units.';
grant execute on function private.describe_cancellation(public.orders, public.orders) to service_role;

create function private.describe_changes(before public.orders, after public.orders, p_order jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  changes jsonb := case
    when after.order_status = 'cancelled' or after.order_items @? '$[*].cancelled_line_item_ids[*]'
      then private.describe_cancellation(before, after)
    else '{}'
  end;
begin
  -- Plain expressions: one query over a list of columns costs more than the insert of the entry.
  if before.order_status is distinct from after.order_status then
    changes := changes
      || jsonb_build_object('order_status', jsonb_build_object('from', before.order_status, 'to', after.order_status));
  end if;
  if before.payment_status is distinct from after.payment_status then
    changes := changes || jsonb_build_object(
      'payment_status', jsonb_build_object('from', before.payment_status, 'to', after.payment_status)
    );
  end if;
  if before.tiktok_status is distinct from after.tiktok_status then
    changes := changes || jsonb_build_object(
      'tiktok_status', jsonb_build_object('from', before.tiktok_status, 'to', after.tiktok_status)
    );
    if after.order_status <> (p_order ->> 'order_status') then
      changes := changes || jsonb_build_object('refused', p_order ->> 'order_status');
    end if;
  end if;
  if before.total_amount::text is distinct from after.total_amount::text then
    changes := changes || jsonb_build_object(
      'total_amount', jsonb_build_object('from', before.total_amount::text, 'to', after.total_amount::text)
    );
  end if;
  if before.combine_group_id is distinct from after.combine_group_id then
    changes := changes || jsonb_build_object(
      'combine_group_id', jsonb_build_object('from', before.combine_group_id, 'to', after.combine_group_id)
    );
  end if;
  if before.cancel_requested_at is distinct from after.cancel_requested_at then
    changes := changes || jsonb_build_object(
      'cancel_requested_at', jsonb_build_object('from', before.cancel_requested_at, 'to', after.cancel_requested_at)
    );
  end if;
  if before.id is not null and before.shipping_address is distinct from after.shipping_address then
    changes := changes || '{"shipping_address": "changed"}';
  end if;
  if before.id is not null and before.order_items is distinct from after.order_items then
    changes := changes || '{"order_items": "changed"}';
  end if;
  return changes;
end;
$$;
comment on function private.describe_changes(public.orders, public.orders, jsonb) is
  'The changes that order_events stores; it repeats no address and no item.';
grant execute on function private.describe_changes(public.orders, public.orders, jsonb) to service_role;

create function private.describe_new_order(p_order public.orders)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- One expression: describe_changes compares column by column, which costs a batch four times as much.
  return jsonb_build_object(
      'order_status', jsonb_build_object('from', null, 'to', p_order.order_status),
      'payment_status', jsonb_build_object('from', null, 'to', p_order.payment_status),
      'tiktok_status', jsonb_build_object('from', null, 'to', p_order.tiktok_status),
      'total_amount', jsonb_build_object('from', null, 'to', p_order.total_amount::text)
    )
    || case
      when p_order.combine_group_id is null and p_order.cancel_requested_at is null
        and p_order.order_status <> 'cancelled'
        and not p_order.order_items @? '$[*].cancelled_line_item_ids[*]'
        then '{}'
      else private.describe_changes(null, p_order, '{}')
    end;
end;
$$;
comment on function private.describe_new_order(public.orders) is
  'As describe_changes of an order that was not stored before.';
grant execute on function private.describe_new_order(public.orders) to service_role;
