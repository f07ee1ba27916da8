/** Bytes of the WAL and of tables, and what they are for. */
import type postgres from "postgres";

export async function walBytes(sql: postgres.Sql): Promise<number> {
  const [row] = await sql`select pg_current_wal_insert_lsn() - '0/0' as bytes`;
  return Number(row?.bytes);
}

/** Tables by what they are for. */
const PURPOSES: Record<string, string> = {
  "public.orders": "the order",
  "private.webhook_events": "the inbox",
  "private.event_queue": "the queue",
  "public.order_events": "the timeline",
  "realtime.messages": "live updates",
  "public.analytics_events": "statistics",
  "private.monthly_order_counts": "counters and sums",
  "private.monthly_shop_counts": "counters and sums",
  "private.order_totals": "counters and sums",
};
const OTHERS = "commits, sequences and locks";

function sumByPurpose(rows: Iterable<{ table: string | null; bytes: number }>) {
  const sums = new Map<string, number>();
  for (const { table, bytes } of rows) {
    const purpose = PURPOSES[table ?? ""] ?? OTHERS;
    sums.set(purpose, (sums.get(purpose) ?? 0) + bytes);
  }
  return sums;
}

/** @returns the bytes of the tables of these schemas with their indexes, by what they are for. */
export async function storedByPurpose(
  sql: postgres.Sql,
  schemas: string[],
): Promise<Map<string, number>> {
  return sumByPurpose(
    await sql<{ table: string; bytes: number }[]>`
      select relnamespace::regnamespace || '.' || relname as table, pg_total_relation_size(oid)::float as bytes
      from pg_class
      where relkind = 'r' and relnamespace = any (${schemas}::regnamespace[])`,
  );
}

/** @returns the bytes of the WAL that `work` writes, by what they are for; a table includes its indexes. */
export async function walByPurpose(
  sql: postgres.Sql,
  work: () => Promise<void>,
): Promise<Map<string, number>> {
  await sql`create extension if not exists pg_walinspect schema extensions`;
  const position = async () => {
    const [row] = await sql`select pg_current_wal_insert_lsn()::text as lsn`;
    return String(row?.lsn);
  };
  const first = await position();
  await work();
  const last = await position();
  // Writes all of it to its file, which is read here.
  await sql`select pg_switch_wal()`;
  return sumByPurpose(
    await sql<{ table: string | null; bytes: number }[]>`
      with blocks as (
        select distinct on (start_lsn) start_lsn, relfilenode
        from extensions.pg_get_wal_block_info(${first}, ${last})
        order by start_lsn, block_id
      )
      select owner.relnamespace::regnamespace || '.' || owner.relname as table, sum(record_length)::float as bytes
      from extensions.pg_get_wal_records_info(${first}, ${last}) as record
      left join blocks using (start_lsn)
      left join pg_class as relation on pg_relation_filenode(relation.oid) = blocks.relfilenode
      left join pg_index as index on index.indexrelid = relation.oid
      left join pg_class as owner on owner.oid = coalesce(index.indrelid, relation.oid)
      group by 1`,
  );
}
