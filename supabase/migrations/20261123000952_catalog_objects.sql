-- Privileges, comments and jobs as SQL, and all objects with what each depends on.

/*
  Returns:   rows as catalog_parts: privileges that differ from Postgres's own, comments, default privileges, jobs.
*/
create function private.catalog_privileges()
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
begin
  return query
  select null::oid, null::oid, 19, 'grant', format('revoke from public on %s %s', o.noun, o.name), o.relation,
    format('revoke all on %s %s from public;', o.noun, o.name), format('grant execute on %s %s to public;', o.noun, o.name),
    o.class, o.object
  from private.catalog_owned() as o
  where o.noun in ('function', 'procedure') and o.acl is not null
    and not exists (select from pg_catalog.aclexplode(o.acl) as a where a.grantee = 0)

  union all
  select null, null, 20, 'grant', format('%s on %s %s', g.role, o.noun, o.name), o.relation,
    format('grant %s on %s %s to %s%s;', lower(g.privileges), case o.noun when 'view' then 'table' when 'materialized view' then 'table' else o.noun end,
      o.name, g.role, g.option),
    format('revoke %s on %s %s from %s;', lower(g.privileges), case o.noun when 'view' then 'table' when 'materialized view' then 'table' else o.noun end,
      o.name, g.role), o.class, o.object
  from private.catalog_owned() as o
  cross join lateral (
    select case a.grantee when 0 then 'public' else a.grantee::regrole::text end as role,
      case when a.is_grantable then ' with grant option' else '' end as option,
      string_agg(a.privilege_type, ', ' order by a.privilege_type) as privileges
    from pg_catalog.aclexplode(o.acl) as a
    where a.grantee <> o.owner
      and not exists (
        select from pg_catalog.aclexplode(pg_catalog.acldefault(o.code, o.owner)) as d
        where d.grantee = a.grantee and d.privilege_type = a.privilege_type
      )
    group by 1, 2
  ) as g

  union all
  select null, null, 20, 'grant', format('%s on columns of %s', g.role, o.name), o.relation,
    format('grant %s on table %s to %s%s;', g.privileges, o.name, g.role, g.option),
    format('revoke %s on table %s from %s;', g.privileges, o.name, g.role), o.class, o.object
  from private.catalog_owned() as o
  cross join lateral (
    select e.role, e.option, string_agg(format('%s (%s)', lower(e.privilege_type), e.columns), ', ' order by e.privilege_type) as privileges
    from (
      select case a.grantee when 0 then 'public' else a.grantee::regrole::text end as role,
        case when a.is_grantable then ' with grant option' else '' end as option,
        a.privilege_type, string_agg(quote_ident(c.attname), ', ' order by c.attnum) as columns
      from pg_catalog.pg_attribute as c
      cross join lateral pg_catalog.aclexplode(c.attacl) as a
      where c.attrelid = o.object and not c.attisdropped
      group by 1, 2, 3
    ) as e
    group by 1, 2
  ) as g
  where o.class = 'pg_catalog.pg_class'::regclass

  union all
  select null, null, 21, 'comment', format('%s %s', o.noun, o.name), o.relation,
    format('comment on %s %s is %L;', o.noun, o.name, d.description), format('comment on %s %s is null;', o.noun, o.name),
    o.class, o.object
  from private.catalog_owned() as o
  join pg_catalog.pg_description as d on d.classoid = o.class and d.objoid = o.object and d.objsubid = 0

  union all
  select null, null, 21, 'comment', format('column %s.%I', o.name, c.attname), o.relation,
    format('comment on column %s.%I is %L;', o.name, c.attname, d.description),
    format('comment on column %s.%I is null;', o.name, c.attname), o.class, o.object
  from private.catalog_owned() as o
  join pg_catalog.pg_description as d on d.classoid = o.class and d.objoid = o.object and d.objsubid > 0
  join pg_catalog.pg_attribute as c on c.attrelid = o.object and c.attnum = d.objsubid
  where o.class = 'pg_catalog.pg_class'::regclass

  union all
  select p.parent_class, null, 21, 'comment', format('%s %s', p.kind, p.name), p.relation,
    format('comment on %s %s is %L;', p.kind,
      case p.kind when 'index' then p.name
        else replace(p.name, p.relation || ' ', '') || ' on ' || p.relation end, d.description),
    null, p.parent_class, p.parent
  from private.catalog_parts() as p
  join pg_catalog.pg_description as d on d.classoid = p.class and d.objoid = p.object and d.objsubid = 0
  where p.kind in ('index', 'constraint', 'trigger', 'policy')

  union all
  select null, null, 23, 'default_privilege',
    format('%s %s %s %s', p.defaclrole::regrole, p.defaclnamespace::regnamespace, p.defaclobjtype, g.role), null,
    format('alter default privileges for role %s%s %s %s on %s %s %s;', p.defaclrole::regrole,
      case p.defaclnamespace when 0 then '' else ' in schema ' || p.defaclnamespace::regnamespace end,
      case when g.granted then 'grant' else 'revoke' end, lower(g.privileges),
      case p.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' else 'schemas' end,
      case when g.granted then 'to' else 'from' end, g.role),
    null, null, null
  from pg_catalog.pg_default_acl as p
  cross join lateral (
    select x.role, x.granted, string_agg(x.privilege_type, ', ' order by x.privilege_type) as privileges
    from (
      select case a.grantee when 0 then 'public' else a.grantee::regrole::text end as role, true as granted, a.privilege_type
      from pg_catalog.aclexplode(p.defaclacl) as a where a.grantee <> p.defaclrole
      union all
      select case d.grantee when 0 then 'public' else d.grantee::regrole::text end, false, d.privilege_type
      from pg_catalog.aclexplode(pg_catalog.acldefault(case p.defaclobjtype when 'S' then 's' else p.defaclobjtype end, p.defaclrole)) as d
      where p.defaclnamespace = 0 and d.grantee <> p.defaclrole
        and not exists (
          select from pg_catalog.aclexplode(p.defaclacl) as a
          where a.grantee = d.grantee and a.privilege_type = d.privilege_type
        )
    ) as x
    group by 1, 2
  ) as g
  -- Those of the platform's own roles are not the project's, and only these roles may set them.
  where p.defaclrole::regrole::text !~ '^supabase_'
    and (p.defaclnamespace = 0 or p.defaclnamespace = any (private.catalog_schemas()));

  if to_regclass('cron.job') is not null then
    return query
    select null::oid, null::oid, 24, 'job', quote_ident(coalesce(j.jobname, j.jobid::text)), null::text,
      format('select cron.schedule(%L, %L, %L);', j.jobname, j.schedule, j.command),
      format('select cron.unschedule(%L);', j.jobname), null::oid, null::oid
    from cron.job as j
    where j.jobname is not null;
  end if;
