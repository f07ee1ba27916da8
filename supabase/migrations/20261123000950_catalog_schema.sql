-- The objects of a database as SQL, read from the catalog, for database-tasks. The shell loads the functions
-- of 000950 to 000953 into any database as temporary ones: they use nothing but the catalog and each other.
-- They do without nested loops: the planner takes their lists for short ones.

/*
  Returns:   the schemas that are not Postgres's, Supabase's or an extension's.
*/
create function private.catalog_schemas()
returns oid[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return array(
    select n.oid
    from pg_catalog.pg_namespace as n
    where n.nspname !~ '^pg_'
      and n.nspname <> all (array[
        'information_schema', 'auth', 'cron', 'extensions', 'graphql', 'graphql_public', 'net', 'pgbouncer',
        'pgmq', 'pgsodium', 'pgsodium_masks', 'pgtle', 'realtime', '_realtime', 'storage', 'vault', '_analytics',
        'supabase_functions', 'supabase_migrations'
      ])
      and not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e'
      )
    order by n.nspname
  );
end;
$$;
comment on function private.catalog_schemas() is
  'The schemas of a project, without those of Postgres, Supabase and extensions.';

/*
  Returns:   each column of the tables, as create table takes it. The default of a column that is_separate depends
             on a function or a sequence and is not part of the definition.
*/
create function private.catalog_columns()
returns table (relation oid, number smallint, definition text, default_id oid, is_separate boolean)
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
  with separate as materialized (
    select distinct d.objid
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_attrdef as f on f.oid = d.objid
    where d.classid = 'pg_catalog.pg_attrdef'::regclass
      and not (d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = f.adrelid)
  ), identities as materialized (
    select d.refobjid, d.refobjsubid, s.*
    from pg_catalog.pg_sequence as s
    join pg_catalog.pg_depend as d on d.objid = s.seqrelid and d.classid = 'pg_catalog.pg_class'::regclass
      and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype = 'i'
  )
  select a.attrelid, a.attnum,
    concat(quote_ident(a.attname), ' ', format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation end,
      case
        when a.attidentity <> '' then format(' generated %s as identity (sequence name %s start %s increment %s minvalue %s maxvalue %s cache %s%s)',
          case a.attidentity when 'a' then 'always' else 'by default' end, i.seqrelid::regclass, i.seqstart,
          i.seqincrement, i.seqmin, i.seqmax, i.seqcache, case when i.seqcycle then ' cycle' else '' end)
        when a.attgenerated = 's' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
        when d.oid is not null and p.objid is null then ' default ' || pg_get_expr(d.adbin, d.adrelid)
      end,
      case when a.attnotnull then ' not null' end),
    d.oid, p.objid is not null and a.attgenerated = ''
  from pg_catalog.pg_attribute as a
  join pg_catalog.pg_class as c on c.oid = a.attrelid
  join pg_catalog.pg_type as t on t.oid = a.atttypid
  left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join separate as p on p.objid = d.oid
  left join identities as i on i.refobjid = a.attrelid and i.refobjsubid = a.attnum and a.attidentity <> ''
  where c.relnamespace = any (ours) and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped;
end;
$$;
comment on function private.catalog_columns() is 'The definition of each column.';

