/** `bench webhook`: webhooks to their 200 over the local stack, against the calls of the requested schema. */
import type postgres from "postgres";
import { signedByTikTok, tiktokBody } from "../measure/first_calls.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { median } from "../measure/rounds.ts";
import { connectShop, isSettled, startBenchStack, waitUntil } from "../measure/stack.ts";

const SHOP = "7461000000000000000";
const ROUNDS = 7;
const AT_ONCE = 16;
const CALLS_A_SENDER = 6;
const TARGET = 0.6;

/** The requested schema under names that REST serves, with the shop and its seller, who has the largest plan. */
async function addRequestedSchema(sql: postgres.Sql): Promise<void> {
  const file = await Deno.readTextFile(new URL("../measure/requested.sql", import.meta.url));
  const schema = file.replace("create schema requested;", "")
    .replaceAll("requested.", "public.requested_")
    .replaceAll("create index idx_", "create index requested_idx_");
  await sql.unsafe(`${schema}
    grant all on public.requested_tiktok_shops, public.requested_orders to service_role;
    grant execute on function public.requested_check_order_limit to service_role;
    insert into public.requested_users (id, email) select id, email from public.users;
    insert into public.requested_tiktok_shops (user_id, shop_id)
    select user_id, shop_id from public.tiktok_shops;
    insert into public.requested_subscriptions (user_id, stripe_customer_id, plan_name, status)
    select id, 'cus_1', 'scale', 'active' from public.users;
    notify pgrst, 'reload schema'`);
}

/** Milliseconds of each call, with `AT_ONCE` senders. */
async function time(call: () => Promise<void>): Promise<number[]> {
  const senders = Array.from({ length: AT_ONCE }, async () => {
    const times: number[] = [];
    for (let n = 0; n < CALLS_A_SENDER; n++) {
      const startedAt = performance.now();
      await call();
      times.push(performance.now() - startedAt);
    }
    return times;
  });
  return (await Promise.all(senders)).flat();
}

const p99 = (times: number[]) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? NaN;

/** The answer as JSON. @throws {Error} for another status than 2xx */
async function request(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}

/** A webhook as the description has it: find the shop, check the limit, insert the order. */
function threeCalls(url: string, key: string): () => Promise<void> {
  let orders = 0;
  const headers = { apikey: key, "content-type": "application/json" };
  return async () => {
    const path = `${url}/rest/v1/requested_tiktok_shops?select=id,user_id&shop_id=eq.${SHOP}`;
    const [shop] = await request(path, { headers }) as { id: string; user_id: string }[];
    const post = async (name: string, body: unknown) =>
      await request(`${url}/rest/v1/${name}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
    await post("rpc/requested_check_order_limit", { user_uuid: shop?.user_id });
    await post("requested_orders", {
      user_id: shop?.user_id,
      tiktok_shop_id: shop?.id,
      tiktok_order_id: String(++orders),
      total_amount: 46.21,
      shipping_address: { city: "Austin", postal_code: "78701" },
      order_items: [{ sku: "1", quantity: 1 }],
    });
  };
}

async function timeRounds(
  sql: postgres.Sql,
  sides: Record<"ours" | "requested", () => Promise<void>>,
) {
  const rounds: Record<"ours" | "requested", number[][]> = { ours: [], requested: [] };
  for (let round = -1; round < ROUNDS; round++) {
    for (
      const side of round % 2 === 0
        ? ["ours", "requested"] as const
        : ["requested", "ours"] as const
    ) {
      const times = await time(sides[side]);
      // Processing begins with the first webhook: it slows the others, and not the other side.
      await waitUntil(() => isSettled(sql));
      if (round >= 0) rounds[side].push(times);
    }
  }
  return rounds;
}

async function measure(): Promise<Comparison[]> {
  await using bench = await startBenchStack();
  const { stack, sql } = bench;
  const { env, tiktok } = stack;
  if (tiktok === undefined) throw new Error("TikTok is not simulated.");
  await connectShop(bench, SHOP);
  await waitUntil(() => isSettled(sql));
  await addRequestedSchema(sql);
  let sent = 0;
  const webhook = async () => {
    const body = tiktokBody(++sent, SHOP, tiktok.addOrder({ shopId: SHOP }).id);
    await request(`${env.SUPABASE_URL}/functions/v1/tiktok-webhooks`, signedByTikTok(env, body));
  };
  const { ours, requested } = await timeRounds(sql, {
    ours: webhook,
    requested: threeCalls(env.SUPABASE_URL, env.SUPABASE_SECRET_KEY),
  });
  const compare = (what: string, pick: (times: number[]) => number): Comparison => {
    const ratios = ours.map((times, n) => pick(times) / pick(requested[n] ?? []));
    const all = (rounds: number[][]) => `${pick(rounds.flat()).toFixed(1)} ms`;
    return {
      what: `a webhook to its 200, 16 at once, ${what}`,
      against: "the requested schema's three REST calls",
      ratio: median(ratios),
      spread: [Math.min(...ratios), Math.max(...ratios)],
      target: { bound: "at most", value: TARGET },
      figures: `${all(ours)} : ${all(requested)}`,
    };
  };
  return [compare("median", median), compare("p99", p99)];
}

export const webhookLine: Line = {
  name: "webhook",
  title: "A webhook is answered sooner than the requested schema stores its order",
  measure,
};
