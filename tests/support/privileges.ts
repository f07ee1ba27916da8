/** Owners and privileges of all objects, from the catalog. */
import type postgres from "postgres";

/** Every owner and privilege of our objects, in a stable order: equal privileges give equal rows. */
export async function privileges(sql: postgres.Sql): Promise<unknown[]> {
  return [
    ...await sql`
      select n.nspname, c.relname, c.relowner::regrole::text, c.relacl::text,
        (select array_agg(a.attname || ' ' || a.attacl::text order by a.attnum)
         from pg_attribute as a where a.attrelid = c.oid and a.attacl is not null) as columns
      from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname in ('public', 'private', 'auth', 'vault', 'cron', 'net', 'realtime')
        and c.relkind in ('r', 'v', 'm', 'S')
      order by 1, 2`,
    ...await sql`
      select n.nspname, p.oid::regprocedure::text, p.proowner::regrole::text, p.proacl::text
      from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
      where n.nspname in ('public', 'private', 'auth') order by 1, 2`,
    ...await sql`
      select nspname, nspowner::regrole::text, nspacl::text from pg_namespace
      where nspname in ('public', 'private', 'auth', 'vault', 'cron', 'net', 'realtime') order by 1`,
    ...await sql`
      select defaclnamespace::regnamespace::text, defaclobjtype, defaclacl::text
      from pg_default_acl where defaclrole <> 'authenticator'::regrole order by 1, 2, 3`,
  ];
}
