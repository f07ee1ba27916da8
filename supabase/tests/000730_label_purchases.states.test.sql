-- States of a purchase and their transitions.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');

-- Transitions.
select results_eq(
  $$select from_state || ' -> ' || string_agg(to_state, ', ' order by to_state)
    from private.label_transitions group by from_state order by from_state$$,
  $$values
    ('failed -> purchased, requested'),
    ('purchased -> void_requested'),
    ('purchasing -> failed, purchased, unknown'),
    ('requested -> failed, purchased, purchasing'),
    ('unknown -> failed, purchased'),
    ('void_rejected -> void_requested'),
    ('void_requested -> void_rejected, voided')$$,
  'the transitions: voided is final'
);
create table tests.states (state text);
insert into tests.states
values ('requested'), ('purchasing'), ('purchased'), ('failed'), ('unknown'), ('void_requested'), ('voided'),
  ('void_rejected');
insert into private.label_purchases (
  user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, service, label_format,
  state, state_since
)
select
  tests.id('ada'), tests.order_id('a'), 'in ' || state, 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', state, '2020-01-01'
from tests.states;
create function tests.go(from_state text, to_state text)
returns text
language plpgsql
as $$
declare
  since timestamptz;
begin
  perform tests.become('service_role');
  update private.label_purchases set state = to_state where idempotency_key = 'in ' || from_state
  returning state_since into since;
  raise exception using errcode = 'UNDO1', message = case when since = now() then 'now' else 'then' end;
exception
  when sqlstate 'UNDO1' then
    return sqlerrm;
  when others then
    return sqlstate;
end;
$$;
select is(
  tests.go(earlier.state, later.state),
  case
    -- Not a transition, so its time stays.
    when earlier.state = later.state then 'then'
    when exists (
      select from private.label_transitions where from_state = earlier.state and to_state = later.state
    ) then 'now'
    else 'PT409'
  end,
  concat_ws(' ', 'from', earlier.state, 'to', later.state)
)
from tests.states as earlier cross join tests.states as later;
select is(tests.go('purchased', 'lost'), 'PT409', 'an unknown state is refused');
select throws_like(
  $$insert into private.label_purchases (user_id, order_id, idempotency_key, request_hash, provider, line_item_ids,
      parcel, service, label_format, state)
    values (tests.id('ada'), tests.order_id('a'), 'lost', 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', 'lost')$$,
  '%label_purchases_state_check%', 'none begins in one'
);
select throws_like(
  $$insert into private.label_purchases (user_id, order_id, idempotency_key, request_hash, provider, line_item_ids,
      parcel, service, label_format)
    values (tests.id('ada'), tests.order_id('a'), 'empty', 'h', 'easypost', '{}', '{}', 's', 'PDF')$$,
  '%label_purchases_line_item_ids_check%', 'a label has at least one unit'
);
select throws_like(
  $$update private.label_purchases set reason = 'not a code'$$, '%label_purchases_reason_check%', 'a reason is a code'
);
delete from private.label_purchases;

-- Deletion.
select tests.order_to_ship('ada', 'l');
select tests.buy('ada', 'l', 'l1');
delete from public.orders where tiktok_order_id = 'l';
select is(
  (select count(*) from private.label_purchases) + (select count(*) from private.labelled_lines),
  0::numeric::bigint, 'with an order go its purchases and their units'
);

select * from finish();
rollback;
