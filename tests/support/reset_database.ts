/** Puts a database back to what it held when its stack had started. */
import type postgres from "postgres";

const SCHEMAS = ["public", "private", "auth", "vault", "cron", "net", "realtime"];

/** Copies of the rows that a new stack has, one table each, and every sequence's value. */
const REMEMBER = `
  create schema kept;
  create table kept.sequences as
    select format('%I.%I', schemaname, sequencename) as name, last_value, start_value
    from pg_sequences where schemaname = any($schemas$);
  create table kept.tables (name text, copy text, columns text);
  create table kept.additions (rows text, name text, copy text, columns text);
  do $$
  declare
    t record;
    has_rows boolean;
  begin
    for t in
      select c.oid, format('%I.%I', n.nspname, c.relname) as name,
        (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
         where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
      from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname = any($schemas$)
    loop
      execute format('select exists (select from %s)', t.name) into has_rows;
      if has_rows then
        execute format('create table kept.%I as select %s from %s', t.name, t.columns, t.name);
      end if;
      insert into kept.tables
      values (t.name, case when has_rows then format('kept.%I', t.name) end, t.columns);
    end loop;
  end $$;`;

/** Replication's role fires no triggers and checks no foreign keys. */
const RESET = `
  set local session_replication_role = replica;
  do $$
  declare
    t record;
    has_rows boolean;
  begin
    for t in select * from kept.tables loop
      execute format('select exists (select from %s)', t.name) into has_rows;
      if has_rows then execute format('delete from %s', t.name); end if;
      if t.copy is not null then
        execute format('insert into %s (%s) overriding system value select %2$s from %s',
          t.name, t.columns, t.copy);
      end if;
    end loop;
    for t in
      select format('%I.%I', schemaname, matviewname) as name from pg_matviews
      where schemaname = any($schemas$) and ispopulated
    loop
      execute format('select exists (select from %s)', t.name) into has_rows;
      if has_rows then execute format('refresh materialized view %s', t.name); end if;
    end loop;
    perform setval(name::regclass, coalesce(last_value, start_value), last_value is not null)
    from kept.sequences;
  end $$;`;

/** `$since$` is the number of a transaction. */
const KEEP = `
  do $$
  declare
    t record;
    has_rows boolean;
    added text;
  begin
    for t in select * from kept.tables loop
      added := format('from %s where xmin::text::bigint > $since$', t.name);
      execute format('select exists (select %s)', added) into has_rows;
      continue when not has_rows;
      execute format('create table kept.%I as select %s %s', $rows$ || '/' || t.name, t.columns, added);
      insert into kept.additions
      values ($rows$, t.name, format('kept.%I', $rows$ || '/' || t.name), t.columns);
    end loop;
  end $$;`;

const PUT = `
  set local session_replication_role = replica;
  do $$
  declare
    t record;
  begin
    for t in select * from kept.additions where rows = $rows$ loop
      execute format('insert into %s (%s) overriding system value select %2$s from %s',
        t.name, t.columns, t.copy);
    end loop;
  end $$;`;

const SCHEMA_ARRAY = `array[${SCHEMAS.map((name) => `'${name}'`).join(", ")}]`;

export async function rememberRows(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(REMEMBER.replaceAll("$schemas$", SCHEMA_ARRAY));
}

export async function resetRows(sql: postgres.Sql): Promise<void> {
  await sql.begin((transaction) => transaction.unsafe(RESET.replaceAll("$schemas$", SCHEMA_ARRAY)));
}

/** Returns where the rows begin that `keepRows` keeps. */
export async function beginRows(sql: postgres.Sql): Promise<string> {
  const [row] = await sql`select pg_current_xact_id()::text as id`;
  return row?.id;
}

/**
 * Keeps copies of all rows that were inserted since then, and are not deleted, under a name.
 * @param since From `beginRows`.
 */
export async function keepRows(sql: postgres.Sql, rows: string, since: string): Promise<void> {
  await sql.unsafe(KEEP.replaceAll("$rows$", `'${rows}'`).replaceAll("$since$", since));
}

/** Inserts kept rows as they were, without triggers. */
export async function putRows(sql: postgres.Sql, rows: string): Promise<void> {
  await sql.begin((transaction) => transaction.unsafe(PUT.replaceAll("$rows$", `'${rows}'`)));
}
