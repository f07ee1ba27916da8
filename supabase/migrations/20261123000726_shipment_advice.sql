-- Advice about bought labels whose order is cancelled, or whose address changes, afterwards: docs/labels.md.

create function private.advice_for(p_status text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case
    when p_status in ('created', 'purchased') then 'void_advised'
    when p_status in ('in_transit', 'available_for_pickup', 'out_for_delivery', 'failed') then 'stop_parcel'
  end;
end;
$$;
comment on function private.advice_for(text) is
  'What to do with a label that is no longer wanted, by the status of its parcel; null where it is too late or done.';
grant execute on function private.advice_for(text) to service_role;

create function private.advice_rank(p_reason text)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case p_reason
    when 'unit_cancelled' then 1
    when 'address_changed' then 2
    when 'order_cancelled' then 3
    when 'labelled_twice' then 4
    else 0
  end;
end;
$$;
comment on function private.advice_rank(text) is
  'Rank of a reason of an advice: a lower one never replaces a higher one.';
grant execute on function private.advice_rank(text) to service_role;

create function private.update_shipment_advice()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  new.advice := private.advice_for(new.status);
  return new;
end;
$$;
comment on function private.update_shipment_advice() is
  'Trigger: a parcel that is collected has to be stopped, a voided or delivered one needs nothing more.';

create trigger update_shipment_advice
  before update of status on public.shipments
  for each row when (new.advice_reason is not null and old.status is distinct from new.status)
  execute function private.update_shipment_advice();

create function private.lock_parcels(p_order_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform 1 from public.shipments
  where id in (select shipment_id from public.shipment_orders where order_id = p_order_id)
  order by id
  for no key update;
end;
$$;
comment on function private.lock_parcels(uuid) is
  'Locks the parcels of an order, which is locked already: a parcel may have other orders too.';
grant execute on function private.lock_parcels(uuid) to service_role;

/*
  Arguments: p_order; p_reason; p_units, the cancelled units, or null for the whole order. Of a parcel with other
             orders, a cancelled order is a part.
*/
create function private.advise_shipments(p_order public.orders, p_reason text, p_units text[] default null)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_parcels(p_order.id);
  with concerned as (
    select
      shipment.id,
      case
        when p_reason = 'order_cancelled' and exists (
          select from public.shipment_orders as part
          join public.orders as other on other.id = part.order_id
          where part.shipment_id = shipment.id
            and other.id <> p_order.id and other.order_status <> 'cancelled'
        ) then 'unit_cancelled'
        else p_reason
      end as reason
    from public.shipment_orders as link
    join public.shipments as shipment on shipment.id = link.shipment_id
    where link.order_id = p_order.id
      and private.advice_for(shipment.status) is not null
      and (p_units is null or shipment.line_item_ids && p_units)
  )
  update public.shipments
  set advice = private.advice_for(status), advice_reason = concerned.reason, advised_at = now()
  from concerned
  where shipments.id = concerned.id
    and private.advice_rank(shipments.advice_reason) <= private.advice_rank(concerned.reason);
end;
$$;
comment on function private.advise_shipments(public.orders, text, text[]) is
  'Marks the live labels of an order with the reason why they are no longer wanted.';
grant execute on function private.advise_shipments(public.orders, text, text[]) to service_role;

create function private.advise_double_label(p_user_id uuid, p_shipment_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update public.shipments
  set advice = private.advice_for(status), advice_reason = 'labelled_twice', advised_at = now()
  where id = p_shipment_id and user_id = p_user_id;
end;
$$;
comment on function private.advise_double_label(uuid, uuid) is
  'Marks a label that was sold after its purchase had failed, and whose units have got another label since.';
grant execute on function private.advise_double_label(uuid, uuid) to service_role;

create function private.is_address_changed(before public.orders, after public.orders)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- A mask hides the rest of a field, so masked fields are not compared.
  return before.address_status <> 'none' and after.address_status <> 'none' and exists (
    select
    from unnest(array['name', 'line1', 'line2', 'city', 'state', 'postal_code', 'country']) as field (name),
      lateral (
        select before.shipping_address ->> field.name as was, after.shipping_address ->> field.name as becomes
      ) as compared
    where was is distinct from becomes
      and coalesce(was, '') !~ '\*{3}' and coalesce(becomes, '') !~ '\*{3}'
      and (
        (was is not null and becomes is not null)
        or (before.address_status = 'readable' and after.address_status = 'readable')
      )
  );
end;
$$;
comment on function private.is_address_changed(public.orders, public.orders) is
  'Whether a parcel for the earlier address would go to another place than the order does now.';
grant execute on function private.is_address_changed(public.orders, public.orders) to service_role;

create function private.advise_after_order_change()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
declare
  cancelled text[];
begin
  if new.order_status = 'cancelled' and old.order_status <> 'cancelled' then
    perform private.advise_shipments(new, 'order_cancelled');
    return null;
  end if;
  if old.shipping_address is distinct from new.shipping_address and private.is_address_changed(old, new) then
    perform private.advise_shipments(new, 'address_changed');
  end if;
  if old.order_items is distinct from new.order_items then
    select coalesce(array_agg(unit.id), '{}') into cancelled
    from unnest(private.cancelled_line_item_ids(new)) as unit (id)
    where unit.id <> all (private.cancelled_line_item_ids(old));
    if cancelled <> '{}' then
      perform private.advise_shipments(new, 'unit_cancelled', cancelled);
    end if;
  end if;
  return null;
end;
$$;
comment on function private.advise_after_order_change() is
  'Trigger: marks the labels of an order that is cancelled, in part or as a whole, or whose address changes.';

create trigger advise_after_order_change
  after update of order_status, order_items, shipping_address on public.orders
  for each row when (
    (new.order_status = 'cancelled' and old.order_status <> 'cancelled')
    or old.order_items is distinct from new.order_items
    or old.shipping_address is distinct from new.shipping_address
  )
  execute function private.advise_after_order_change();

/*
  Arguments: p_user_id; p_shipment_id, a label that was just bought; p_address_digest of its first order when it was
             requested, or null.
*/
create function private.advise_new_shipment(p_user_id uuid, p_shipment_id uuid, p_address_digest text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  shipped record;
begin
  for shipped in
    select orders, shipment.order_id = orders.id as is_first
    from public.shipment_orders as link
    join public.shipments as shipment on shipment.id = link.shipment_id and shipment.user_id = link.user_id
    join public.orders on orders.id = link.order_id and orders.user_id = link.user_id
    where link.shipment_id = p_shipment_id and link.user_id = p_user_id
    order by orders.id
  loop
    if (shipped.orders).order_status = 'cancelled' then
      perform private.advise_shipments(shipped.orders, 'order_cancelled');
    elsif private.cancelled_line_item_ids(shipped.orders) <> '{}' then
      perform private.advise_shipments(
        shipped.orders, 'unit_cancelled', private.cancelled_line_item_ids(shipped.orders)
      );
    end if;
    if shipped.is_first and private.address_digest(shipped.orders) <> p_address_digest then
      perform private.advise_shipments(shipped.orders, 'address_changed');
    end if;
  end loop;
end;
$$;
comment on function private.advise_new_shipment(uuid, uuid, text) is
  'Marks a new label whose order was cancelled, or whose address changed, while it was bought.';
grant execute on function private.advise_new_shipment(uuid, uuid, text) to service_role;
