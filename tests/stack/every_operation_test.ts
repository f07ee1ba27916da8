/** Every operation of the API's document, called once: with the typed client, as the scheduler, and as the vendors. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createCreatorFlow, type CreatorFlow } from "../../client/src/index.ts";
import { payAndSettle } from "../support/billing.ts";
import { FROM, type OrderRow, PARCEL, processDueEvents, receiveOrder } from "../support/labels.ts";
import { checkValue, document } from "../support/openapi/document.ts";
import { seenAnswers } from "../support/openapi/watch_answers.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller, runEventWorker } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

type Api = CreatorFlow["api"];

const BODY = {
  parcel: { ...PARCEL, dimension_unit: "in", weight_unit: "lb" },
  from: FROM,
} as const;

const newKey = () => ({ "Idempotency-Key": crypto.randomUUID() });

/** Buys a label at a rate, twice with one key, reads it and voids it. */
async function useLabel(api: Api, { id: order_id }: OrderRow): Promise<void> {
  const body = { ...BODY, order_id };
  const rates = await api.POST("/shipments/rates", { body });
  const rate_id = rates.data?.rates[0]?.rate_id ?? "";
  const header = newKey();
  const buy = () =>
    api.POST("/shipments", {
      params: { header },
      body: { ...body, rate_id, label_format: "PDF" },
    });
  const bought = await buy();
  assert.equal(bought.data?.state, "purchased", JSON.stringify(bought.error));
  assert.equal((await buy()).data?.id, bought.data.id);
  const path = { id: bought.data.id };
  await api.GET("/shipments", { params: { query: { order_id } } });
  await api.GET("/shipments/{id}", { params: { path } });
  const label = await api.GET("/shipments/{id}/label", { params: { path } });
  assert.match(label.data?.label_url ?? "", /^http/);
  await api.POST("/shipments/{id}/void", { params: { path } });
}

/** Sends an own tracking number, twice with one key, and corrects it. */
async function useOwnNumber(api: Api, { id: order_id }: OrderRow): Promise<void> {
  await api.GET("/shipments/carriers", { params: { query: { order_id } } });
  const body = { order_id, carrier: "UPS", tracking_number: "1Z999AA10123456784" };
  const header = newKey();
  const add = () => api.POST("/shipments/own", { params: { header }, body });
  const added = await add();
  await add();
  assert.ok(added.data, JSON.stringify(added.error));
  const corrected = await api.POST("/shipments/{id}/tracking", {
    params: { path: { id: added.data.id } },
    body: { carrier: "UPS", tracking_number: "1Z999AA10123456795" },
  });
  assert.equal(corrected.data?.tracking_number, "1Z999AA10123456795");
}

/** Requests a batch, twice with one key, and reads it. */
async function useBatch(stack: TestStack, api: Api, { id: order_id }: OrderRow): Promise<void> {
  const label = { ...BODY, order_id, service: "cheapest", label_format: "PDF" } as const;
  const header = newKey();
  const send = () =>
    api.POST("/shipments/batch", { params: { header }, body: { labels: [label] } });
  const batch = await send();
  await send();
  await processDueEvents(stack);
  await api.GET("/shipments/batch/{id}", { params: { path: { id: batch.data?.id ?? "" } } });
}

async function useBilling(stack: TestStack, api: Api): Promise<void> {
  const { data: plans } = await api.GET("/billing/prices");
  assert.deepEqual(plans?.prices.map(({ amount }) => amount), ["29.00", "79.00", "199.00"]);
  const checkout = await api.POST("/billing/checkout", { body: { plan: "growth" } });
  await payAndSettle(stack, checkout.data?.url ?? "");
  await api.POST("/billing/portal", { body: {} });
}

/** The database's own answers, whose types are in the document too. */
async function readDatabase({ supabase }: CreatorFlow): Promise<void> {
  const isDocumented = (schema: string, value: unknown) =>
    assert.deepEqual(checkValue(`#/components/schemas/${schema}`, value), []);
  const { data: orders } = await supabase.from("orders").select();
  for (const order of orders ?? []) {
    isDocumented("OrderItems", order.order_items);
    isDocumented("ShippingAddress", order.shipping_address);
    isDocumented("OrderAmounts", order.amounts);
  }
  assert.equal(orders?.length, 3);
  isDocumented("Usage", (await supabase.rpc("get_usage")).data);
  isDocumented("DashboardMetrics", (await supabase.rpc("get_dashboard_metrics")).data);
  isDocumented("OrderOverview", (await supabase.rpc("get_order_overview")).data);
  isDocumented("HeldOrders", (await supabase.rpc("get_held_orders")).data);
}

