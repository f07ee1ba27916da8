/** Copies of a table in the schema `rehearsal`: one by month, and one as it is. */
import type postgres from "postgres";

/** Parts of the copy: this month and those before it. */
export const MONTHS = 4;

export interface Table {
  /** With its schema. */
  name: string;
  /** The column that its month follows from. */
  time: string;
}

interface Partitioned {
  copy: string;
  /** Unique keys without the time, which a partitioned table cannot have. */
  keys: string[];
  /** Foreign keys of other tables that end at it. */
  lost: string[];
}

const copyOf = (name: string) => name.replace(/^\w+\./, "rehearsal.");

/** The table as it is, with its keys and indexes. */
export async function createPlain(sql: postgres.Sql, { name }: Table): Promise<string> {
  const plain = `${copyOf(name)}_plain`;
  await sql.unsafe(`create table ${plain} (like ${name} including all)`);
  return plain;
}

/** Keeps a key unique over all months: a table of the key alone, which each insert enters first. */
function keyTable(copy: string, name: string, columns: string[]): string {
  const keys = `${copy}_${name}`;
  const values = columns.map((column) => `new.${column}`).join(", ");
  return `
    create table ${keys} as select ${columns.join(", ")} from ${copy} with no data;
    alter table ${keys} add primary key (${columns.join(", ")});
    create function ${keys}() returns trigger language plpgsql as $$
    begin
      insert into ${keys} values (${values}) on conflict do nothing;
      if found then
        return new;
      end if;
      return null;
    end;
    $$;
    create trigger ${name} before insert on ${copy} for each row execute function ${keys}()`;
}

/** By month; the primary key has the time too, other unique keys become tables. */
export async function createPartitioned(
  sql: postgres.Sql,
  { name, time }: Table,
): Promise<Partitioned> {
  const copy = copyOf(name);
  await sql.unsafe(`
    create table ${copy} (like ${name} including defaults including constraints including generated including identity)
    partition by range (${time})`);
  for (let month = 0; month < MONTHS; month++) {
    // Every value of a bound is a constant, so it is written here.
    const [bound] = await sql`
      select
        (date_trunc('month', now()) - make_interval(months => ${month}))::text as first,
        (date_trunc('month', now()) - make_interval(months => ${month - 1}))::text as next`;
    await sql.unsafe(`
      create table ${copy}_m${month} partition of ${copy}
      for values from ('${bound?.first}') to ('${bound?.next}')`);
  }
  const indexes = await sql`
    select relname as name, indisprimary as is_primary, indisunique as is_unique, pg_get_indexdef(indexrelid) as text,
      array(
        select attname::text from unnest(indkey) with ordinality as k (number, place)
        join pg_attribute on attrelid = indrelid and attnum = k.number order by place
      ) as columns
    from pg_index join pg_class on pg_class.oid = indexrelid
    where indrelid = ${name}::regclass`;
  const keys: string[] = [];
  for (const { name: index, is_primary, is_unique, text, columns } of indexes) {
    if (is_primary) {
      await sql.unsafe(`alter table ${copy} add primary key (${[...columns, time].join(", ")})`);
    } else if (is_unique) {
      keys.push(`${index} (${columns.join(", ")})`);
      await sql.unsafe(keyTable(copy, index, columns)).simple();
    } else {
      await sql.unsafe(text.replace(` ON ${name} `, ` ON ${copy} `));
    }
  }
  const lost = await sql`
    select conname as name from pg_constraint where contype = 'f' and confrelid = ${name}::regclass order by 1`;
  return { copy, keys, lost: lost.map(({ name }) => name) };
}
