/** A function needs its own variables and the database's, and no others. */
import assert from "node:assert/strict";
import Stripe from "stripe";
import { readFunctionConfig } from "../../local/functions/config.ts";
import { type FunctionProcess, startFunctionProcess } from "../../local/functions/process.ts";
import { functionEnvironment } from "../../local/stack/environment.ts";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import { buy, planOf } from "../support/billing.ts";
import { FUNCTION_CONFIG, runWithVariables } from "../support/function_routes.ts";
import { readLogs } from "../support/logs.ts";
import { connectSeller, letTimePass } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import type { FunctionStart } from "../support/start_function.ts";
import { until } from "../support/until.ts";

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

const DATABASE = ["SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_SECRET_KEYS"] as const;
const TIKTOK = ["TIKTOK_APP_KEY", "TIKTOK_APP_SECRET"] as const;
const PRICES = ["STRIPE_PRICE_STARTER", "STRIPE_PRICE_GROWTH", "STRIPE_PRICE_SCALE"] as const;

/** The variables that each function needs at its start, and the status of its refusals. */
const FUNCTIONS: Record<string, { variables: readonly VariableName[]; refusal: number }> = {
  "tiktok-webhooks": { variables: [...DATABASE, ...TIKTOK], refusal: 403 },
  "carrier-webhooks": { variables: [...DATABASE, "EASYPOST_WEBHOOK_SECRET"], refusal: 403 },
  "stripe-webhooks": { variables: [...DATABASE, "STRIPE_WEBHOOK_SECRET"], refusal: 400 },
  "event-worker": { variables: DATABASE, refusal: 401 },
  "tiktok-token-refresh": {
    variables: [...DATABASE, ...TIKTOK, "ENCRYPTION_KEYS"],
    refusal: 401,
  },
  "tiktok-oauth": {
    variables: [...DATABASE, ...TIKTOK, "TIKTOK_SERVICE_ID", "APP_URL", "ENCRYPTION_KEYS"],
    refusal: 401,
  },
  "shipments": {
    variables: [...DATABASE, ...TIKTOK, "EASYPOST_API_KEY", "ENCRYPTION_KEYS"],
    refusal: 401,
  },
  "billing": {
    variables: [...DATABASE, "STRIPE_SECRET_KEY", ...PRICES, "APP_URL", "ENCRYPTION_KEYS"],
    refusal: 401,
  },
};

Deno.test("this test knows the variables of every function", async () => {
  const names = (await readFunctionConfig(FUNCTION_CONFIG)).map(({ name }) => name);
  assert.deepEqual(Object.keys(FUNCTIONS).toSorted(), names.toSorted());
});

for (const [name, { variables, refusal }] of Object.entries(FUNCTIONS)) {
  Deno.test(`${name} starts with its own variables alone, and names each one that is missing`, async () => {
    const configs = await readFunctionConfig(FUNCTION_CONFIG);
    const entrypoint = configs.find((config) => config.name === name)?.entrypoint ?? "";

    const { status, errors } = await runWithVariables<FunctionStart>(
      "start_function.ts",
      [entrypoint, ...variables],
      Object.fromEntries(variables.map((variable) => [variable, VALUES[variable]])),
    );

    assert.equal(status, refusal);
    for (const variable of variables) {
      assert.match(errors[variable] ?? "", new RegExp(`^ConfigError: ${variable} is not set`));
    }
  });
}

/** Functions that run without some variable, next to those of the stack. */
async function startWithout(stack: TestStack, variable?: VariableName): Promise<FunctionProcess> {
  const names = ["tiktok-webhooks", "stripe-webhooks", "event-worker"];
  const configs = await readFunctionConfig(FUNCTION_CONFIG);
  const sections = configs.filter(({ name }) => names.includes(name)).map(({ name, entrypoint }) =>
    `[functions.${name}]\nentrypoint = "${new URL(entrypoint).pathname}"\n`
  );
  const configPath = `${stack.data}/receivers.toml`;
  await Deno.writeTextFile(configPath, sections.join("\n"));
  const env = functionEnvironment(stack.env);
  if (variable !== undefined) delete env[variable];
  return await startFunctionProcess({
    configPath,
    env,
    logFile: `${stack.data}/logs/receivers.log`,
  });
}

async function callFunction(
  functions: FunctionProcess,
  name: string,
  headers: Record<string, string>,
  body = "",
): Promise<void> {
  const url = `http://host/functions/v1/${name}`;
  const response = await functions.fetch(new Request(url, { method: "POST", headers, body }));
  await response.body?.cancel();
  assert.equal(response.status, 200, name);
}

async function sendTikTokOrder(stack: TestStack, functions: FunctionProcess, shopId: string) {
  const order = stack.tiktok.addOrder({ shopId });
  const body = JSON.stringify({
    type: 1,
    tts_notification_id: "1",
    shop_id: shopId,
    timestamp: 1,
    data: { order_id: order.id },
  });
  const app = { appKey: stack.env.TIKTOK_APP_KEY, appSecret: stack.env.TIKTOK_APP_SECRET };
  const authorization = signWebhook(app, new TextEncoder().encode(body));
  await callFunction(functions, "tiktok-webhooks", { authorization }, body);
}

async function sendStripeEvent(
  stack: TestStack,
  functions: FunctionProcess,
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
    select status, attempts, postponed from private.webhook_events where source = ${source}`;
  return { ...row };
}

Deno.test("without a price TikTok orders are stored, Stripe events wait, and the log names the variable", async () => {
  await using stack = await startTestStack();
  stack.stripe.behaviour.autoSend = false;
  const seller = await connectSeller(stack);
  await buy(stack, seller, "starter");
  const event = stack.stripe.pendingEvents
    .find(({ type }) => type === "checkout.session.completed");
  assert.ok(event);
  const incomplete = await startWithout(stack, "STRIPE_PRICE_STARTER");

  await sendStripeEvent(stack, incomplete, event);
  await sendTikTokOrder(stack, incomplete, seller.shopId);

  await until(
    "the order is stored",
    async () => (await eventOf(stack, "tiktok")).status === "done",
  );
  const waiting = { status: "pending", attempts: 1, postponed: 1 };
  await until("the event waits", async () => (await eventOf(stack, "stripe")).postponed === 1);
  assert.deepEqual(await eventOf(stack, "stripe"), waiting);
  assert.equal((await seller.client.from("orders").select("id")).data?.length, 1);
  await incomplete.stop();
  const logs = await Array.fromAsync(readLogs(stack.data));
  assert.ok(logs.some(({ text }) => /waits for configuration.*STRIPE_PRICE_STARTER/.test(text)));

  const complete = await startWithout(stack);
  await letTimePass(stack);
  await callFunction(complete, "event-worker", { apikey: stack.env.SUPABASE_SECRET_KEY });

  assert.equal((await eventOf(stack, "stripe")).status, "done");
  assert.deepEqual(await planOf(stack, seller), { status: "active", tier: "starter", limit: 100 });
  await complete.stop();
});
