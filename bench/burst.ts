/**
 * `deno task bench:burst`: 10,000 events wait in the inbox, and new orders go on coming. Prints how long
 * the backlog takes, how long a new order takes meanwhile, compared with a quiet inbox, and the memory
 * that the functions use.
 */
import { parseArgs } from "node:util";
import { join } from "node:path";
import postgres from "postgres";
import { ignoreDriverErrors } from "../local/postgres/driver_errors.ts";
import { authorizeSimulatedShop, connectWithCode, signInSeller } from "../local/stack/seller.ts";
import { print, redirectConsole } from "../local/cli/console.ts";
import { type Stack, startStack } from "../local/stack/stack.ts";

const SHOPS = 5;
const LIVE_ORDERS = 20;

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function connectShop(stack: Stack, sql: postgres.Sql, id: string): Promise<void> {
  stack.tiktok?.addShop({ id });
  const seller = await signInSeller(stack.env, `shop-${id}@example.com`, "a-password");
  await connectWithCode(stack.env, seller, await authorizeSimulatedShop(stack.env, id));
  await sql`update public.plans set monthly_order_limit = 1000000`;
}

/** Milliseconds from a webhook to its order, for some orders one after the other. */
async function liveLatency(stack: Stack, sql: postgres.Sql, shopId: string): Promise<number[]> {
  const { tiktok } = stack;
  if (tiktok === undefined) throw new Error("The simulator is not there.");
  const latencies: number[] = [];
  for (let n = 0; n < LIVE_ORDERS; n++) {
    const order = tiktok.addOrder({ shopId });
    const startedAt = performance.now();
    const status = await tiktok.send(tiktok.notificationOf(order));
    if (status !== 200) throw new Error(`A webhook was answered ${status}.`);
    await until(async () =>
      (await sql`select from public.orders where tiktok_order_id = ${order.id}`).length === 1
    );
    latencies.push(performance.now() - startedAt);
  }
  return latencies.sort((a, b) => a - b);
}

/** Resident memory of the function host, in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      events: { type: "string", default: "10000" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const events = Number(values.events);
  if (values.help || !Number.isInteger(events) || events < 1) {
    print("deno task bench:burst [--events N]   a backlog of N events (10000), and live orders");
    return values.help ? 0 : 2;
  }
  // The driver's, when Postgres stops behind it.
  using _driverErrors = ignoreDriverErrors();
  const data = await Deno.makeTempDir({ prefix: "creatorflow-burst-" });
  await Deno.chmod(data, 0o755);
  redirectConsole(join(data, "console.log"));
  const stack = await startStack({ port: 0, dbPort: 0, data, environment: {}, schedule: false });
  const sql = postgres(stack.env.SUPABASE_DB_URL, { max: 2, onnotice: () => {} });
  try {
    const shopIds = Array.from(
      { length: SHOPS },
      (_, n) => String(7_460_000_000_000_000_000n + BigInt(n)),
    );
    for (const id of shopIds) await connectShop(stack, sql, id);
    const live = String(7_461_000_000_000_000_000n);
    await connectShop(stack, sql, live);
    const quiet = await liveLatency(stack, sql, live);
    const memoryBefore = await memoryOf(stack.functionHostPid());

    print(`${events} events wait; new orders come meanwhile.`);
    for (let n = 0; n < events; n++) {
      stack.tiktok?.addOrder({ shopId: shopIds[n % SHOPS] as string });
    }
    const orders = stack.tiktok?.state.all("orders").filter((order) => order.shopId !== live) ?? [];
    await sql`
      insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
      select 'tiktok', id, 'ORDER_STATUS_CHANGE', shop_id, id, '{"type":1}'
      from jsonb_to_recordset(${
      sql.json(orders.map((order) => ({ id: order.id, shop_id: order.shopId })))
    })
        as waiting (id text, shop_id text)`;
    const startedAt = performance.now();
    const runs: number[] = [];
    const worker = (async () => {
      while (true) {
        const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/event-worker`, {
          method: "POST",
          headers: { apikey: stack.env.SUPABASE_SECRET_KEY },
        });
        const { oldest_open_seconds } = await response.json();
        runs.push(oldest_open_seconds);
        if (oldest_open_seconds === 0) return;
      }
    })();
    const busy = await liveLatency(stack, sql, live);
    await worker;
    await until(async () =>
      (await sql`select from private.webhook_events where status in ('pending', 'processing') limit 1`)
        .length === 0
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const memoryAfter = await memoryOf(stack.functionHostPid());
    const [stored] = await sql`select count(*)::int as orders from public.orders`;
    const median = (sorted: number[]) => sorted[Math.floor(sorted.length / 2)] ?? 0;
    print(`  orders in             ${stored?.orders} of ${events + 2 * LIVE_ORDERS}`);
    print(
      `  drained in            ${seconds.toFixed(1)} s, ${runs.length} runs of the event worker`,
    );
    print(
      `  a new order meanwhile ${
        (median(busy) / median(quiet)).toFixed(1)
      } times the quiet median; ` +
        `the slowest ${((busy.at(-1) ?? 0) / 1000).toFixed(1)} s`,
    );
    print(`  memory of functions   ${memoryBefore} MiB before, ${memoryAfter} MiB after`);
    return stored?.orders === events + 2 * LIVE_ORDERS ? 0 : 1;
  } finally {
    await sql.end();
    await stack.stop();
    await Deno.remove(data, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main());
