-- Refunds: what a notice of one adds to the order and its timeline, once.

/*
  Arguments: p_order; p_notice, whose refund_total is in refund_currency.
  Returns:   the notice without refund_currency; a total in another currency than the order's is refund_foreign.
*/
create function private.refund_in_currency(p_order public.orders, p_notice jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_notice ->> 'refund_currency' = p_order.currency then
    return p_notice - 'refund_currency';
  end if;
  return p_notice - array['refund_currency', 'refund_total'] || jsonb_build_object(
    'refund_foreign',
    jsonb_build_object('amount', p_notice ->> 'refund_total', 'currency', p_notice ->> 'refund_currency')
  );
end;
$$;
comment on function private.refund_in_currency(public.orders, jsonb) is
  'A notice whose refund_total is in the currency of the order, or absent: amounts of two currencies do not add up.';
grant execute on function private.refund_in_currency(public.orders, jsonb) to service_role;

/*
  Arguments: p_order; p_notice, facts of an event: refund_id and refund_total name a refund.
  Returns:   the notice with what this refund adds to those that the timeline has; {} if it adds nothing. The sum of
             refund_total over the timeline is what was paid back: one sum for returns, one for other refunds.
*/
create function private.new_part_of_refund(p_order public.orders, p_notice jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select case
      when not p_notice ? 'refund_id' then p_notice
      when not exists (
        select from public.order_events as known
        where known.order_id = p_order.id and known.user_id = p_order.user_id
          and known.changes ->> 'refund_id' = p_notice ->> 'refund_id'
      ) then p_notice
      when added.amount > 0 then p_notice || jsonb_build_object('refund_total', added.amount::text)
      else '{}'
    end
    from (
      select (p_notice ->> 'refund_total')::numeric - coalesce(sum((known.changes ->> 'refund_total')::numeric), 0)
        as amount
      from public.order_events as known
      where known.order_id = p_order.id and known.user_id = p_order.user_id
        and known.changes ->> 'refund_id' = p_notice ->> 'refund_id'
    ) as added
  );
end;
$$;
comment on function private.new_part_of_refund(public.orders, jsonb) is
  'A notice without the refund that an earlier notice reported: the timeline, which is never purged, knows the ids.';
grant execute on function private.new_part_of_refund(public.orders, jsonb) to service_role;

create function private.is_partly_cancelled(p_order public.orders)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return p_order.order_status in ('on_hold', 'awaiting_shipment', 'partially_shipped')
    and p_order.order_items @? '$[*].cancelled_line_item_ids[*]'
    and p_order.order_items @? '$[*].line_item_ids[*]';
end;
$$;
comment on function private.is_partly_cancelled(public.orders) is
  'Whether some units of an order were cancelled, and others are still to be shipped.';
grant execute on function private.is_partly_cancelled(public.orders) to service_role;

create function private.apply_refund(p_order public.orders, p_notice jsonb)
returns public.orders
language plpgsql
security invoker
set search_path = ''
as $$
declare
  refunded numeric;
  changed public.orders;
begin
  -- TikTok may report a refund under its own id, and once more as that of a return.
  select greatest(
    coalesce(sum(reported.amount) filter (where reported.is_return), 0),
    coalesce(sum(reported.amount) filter (where not reported.is_return), 0)
  )
  into refunded
  from (
    select (changes ->> 'refund_total')::numeric as amount, changes ? 'return_id' as is_return
    from public.order_events
    where order_id = p_order.id and user_id = p_order.user_id and changes ? 'refund_total'
    union all
    select (p_notice ->> 'refund_total')::numeric, p_notice ? 'return_id'
  ) as reported;
  update public.orders
  set refunded_amount = refunded,
      payment_status = case
        when refunded >= total_amount + case when cancelled_in_total then 0 else cancelled_amount end
          -- The price of a cancelled unit may be unknown.
          and not private.is_partly_cancelled(orders) then 'refunded'
        else 'partially_refunded'
      end
  where id = p_order.id and user_id = p_order.user_id and payment_status <> 'refunded'
  returning * into changed;
  return case when changed.id is null then p_order else changed end;
end;
$$;
comment on function private.apply_refund(public.orders, jsonb) is
  'Applies a successful refund: all refunds together cover the whole amount or a part of it.';
grant execute on function private.apply_refund(public.orders, jsonb) to service_role;
