-- What a seller's usage reads does not grow with the sellers.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
insert into private.label_spending (shop_key, month, day, labels)
select coalesce(
    (select shop_key from public.tiktok_shops where n = 1), gen_random_uuid()
  ), private.current_month(), private.current_day(), 3
from generate_series(1, 20000) as n;
analyze private.label_spending;

create function tests.pages_read(statement text)
returns integer
language plpgsql
as $$
declare
  plan json;
begin
  execute 'explain (analyze, buffers, timing off, format json) ' || statement into plan;
  return (plan #>> '{0,Plan,Shared Hit Blocks}')::integer + (plan #>> '{0,Plan,Shared Read Blocks}')::integer;
end;
$$;
select is(
  private.label_usage(tests.id('ada')) #>> '{month,shop_labels}', '3', 'the labels of the seller''s shop are found'
);
select cmp_ok(
  tests.pages_read(format('select private.label_usage(%L)', tests.id('ada'))), '<', 80,
  'and few pages are read, among the totals of 20,000 shops'
);

select * from finish();
rollback;
