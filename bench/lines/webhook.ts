/** `bench webhook`: webhooks to their 200 over the local stack, against the calls of the requested schema. */
import type postgres from "postgres";
import { signedByTikTok, tiktokBody } from "../measure/first_calls.ts";
import type { Stack } from "../../local/stack/stack.ts";
import type { Comparison, Line, Target } from "../measure/line.ts";
import { median } from "../measure/rounds.ts";
import {
  type BenchStack,
  connectShop,
  isSettled,
  startBenchStack,
  waitUntil,
} from "../measure/stack.ts";

const SHOP = "7461000000000000000";
const ROUNDS = 7;
const AT_ONCE = 16;
const CALLS_A_SENDER = 6;
const TARGET: Target = { bound: "at most", value: 0.6 };

/** The requested schema under names that REST serves, with the shop and its seller, who has the largest plan. */
async function addRequestedSchema({ stack, sql }: BenchStack): Promise<void> {
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
  const { SUPABASE_URL, SUPABASE_SECRET_KEY } = stack.env;
  await waitUntil(async () => {
    const path = `${SUPABASE_URL}/rest/v1/requested_tiktok_shops?select=id`;
    const response = await fetch(path, { headers: { apikey: SUPABASE_SECRET_KEY } });
    await response.body?.cancel();
    return response.ok;
  });
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

/** What every webhook by a function costs here: the way to a function, which refuses it, and one call of REST. */
function leastCalls({ SUPABASE_URL, SUPABASE_SECRET_KEY }: Stack["env"]): () => Promise<void> {
  const headers = { apikey: SUPABASE_SECRET_KEY };
  return async () => {
    const refused = await fetch(`${SUPABASE_URL}/functions/v1/tiktok-webhooks`, {
      method: "POST",
      body: tiktokBody(1, SHOP, "1"),
    });
    await refused.body?.cancel();
    if (refused.status !== 403) throw new Error(`An unsigned webhook: ${refused.status}`);
    const path = `${SUPABASE_URL}/rest/v1/requested_tiktok_shops?select=id&shop_id=eq.${SHOP}`;
    await request(path, { headers });
  };
}

type Sides<T> = Record<"ours" | "duplicate" | "least" | "requested", T>;

async function timeRounds(
  sql: postgres.Sql,
  sides: Sides<() => Promise<void>>,
): Promise<Sides<number[][]>> {
  const rounds: Sides<number[][]> = { ours: [], duplicate: [], least: [], requested: [] };
  const names = Object.keys(rounds) as (keyof Sides<unknown>)[];
  for (let round = -1; round < ROUNDS; round++) {
    for (const side of round % 2 === 0 ? names : names.toReversed()) {
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
  await addRequestedSchema(bench);
  let sent = 0;
  const send = async (n: number, order: string) => {
    const body = tiktokBody(n, SHOP, order);
    await request(`${env.SUPABASE_URL}/functions/v1/tiktok-webhooks`, signedByTikTok(env, body));
  };
  const first = tiktok.addOrder({ shopId: SHOP }).id;
  await send(++sent, first);
  const rounds = await timeRounds(sql, {
    ours: () => send(++sent, tiktok.addOrder({ shopId: SHOP }).id),
    duplicate: () => send(1, first),
    least: leastCalls(env),
    requested: threeCalls(env.SUPABASE_URL, env.SUPABASE_SECRET_KEY),
  });
  const compare = (
    what: string,
    side: keyof Sides<unknown>,
    pick: (times: number[]) => number,
    target?: Target,
  ): Comparison => {
    const ratios = rounds[side].map((times, n) => pick(times) / pick(rounds.requested[n] ?? []));
    const all = (rounds: number[][]) => `${pick(rounds.flat()).toFixed(1)} ms`;
    return {
      what,
      against: "the requested schema's three REST calls",
      ratio: median(ratios),
      spread: [Math.min(...ratios), Math.max(...ratios)],
      ...(target && { target }),
      figures: `${all(rounds[side])} : ${all(rounds.requested)}`,
    };
  };
  return [
    compare("a webhook to its 200, 16 at once, median", "ours", median, TARGET),
    compare("a webhook to its 200, 16 at once, p99", "ours", p99, TARGET),
    // Without the processing of orders, which takes its share of the CPU meanwhile.
    compare("a duplicate, 16 at once, median", "duplicate", median),
    compare("a refused webhook and one REST call, median", "least", median),
  ];
}

export const webhookLine: Line = {
  name: "webhook",
  title: "A webhook is answered sooner than the requested schema stores its order",
  measure,
};
