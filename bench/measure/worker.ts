/** The event worker in this process, with its SQL and its handlers; TikTok answers from a thread of its own. */
import type postgres from "postgres";
import { join } from "node:path";
import { redirectConsole } from "../../local/cli/console.ts";
import { makeTemporaryData } from "../../local/leftovers/temporary_folder.ts";
import { encrypt } from "../../shared/crypto/encryption.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { createEventRoutes } from "../../shared/event_routes.ts";
import { type EventHandler } from "../../shared/inbox/events.ts";
import { Inbox } from "../../shared/inbox/inbox.ts";
import { EventProcessor } from "../../shared/inbox/process_events.ts";
import { receiveEvent } from "../../shared/inbox/receive_event.ts";
import { tokenContext } from "../../shared/tiktok/connections/encrypted_tokens.ts";
import { type BenchDatabase, startBenchDatabase } from "./database.ts";
import { driverClient } from "./driver_client.ts";
import { addSellers } from "./sellers.ts";

const CONNECTIONS = 12;

export interface BenchWorker extends AsyncDisposable {
  database: BenchDatabase;
  /** How long TikTok takes to answer. */
  setDelay(ms: number): Promise<void>;
  /** Stores the webhook of a new order and begins its processing. */
  receive(shop: string): Promise<ReceivedOrder>;
  /** Begins to process what waits. */
  wake(): void;
  /** Nothing more is claimed; resolves when what was claimed is done. */
  pause(): Promise<void>;
  /** Orders that were processed so far. */
  processed(): number;
}

export interface ReceivedOrder {
  /** Milliseconds from its stored webhook to its stored order. */
  ingested: Promise<number>;
}

/** TikTok's id of the shop of the seller `n`, as addSellers makes it. */
export const shopOf = (n: number) => String(7_490_000_000_000_000_000n + BigInt(n));

async function startTikTok() {
  const thread = new Worker(new URL("./tiktok_thread.ts", import.meta.url), { type: "module" });
  const answer = () =>
    new Promise<number>((resolve) => {
      thread.onmessage = ({ data }) => resolve(data);
    });
  const port = await answer();
  return {
    url: `http://127.0.0.1:${port}`,
    async setDelay(ms: number) {
      thread.postMessage(ms);
      await answer();
    },
    end: () => thread.terminate(),
  };
}

/** Tokens that the worker can read. */
async function setTokens(sql: postgres.Sql, key: string, sellers: number): Promise<void> {
  const keys = parseKeyRing(key);
  const rows = await Promise.all(Array.from({ length: sellers }, async (_, n) => {
    const shop = shopOf(n + 1);
    return { shop, token: await encrypt(keys, "token", tokenContext("access_token", shop)) };
  }));
  await sql`
    update public.tiktok_shops set access_token = token
    from jsonb_to_recordset(${sql.json(rows)}) as made (shop text, token text)
    where shop_id = shop`;
}

/** @param sellers Number of sellers with a shop each. */
export async function startBenchWorker(sellers: number): Promise<BenchWorker> {
  await using resources = new AsyncDisposableStack();
  const temporary = resources.use(await makeTemporaryData("creatorflow-bench-"));
  // The worker logs each event.
  redirectConsole(join(temporary.path, "console.log"));
  const database = resources.use(await startBenchDatabase());
  const tiktok = await startTikTok();
  resources.defer(tiktok.end);
  const key = `bench:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`;
  await addSellers(database.sql, sellers);
  await setTokens(database.sql, key, sellers);

  const variables: Record<string, string> = {
    TIKTOK_APP_KEY: "key",
    TIKTOK_APP_SECRET: "secret",
    TIKTOK_API_URL: tiktok.url,
    TIKTOK_AUTH_URL: tiktok.url,
    ENCRYPTION_KEYS: key,
  };
  const client = await driverClient(await database.connect(CONNECTIONS));
  const routes = createEventRoutes(client, tiktok.url, (name) => variables[name]);
  const { ORDER_STATUS_CHANGE: handler } = routes.tiktok as Record<string, EventHandler>;
  const waiting = new Map<string, (at: number) => void>();
  let processed = 0;
  const counted: EventHandler = {
    groupOf: (event) => (handler as EventHandler).groupOf(event),
    async handle(events) {
      const results = await (handler as EventHandler).handle(events);
      const at = performance.now();
      for (const [n, { object_id }] of events.entries()) {
        const { outcome } = results[n] as { outcome?: string };
        if (outcome !== "inserted") throw new Error(`outcome ${outcome}`);
        waiting.get(object_id ?? "")?.(at);
      }
      processed += events.length;
      return results;
    },
  };
  let paused = false;
  const processor = new EventProcessor(new Inbox(client), {
    tiktok: { ORDER_STATUS_CHANGE: counted },
  }, {
    budgetMs: Number.MAX_SAFE_INTEGER,
    now: () => paused ? Number.POSITIVE_INFINITY : 0,
  });
  let running: Promise<unknown> = Promise.resolve();
  const wake = () => {
    paused = false;
    running = processor.processEvents();
  };
  resources.defer(async () => {
    paused = true;
    await running;
  });
  let received = 0;
  const kept = resources.move();
  return {
    database,
    setDelay: tiktok.setDelay,
    wake,
    processed: () => processed,
    async pause() {
      paused = true;
      await running;
    },
    async receive(shop) {
      const order = `5764${String(++received).padStart(14, "0")}`;
      await receiveEvent(client, {
        source: "tiktok",
        externalId: order,
        eventType: "ORDER_STATUS_CHANGE",
        shopId: shop,
        objectId: order,
        body: webhookBody(shop, order),
        contentDigest: order,
      });
      const storedAt = performance.now();
      const ingested = new Promise<number>((resolve) => {
        waiting.set(order, (at) => {
          waiting.delete(order);
          resolve(at - storedAt);
        });
      });
      wake();
      return { ingested };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** An ordinary webhook about an order. */
export function webhookBody(shop: string, order: string): string {
  return JSON.stringify({
    type: 1,
    tts_notification_id: order,
    shop_id: shop,
    timestamp: 1_790_000_000,
    data: {
      order_id: order,
      order_status: "AWAITING_SHIPMENT",
      is_on_hold_order: false,
      update_time: 1_790_000_000,
    },
  });
}
