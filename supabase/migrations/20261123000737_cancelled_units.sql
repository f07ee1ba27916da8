-- An order whose last open unit is cancelled is complete once the others have labels.

create function private.move_order_without_cancelled_units()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  new.order_status := private.next_order_status(
    new.order_status, private.order_status_of_shipments(new)
  );
  return new;
end;
$$;
comment on function private.move_order_without_cancelled_units() is
  'Trigger: moves an order on by its parcels when its units change, so a cancelled unit does not keep it open.';

create trigger move_order_without_cancelled_units
  before update of order_items on public.orders
  for each row when (old.order_items is distinct from new.order_items)
  execute function private.move_order_without_cancelled_units();
