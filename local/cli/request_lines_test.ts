import assert from "node:assert/strict";
import type { AnsweredRequest } from "../gateway/observe.ts";
import { RequestLines } from "./request_lines.ts";

const ID = "0b0e7a52-5f0c-4c0a-9a53-0f6f5a3f3b11";

function answered(given: Partial<AnsweredRequest>): AnsweredRequest {
  return {
    ...{ method: "GET", path: "/rest/v1/orders", status: 200, ms: 12.4, requestId: ID },
    ...{ code: undefined, webhook: undefined, isOurs: false, ...given },
  };
}

function makeLines() {
  const printed: string[] = [];
  let now = new Date(2026, 10, 29, 10, 2, 11);
  const lines = new RequestLines({ print: (line) => printed.push(line), now: () => now });
  const wait = (ms: number) => now = new Date(now.getTime() + ms);
  return { lines, printed, wait };
}

Deno.test("a request is one line: time, status, milliseconds, method, path, what it is about, and its id", () => {
  const { lines, printed } = makeLines();
  const path = "/functions/v1/tiktok-webhooks";
  const webhook = { type: "ORDER_STATUS_CHANGE", orderId: "5764", shopId: "7490" };
  lines.showRequest(answered({}));
  lines.showRequest(answered({ method: "POST", path, webhook }));
  lines.showRequest(answered({ method: "POST", path, status: 403, code: "invalid_signature" }));
  assert.deepEqual(printed, [
    `10:02:11  200     12 ms  GET /rest/v1/orders  ${ID}`,
    `10:02:11  200     12 ms  POST ${path}  ORDER_STATUS_CHANGE, order 5764, shop 7490  ${ID}`,
    `10:02:11  403     12 ms  POST ${path}  invalid_signature  ${ID}`,
  ]);
});

Deno.test("pages, health checks, preflights and our own calls print no lines, unless they fail", () => {
  const { lines, printed } = makeLines();
  const quiet: Partial<AnsweredRequest>[] = [
    { path: "/" },
    { path: "/console/app.js" },
    { path: "/mailbox" },
    { path: "/functions/v1/health" },
    { path: "/auth/v1/health" },
    { path: "/simulators/tiktok/control", method: "POST" },
    { method: "OPTIONS" },
    { method: "POST", path: "/rest/v1/rpc/ingest_orders", isOurs: true },
    { method: "POST", path: "/rest/v1/rpc/ingest_orders", isOurs: true, status: 404 },
    { method: "POST", path: "/functions/v1/event-worker", isOurs: true },
  ];
  for (const request of quiet) lines.showRequest(answered(request));
  assert.deepEqual(printed, []);
  const failed: Partial<AnsweredRequest>[] = [
    { path: "/functions/v1/health", status: 503 },
    { path: "/simulators/stripe/v…/charges", status: 401 },
    { method: "POST", path: "/rest/v1/rpc/ingest_orders", isOurs: true, status: 500 },
    { method: "POST", path: "/functions/v1/event-worker", isOurs: true, status: 403 },
  ];
  for (const request of failed) lines.showRequest(answered(request));
  assert.equal(printed.length, failed.length);
});

Deno.test("a page that reads the same again and again is three lines in ten seconds; webhooks are all shown", () => {
  const { lines, printed, wait } = makeLines();
  for (let n = 0; n < 20; n++) lines.showRequest(answered({}));
  assert.equal(printed.length, 3);
  wait(10_000);
  lines.showRequest(answered({}));
  assert.match(printed[3] ?? "", /orders {2}17 more like this were not shown {2}/);
  for (let n = 0; n < 20; n++) lines.showRequest(answered({ method: "POST" }));
  assert.equal(printed.length, 24);
});

Deno.test("a warning or an error in the functions' log is a line, a refused request is not a second one", () => {
  const { lines, printed } = makeLines();
  const line = (fields: object) =>
    lines.showLogLine(JSON.stringify({ time: "2026-11-29T10:02:11.000Z", ...fields }));
  line({ level: "info", message: "event processed" });
  line({ level: "warn", message: "request failed", status: 404 });
  lines.showLogLine("error: Uncaught");
  const error = "TikTok 105005\u001b[2J: Internal";
  line({ level: "warn", message: "event failed", function: "event-worker", error, request_id: ID });
  assert.equal(printed.length, 1);
  assert.ok(
    printed[0]?.endsWith(
      `  warn   event-worker  event failed  error="TikTok 105005\\u001b[2J: Internal"  ${ID}`,
    ),
    printed[0],
  );
});
