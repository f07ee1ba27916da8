-- What database-tasks reads from the catalog, and who may.
begin;
\ir helpers.psql

select tests.sign_up('ada');

select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select public.read_catalog(''objects'')',
  'select private.catalog_objects()',
  'select private.catalog_access()',
  'select private.catalog_performance()',
  'select private.catalog_migrations()'
]) as statement;
select tests.refused('service_role', 'select private.catalog_objects()', 'the backend has one way to the catalog');

select throws_ok(
  'select public.read_catalog(''rows'')', 'PT400', 'Unknown part of the catalog: rows', 'an unknown part is refused'
);

-- The transaction is read-only after an answer: only undoing it leaves one that may write.
create function tests.part(part text)
returns jsonb
language plpgsql
as $$
declare
  answer jsonb;
begin
  begin
    answer := tests.run_as('service_role', format('select public.read_catalog(%L)', part));
    insert into tests.writes values (1);
    return to_jsonb('it could write'::text);
  exception
    when read_only_sql_transaction then null;
  end;
  return answer;
end;
$$;
create table tests.writes (n integer);

create temporary table answers as
select part, tests.part(part) as answer from unnest(array['objects', 'access', 'performance', 'migrations']) as part;

select ok(
  exists (
    select from answers, jsonb_array_elements(answer -> 'objects') as o
    where part = 'objects' and o ->> 'kind' = 'table' and o ->> 'name' = 'public.orders'
      and o ->> 'sql' like 'create table public.orders (%'
  ),
  'a table is there with its SQL'
);
select is(
  (select count(*) from answers, jsonb_array_elements(answer -> 'objects') as o where o ->> 'name' like 'auth.%' and o ->> 'kind' = 'table'),
  0::bigint,
  'the platform''s tables are not'
);
select is(
  (
    select count(*)
    from answers, jsonb_array_elements(answer -> 'policies') as p where part = 'access' and p ->> 'table' = 'public.orders'
  ),
  (select count(*) from pg_policies where schemaname = 'public' and tablename = 'orders'),
  'every policy of a table is there'
);
select ok(
  (select count(*) from answers, jsonb_array_elements(answer -> 'indexes') where part = 'performance') > 50,
  'indexes are there with their use'
);
select ok(
  (select answer -> 'migrations' is null and jsonb_array_length(answer) > 50 from answers where part = 'migrations'),
  'applied migrations are there'
);

select * from finish();
rollback;
