/** `bench growth`: the blocks that a call reads, with 1, 10 and 100 times as many rows waiting and stored. */
import type postgres from "postgres";
import { startBenchDatabase, TOKEN, withoutTriggers } from "../measure/database.ts";
import type { Comparison, Line } from "../measure/line.ts";

const SIZES = [1, 10, 100];
/** The largest exponent of a call that counts as flat. */
const FLAT = 0.1;

interface Call {
  what: string;
  statement: string;
  /** Why it may grow. */
  reason?: string;
}

const CALLS: Call[] = [
  {
    what: "claim_webhook_events",
    statement: "select public.claim_webhook_events(100, 60)",
    reason: "It looks at up to 400 shops that wait; with the fewest rows there are 100.",
  },
  { what: "oldest_open_event_seconds", statement: "select public.oldest_open_event_seconds()" },
  {
    what: "release_held_events",
    statement: "select public.release_held_events()",
    reason: "It looks at the plan of each seller who has held orders, not at the orders.",
  },
  {
    what: "enqueue_label_tasks",
    statement: "select public.enqueue_label_tasks()",
    reason: "It reads each parcel that is silent for a day and could not be asked about today.",
  },
  {
    what: "undecided_orders",
    statement: "select private.undecided_orders(md5('user 1')::uuid)",
  },
  {
    what: "lock_seller_and_shop",
    statement: "select private.lock_seller_and_shop(md5('shop 1')::uuid)",
  },
  { what: "claim_tiktok_logins", statement: "select public.claim_tiktok_logins(20, 60)" },
  { what: "delete_expired_claims", statement: "select private.delete_expired_claims()" },
  { what: "remove_personal_data", statement: "select private.remove_personal_data()" },
  {
    what: "request_order_sync",
    statement: "select public.request_order_sync()",
    reason: "Each quarter of an hour it enqueues a task for every connected shop.",
  },
  {
    what: "check_database_health",
    statement: "select public.check_database_health()",
    reason: "It counts what waits; it is called once a minute at most.",
  },
];

/**
 * 10 shops a unit. Per shop and unit of size: 10 events that wait, an order that is held without a place, an order
 * with a parcel that is silent and was asked about today, a login that is due.
 */
async function fill(sql: postgres.Sql, from: number, to: number): Promise<void> {
  await withoutTriggers(sql, async (transaction) => {
    await transaction`
      insert into public.users (id, email)
      select md5('user ' || n)::uuid, 'seller-' || n || '@example.com' from generate_series(${from}::integer, ${to}) as n`;
    await transaction`
      insert into private.tiktok_logins (user_id, open_id)
      select md5('user ' || n)::uuid, 'o' from generate_series(${from}::integer, ${to}) as n`;
    await transaction`
      insert into public.tiktok_shops (id, user_id, shop_id, shop_cipher, open_id, access_token, refresh_token,
        token_expires_at, refresh_token_expires_at)
      select md5('shop ' || n)::uuid, md5('user ' || n)::uuid, (7490000000000000000 + n)::text, 'c', 'o', ${TOKEN}, ${TOKEN},
        now() + interval '1 hour', now() + interval '1 year'
      from generate_series(${from}::integer, ${to}) as n`;
    await transaction`
      insert into private.monthly_order_counts (user_id, month, orders)
      select md5('user ' || n)::uuid, private.current_month(), 10 from generate_series(${from}::integer, ${to}) as n`;
    await transaction`
      insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, received_at)
      select 'tiktok', n || '-' || place, 'ORDER_STATUS_CHANGE', (7490000000000000000 + n)::text, place::text, '{}',
        now() - interval '1 hour'
      from generate_series(${from}::integer, ${to}) as n, generate_series(1, 10) as place`;
    await transaction`
      insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status, reason)
      select 'tiktok', 'held ' || n, 'ORDER_STATUS_CHANGE', (7490000000000000000 + n)::text, 'held', '{}', 'held', 'plan_limit'
      from generate_series(${from}::integer, ${to}) as n`;
    await transaction`
      insert into private.held_orders (shop_id, tiktok_order_id, order_status, tiktok_updated_at)
      select (7490000000000000000 + n)::text, 'held', 'awaiting_shipment', now()
      from generate_series(${from}::integer, ${to}) as n`;
    await transaction`
      insert into public.orders (id, user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, currency,
        total_amount, shipping_address, address_status, order_items, tiktok_updated_at)
      select md5('order ' || n)::uuid, md5('user ' || n)::uuid, md5('shop ' || n)::uuid, 'sent',
        'IN_TRANSIT', 'USD', 10, '{}', 'none', '[]', now()
      from generate_series(${from}::integer, ${to}) as n`;
    await transaction`
      insert into public.shipments (order_id, user_id, provider, carrier, service_type, status, tracked_at)
      select md5('order ' || n)::uuid, md5('user ' || n)::uuid, 'easypost', 'USPS', 'Ground', 'in_transit',
        now() - interval '25 hours'
      from generate_series(${from}::integer, ${to}) as n`;
    await transaction`
      insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status, settled_at)
      select 'creatorflow', 'CHECK_TRACKING:' || parcel.id || ':' || to_char(now() at time zone 'UTC', 'YYYYMMDD'),
        'CHECK_TRACKING', 'x', parcel.id::text, '{}', 'done', now()
      from public.shipments as parcel
      on conflict do nothing`;
    // What the trigger of the inbox writes.
    await transaction`
      insert into private.event_queue (
        event_id, next_attempt_at, received_at, open_since, claims, is_found_order, status, shop_id
      )
      select id, received_at, received_at, received_at, claims, false, status, coalesce(shop_id, '')
      from private.webhook_events where status not in ('done', 'ignored')
      on conflict do nothing`;
  });
  await sql`vacuum analyze`;
}

/** Blocks that a statement reads, its functions included; its effect is undone. */
async function countBlocks(sql: postgres.Sql, statement: string): Promise<number> {
  let blocks = 0;
  await sql.begin(async (transaction) => {
    // The first call reads the catalog too.
    await transaction.unsafe("savepoint first");
    await transaction.unsafe(statement);
    await transaction.unsafe("rollback to first");
    const [plan] = await transaction.unsafe(
      `explain (analyze, buffers, timing off, format json) ${statement}`,
    );
    const top = plan?.["QUERY PLAN"][0].Plan;
    blocks = top["Shared Hit Blocks"] + top["Shared Read Blocks"];
    throw new Undone();
  }).catch((error) => {
    if (!(error instanceof Undone)) throw error;
  });
  return blocks;
}

class Undone extends Error {}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  const blocks = new Map<string, number[]>();
  let filled = 0;
  for (const size of SIZES) {
    const shops = 100 * size;
    await fill(sql, filled + 1, shops);
    filled = shops;
    for (const { what, statement } of CALLS) {
      blocks.set(what, [...blocks.get(what) ?? [], await countBlocks(sql, statement)]);
    }
  }
  return CALLS.map(({ what, reason }) => {
    const counts = blocks.get(what) ?? [];
    const [least, most] = [counts[0] ?? 0, counts.at(-1) ?? 0].map((count) =>
      Math.max(count, 1)
    ) as [number, number];
    return {
      what,
      against: "itself with a hundredth of the rows: the exponent",
      ratio: Math.max(Math.log(most / least) / Math.log(100), 0),
      target: { bound: "at most", value: FLAT },
      figures: `${counts.join(", ")} blocks`,
      ...(reason === undefined ? {} : { reason }),
    };
  });
}

export const growthLine: Line = {
  name: "growth",
  title: "No call that runs each minute reads more when a hundred times as much waits",
  measure,
};
