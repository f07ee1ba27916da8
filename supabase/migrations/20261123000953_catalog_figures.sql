-- Privileges, use of the database and its migrations, as database-tasks reads them.

/*
  Returns:   {tables: [{table, kind, row_security, forced, invoker}], policies: [{table, name, command, roles,
             permissive, using, check}], grants: [{table, role, verb, columns}], functions: [{function, definer,
             search_path, trigger, roles}], bypass: [roles that pass RLS]}; columns is null for a
             whole table.
*/
create function private.catalog_access()
returns jsonb
language plpgsql
stable
set search_path = ''
set enable_nestloop = off
as $$
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return jsonb_build_object(
    'tables', coalesce((
      select jsonb_agg(jsonb_build_object('table', c.oid::regclass::text,
        'kind', case c.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end,
        'row_security', c.relrowsecurity, 'forced', c.relforcerowsecurity,
        'invoker', coalesce('security_invoker=true' = any (c.reloptions) or 'security_invoker=on' = any (c.reloptions), false))
        order by c.oid::regclass::text collate "C")
      from pg_catalog.pg_class as c
      where c.relnamespace = any (ours) and c.relkind in ('r', 'p', 'v', 'm')), '[]'),
    'policies', coalesce((
      select jsonb_agg(jsonb_build_object('table', p.polrelid::regclass::text, 'name', p.polname,
        'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
        'roles', (
          select jsonb_agg(case u.role when 0 then 'public' else u.role::regrole::text end)
          from unnest(p.polroles) as u (role)),
        'permissive', p.polpermissive, 'using', pg_get_expr(p.polqual, p.polrelid),
        'check', pg_get_expr(p.polwithcheck, p.polrelid)) order by p.polrelid::regclass::text collate "C", p.polname)
      from pg_catalog.pg_policy as p
      join pg_catalog.pg_class as c on c.oid = p.polrelid
      where c.relnamespace = any (ours)), '[]'),
    'grants', coalesce((
      select jsonb_agg(jsonb_build_object('table', g.name, 'role', g.role, 'verb', g.verb, 'columns', g.columns)
        order by g.name collate "C", g.role, g.verb)
      from (
        select c.oid::regclass::text as name, case a.grantee when 0 then 'public' else a.grantee::regrole::text end as role,
          lower(a.privilege_type) as verb, null::jsonb as columns
        from pg_catalog.pg_class as c
        cross join lateral pg_catalog.aclexplode(c.relacl) as a
        where c.relnamespace = any (ours) and c.relkind in ('r', 'p', 'v', 'm') and a.grantee <> c.relowner
        union all
        select c.oid::regclass::text, case a.grantee when 0 then 'public' else a.grantee::regrole::text end,
          lower(a.privilege_type), jsonb_agg(quote_ident(l.attname) order by l.attnum)
        from pg_catalog.pg_class as c
        join pg_catalog.pg_attribute as l on l.attrelid = c.oid and not l.attisdropped
        cross join lateral pg_catalog.aclexplode(l.attacl) as a
        where c.relnamespace = any (ours)
        group by 1, 2, 3
      ) as g), '[]'),
    'functions', coalesce((
      select jsonb_agg(jsonb_build_object('function', p.oid::regprocedure::text, 'definer', p.prosecdef,
        'search_path', exists (select from unnest(p.proconfig) as s where s like 'search_path=%'),
        'trigger', p.prorettype = 'pg_catalog.trigger'::regtype,
        'roles', (
          select coalesce(jsonb_agg(distinct case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '[]')
          from pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
          where a.grantee <> p.proowner)) order by p.oid::regprocedure::text collate "C")
      from pg_catalog.pg_proc as p
      where p.pronamespace = any (ours) and p.prokind in ('f', 'p')
        and not exists (
          select from pg_catalog.pg_depend as d
          where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
        )), '[]'),
    'bypass', coalesce((
      select jsonb_agg(r.rolname order by r.rolname)
      from pg_catalog.pg_roles as r where r.rolbypassrls or r.rolsuper), '[]')
  );
end;
$$;
comment on function private.catalog_access() is 'Row level security, policies, privileges and definer functions.';

/*
  Returns:   {indexes, foreign_keys, tables, cache, statements, since}; shares are from 0 to 1, null without a read.
*/
create function private.catalog_performance()
returns jsonb
language plpgsql
stable
set search_path = ''
set enable_nestloop = off
as $$
declare
  ours constant oid[] := private.catalog_schemas();
  statements jsonb;
  statistics text;
begin
  select format('%I.pg_stat_statements', n.nspname) into statistics
  from pg_catalog.pg_extension as e
  join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
  where e.extname = 'pg_stat_statements';
  if statistics is not null then
    execute format('select coalesce(jsonb_agg(s), ''[]'') from (
      select left(query, 500) as query, calls, round(mean_exec_time::numeric, 3) as mean_ms,
        round(total_exec_time::numeric, 1) as total_ms, rows
      from %s where dbid = (select oid from pg_catalog.pg_database where datname = current_database())
      order by total_exec_time desc limit 20) as s', statistics) into statements;
  end if;
  return jsonb_build_object(
    'indexes', coalesce((
      select jsonb_agg(jsonb_build_object('index', i.indexrelid::regclass::text, 'table', i.indrelid::regclass::text,
        'method', m.amname, 'keys', (
          select jsonb_agg(concat_ws(' ', pg_get_indexdef(i.indexrelid, n, true), i.indoption[n - 1], i.indclass[n - 1], i.indcollation[n - 1]) order by n)
          from generate_series(1, i.indnkeyatts) as n),
        'columns', (
          select jsonb_agg(i.indkey[n - 1] order by n) from generate_series(1, i.indnkeyatts) as n),
        'included', i.indnatts - i.indnkeyatts,
        'predicate', pg_get_expr(i.indpred, i.indrelid), 'unique', i.indisunique, 'valid', i.indisvalid,
        'constraint', k.conindid is not null,
        'bytes', case when c.relkind = 'I' then 0 else pg_relation_size(i.indexrelid) end,
        'scans', coalesce(s.idx_scan, 0), 'definition', pg_get_indexdef(i.indexrelid))
        order by i.indexrelid::regclass::text collate "C")
      from pg_catalog.pg_index as i
      join pg_catalog.pg_class as c on c.oid = i.indexrelid
      join pg_catalog.pg_class as r on r.oid = i.indrelid
      join pg_catalog.pg_am as m on m.oid = c.relam
      left join (select distinct conindid from pg_catalog.pg_constraint where contype in ('p', 'u', 'x')) as k
        on k.conindid = i.indexrelid
      left join pg_catalog.pg_stat_all_indexes as s on s.indexrelid = i.indexrelid
      where r.relnamespace = any (ours)), '[]'),
    'foreign_keys', coalesce((
      select jsonb_agg(jsonb_build_object('constraint', k.conname, 'table', k.conrelid::regclass::text,
        'references', k.confrelid::regclass::text, 'numbers', to_jsonb(k.conkey), 'columns', (
          select jsonb_agg(quote_ident(a.attname) order by u.place)
          from unnest(k.conkey) with ordinality as u (number, place)
          join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.number))
        order by k.conrelid::regclass::text collate "C", k.conname)
      from pg_catalog.pg_constraint as k
      where k.connamespace = any (ours) and k.contype = 'f'), '[]'),
    'tables', coalesce((
      select jsonb_agg(jsonb_build_object('table', c.oid::regclass::text, 'rows', coalesce(s.n_live_tup, 0),
        'dead_rows', coalesce(s.n_dead_tup, 0), 'sequential_scans', coalesce(s.seq_scan, 0),
        'sequential_rows', coalesce(s.seq_tup_read, 0), 'index_scans', coalesce(s.idx_scan, 0),
        'bytes', pg_total_relation_size(c.oid), 'analyzed', greatest(s.last_analyze, s.last_autoanalyze),
        'vacuumed', greatest(s.last_vacuum, s.last_autovacuum)) order by c.oid::regclass::text collate "C")
      from pg_catalog.pg_class as c
      left join pg_catalog.pg_stat_all_tables as s on s.relid = c.oid
      where c.relnamespace = any (ours) and c.relkind in ('r', 'm')), '[]'),
    'cache', (
      select jsonb_build_object(
        'table_hit_rate', round(sum(heap_blks_hit) / nullif(sum(heap_blks_hit) + sum(heap_blks_read), 0), 4),
        'index_hit_rate', round(sum(idx_blks_hit) / nullif(sum(idx_blks_hit) + sum(idx_blks_read), 0), 4))
      from pg_catalog.pg_statio_all_tables as s
      join pg_catalog.pg_class as c on c.oid = s.relid
      where c.relnamespace = any (ours)),
    'statements', statements,
    'since', (select stats_reset from pg_catalog.pg_stat_database where datname = current_database())
  );
end;
$$;
comment on function private.catalog_performance() is
  'Sizes and use of indexes and tables, foreign keys, cache rates, slow statements.';

/*
  Returns:   [{version, name}], the oldest first.
*/
create function private.catalog_migrations()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if to_regclass('supabase_migrations.schema_migrations') is null then return '[]'; end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('version', m.version, 'name', m.name) order by m.version), '[]')
    from supabase_migrations.schema_migrations as m
  );
end;
$$;
comment on function private.catalog_migrations() is 'The applied migrations.';
