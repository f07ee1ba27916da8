-- The shops of a login, in every account: found by an index, however many sellers there are.
begin;
\ir helpers.psql

create function tests.plan_of(query text)
returns text
language plpgsql
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  line text;
  plan text := '';
begin
  for line in execute 'explain ' || query loop
    plan := plan || line || ' ';
  end loop;
  return plan;
end;
$$;
select alike(tests.plan_of(query), '%idx_tiktok_shops_open_id%', 'by an index: ' || query)
from unnest(array[
  'select shop_id from public.tiktok_shops where open_id = ''1'' and connection_status in (''active'', ''paused'')',
  'select distinct user_id from public.tiktok_shops where open_id = ''1'''
]) as query;

select * from finish();
rollback;
