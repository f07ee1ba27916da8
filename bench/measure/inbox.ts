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

/**
 * Claims and settles by plain statements on the tables of the inbox, a hundred at a time, until none is due: without
 * turns, the share of failing events, lost workers, connections and the comparison of each claim.
 * @returns The number of events.
 */
export async function processByStatements(sql: postgres.Sql): Promise<number> {
  let settled = 0;
  while (true) {
    const claimed = await sql`
      with queued as (
        update private.event_queue
        set status = 'processing', claims = claims + 1, next_attempt_at = now() + interval '2 minutes'
        where event_id = any (array(
          select event_id from private.event_queue
          where status = 'pending' and next_attempt_at <= now()
          order by next_attempt_at limit 100 for update skip locked
        ))
        returning event_id, claims
      )
      select id, queued.claims, attempts, source, event_type, shop_id, object_id, body, request_id, traceparent
      from queued join private.webhook_events on id = event_id`;
    if (claimed.length === 0) return settled;
    const { count } = await sql`
      with unqueued as (
        delete from private.event_queue
        where event_id = any (${claimed.map(({ id }) => id)}) and status = 'processing'
        returning event_id, claims
      )
      update private.webhook_events as event
      set status = 'ignored', reason = 'event_type_not_handled', settled_at = now(), claims = unqueued.claims
      from unqueued where id = event_id`;
    settled += count;
  }
}

/** By process: those of pools end when they have been idle. */
const lastCpuMs = new Map<string, number>();

/** CPU milliseconds so far of all clients' processes, ended ones included; NaN where the system does not say. */
export async function clientsCpuMs(sql: postgres.Sql): Promise<number> {
  const clients = await sql`
    select pid, backend_start::text as since from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend'`;
  await Promise.all(clients.map(async ({ pid, since }) => {
    const stat = await Deno.readTextFile(`/proc/${pid}/schedstat`).catch(() => "");
    if (stat !== "") lastCpuMs.set(`${pid} ${since}`, Number(stat.split(" ")[0]) / 1e6);
  }));
  if (lastCpuMs.size === 0) return NaN;
  return lastCpuMs.values().reduce((sum, time) => sum + time, 0);
}
