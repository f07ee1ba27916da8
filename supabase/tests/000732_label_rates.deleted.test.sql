-- Rates of an order whose account is deleted while the carriers answer.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
select tests.order_to_ship('ada', 'a');
create table tests.known as select tests.order_id('a') as id;

delete from auth.users where id = tests.id('ada');
select is(
  tests.call(format(
    'store_label_rates(%L, ''{}'', ''{"city": "Eugene"}'', %L)', (select id from tests.known),
    '[{"provider": "easypost", "carrier": "c", "service": "s", "service_name": "n", "is_default": false}]'
  )),
  '"PT404"', 'they are refused as those of an unknown order'
);
select is_empty('select * from private.label_rates', 'no rate is stored');
select is_empty('select * from private.senders', 'and no sender');

select * from finish();
rollback;