/** Downloads everything, disconnects the shop and deletes the account. */
async function endAccount(api: Api, email: string): Promise<void> {
  const range = {
    params: { query: { from: "2026-01-01", to: "2026-12-31" } },
    parseAs: "text",
  } as const;
  await api.GET("/account/orders.csv", range);
  await api.GET("/account/shipments.csv", range);
  await api.GET("/account/export", { parseAs: "arrayBuffer" });
  const { data: shops } = await api.GET("/tiktok-oauth/shops");
  assert.equal(shops?.shops[0]?.status, "active");
  await api.DELETE("/tiktok-oauth/shops/{id}", { params: { path: { id: shops.shops[0].id } } });
  await api.DELETE("/account", { body: { email } });
}

async function postSigned(
  stack: TestStack,
  name: string,
  header: string,
  sign: (body: string) => string,
) {
  const body = JSON.stringify({
    ...{ id: `evt_${crypto.randomUUID()}`, type: "charge.updated", livemode: false, mode: "test" },
    ...{ description: "tracker.updated", data: { object: { id: "ch_1" } } },
    result: { object: "Tracker", tracking_code: "9400", status: "delivered" },
  });
  const url = `${stack.env.SUPABASE_URL}/functions/v1/${name}`;
  const response = await fetch(url, { method: "POST", headers: { [header]: sign(body) }, body });
  assert.equal(response.status, 200, await response.text());
}

const hmac = (secret: string, text: string) =>
  createHmac("sha256", secret).update(text).digest("hex");

async function callVendorsWebhooks(stack: TestStack): Promise<void> {
  const { EASYPOST_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET } = stack.env;
  const t = Math.floor(Date.now() / 1000);
  await postSigned(
    stack,
    "stripe-webhooks",
    "stripe-signature",
    (body) => `t=${t},v1=${hmac(STRIPE_WEBHOOK_SECRET, `${t}.${body}`)}`,
  );
  await postSigned(
    stack,
    "carrier-webhooks",
    "x-hmac-signature",
    (body) => `hmac-sha256-hex=${hmac(EASYPOST_WEBHOOK_SECRET.normalize("NFKD"), body)}`,
  );
}

/** What operators and the scheduler call. */
async function callWithSecretKey(stack: TestStack, userId: string): Promise<void> {
  const url = `${stack.env.SUPABASE_URL}/functions/v1`;
  const headers = { apikey: stack.env.SUPABASE_SECRET_KEY };
  const post = async (path: string, body: unknown, status: number) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    assert.equal(response.status, status, `${path} ${await response.text()}`);
  };
  await runEventWorker(stack);
  await post("/event-worker/sync", {}, 202);
  await post("/event-worker/reread", {}, 202);
  await post("/event-worker/sync-subscriptions", { user_id: userId }, 202);
  await post("/tiktok-token-refresh", {}, 200);
  const task = {
    ...{ task_id: "1", description: "", requirements: ["Only public.plans."] },
    ...{ context: { operation_type: "migrations" }, expected_output: "migrations" },
  };
  await post("/database-tasks", task, 200);
  await post("/database-tasks", { ...task, expected_output: "schema" }, 422);
  for (const given of [{}, headers, { ...headers, accept: "application/openmetrics-text" }]) {
    const response = await fetch(`${url}/health`, { headers: given });
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
}

test("every operation answers as the document says, called with the typed client", async (stack) => {
  const seller = await connectSeller(stack);
  const orders = [
    await receiveOrder(stack, seller),
    await receiveOrder(stack, seller),
    await receiveOrder(stack, seller),
  ] as const;
  const client = createCreatorFlow({
    url: stack.env.SUPABASE_URL,
    publishableKey: stack.env.SUPABASE_PUBLISHABLE_KEY,
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { api, supabase } = client;
  const { email } = seller;
  await supabase.auth.signInWithPassword({ email, password: "a-password" });

  await useLabel(api, orders[0]);
  await useOwnNumber(api, orders[1]);
  await useBatch(stack, api, orders[2]);
  await useBilling(stack, api);
  await callWithSecretKey(stack, seller.id);
  await callVendorsWebhooks(stack);
  await readDatabase(client);
  await endAccount(api, email);

  const expected = Object.values(document.paths).flatMap((path) => Object.values(path))
    .flatMap(({ operationId, responses }) =>
      Object.keys(responses).filter((status) => Number(status) < 400)
        .map((status) => `${operationId} ${status}`)
    );
  assert.ok(expected.length >= 30);
  assert.deepEqual(expected.filter((answer) => !seenAnswers().has(answer)), []);
});
