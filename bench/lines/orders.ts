/** `deno task bench`: the database cost of one new order, with few and with many orders before it. */
import postgres from "postgres";
import { command } from "../local/cli/command.ts";
import { print } from "../local/cli/console.ts";
import { startTemporaryPostgres } from "../local/postgres/temporary.ts";

const ROUNDS = 15;
const ORDERS_A_ROUND = 40;
const TOKEN = `v1.k.${"A".repeat(16)}.${"A".repeat(22)}`;

interface Seller {
  userId: string;
  shopId: string;
  shop: string;
  events: number;
}

async function createSeller(sql: postgres.Sql, name: string, orders: number): Promise<Seller> {
  const userId = crypto.randomUUID();
  const shop = String(7_490_000_000_000_000_000n + BigInt(orders));
  await sql`insert into auth.users (id, email) values (${userId}, ${`${name}@example.com`})`;
  await sql`
    insert into public.subscriptions
      (user_id, stripe_customer_id, stripe_customer_id_hash, plan_name, status)
    values (${userId}, ${TOKEN}, ${name}, 'scale', 'active')`;
  const [row] = await sql`
    with login as (
      insert into private.tiktok_logins (user_id, open_id) values (${userId}, 'o'))
    insert into public.tiktok_shops (user_id, shop_id, shop_cipher, open_id, access_token,
      refresh_token, token_expires_at, refresh_token_expires_at)
    values (${userId}, ${shop}, 'c', 'o', ${TOKEN}, ${TOKEN}, now(), now()) returning id`;
  await sql`
    insert into public.orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, currency,
      total_amount, shipping_address, address_status, order_items, tiktok_updated_at)
    select ${userId}, ${row?.id}, n::text, 'AWAITING_SHIPMENT', 'USD', 10, '{}', 'none', '[]', now()
    from generate_series(1, ${orders}) as n`;
  await sql`
    insert into private.monthly_order_counts (user_id, month, orders)
    values (${userId}, private.current_month(), ${orders})`;
  return { userId, shopId: row?.id, shop, events: 0 };
}

/** Milliseconds for one order: received as an event and ingested. */
async function ingestRound(sql: postgres.Sql, seller: Seller): Promise<number> {
  const startedAt = performance.now();
  for (let n = 0; n < ORDERS_A_ROUND; n++) {
    const orderId = `b${++seller.events}`;
    const [receipt] = await sql`
      select public.receive_webhook_event('tiktok', ${seller.shop + orderId}, 'ORDER_STATUS_CHANGE',
        ${seller.shop}, ${orderId}, '{}') as result`;
    const order = {
      tiktok_order_id: orderId,
      tiktok_status: "AWAITING_SHIPMENT",
      order_status: "awaiting_shipment",
      payment_status: "paid",
      currency: "USD",
      total_amount: "46.21",
      shipping_address: {},
      address_status: "none",
      order_items: [],
      tiktok_updated_at: "2026-11-01T00:00:00Z",
    };
    const [row] = await sql`
      select public.ingest_order(${receipt?.result.event_id}, ${seller.shopId}, ${
      sql.json(order)
    }) as result`;
    if (row?.result.outcome !== "inserted") throw new Error(`outcome ${row?.result.outcome}`);
  }
  return (performance.now() - startedAt) / ORDERS_A_ROUND;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

async function run(): Promise<void> {
  await using database = await startTemporaryPostgres();
  const sql = postgres(database.access.adminUrl, { max: 1, onnotice: () => {} });
  print("Making a seller with 10 orders and one with 100,000.");
  const few = await createSeller(sql, "few", 10);
  const many = await createSeller(sql, "many", 100_000);
  await sql`analyze`;
  const times = { few: [] as number[], many: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.few.push(await ingestRound(sql, few));
    times.many.push(await ingestRound(sql, many));
  }
  await sql.end();
  const ratios = times.many.map((time, round) => time / (times.few[round] as number));
  print(`one new order, 10 before it        ${median(times.few).toFixed(2)} ms (median)`);
  print(`one new order, 100,000 before it   ${median(times.many).toFixed(2)} ms (median)`);
  print(
    `ratio                              ${median(ratios).toFixed(2)} (median of ${ROUNDS} pairs)`,
  );
}

export default await command(import.meta, {
  name: "bench",
  help:
    `Measures one new order in the database, for a seller with 10 orders and for one with 100,000.

  npx -y deno@2.9.5 task bench

Both are measured in turn in one run. The ratio is the figure; times depend on the machine.`,
  run,
});
