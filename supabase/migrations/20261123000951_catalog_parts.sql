-- Parts of a table, as SQL.

/*
  Returns:   rows as catalog_relations, with the object that each belongs to: of its schema, or of a platform's
             table that has one of our triggers or policies.
*/
create function private.catalog_parts()
returns table (
  class oid, object oid, rank integer, kind text, name text, relation text, sql text, undo text,
  parent_class oid, parent oid
)
language plpgsql
stable
set search_path = ''
set enable_nestloop = off
as $$
#variable_conflict use_column
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return query
  select 'pg_catalog.pg_attrdef'::regclass::oid, d.oid, 6, 'default', format('%s.%I', r.oid::regclass, a.attname),
    r.oid::regclass::text,
    format('alter table %s alter column %I set default %s;', r.oid::regclass, a.attname, pg_get_expr(d.adbin, d.adrelid)),
    format('alter table %s alter column %I drop default;', r.oid::regclass, a.attname),
    'pg_catalog.pg_class'::regclass::oid, r.oid
  from private.catalog_columns() as k
  join pg_catalog.pg_attrdef as d on d.oid = k.default_id
  join pg_catalog.pg_class as r on r.oid = d.adrelid
  join pg_catalog.pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
  where a.attgenerated = '' and (k.is_separate or r.relispartition)

  union all
  select null, null, 7, 'sequence_owner', d.objid::regclass::text, r.oid::regclass::text,
    format('alter sequence %s owned by %s.%I;', d.objid::regclass, r.oid::regclass, a.attname),
    format('alter sequence %s owned by none;', d.objid::regclass), d.refclassid, r.oid
  from pg_catalog.pg_depend as d
  join pg_catalog.pg_sequence as s on s.seqrelid = d.objid
  join pg_catalog.pg_class as r on r.oid = d.refobjid
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum = d.refobjsubid
  where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
    and d.deptype = 'a' and r.relnamespace = any (ours)

  union all
  select 'pg_catalog.pg_constraint'::regclass, k.oid, case when k.contype in ('p', 'u', 'x') then 9 when k.contype = 'f' then 11 else 10 end,
    'constraint', format('%s %I', r.oid::regclass, k.conname), r.oid::regclass::text,
    format('alter table %s add constraint %I %s;', r.oid::regclass, k.conname, pg_get_constraintdef(k.oid)),
    format('alter table %s drop constraint %I;', r.oid::regclass, k.conname), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_constraint as k
  join pg_catalog.pg_class as r on r.oid = k.conrelid
  where r.relnamespace = any (ours) and k.contype in ('p', 'u', 'x', 'f', 'c') and k.conparentid = 0 and k.conislocal

  union all
  select 'pg_catalog.pg_class'::regclass, i.indexrelid, 12, 'index', i.indexrelid::regclass::text, r.oid::regclass::text,
    pg_get_indexdef(i.indexrelid) || ';', format('drop index %s;', i.indexrelid::regclass),
    'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as r on r.oid = i.indrelid
  join pg_catalog.pg_class as x on x.oid = i.indexrelid
  where r.relnamespace = any (ours) and r.relkind in ('r', 'p', 'm') and not x.relispartition
    and not exists (
      select from pg_catalog.pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
    )

  union all
  select 'pg_catalog.pg_statistic_ext'::regclass, s.oid, 13, 'statistics', s.stxname::text, r.oid::regclass::text,
    pg_get_statisticsobjdef(s.oid) || ';', format('drop statistics %I.%I;', n.nspname, s.stxname),
    'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_statistic_ext as s
  join pg_catalog.pg_class as r on r.oid = s.stxrelid
  join pg_catalog.pg_namespace as n on n.oid = s.stxnamespace
  where r.relnamespace = any (ours)

  union all
  select null, null, 13, 'replica_identity', r.oid::regclass::text, r.oid::regclass::text,
    format('alter table %s replica identity %s;', r.oid::regclass, case r.relreplident
      when 'f' then 'full' when 'n' then 'nothing'
      else 'using index ' || (
        select quote_ident(x.relname)
        from pg_catalog.pg_index as i join pg_catalog.pg_class as x on x.oid = i.indexrelid
        where i.indrelid = r.oid and i.indisreplident) end),
    format('alter table %s replica identity default;', r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_class as r
  where r.relnamespace = any (ours) and r.relkind in ('r', 'p') and r.relreplident <> 'd'

  union all
  select 'pg_catalog.pg_trigger'::regclass, t.oid, 14, 'trigger', format('%s %I', r.oid::regclass, t.tgname),
    r.oid::regclass::text,
    pg_get_triggerdef(t.oid) || ';' || case t.tgenabled
      when 'D' then format(E'\nalter table %s disable trigger %I;', r.oid::regclass, t.tgname)
      when 'A' then format(E'\nalter table %s enable always trigger %I;', r.oid::regclass, t.tgname)
      when 'R' then format(E'\nalter table %s enable replica trigger %I;', r.oid::regclass, t.tgname)
      else '' end,
    format('drop trigger %I on %s;', t.tgname, r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_trigger as t
  join pg_catalog.pg_class as r on r.oid = t.tgrelid
  join pg_catalog.pg_proc as p on p.oid = t.tgfoid
  where not t.tgisinternal and t.tgparentid = 0
    and (r.relnamespace = any (ours) or p.pronamespace = any (ours))

  union all
  select null, null, 15, 'row_security', r.oid::regclass::text, r.oid::regclass::text,
    format('alter table %s enable row level security;', r.oid::regclass)
      || case when r.relforcerowsecurity then format(E'\nalter table %s force row level security;', r.oid::regclass) else '' end,
    format('alter table %s disable row level security;', r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_class as r
  where r.relnamespace = any (ours) and r.relkind in ('r', 'p') and r.relrowsecurity

  union all
  select 'pg_catalog.pg_policy'::regclass, p.oid, 16, 'policy', format('%s %I', r.oid::regclass, p.polname),
    r.oid::regclass::text,
    format('create policy %I on %s as %s for %s to %s%s%s;', p.polname, r.oid::regclass,
      case when p.polpermissive then 'permissive' else 'restrictive' end,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      (select string_agg(case u.role when 0 then 'public' else u.role::regrole::text end, ', ' order by u.role::regrole::text)
       from unnest(p.polroles) as u (role)),
      coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''),
      coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')),
    format('drop policy %I on %s;', p.polname, r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_policy as p
  join pg_catalog.pg_class as r on r.oid = p.polrelid
  where r.relnamespace = any (ours) or r.oid in (
    select v.oid from pg_catalog.pg_class as v join pg_catalog.pg_namespace as n on n.oid = v.relnamespace
    where n.nspname = any (array['realtime', 'storage'])
  )

  union all
  select null, null, 17, 'publication', quote_ident(b.pubname), null,
    format('do $do$ begin if not exists (select from pg_catalog.pg_publication where pubname = %L) then create publication %I%s; end if; end $do$;',
      b.pubname, b.pubname, case when b.puballtables then ' for all tables' else '' end),
    format('drop publication %I;', b.pubname), null, null
  from pg_catalog.pg_publication as b

  union all
  select null, null, 18, 'publication_table', format('%I %s', b.pubname, r.oid::regclass), r.oid::regclass::text,
    format('alter publication %I add table %s;', b.pubname, r.oid::regclass),
    format('alter publication %I drop table %s;', b.pubname, r.oid::regclass), 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_publication_rel as m
  join pg_catalog.pg_publication as b on b.oid = m.prpubid
  join pg_catalog.pg_class as r on r.oid = m.prrelid
  where r.relnamespace = any (ours)

  union all
  select null, null, 22, 'refresh', r.oid::regclass::text, r.oid::regclass::text,
    format('refresh materialized view %s;', r.oid::regclass), null, 'pg_catalog.pg_class'::regclass, r.oid
  from pg_catalog.pg_class as r
  where r.relnamespace = any (ours) and r.relkind = 'm' and r.relispopulated;
end;
$$;
comment on function private.catalog_parts() is
  'Defaults, constraints, indexes, triggers, policies and publications as SQL.';

/*
  Returns:   the objects of the project that have privileges and comments.
*/
create function private.catalog_owned()
returns table (class oid, object oid, noun text, name text, relation text, owner oid, acl aclitem[], code "char")
language plpgsql
stable
set search_path = ''
set enable_nestloop = off
as $$
#variable_conflict use_column
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return query
  select 'pg_catalog.pg_namespace'::regclass::oid, n.oid, 'schema', quote_ident(n.nspname), null::text, n.nspowner, n.nspacl, 'n'::"char"
  from pg_catalog.pg_namespace as n
  -- The platform owns the schema public.
  where n.oid = any (ours) and n.nspname <> 'public'
  union all
  select 'pg_catalog.pg_class'::regclass, c.oid,
    case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
    c.oid::regclass::text, case when c.relkind = 'S' then null else c.oid::regclass::text end, c.relowner, c.relacl,
    (case c.relkind when 'S' then 's' else 'r' end)::"char"
  from pg_catalog.pg_class as c
  where c.relnamespace = any (ours) and c.relkind in ('r', 'p', 'v', 'm', 'S')
  union all
  select 'pg_catalog.pg_proc'::regclass, p.oid, case p.prokind when 'p' then 'procedure' else 'function' end,
    p.oid::regprocedure::text, null, p.proowner, p.proacl, 'f'::"char"
  from pg_catalog.pg_proc as p
  where p.pronamespace = any (ours) and p.prokind in ('f', 'p', 'w')
  union all
  select 'pg_catalog.pg_type'::regclass, t.oid, 'type', t.oid::regtype::text, null, t.typowner, t.typacl, 'T'::"char"
  from pg_catalog.pg_type as t left join pg_catalog.pg_class as c on c.oid = t.typrelid
  where t.typnamespace = any (ours) and (t.typtype in ('e', 'd') or (t.typtype = 'c' and c.relkind = 'c'));
end;
$$;
comment on function private.catalog_owned() is 'Objects that have an owner, privileges and a comment.';
