/** The inbox over connections of its own, without REST, and trivial events. */
import type postgres from "postgres";
import type { DatabaseClient } from "../../shared/database/client.ts";
import { Inbox } from "../../shared/inbox/inbox.ts";

/** Postgres's number of the type text[]. */
const TEXT_ARRAY = 1009;

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === "string");

/** Calls SQL functions by the driver, each on the connection that has the fewest calls under way. */
function callBy(connections: postgres.Sql[]): DatabaseClient {
  const pool = connections.map((sql) => ({ sql, calls: 0 }));
  const rpc = async (name: string, args: Record<string, unknown>) => {
    const connection = pool.reduce((least, one) => one.calls < least.calls ? one : least);
    const { sql } = connection;
    const given = Object.entries(args).filter(([, value]) => value !== undefined);
    const list = given.map(([key], n) => `${key} => $${n + 1}`).join(", ");
    const values = given.map(([, value]) => {
      if (isTexts(value)) return sql.array(value, TEXT_ARRAY);
      if (value !== null && typeof value === "object") return sql.json(value as postgres.JSONValue);
      return value as postgres.ParameterOrJSON<never>;
    });
    connection.calls++;
    try {
      const [row] = await sql.unsafe(`select public.${name}(${list}) as result`, values, {
        prepare: true,
      });
      return { data: row?.result, error: null };
    } finally {
      connection.calls--;
    }
  };
  return { rpc } as unknown as DatabaseClient;
}

/** @param connections One connection each. */
export function inboxOver(...connections: postgres.Sql[]): Inbox {
  return new Inbox(callBy(connections));
}

let stored = 0;

/** Stores events that need nothing, a thousand with each statement. */
export async function storeTrivial(sql: postgres.Sql, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1000) {
    const first = stored + 1;
    stored += Math.min(left, 1000);
    await sql`
      select private.enqueue_tasks('TRIVIAL', jsonb_agg(jsonb_build_object('occasion', n)))
      from generate_series(${first}::integer, ${stored}) as n`;
  }
}

/** CPU milliseconds so far of all clients' processes that live; NaN where the system does not say. */
export async function clientsCpuMs(sql: postgres.Sql): Promise<number> {
  const clients = await sql`
    select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`;
  const times = await Promise.all(clients.map(async ({ pid }) => {
    const stat = await Deno.readTextFile(`/proc/${pid}/schedstat`).catch(() => "NaN");
    return Number(stat.split(" ")[0]) / 1e6;
  }));
  return times.reduce((sum, time) => sum + time, 0);
}