/*
  Returns:   rows of schemas, extensions, types, sequences, functions, tables and views; rank orders objects that
             do not depend on each other.
*/
create function private.catalog_relations()
returns table (class oid, object oid, rank integer, kind text, name text, relation text, sql text, undo text)
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
  with lists as materialized (
    select k.relation, string_agg('  ' || k.definition, E',\n' order by k.number) as lines
    from private.catalog_columns() as k
    join pg_catalog.pg_attribute as a on a.attrelid = k.relation and a.attnum = k.number
    where a.attislocal
    group by k.relation
  )
  select 'pg_catalog.pg_namespace'::regclass::oid, n.oid, 0, 'schema', quote_ident(n.nspname), null,
    format('create schema if not exists %I;', n.nspname), format('drop schema %I;', n.nspname)
  from pg_catalog.pg_namespace as n
  where n.oid = any (ours)

  union all
  select 'pg_catalog.pg_extension'::regclass, e.oid, 1, 'extension', quote_ident(e.extname), null,
    format('create extension if not exists %I with schema %I;', e.extname, n.nspname),
    format('drop extension %I;', e.extname)
  from pg_catalog.pg_extension as e
  join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
  where e.extname <> 'plpgsql'

  union all
  select 'pg_catalog.pg_type'::regclass, t.oid, 2, 'type', t.oid::regtype::text, null,
    case t.typtype
      when 'e' then format('create type %s as enum (%s);', t.oid::regtype, (
        select string_agg(quote_literal(v.enumlabel), ', ' order by v.enumsortorder)
        from pg_catalog.pg_enum as v where v.enumtypid = t.oid))
      when 'c' then format('create type %s as (%s);', t.oid::regtype, (
        select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
        from pg_catalog.pg_attribute as a
        where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped))
      else format('create domain %s as %s%s%s%s;', t.oid::regtype, format_type(t.typbasetype, t.typtypmod),
        coalesce(' default ' || t.typdefault, ''), case when t.typnotnull then ' not null' else '' end,
        coalesce((
          select string_agg(format(' constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), '' order by k.conname)
          from pg_catalog.pg_constraint as k where k.contypid = t.oid and k.contype = 'c'), ''))
    end,
    format('drop type %s;', t.oid::regtype)
  from pg_catalog.pg_type as t
  left join pg_catalog.pg_class as c on c.oid = t.typrelid
  where t.typnamespace = any (ours)
    and (t.typtype in ('e', 'd') or (t.typtype = 'c' and c.relkind = 'c'))

  union all
  select 'pg_catalog.pg_class'::regclass, c.oid, 3, 'sequence', c.oid::regclass::text, null,
    format('create sequence %s as %s start %s increment %s minvalue %s maxvalue %s cache %s%s;', c.oid::regclass,
      format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
      case when s.seqcycle then ' cycle' else '' end),
    format('drop sequence %s;', c.oid::regclass)
  from pg_catalog.pg_class as c
  join pg_catalog.pg_sequence as s on s.seqrelid = c.oid
  where c.relnamespace = any (ours)
    and not exists (
      select from pg_catalog.pg_depend as d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'i'
    )

  union all
  select 'pg_catalog.pg_proc'::regclass, p.oid, 4, 'function', p.oid::regprocedure::text, null,
    rtrim(pg_get_functiondef(p.oid), E'\n') || ';',
    format('drop %s %s;', case p.prokind when 'p' then 'procedure' else 'function' end, p.oid::regprocedure)
  from pg_catalog.pg_proc as p
  where p.pronamespace = any (ours) and p.prokind in ('f', 'p', 'w')

  union all
  select 'pg_catalog.pg_class'::regclass, c.oid, 5, 'table', c.oid::regclass::text, c.oid::regclass::text,
    case
      when c.relispartition then format('create table %s partition of %s %s%s;', c.oid::regclass,
        (select i.inhparent::regclass from pg_catalog.pg_inherits as i where i.inhrelid = c.oid),
        pg_get_expr(c.relpartbound, c.oid),
        case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) else '' end)
      else format(E'create %stable %s (%s)%s%s%s;',
        case c.relpersistence when 'u' then 'unlogged ' else '' end, c.oid::regclass,
        coalesce((
          select E'\n' || l.lines || E'\n' from lists as l where l.relation = c.oid), ''),
        coalesce((
          select ' inherits (' || string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) || ')'
          from pg_catalog.pg_inherits as i where i.inhrelid = c.oid), ''),
        case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) else '' end,
        coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', ''))
    end,
    format('drop table %s;', c.oid::regclass)
  from pg_catalog.pg_class as c
  where c.relnamespace = any (ours) and c.relkind in ('r', 'p')

  union all
  select 'pg_catalog.pg_class'::regclass, c.oid, 8,
    case c.relkind when 'm' then 'materialized_view' else 'view' end, c.oid::regclass::text, c.oid::regclass::text,
    format(E'create %s %s%s as\n%s%s;', case c.relkind when 'm' then 'materialized view' else 'view' end,
      c.oid::regclass, coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', ''),
      rtrim(pg_get_viewdef(c.oid), ';'), case c.relkind when 'm' then E'\nwith no data' else '' end),
    format('drop %s %s;', case c.relkind when 'm' then 'materialized view' else 'view' end, c.oid::regclass)
  from pg_catalog.pg_class as c
  where c.relnamespace = any (ours) and c.relkind in ('v', 'm');
end;
$$;
comment on function private.catalog_relations() is
  'Schemas, extensions, types, sequences, functions, tables and views as SQL.';
