/** What each step of an order takes from Postgres when orders come one by one. */
import type postgres from "postgres";
import type { BenchDatabase } from "../measure/database.ts";
import { type Shop, webhookBody } from "../measure/deliveries.ts";
import { inboxOver } from "../measure/inbox.ts";
import { ingest, orderRow, type Received } from "../measure/ingest.ts";
import { median } from "../measure/rounds.ts";
import { walBytes } from "../measure/wal.ts";

const [ROUNDS, ORDERS, CLAIM] = [5, 200, 100];
const LEASE_SECONDS = 600;

/** Orders that `measureOrderCosts` stores, each with one newer state. */
export const MEASURED_ORDERS = ROUNDS * ORDERS;

export interface Cost {
  /** Milliseconds of Postgres. */
  cpu: number;
  /** Bytes of write-ahead log, images of whole pages included. */
  wal: number;
}

/** `received` and `claimed` are those of one webhook. */
export type Step = "received" | "claimed" | "added" | "newer";

/** Stores a webhook as its function does: it is due, and claimed afterwards. */
async function receive(
  sql: postgres.Sql,
  shop: Shop,
  order: string,
  webhook: { delivery: number; status: string },
): Promise<Received> {
  const externalId = `${order}${webhook.delivery}`;
  const body = webhookBody(shop, order, externalId, webhook.status);
  const [row] = await sql`
    select public.receive_webhook_event('tiktok', ${externalId}, 'ORDER_STATUS_CHANGE', ${shop.tiktok_id},
      ${order}, ${body}, ${"a".repeat(64)}) as result`;
  if (row?.result.due !== true) throw new Error("The webhook is not due.");
  return { event: String(row.result.event_id), user: shop.user_id, shop: shop.shop_id, order };
}

/** @throws {Error} unless all of a round are claimed */
async function claimRound(sql: postgres.Sql): Promise<void> {
  const inbox = inboxOver(sql);
  for (let claimed = 0; claimed < ORDERS;) {
    const { length } = await inbox.claim(CLAIM, LEASE_SECONDS);
    if (length === 0) throw new Error(`${claimed} events were claimed`);
    claimed += length;
  }
}

async function ingestNewer(sql: postgres.Sql, { event, shop, order }: Received): Promise<void> {
  const item = {
    event_id: Number(event),
    order: {
      ...orderRow(order),
      tiktok_status: "AWAITING_COLLECTION",
      order_status: "awaiting_collection",
      tiktok_updated_at: "2026-11-02T00:00:00Z",
    },
    notice: {},
  };
  const [row] = await sql`select public.ingest_orders(${shop}, ${sql.json([item])}) as result`;
  const [{ outcome }] = row?.result.outcomes;
  if (outcome !== "updated") throw new Error(`outcome ${outcome}`);
}

/** Each order comes from another shop than the one before it. */
export async function measureOrderCosts({ sql, cpuMs }: BenchDatabase): Promise<
  Record<Step, Cost>
> {
  const shops = await sql<Shop[]>`
    select user_id, shop_id, tiktok_id from requested.sellers order by n`;
  const rounds: Record<Step, Cost[]> = { received: [], claimed: [], added: [], newer: [] };
  const measure = async (step: Step, work: () => Promise<unknown>) => {
    const [wal, cpu] = [await walBytes(sql), await cpuMs()];
    await work();
    rounds[step].push({
      cpu: (await cpuMs() - cpu) / ORDERS,
      wal: (await walBytes(sql) - wal) / ORDERS,
    });
  };
  const deliver = async (round: number, webhook: { delivery: number; status: string }) => {
    const events: Received[] = [];
    await measure("received", async () => {
      for (let n = round * ORDERS; n < (round + 1) * ORDERS; n++) {
        const order = String(576_486_316_948_490_000n + BigInt(n));
        events.push(await receive(sql, shops[n % shops.length] as Shop, order, webhook));
      }
    });
    await measure("claimed", () => claimRound(sql));
    return events;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const created = await deliver(round, { delivery: 1, status: "AWAITING_SHIPMENT" });
    await measure("added", async () => {
      for (const event of created) await ingest(sql, event);
    });
    const changed = await deliver(round, { delivery: 2, status: "AWAITING_COLLECTION" });
    await measure("newer", async () => {
      for (const event of changed) await ingestNewer(sql, event);
    });
  }
  const medianOf = (step: Step): Cost => ({
    cpu: median(rounds[step].map(({ cpu }) => cpu)),
    wal: median(rounds[step].map(({ wal }) => wal)),
  });
  return {
    received: medianOf("received"),
    claimed: medianOf("claimed"),
    added: medianOf("added"),
    newer: medianOf("newer"),
  };
}
