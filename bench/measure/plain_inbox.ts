/** The least that an inbox does, by plain statements on one table: a limit to compare with. */
import type postgres from "postgres";

const BATCH = 100;
const LEASE = "2 minutes";

/** The columns that `private.webhook_events` keeps, and its two keys. */
const TABLE = `
  create schema plain;
  create table plain.events (
    id bigint generated always as identity primary key,
    source text not null,
    external_id text not null,
    event_type text not null,
    shop_id text,
    object_id text,
    body text not null,
    content_digest text,
    status text not null default 'pending',
    claims integer not null default 0,
    attempts integer not null default 0,
    crashes integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    reason text,
    last_error text,
    received_at timestamptz not null default now(),
    settled_at timestamptz,
    request_id uuid,
    traceparent text,
    unique (source, external_id)
  ) with (fillfactor = 80)`;

export async function createPlainInbox(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(TABLE);
}

/** Claims search it; an order that is applied at once needs none. */
export async function indexPlainClaims(sql: postgres.Sql): Promise<void> {
  await sql`create index on plain.events (next_attempt_at) where status = 'pending'`;
}

let stored = 0;

/** Stores events, a thousand with each statement. */
export async function storePlain(sql: postgres.Sql, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1000) {
    const first = stored + 1;
    stored += Math.min(left, 1000);
    await sql`
      insert into plain.events (source, external_id, event_type, body)
      select 'creatorflow', 'TRIVIAL:' || n, 'TRIVIAL', '{}'
      from generate_series(${first}::integer, ${stored}) as n
      on conflict (source, external_id) do nothing`;
  }
}

/** Claims and settles, a hundred at a time, until none is due. Returns the number of events. */
export async function processPlain(sql: postgres.Sql): Promise<number> {
  let settled = 0;
  while (true) {
    const claimed = await sql`
      update plain.events
      set status = 'processing', claims = claims + 1, next_attempt_at = now() + ${LEASE}::interval
      where id = any (array(
        select id from plain.events
        where status = 'pending' and next_attempt_at <= now()
        order by next_attempt_at limit ${BATCH} for update skip locked
      ))
      returning id, claims, attempts, source, event_type, shop_id, object_id, body, request_id, traceparent`;
    if (claimed.length === 0) return settled;
    const { count } = await sql`
      update plain.events set status = 'ignored', reason = 'event_type_not_handled', settled_at = now()
      where id = any (${claimed.map(({ id }) => id)}) and status = 'processing'`;
    settled += count;
  }
}
