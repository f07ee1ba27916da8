-- One line of text for each of our objects, in a stable order, for `deno task schema:snapshot`.
-- Names are printed in full, because the search path is empty.
with ours as (
  select oid, nspname from pg_catalog.pg_namespace where nspname in ('public', 'private')
), relations as (
  select c.*, ours.nspname from pg_catalog.pg_class as c join ours on ours.oid = c.relnamespace
), lines (rank, name, line) as (
  -- As text: the type name would cut every line's name at 63 bytes, and leave their order to chance.
  select 1, nspname::text, format('create schema %I; -- %s', nspname, coalesce(n.nspacl::text, 'default'))
  from ours join pg_catalog.pg_namespace as n using (oid, nspname)
  where nspname = 'private'

  union all
  select 1, t.oid::regtype::text, format('create domain %s as %s constraint %I %s;', t.oid::regtype,
    format_type(t.typbasetype, t.typtypmod), k.conname, pg_get_constraintdef(k.oid))
  from pg_catalog.pg_type as t
  join ours on ours.oid = t.typnamespace
  join pg_catalog.pg_constraint as k on k.contypid = t.oid

  union all
  select 2, r.oid::regclass::text,
    format(E'create table %s (\n%s\n);%s', r.oid::regclass,
      (
        select string_agg(
          format('  %I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
            case when a.attnotnull then ' not null' else '' end,
            case when a.attidentity <> '' then ' generated always as identity' else '' end,
            coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')),
          E',\n' order by a.attnum)
        from pg_catalog.pg_attribute as a
        left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      ),
      case when r.relrowsecurity then E'\nalter table ' || r.oid::regclass || ' enable row level security;' else '' end)
  from relations as r
  where r.relkind = 'r'

  union all
  select 3, r.oid::regclass::text,
    format(E'create materialized view %s as\n%s', r.oid::regclass, pg_get_viewdef(r.oid))
  from relations as r
  where r.relkind = 'm'

  union all
  select 4, k.conrelid::regclass || ' ' || k.conname,
    format('alter table %s add constraint %I %s;', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
  from pg_catalog.pg_constraint as k join ours on ours.oid = k.connamespace
  where k.contype <> 'n' and k.contypid = 0

  union all
  select 5, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) || ';'
  from pg_catalog.pg_index as i join relations as r on r.oid = i.indrelid
  where not exists (select from pg_catalog.pg_constraint as k where k.conindid = i.indexrelid)

  union all
  select 6, p.oid::regprocedure::text, trim(pg_get_functiondef(p.oid)) || ';'
  from pg_catalog.pg_proc as p join ours on ours.oid = p.pronamespace
  where p.prokind = 'f'

  union all
  select 7, t.tgrelid::regclass || ' ' || t.tgname, pg_get_triggerdef(t.oid) || ';'
  from pg_catalog.pg_trigger as t
  join pg_catalog.pg_proc as p on p.oid = t.tgfoid
  join ours on ours.oid = p.pronamespace
  where not t.tgisinternal

  union all
  select 8, p.schemaname || '.' || p.tablename || ' ' || p.policyname,
    format('create policy %I on %I.%I as %s for %s to %s%s%s;', p.policyname, p.schemaname, p.tablename,
      lower(p.permissive), lower(p.cmd), array_to_string(p.roles, ', '),
      ' using (' || p.qual || ')', ' with check (' || p.with_check || ')')
  from pg_catalog.pg_policies as p
  where p.schemaname in ('public', 'private', 'realtime')

  union all
  select 9, r.oid::regclass || ' ' || grantee::regrole || ' ' || privilege_type,
    format('grant %s on %s to %s;', lower(privilege_type), r.oid::regclass, grantee::regrole)
  from relations as r
  cross join lateral pg_catalog.aclexplode(r.relacl) as acl (grantor, grantee, privilege_type, is_grantable)
  where acl.grantee <> r.relowner

  union all
  select 10, a.attrelid::regclass || ' ' || grantee::regrole || ' ' || privilege_type || ' ' || a.attname,
    format('grant %s (%I) on %s to %s;', lower(privilege_type), a.attname, a.attrelid::regclass, grantee::regrole)
  from pg_catalog.pg_attribute as a
  join relations as r on r.oid = a.attrelid
  cross join lateral pg_catalog.aclexplode(a.attacl) as acl (grantor, grantee, privilege_type, is_grantable)

  union all
  select 11, p.oid::regprocedure || ' ' || coalesce(nullif(grantee, 0)::regrole::text, 'public'),
    format('grant execute on function %s to %s;', p.oid::regprocedure,
      coalesce(nullif(grantee, 0)::regrole::text, 'public'))
  from pg_catalog.pg_proc as p
  join ours on ours.oid = p.pronamespace
  cross join lateral pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)))
    as acl (grantor, grantee, privilege_type, is_grantable)
  where acl.grantee <> p.proowner

  union all
  select 12, pubname || ' ' || schemaname || '.' || tablename,
    format('alter publication %I add table %I.%I;', pubname, schemaname, tablename)
  from pg_catalog.pg_publication_tables
  where schemaname in ('public', 'private')

  union all
  select 13, jobname, format('select cron.schedule(%L, %L, %L);', jobname, schedule, command)
  from cron.job

  union all
  select 14, d.objoid::regclass || ' ' || d.objsubid,
    format('comment on %s is %L;',
      case
        when d.objsubid > 0 then format('column %s.%I', d.objoid::regclass, a.attname)
        else 'relation ' || d.objoid::regclass
      end, d.description)
  from pg_catalog.pg_description as d
  join relations as r on r.oid = d.objoid
  left join pg_catalog.pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0
  where d.classoid = 'pg_catalog.pg_class'::regclass
)
select line from lines order by rank, name collate "C";
