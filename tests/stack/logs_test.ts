/** Log lines, request ids and traces of running functions: docs/logs.md. */
import assert from "node:assert/strict";
import { telemetryVariables } from "../../local/stack/telemetry.ts";
import { parseLine } from "../../shared/logging/lines.ts";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import { readFunctionLog } from "../support/logs.ts";
import { callBilling } from "../support/billing.ts";
import { startObservedHost } from "../support/observed_host.ts";
import { receiveOtlp } from "../support/otlp_receiver.ts";
import { test } from "../support/shared_stack.ts";
import {
  connectSeller,
  failedEvent,
  postWebhook,
  pushTime,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const TRACE = "5b8aa5a2d2c872e8321cf37308d69df2";

async function readLines(stack: TestStack): Promise<Record<string, unknown>[]> {
  const text = await readFunctionLog(stack);
  return text.trim().split("\n").map(parseLine);
}

/** A webhook about a new order of the shop, with its signature. */
function orderWebhook(stack: TestStack, shopId: string) {
  const { id } = stack.tiktok.addOrder({ shopId });
  const body = JSON.stringify({
    ...{ type: 1, tts_notification_id: id, shop_id: shopId, timestamp: pushTime() },
    data: { order_id: id },
  });
  return { id, body };
}

test("every response names its request: the caller's id, or one that the log has", async (stack) => {
  const seller = await connectSeller(stack);
  const functions = `${stack.env.SUPABASE_URL}/functions/v1`;
  const authorization = `Bearer ${seller.accessToken}`;
  const preflight = { "access-control-request-method": "POST", origin: "https://app.example" };
  const calls: [status: number, path: string, init: RequestInit][] = [
    [200, "/tiktok-oauth/shops", { headers: { authorization } }],
    [401, "/tiktok-oauth/shops", {}],
    [404, "/tiktok-oauth/nothing", { headers: { authorization } }],
    [405, "/tiktok-oauth/shops", { method: "PUT", headers: { authorization } }],
    [403, "/tiktok-webhooks", { method: "POST", body: "{}" }],
    [204, "/tiktok-oauth/shops", { method: "OPTIONS", headers: preflight }],
  ];
  for (const [status, path, init] of calls) {
    const id = crypto.randomUUID();
    const headers = { ...init.headers as Record<string, string>, "x-request-id": id };
    for (const given of [true, false]) {
      const response = await fetch(functions + path, given ? { ...init, headers } : init);
      const text = await response.text();
      assert.equal(response.status, status, path);
      const named = response.headers.get("x-request-id");
      const platform = response.headers.get("sb-request-id");
      assert.equal(named, given ? id : platform, `${status} ${path}`);
      if (status >= 400) assert.equal(JSON.parse(text).request_id, named);
    }
  }
  const unknown = await fetch(`${functions}/unknown`);
  await unknown.body?.cancel();
  assert.deepEqual([unknown.status, unknown.headers.get("sb-request-id")?.length], [404, 36]);
});

test("every line of running functions fits its schema, and an event's processing names its webhook's request", async (stack) => {
  const seller = await connectSeller(stack);
  const { id, body } = orderWebhook(stack, seller.shopId);
  const request_id = crypto.randomUUID();
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
  const response = await postWebhook(stack, body, { "x-request-id": request_id, traceparent });
  await response.body?.cancel();
  await settledEvents(stack);
  await (await postWebhook(stack, "{}", { authorization: "wrong" })).body?.cancel();
  stack.tiktok.faults.add({ kind: "html", path: "/order/", count: 3 });
  const failing = orderWebhook(stack, seller.shopId);
  await (await postWebhook(stack, failing.body)).body?.cancel();
  await failedEvent(stack);
  await callBilling(stack, seller, "/checkout", { plan: "growth" });
  await runEventWorker(stack);

  const lines = await until("the trace of the processing is written", async () => {
    const found = await readLines(stack);
    return found.filter(({ message, trace_id }) => message === "spans" && trace_id === TRACE)
        .length === 2
      ? found
      : undefined;
  });
  const [event] = await stack.sql`
    select id::int, request_id, traceparent from private.webhook_events where object_id = ${id}`;
  assert.equal(event?.request_id, request_id);
  const own = lines.filter((line) => line.request_id === request_id);
  assert.deepEqual(own.map(({ message }) => message), [
    ...["webhook received", "spans", "event processed", "spans"],
  ]);
  for (const line of own.filter(({ message }) => message !== "spans")) {
    assert.deepEqual(
      [line.event_id, line.shop_id, line.tiktok_order_id, line.trace_id],
      [event?.id, seller.shopId, id, TRACE],
    );
  }
  // The processing is below the call that stored the event.
  const [stored, processed] = own.flatMap((line) =>
    (line.spans ?? []) as { name: string; span_id: string; parent_id: string }[]
  )
    .filter(({ name }) => name === "SQL receive_webhook_event" || name === "process event");
  assert.equal(processed?.parent_id, stored?.span_id);
  const messages = new Set(lines.map(({ message }) => message));
  for (const message of ["request failed", "event failed", "checkout opened", "inbox processed"]) {
    assert.ok(messages.has(message), message);
  }
});

test("OTEL_DENO=true sends one trace from the webhook to the SQL of its processing, without secrets", async (stack) => {
  const seller = await connectSeller(stack);
  await using receiver = receiveOtlp();
  await using host = await startObservedHost(stack, telemetryVariables(receiver.variables));
  const { id, body } = orderWebhook(stack, seller.shopId);
  const app = { appKey: stack.env.TIKTOK_APP_KEY, appSecret: stack.env.TIKTOK_APP_SECRET };
  const headers = {
    authorization: signWebhook(app, new TextEncoder().encode(body)),
    traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
  };
  const path = "/tiktok-webhooks?code=TTP_code";
  const response = await host.fetch(path, { method: "POST", headers, body });
  assert.equal(response.status, 200);
  await response.body?.cancel();

  const names = ["POST /tiktok-webhooks", "SQL receive_webhook_event", "process event"];
  const later = ["TikTok GET /order/202309/orders", "SQL ingest_orders"];
  const ofTrace = await until("all spans have come", () => {
    const found = receiver.spans.filter(({ traceId }) => traceId === TRACE);
    return [...names, ...later].every((name) => found.some((span) => span.name === name))
      ? Promise.resolve(found)
      : Promise.resolve(undefined);
  });
  const spanOf = (name: string) => ofTrace.find((span) => span.name === name);
  const ancestors = (name: string): string[] => {
    const parent = ofTrace.find(({ spanId }) => spanId === spanOf(name)?.parentSpanId);
    return parent === undefined ? [name] : [name, ...ancestors(parent.name)];
  };
  // Deno's own span of the call, POST, is between storing and processing.
  assert.deepEqual(ancestors("SQL ingest_orders"), [
    ...["SQL ingest_orders", "process event", "POST", "SQL receive_webhook_event", names[0]],
  ]);
  assert.equal(spanOf("process event")?.attributes["creatorflow.tiktok_order_id"], id);
  for (
    const secret of ["TTP_", "sign=", stack.env.TIKTOK_APP_SECRET, stack.env.SUPABASE_SECRET_KEY]
  ) {
    const at = receiver.text().indexOf(secret);
    assert.ok(at === -1, receiver.text().slice(Math.max(0, at - 1000), at + 30));
  }
});
