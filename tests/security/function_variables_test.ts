/** A function needs its own variables and the database's, and no others. */
import assert from "node:assert/strict";
import Stripe from "stripe";
import { readFunctionConfig } from "../../local/functions/config.ts";
import { FUNCTION_CONCERNS } from "../../local/stack/receivers.ts";
import { variables } from "../../local/stack/variables.ts";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import { buy, planOf } from "../support/billing.ts";
import { FUNCTION_CONFIG, HOST_CONFIG } from "../support/function_config.ts";
import { runWithVariables } from "../support/function_routes.ts";
import { readLogs } from "../support/logs.ts";
import { type ObservedHost, startObservedHost } from "../support/observed_host.ts";
import { connectSeller, letTimePass, pushTime } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import type { FunctionStart } from "../support/start_function.ts";
import { until } from "../support/until.ts";
import { test } from "../support/shared_stack.ts";

/** Every variable without a default that some function reads. */
const VALUES = {
  SUPABASE_URL: "http://127.0.0.1:1",
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_test"}',
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_test"}',
  TIKTOK_APP_KEY: "key",
  TIKTOK_APP_SECRET: "secret",
  TIKTOK_SERVICE_ID: "service",
  APP_URL: "http://127.0.0.1:1/app",
  EASYPOST_API_KEY: "EZTKtest",
  EASYPOST_WEBHOOK_SECRET: "secret",
  STRIPE_SECRET_KEY: "sk_test_key",
  STRIPE_WEBHOOK_SECRET: "whsec_secret",
  STRIPE_PRICE_STARTER: "price_starter",
  STRIPE_PRICE_GROWTH: "price_growth",
  STRIPE_PRICE_SCALE: "price_scale",
  ENCRYPTION_KEYS: `k1:${new Uint8Array(32).toBase64()}`,
};

type VariableName = keyof typeof VALUES;

/** Status by which each function refuses a request without credentials. */
const REFUSALS: Record<string, number> = {
  "tiktok-webhooks": 403,
  "carrier-webhooks": 403,
  "stripe-webhooks": 400,
  "event-worker": 401,
  "tiktok-token-refresh": 401,
  "tiktok-oauth": 401,
  "shipments": 401,
  "billing": 401,
  "account": 401,
  // Anyone may call it, and this database does not answer.
  "health": 503,
  "database-tasks": 401,
};

/** The variables without a default that the function itself reads, as local/stack/receivers.ts says. */
function requiredVariables(functionName: string): VariableName[] {
  const own = FUNCTION_CONCERNS[functionName]?.own ?? [];
  return variables
    .filter(([, row]) => row.concerns?.some((concern) => own.includes(concern)))
    .map(([name, row]) => (row.functionName ?? name) as VariableName)
    .filter((name) => name in VALUES);
}

Deno.test("this test starts every function", async () => {
  const names = (await readFunctionConfig(FUNCTION_CONFIG)).map(({ name }) => name);
  assert.deepEqual(Object.keys(REFUSALS).toSorted(), names.toSorted());
});

/** The module that starts the function, of a bundle too: what its config.toml names only exports it. */
async function entrypointOf(functionName: string): Promise<string> {
  const configs = await readFunctionConfig(HOST_CONFIG);
  const { entrypoint = "" } = configs.find(({ name }) => name === functionName) ?? {};
  return HOST_CONFIG === FUNCTION_CONFIG
    ? entrypoint
    : new URL(`./${functionName}/index.js`, entrypoint).href;
}

for (const [name, refusal] of Object.entries(REFUSALS)) {
  Deno.test(`${name} starts with its own variables alone, and names each one that is missing`, async () => {
    const required = requiredVariables(name);
    const entrypoint = await entrypointOf(name);

    const { status, errors } = await runWithVariables<FunctionStart>(
      "start_function.ts",
      [entrypoint, ...required],
      Object.fromEntries(required.map((variable) => [variable, VALUES[variable]])),
    );

    assert.equal(status, refusal);
    assert.ok(required.length >= 3);
    for (const variable of required) {
      assert.match(errors[variable] ?? "", new RegExp(`^ConfigError: ${variable} is not set`));
    }
  });
}

async function callFunction(
  functions: ObservedHost,
  name: string,
  headers: Record<string, string>,
  body = "",
): Promise<void> {
  const response = await functions.fetch(`/${name}`, { method: "POST", headers, body });
  await response.body?.cancel();
  assert.equal(response.status, 200, name);
}

async function sendTikTokOrder(stack: TestStack, functions: ObservedHost, shopId: string) {
  const order = stack.tiktok.addOrder({ shopId });
  const body = JSON.stringify({
    type: 1,
    tts_notification_id: "1",
    shop_id: shopId,
    timestamp: pushTime(),
    data: { order_id: order.id },
  });
  const app = { appKey: stack.env.TIKTOK_APP_KEY, appSecret: stack.env.TIKTOK_APP_SECRET };
  const authorization = signWebhook(app, new TextEncoder().encode(body));
  await callFunction(functions, "tiktok-webhooks", { authorization }, body);
}

async function sendStripeEvent(
  stack: TestStack,
  functions: ObservedHost,
  event: { id: string },
): Promise<void> {
  const payload = JSON.stringify(event);
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({
    payload,
    secret: stack.env.STRIPE_WEBHOOK_SECRET,
  });
  await callFunction(functions, "stripe-webhooks", { "stripe-signature": signature }, payload);
}

async function eventOf(stack: TestStack, source: string) {
  const [row] = await stack.sql`
    select status, attempts, claims from private.inbox_events where source = ${source}`;
  return { ...row };
}

test("without a price TikTok orders are stored, Stripe events wait, and the log names the variable", async (stack) => {
  stack.stripe.behaviour.autoSend = false;
  const seller = await connectSeller(stack);
  await buy(stack, seller, "starter");
  const event = stack.stripe.pendingEvents
    .find(({ type }) => type === "checkout.session.completed");
  assert.ok(event);
  await using incomplete = await startObservedHost(stack, { STRIPE_PRICE_STARTER: undefined });

  await sendStripeEvent(stack, incomplete, event);
  await sendTikTokOrder(stack, incomplete, seller.shopId);

  await until(
    "the order is stored",
    async () => (await eventOf(stack, "tiktok")).status === "done",
  );
  // Without a failure: waiting for configuration uses no attempt up.
  const waiting = { status: "pending", attempts: 0, claims: 1 };
  await until("the event waits", async () => {
    const { status, claims } = await eventOf(stack, "stripe");
    return status === "pending" && claims === 1;
  });
  assert.deepEqual(await eventOf(stack, "stripe"), waiting);
  assert.equal((await seller.client.from("orders").select("id")).data?.length, 1);
  await incomplete[Symbol.asyncDispose]();
  const logs = await Array.fromAsync(readLogs(stack));
  assert.ok(logs.some(({ text }) => /waits for configuration.*STRIPE_PRICE_STARTER/.test(text)));

  await using complete = await startObservedHost(stack);
  await letTimePass(stack);
  await callFunction(complete, "event-worker", { apikey: stack.env.SUPABASE_SECRET_KEY });

  assert.equal((await eventOf(stack, "stripe")).status, "done");
  assert.deepEqual(await planOf(stack, seller), { status: "active", tier: "starter", limit: 100 });
});
