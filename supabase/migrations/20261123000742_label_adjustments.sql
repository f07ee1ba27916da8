-- Amounts that a carrier charges, or pays back, after a label was bought: docs/labels.md.

create function private.count_adjustment(p_purchase private.label_purchases, p_cents bigint)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  -- On the day on which the account pays: weeks after the purchase its own month is over.
  perform private.add_label_cost(
    p_purchase.user_id,
    coalesce(
      p_purchase.cost_shop_key,
      (
        select shop.shop_key
        from public.orders
        join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id and shop.user_id = orders.user_id
        where orders.id = p_purchase.order_id and orders.user_id = p_purchase.user_id
      )
    ),
    private.current_day(), 0, p_cents
  );
end;
$$;
comment on function private.count_adjustment(private.label_purchases, bigint) is
  'Part of adjust_label_cost: adds an adjustment to the totals of today, above a limit too, because the money is spent.';
grant execute on function private.count_adjustment(private.label_purchases, bigint) to service_role;

create function private.invoice_cents(p_amount numeric, p_currency text)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(sign(p_amount) * private.label_cents(abs(p_amount), p_currency), 0);
end;
$$;
comment on function private.invoice_cents(numeric, text) is
  'What an invoice adds to the totals, in US cents: below 0 if it is paid back, 0 for an unknown currency.';
grant execute on function private.invoice_cents(numeric, text) to service_role;

/*
  Arguments: p_event_id; p_shipment_id; p_invoice {id, amount, currency, at} of EasyPost: amount is a decimal in major
             units, below 0 if it is paid back, and counts in place of an earlier one of the same invoice; at, the time of
             the event.
  Returns:   {outcome}: adjusted; unchanged; stale, a later state of the invoice is stored; settled, the event already was.
  Errors:    PT404, unknown shipment or event.
*/
create function public.adjust_label_cost(p_event_id bigint, p_shipment_id uuid, p_invoice jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  -- 1. Lock the seller, the event, the orders, then the purchase.
  event private.webhook_events := private.lock_open_event(p_event_id, array[private.seller_of_shipment(p_shipment_id)]);
  purchase private.label_purchases;
  earlier jsonb;
  amount numeric := round((p_invoice ->> 'amount')::numeric, 2);
  cents bigint := private.invoice_cents(amount, p_invoice ->> 'currency');
  difference numeric;
  cost numeric;
  new_cost numeric;
  outcome text;
begin
  if event.id is not null then
    perform private.lock_orders_of_purchase(p_shipment_id);
    select * into purchase from private.label_purchases where id = p_shipment_id for update;
    if purchase.id is null then
      raise exception 'Unknown label purchase %', p_shipment_id using errcode = 'PT404';
    end if;
    -- 2. Compare it with the stored state of the invoice.
    earlier := purchase.adjustments -> (p_invoice ->> 'id');
    difference := amount - coalesce((earlier ->> 'amount')::numeric, 0);
    outcome := case
      when (earlier ->> 'at')::timestamptz > (p_invoice ->> 'at')::timestamptz then 'stale'
      when difference = 0 then 'unchanged'
      else 'adjusted'
    end;
  end if;
  if outcome in ('adjusted', 'unchanged') then
    update private.label_purchases
    set adjustments = adjustments || jsonb_build_object(
      p_invoice ->> 'id',
      jsonb_build_object('amount', amount::text, 'cents', cents, 'at', p_invoice ->> 'at')
    )
    where id = p_shipment_id and user_id = purchase.user_id
    returning * into purchase;
  end if;
  if outcome = 'adjusted' then
    -- 3. Count the difference, and show the seller what the label cost.
    perform private.count_adjustment(purchase, cents - coalesce((earlier ->> 'cents')::bigint, 0));
    if purchase.state = 'voided' then
      perform private.settle_void_cost(purchase);
    end if;
    select coalesce(shipping_cost, quoted_cost) into cost
    from public.shipments
    where id = p_shipment_id and currency = p_invoice ->> 'currency' and status <> 'voided'
    for no key update;
    if cost is not null then
      -- A cost of 0 may have been cut off: what the carrier paid back beyond the price still counts.
      new_cost := greatest(
        coalesce(
          case when cost = 0 then purchase.quoted_cost end + (
            select sum((invoice.value ->> 'amount')::numeric) from jsonb_each(purchase.adjustments) as invoice
          ),
          cost + difference
        ),
        0
      );
      update public.shipments set shipping_cost = new_cost where id = p_shipment_id;
      perform private.record_parcel_change(
        p_shipment_id,
        'LABEL_COST_ADJUSTED',
        jsonb_build_object(
          'shipment_id', p_shipment_id,
          'shipping_cost', jsonb_build_object('from', cost::text, 'to', new_cost::text)
        )
      );
    end if;
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$$;
comment on function public.adjust_label_cost(bigint, uuid, jsonb) is
  'Changes what a bought label cost by a later invoice of the carrier, and settles the event, in one transaction.';
grant execute on function public.adjust_label_cost(bigint, uuid, jsonb) to service_role;
