/** Puts a database back to what it held when its stack had started. */
import postgres from "postgres";
import { pollUntil } from "../../local/time/poll_until.ts";
import type { TestStack } from "./stack.ts";

const SCHEMAS = ["public", "private", "auth", "vault", "cron", "net", "realtime"];

/** Copies of the rows that a new stack has, one table each. */
const COPY = `
  create schema kept;
  create table kept.tables (name text, copy text, columns text);
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

/**
 * The function that resets the database. Its statements are written out, because a session keeps their plans:
 * it runs after every test. A table whose rows are still those of its copy stays as it is.
 */
const MAKE_RESET = `
  do $make$
  declare
    statements text;
  begin
    select string_agg(case when copy is null
      then format('if exists (select from %s) then delete from %1$s; end if;', name)
      else format($if$
        if (select count(*) from %1$s) <> (select count(*) from %3$s) or exists (
          select old::text from (select %2$s from %1$s) as old
          except all select new::text from %3$s as new
        ) then
          delete from %1$s;
          insert into %1$s (%2$s) overriding system value select %2$s from %3$s;
        end if;$if$, name, columns, copy)
      end, E'\\n')
    into statements from kept.tables;
    select concat_ws(E'\\n', statements, string_agg(format($if$
      if (select relispopulated from pg_catalog.pg_class where oid = %s) then
        if exists (select from %s) then refresh materialized view %2$s; end if;
      end if;$if$, format('%I.%I', schemaname, matviewname)::regclass::oid,
      format('%I.%I', schemaname, matviewname)), E'\\n'))
    into statements from pg_matviews where schemaname = any($schemas$);
    select concat_ws(E'\\n', statements, string_agg(format('perform pg_catalog.setval(%s, %s, %s);',
      format('%I.%I', schemaname, sequencename)::regclass::oid,
      coalesce(last_value, start_value), (last_value is not null)::text), E'\\n'))
    into statements from pg_sequences where schemaname = any($schemas$);
    execute format(
      'create function kept.reset_rows() returns void language plpgsql as $reset$ begin %s end $reset$',
      statements);
  end $make$;`;

/**
 * A function that inserts copies of all rows since the transaction `$since$`, and the copies. They have no
 * triggers to fire: see `connectReset`.
 */
const KEEP = `
  do $make$
  declare
    t record;
    has_rows boolean;
    added text;
    copy text;
    statements text = '';
  begin
    for t in select * from kept.tables loop
      added := format('from %s where xmin::text::bigint > $since$', t.name);
      execute format('select exists (select %s)', added) into has_rows;
      continue when not has_rows;
      copy := format('kept.%I', $rows$ || '/' || t.name);
      execute format('create table %s as select %s %s', copy, t.columns, added);
      statements := statements || format(
        'insert into %s (%s) overriding system value select %2$s from %s;', t.name, t.columns, copy);
    end loop;
    execute format(
      'create function kept.%I() returns void language plpgsql as $put$ begin %s end $put$',
      $rows$, statements);
  end $make$;`;

const SCHEMA_ARRAY = `array[${SCHEMAS.map((name) => `'${name}'`).join(", ")}]`;

/** By the connection of a test's stack. */
const resetConnections = new WeakMap<postgres.Sql, postgres.Sql>();

/**
 * Replication's role fires no triggers and checks no foreign keys. To change it would drop kept plans. Realtime
 * receives commits when they are flushed: those of this session are at once, with all before them.
 */
function connectReset(url: string): postgres.Sql {
  const connection = { session_replication_role: "replica", synchronous_commit: "on" };
  return postgres(url, { max: 1, onnotice: () => {}, fetch_types: false, connection });
}

/** Until `forgetRows`, `resetRows` returns to the rows of now. */
export async function rememberRows({ sql, database }: TestStack): Promise<void> {
  await sql.unsafe((COPY + MAKE_RESET).replaceAll("$schemas$", SCHEMA_ARRAY));
  resetConnections.set(sql, connectReset(database.adminUrl));
}

export async function forgetRows({ sql }: TestStack): Promise<void> {
  await resetConnections.get(sql)?.end();
  resetConnections.delete(sql);
}

function resetConnectionOf({ sql }: TestStack): postgres.Sql {
  const connection = resetConnections.get(sql);
  if (connection === undefined) throw new Error("No rows were remembered of this stack.");
  return connection;
}

async function callKept(stack: TestStack, name: string): Promise<void> {
  await resetConnectionOf(stack).unsafe(`select kept."${name}"()`);
}

const DELIVERED_MS = 10_000;

/**
 * Realtime sends a change to those who have joined when it processes it: a later client would receive what is
 * not processed yet. Its slot confirms what is, and exists from its first client on.
 */
async function waitForRealtime(stack: TestStack): Promise<void> {
  const sql = resetConnectionOf(stack);
  const [behind] = await sql`
    select pg_current_wal_flush_lsn()::text as "end" from pg_replication_slots
    where database = current_database()`;
  if (behind === undefined) return;
  const isDelivered = async () => {
    const left = await sql`
      select from pg_replication_slots
      where database = current_database() and confirmed_flush_lsn < ${behind.end}::text::pg_lsn`;
    return left.length === 0;
  };
  const limits = { timeoutMs: DELIVERED_MS, intervalMs: 1 };
  if (!await pollUntil(isDelivered, limits)) throw new Error("Realtime has not sent all changes.");
}

export async function resetRows(stack: TestStack): Promise<void> {
  await callKept(stack, "reset_rows");
  await waitForRealtime(stack);
}

/** Returns where the rows begin that `keepRows` keeps. */
export async function beginRows({ sql }: TestStack): Promise<string> {
  const [row] = await sql`select pg_current_xact_id()::text as id`;
  return row?.id;
}

/**
 * Keeps copies of all rows that were inserted since then, and are not deleted, under a name.
 * @param since From `beginRows`.
 */
export async function keepRows({ sql }: TestStack, rows: string, since: string): Promise<void> {
  await sql.unsafe(KEEP.replaceAll("$rows$", `'${rows}'`).replaceAll("$since$", since));
}

/** Inserts kept rows as they were, without triggers. */
export async function putRows(stack: TestStack, rows: string): Promise<void> {
  await callKept(stack, rows);
}
