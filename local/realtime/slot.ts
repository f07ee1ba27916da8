/** The replication slot: Postgres keeps the changes from it on until they are confirmed. */
// @ts-types="../postgres/pg.d.ts"
import type { Pool } from "pg";
import { PUBLICATION } from "./tables.ts";

/** The stack drops slots with this beginning that a stack left behind: local/supabase/sql/realtime.sql. */
const PREFIX = "creatorflow_realtime_";

/** As on Supabase, where Realtime makes it. */
const MESSAGES_PUBLICATION = "supabase_realtime_messages_publication";

export const PUBLICATIONS = [PUBLICATION, MESSAGES_PUBLICATION];

/** Realtime cannot work over this database; the sentence says why and what to do. */
export class ReplicationUnavailableError extends Error {
  override name = "ReplicationUnavailableError";
}

export function makeSlotName(): string {
  return PREFIX + crypto.randomUUID().slice(0, 8);
}

async function requireLogicalLog(pool: Pool): Promise<void> {
  const { rows: [setting] } = await pool.query<{ level: string }>(
    "select current_setting('wal_level') as level",
  );
  if (setting?.level === "logical") return;
  throw new ReplicationUnavailableError(
    `Realtime needs a Postgres with wal_level = logical; this one has ${setting?.level}. ` +
      "Set it in postgresql.conf, and restart Postgres.",
  );
}

async function makePublications(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ pubname: string }>("select pubname from pg_publication");
  const exists = (name: string) => rows.some(({ pubname }) => pubname === name);
  if (!exists(PUBLICATION)) throw new Error(`The publication ${PUBLICATION} does not exist.`);
  if (exists(MESSAGES_PUBLICATION)) return;
  await pool.query(
    `create publication ${MESSAGES_PUBLICATION} for table realtime.messages
    with (publish = 'insert')`,
  );
}

/**
 * Makes the slot if it does not exist, or has lost changes. Returns whether it was made.
 * @throws {ReplicationUnavailableError}
 */
export async function ensureSlot(pool: Pool, slot: string): Promise<boolean> {
  await requireLogicalLog(pool);
  await makePublications(pool);
  const { rows: [found] } = await pool.query<{ wal_status: string }>(
    "select wal_status from pg_replication_slots where slot_name = $1",
    [slot],
  );
  if (found && found.wal_status !== "lost") return false;
  if (found) await dropSlot(pool, slot);
  await pool.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  return true;
}

/** Drops the slot if it exists, and ends what reads it. */
export async function dropSlot(pool: Pool, slot: string): Promise<void> {
  const text = `with ended as materialized (
      select pg_terminate_backend(active_pid, 5000) from pg_replication_slots
      where slot_name = $1 and active_pid is not null
    )
    select (select count(*) from ended)`;
  await pool.query(text, [slot]);
  await pool.query(
    "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1",
    [slot],
  );
}
