-- EasyPost invoices for labels that no account has: the account was deleted, or the label was bought elsewhere.

create table private.unassigned_invoices (
  id text primary key,
  cents bigint not null,
  reported_at timestamptz not null
);
comment on table private.unassigned_invoices is 'What a carrier charged or paid back for a label that no account has; the account of the platform pays it.';
comment on column private.unassigned_invoices.id is 'Of the EasyPost invoice.';
comment on column private.unassigned_invoices.cents is 'US cents, which count for the platform.';
comment on column private.unassigned_invoices.reported_at is 'Time of the last EasyPost event; the row goes six months later.';

alter table private.unassigned_invoices enable row level security;
grant select, insert, update on private.unassigned_invoices to service_role;

create function private.keep_invoices()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.unassigned_invoices (id, cents, reported_at)
  select invoice.key, (invoice.value ->> 'cents')::bigint, (invoice.value ->> 'at')::timestamptz
  from jsonb_each(old.adjustments) as invoice
  on conflict (id) do nothing;
  return old;
end;
$$;
comment on function private.keep_invoices() is
  'Trigger: keeps what the invoices of a deleted label have added, so a later correction counts the difference; definer, because it runs as the role that deletes the account.';

create trigger keep_invoices
  before delete on private.label_purchases
  for each row when (old.adjustments <> '{}')
  execute function private.keep_invoices();

/*
  Arguments: p_event_id; p_invoice {id, shipment_id (EasyPost's), amount, currency, at}, as for adjust_label_cost.
  Returns:   {outcome}: recorded; unchanged; stale, a later state of the invoice is stored; settled, the event already was.
  Errors:    PT404, unknown event.
*/
create function public.record_unassigned_invoice(p_event_id bigint, p_invoice jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  amount numeric := round((p_invoice ->> 'amount')::numeric, 2);
  present_cents bigint := private.invoice_cents(amount, p_invoice ->> 'currency');
  difference bigint;
  earlier private.unassigned_invoices;
  outcome text;
begin
  if event.id is not null then
    -- 1. Lock the total of the platform: it is changed by one invoice at a time.
    perform private.lock_label_spending(null, null, private.current_day());
    -- 2. Compare it with the stored state of the invoice.
    select * into earlier from private.unassigned_invoices where id = p_invoice ->> 'id';
    difference := present_cents - coalesce(earlier.cents, 0);
    outcome := case
      when earlier.reported_at > (p_invoice ->> 'at')::timestamptz then 'stale'
      when difference = 0 then 'unchanged'
      else 'recorded'
    end;
  end if;
  if outcome in ('recorded', 'unchanged') then
    insert into private.unassigned_invoices (id, cents, reported_at)
    values (p_invoice ->> 'id', present_cents, (p_invoice ->> 'at')::timestamptz)
    on conflict (id) do update set cents = excluded.cents, reported_at = excluded.reported_at;
  end if;
  if outcome = 'recorded' then
    -- 3. Count the difference, and show it to operators.
    perform private.add_label_cost(null, null, private.current_day(), 0, difference);
    insert into public.system_logs (event_type, details)
    values (
      'invoice_without_label',
      jsonb_build_object(
        'easypost_shipment_id', p_invoice ->> 'shipment_id', 'amount', amount::text, 'currency', p_invoice ->> 'currency'
      )
    );
  end if;
  return private.settle_locked_event(event, jsonb_build_object('outcome', outcome));
end;
$$;
comment on function public.record_unassigned_invoice(bigint, jsonb) is
  'Counts an invoice for a label that no account has in the total of the platform, logs it for operators, and settles the event.';
grant execute on function public.record_unassigned_invoice(bigint, jsonb) to service_role;