end;
$$;
comment on function private.catalog_privileges() is
  'Privileges, comments, default privileges and scheduled jobs as SQL.';

/*
  Returns:   {objects: [{kind, name, table, rank, sql, undo, needs: [places in objects]}],
             columns: {table: [{name, definition, comment}]}, unsupported: [names]}
*/
create function private.catalog_objects()
returns jsonb
language plpgsql
stable
set search_path = ''
set enable_nestloop = off
as $$
declare
  ours constant oid[] := private.catalog_schemas();
begin
  return (
    with parts as materialized (
      select * from private.catalog_parts()
    ), nodes as materialized (
      select row_number() over (order by n.rank, n.kind, n.name collate "C") - 1 as place, n.*
      from (
        select r.*, null::oid as parent_class, null::oid as parent from private.catalog_relations() as r
        union all
        select * from parts
        union all
        select * from private.catalog_privileges()
      ) as n
      where n.class is null or not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = n.class and d.objid = n.object and d.deptype = 'e'
      )
    ), aliases (class, object, place) as materialized (
      select n.class, n.object, n.place from nodes as n where n.object is not null
      union
      -- Row types, views' rules, identity sequences and separate defaults stand for their table.
      select d.classid, d.objid, n.place
      from pg_catalog.pg_depend as d
      join nodes as n on n.class = d.refclassid and n.object = d.refobjid
      where d.deptype = 'i' and n.kind in ('table', 'view', 'materialized_view')
        and d.classid in ('pg_catalog.pg_type'::regclass, 'pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_class'::regclass)
      union
      select 'pg_catalog.pg_attrdef'::regclass, a.oid, n.place
      from pg_catalog.pg_attrdef as a
      join nodes as n on n.class = 'pg_catalog.pg_class'::regclass and n.object = a.adrelid
      where not exists (select from parts as p where p.kind = 'default' and p.object = a.oid)
      union
      select 'pg_catalog.pg_class'::regclass, k.conindid, n.place
      from pg_catalog.pg_constraint as k
      join nodes as n on n.kind = 'constraint' and n.object = k.oid
      where k.contype in ('p', 'u', 'x')
      union
      select 'pg_catalog.pg_type'::regclass, t.oid, n.place
      from pg_catalog.pg_type as t
      join pg_catalog.pg_type as e on e.oid = t.typelem and e.typarray = t.oid
      join nodes as n on n.class = 'pg_catalog.pg_type'::regclass and n.object = e.oid
      union
      select 'pg_catalog.pg_type'::regclass, e.typarray, n.place
      from pg_catalog.pg_type as e
      join nodes as n on n.class = 'pg_catalog.pg_class'::regclass and n.object = e.typrelid
      union
      select 'pg_catalog.pg_constraint'::regclass, k.oid, n.place
      from pg_catalog.pg_constraint as k
      join nodes as n on n.class = 'pg_catalog.pg_type'::regclass and n.object = k.contypid
    ), edges (place, needed) as materialized (
      select a.place, b.place
      from pg_catalog.pg_depend as d
      join aliases as a on a.class = d.classid and a.object = d.objid
      join aliases as b on b.class = d.refclassid and b.object = d.refobjid
      where a.place <> b.place
        and not (d.deptype = 'a' and d.refobjsubid > 0 and exists (select from pg_catalog.pg_sequence as s where s.seqrelid = d.objid))
      union
      select n.place, b.place
      from nodes as n
      join aliases as b on b.class = n.parent_class and b.object = n.parent
      where n.place <> b.place
      union
      -- An owned sequence exists before it is given to its column.
      select n.place, s.place
      from nodes as n
      join nodes as s on s.kind = 'sequence' and s.name = n.name
      where n.kind = 'sequence_owner'
    )
    select jsonb_build_object(
      'objects', coalesce((
        select jsonb_agg(jsonb_build_object('kind', n.kind, 'name', n.name, 'table', n.relation, 'rank', n.rank,
          'sql', n.sql, 'undo', n.undo, 'needs', coalesce(needs.places, '[]')) order by n.place)
        from nodes as n
        left join (
          select e.place, jsonb_agg(e.needed order by e.needed) as places from edges as e group by e.place
        ) as needs using (place)), '[]'),
      'columns', coalesce((
        select jsonb_object_agg(c.name, c.columns)
        from (
          select k.relation::regclass::text as name, jsonb_agg(jsonb_build_object('name', quote_ident(a.attname),
            'type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull, 'definition', k.definition,
            'comment', col_description(a.attrelid, a.attnum)) order by a.attnum) as columns
          from private.catalog_columns() as k
          join pg_catalog.pg_attribute as a on a.attrelid = k.relation and a.attnum = k.number
          join nodes as n on n.class = 'pg_catalog.pg_class'::regclass and n.object = k.relation
          group by k.relation
        ) as c), '{}'),
      'unsupported', coalesce((
        select jsonb_agg(u.name order by u.name)
        from (
          select 'aggregate ' || p.oid::regprocedure as name from pg_catalog.pg_proc as p
          where p.pronamespace = any (ours) and p.prokind = 'a'
          union all
          select 'foreign table ' || c.oid::regclass from pg_catalog.pg_class as c
          where c.relnamespace = any (ours) and c.relkind = 'f'
          union all
          select 'operator ' || o.oid::regoperator from pg_catalog.pg_operator as o where o.oprnamespace = any (ours)
          union all
          select 'range type ' || t.oid::regtype from pg_catalog.pg_type as t
          where t.typnamespace = any (ours) and t.typtype = 'r'
          union all
          select 'rule ' || w.rulename || ' on ' || w.ev_class::regclass from pg_catalog.pg_rewrite as w
          join pg_catalog.pg_class as c on c.oid = w.ev_class
          where c.relnamespace = any (ours) and w.rulename <> '_RETURN'
        ) as u), '[]')
    )
  );
end;
$$;
comment on function private.catalog_objects() is 'All objects of the project as SQL, with what each depends on.';
