/** Finds the tables to back up in the catalogue: no table of ours is named here. */
import type postgres from "postgres";
import type { BackupHeader, BackupTable } from "./format.ts";

/** Our schemas, with all of their tables. */
const SCHEMAS = ["private", "public"];

/** Auth's tables of logins. Sessions are left out: they end with their database. */
const AUTH_TABLES = ["identities", "users"];

export interface DatabaseTable extends BackupTable {
  /** Expressions that bring the rows into the same order in every database. */
  orderBy: string[];
  /** Qualified names of the other tables that its foreign keys name. */
  references: string[];
}

/** Quotes names for statements that take no parameters. */
export function quote(...names: string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join(".");
}

export function nameOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}

/** The versions of the applied migrations, ascending. @throws {Error} if none was applied. */
export async function readMigrations(sql: postgres.TransactionSql): Promise<string[]> {
  const [table] = await sql`select to_regclass('supabase_migrations.schema_migrations') as name`;
  if (table?.name === null) throw new Error("The database has no migrations: apply ours first.");
  const rows = await sql<{ version: string }[]>`
    select version from supabase_migrations.schema_migrations order by version`;
  return rows.map((row) => row.version);
}

/**
 * The tables, each after those that it references. Generated columns and partitions are left out: the
 * first are computed again, the rows of the second belong to their parent.
 */
export async function readTables(sql: postgres.TransactionSql): Promise<DatabaseTable[]> {
  const rows = await sql<(DatabaseTable & { key: string[] })[]>`
    select
      c.relnamespace::regnamespace::text as schema,
      c.relname::text as name,
      array(
        select a.attname::text from pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        order by a.attnum
      ) as columns,
      -- Collations differ between servers; "C" does not.
      array(
        select format('%I', a.attname) || case when a.attcollation <> 0 then ' collate "C"' else '' end
        from pg_index as i
        cross join unnest(i.indkey) with ordinality as k (attnum, position)
        join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary
        order by k.position
      ) as key,
      array(
        select distinct parent.relnamespace::regnamespace::text || '.' || parent.relname
        from pg_constraint as f join pg_class as parent on parent.oid = f.confrelid
        where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid
      ) as references
    from pg_class as c
    where c.relkind in ('r', 'p') and not c.relispartition
      and (
        c.relnamespace::regnamespace::text = any (${SCHEMAS})
        or (c.relnamespace::regnamespace::text = 'auth' and c.relname = any (${AUTH_TABLES}))
      )
      and not exists (select from pg_depend as d where d.objid = c.oid and d.deptype = 'e')
    order by 1, 2`;
  return inOrderOfReference(rows.map(({ key, ...table }) => ({
    ...table,
    orderBy: key.length > 0
      ? key
      : table.columns.map((column) => `${quote(column)}::text collate "C"`),
  })));
}

/** Keeps the order of tables that do not reference each other: so Auth's tables come first. */
function inOrderOfReference(tables: DatabaseTable[]): DatabaseTable[] {
  const waiting = new Map(tables.map((table) => [nameOf(table), table]));
  const ordered: DatabaseTable[] = [];
  while (waiting.size > 0) {
    const next = [...waiting.values()].find((table) =>
      !table.references.some((name) => waiting.has(name))
    );
    if (!next) {
      throw new Error(
        `The foreign keys of ${[...waiting.keys()].join(", ")} form a circle: no order of ` +
          "restoring satisfies all of them. Use pg_dump.",
      );
    }
    ordered.push(next);
    waiting.delete(nameOf(next));
  }
  return ordered;
}

/** @param columns of the table, in the order to write them. */
export function copyStatement(table: DatabaseTable, columns: string[]): string {
  const list = columns.map((column) => quote(column)).join(", ");
  return `copy (select ${list} from ${quote(table.schema, table.name)} ` +
    `order by ${table.orderBy.join(", ")}) to stdout`;
}

export async function readSequences(
  sql: postgres.TransactionSql,
): Promise<BackupHeader["sequences"]> {
  const found = await sql<{ schema: string; name: string; increment: string }[]>`
    select c.relnamespace::regnamespace::text as schema, c.relname::text as name,
      s.seqincrement as increment
    from pg_sequence as s join pg_class as c on c.oid = s.seqrelid
    where c.relnamespace::regnamespace::text = any (${SCHEMAS})
    order by 1, 2`;
  const sequences: BackupHeader["sequences"] = [];
  for (const { schema, name, increment } of found) {
    const [state] = await sql.unsafe<{ next: string }[]>(
      `select last_value + case when is_called then ${increment} else 0 end as next
      from ${quote(schema, name)}`,
    );
    if (state) sequences.push({ schema, name, next: state.next });
  }
  return sequences;
}

/** Quoted names, each after those that it may read. */
export async function readMaterializedViews(sql: postgres.TransactionSql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select format('%I.%I', relnamespace::regnamespace::text, relname) as name
    from pg_class
    where relkind = 'm' and relnamespace::regnamespace::text = any (${SCHEMAS})
    order by oid`;
  return rows.map((row) => row.name);
}
