-- Plans and their limits.
begin;
\ir helpers.psql

select tests.sign_up('ada');

select results_eq(
  'select name, monthly_order_limit from public.plans order by monthly_order_limit',
  $$values ('trial', 10), ('starter', 100), ('growth', 500), ('scale', 999999)$$,
  'the plans and their limits'
);

select tests.refused('anon', 'select name from public.plans', 'anon cannot read the plans');
select tests.reaches('ada', 4, 'select * from public.plans', 'a seller reads the plans');
select tests.reaches('service_role', 4, 'select * from public.plans', 'the backend reads the plans');

-- Only a migration changes the plans.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada', 'service_role']) as who
cross join unnest(array[
  'insert into public.plans (name, monthly_order_limit) values (''mine'', 1)',
  'update public.plans set monthly_order_limit = 1000000',
  'delete from public.plans where name = ''scale''',
  'truncate public.plans cascade'
]) as statement;

select throws_like(
  'update public.plans set monthly_order_limit = 0 where name = ''trial''',
  '%plans_monthly_order_limit_check%',
  'a plan allows something'
);

select * from finish();
rollback;
