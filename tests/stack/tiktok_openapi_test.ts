/** TikTok's own OpenAPI decides about our calls, our schemas and our sample answers. */
import assert from "node:assert/strict";
import * as z from "zod";
import * as fulfillmentSchemas from "../../shared/tiktok/api/fulfillment_schemas.ts";
import { Cancellation } from "../../shared/tiktok/api/cancellations.ts";
import { FoundReturn, Return } from "../../shared/tiktok/api/returns.ts";
import * as orderSchemas from "../../shared/tiktok/api/schemas.ts";
import type { ApiCall } from "../../local/simulators/tiktok/observer.ts";
import { Caller } from "../support/tiktok_caller.ts";
import { recordCalls, type RecordedCall } from "../support/tiktok_openapi/client_calls.ts";
import { checkAnswer, checkCall } from "../support/tiktok_openapi/check_call.ts";
import { compareWithSchema } from "../support/tiktok_openapi/compare_schema.ts";
import {
  findOperation,
  newerOperations,
  type OpenApiSchema,
} from "../support/tiktok_openapi/read_openapi.ts";

/** Why we stay, for every call of ours that has a newer version. */
const REASONS_TO_STAY: Record<string, string> = {
  "GET /order/202507/orders":
    "It has no field that 202309 lacks, and lacks two. Get Order List is 202309 only, and the answers " +
    "that were seen in production are of 202309. All that we read is in both (a test).",
  "POST /fulfillment/202512/packages":
    "For one order it buys the same label, and its answer no longer names the line items. It is for " +
    "several orders in one package (ship_type 3), which 202309 refuses.",
};

const SERVICES = "/fulfillment/202309/orders/1/shipping_services/query";
const PROVIDERS = "/logistics/202309/delivery_options/1/shipping_providers";

/** The schemas that read the elements of a list, one by one. */
const ELEMENT_SCHEMAS: [schema: z.core.$ZodType, method: string, path: string, list: string][] = [
  [orderSchemas.OrderDetail, "GET", "/order/202309/orders", "orders"],
  [orderSchemas.OrderDetail, "GET", "/order/202507/orders", "orders"],
  [orderSchemas.FoundOrder, "POST", "/order/202309/orders/search", "orders"],
  [orderSchemas.AuthorizedShop, "GET", "/authorization/202309/shops", "shops"],
  [fulfillmentSchemas.ShippingService, "POST", SERVICES, "shipping_services"],
  [fulfillmentSchemas.ShippingProvider, "GET", PROVIDERS, "shipping_providers"],
  [Cancellation, "POST", "/return_refund/202309/cancellations/search", "cancellations"],
  [Return, "POST", "/return_refund/202309/returns/search", "return_orders"],
  [FoundReturn, "POST", "/return_refund/202309/returns/search", "return_orders"],
];

const FIXTURES = new URL("../fixtures/tiktok/", import.meta.url);

const SAMPLE_ANSWERS: Record<string, string> = {
  "08-authorized-shops-local": "GET /authorization/202309/shops",
  "11-order-detail-us-awaiting-shipment-seller-shipping": "GET /order/202309/orders",
  "12-order-detail-on-hold-no-address": "GET /order/202309/orders",
  "14-order-detail-cancelled": "GET /order/202309/orders",
  "17-orders-search-page-1": "POST /order/202309/orders/search",
  "18-orders-search-last-page": "POST /order/202309/orders/search",
  "19-eligible-shipping-services-us": "POST /fulfillment/202309/orders/1/shipping_services/query",
  "20-create-packages-label-bought-us": "POST /fulfillment/202309/packages",
  "21-ship-package-success": "POST /fulfillment/202309/packages/1/ship",
  "22-shipping-document": "GET /fulfillment/202309/packages/1/shipping_documents",
  "23-mark-package-as-shipped-with-warning": "POST /fulfillment/202309/orders/1/packages",
  "24-shipping-providers": "GET /logistics/202309/delivery_options/1/shipping_providers",
  "25-package-detail": "GET /fulfillment/202309/packages/1",
  "27-tracking": "GET /fulfillment/202309/orders/1/tracking",
  "28-shop-webhooks-list": "GET /event/202309/webhooks",
  "29-shop-webhook-put-or-delete-success": "PUT /event/202309/webhooks",
};

/** The call as the client sends it. */
function sentCall({ method, path, query, body, access }: RecordedCall): ApiCall {
  const { shopCipher } = access;
  return {
    method,
    path,
    query: new URLSearchParams({
      ...query,
      ...{ app_key: "key", sign: "sign", timestamp: "1" },
      ...(shopCipher !== undefined && { shop_cipher: shopCipher }),
    }),
    headers: new Headers({ "content-type": "application/json", "x-tts-access-token": "token" }),
    body: body === undefined ? "" : JSON.stringify(body),
  };
}

async function sentCallOf(name: string, changes: Partial<RecordedCall> = {}): Promise<ApiCall> {
  const call = (await recordCalls()).get(name);
  assert.ok(call);
  return sentCall({ ...call, ...changes });
}

function dataSchema(method: string, path: string): OpenApiSchema | undefined {
  const answer = findOperation(method, path)?.responses[200].content["application/json"].schema;
  return answer?.properties?.data;
}

Deno.test("every call of our client is one that TikTok describes", async () => {
  for (const [name, call] of await recordCalls()) {
    assert.deepEqual(checkCall(sentCall(call)), [], name);
  }
});

Deno.test("every field that our schemas read exists at TikTok with that type, in 202507's orders too", async () => {
  for (const [name, { schema, method, path }] of await recordCalls()) {
    assert.deepEqual(compareWithSchema(schema, dataSchema(method, path)), [], name);
  }
  for (const [schema, method, path, list] of ELEMENT_SCHEMAS) {
    const element = dataSchema(method, path)?.properties?.[list]?.items;
    assert.deepEqual(compareWithSchema(schema, element), [], path);
  }
});

Deno.test("every schema of TikTok's answers is compared with one", async () => {
  const compared = new Set<unknown>([
    ...Array.from((await recordCalls()).values(), ({ schema }) => schema),
    ...ELEMENT_SCHEMAS.map(([schema]) => schema),
  ]);
  const exported = Object.entries({ ...orderSchemas, ...fulfillmentSchemas })
    .filter(([, schema]) => schema instanceof z.core.$ZodType);
  assert.ok(exported.length > 5);
  assert.deepEqual(exported.flatMap(([name, schema]) => compared.has(schema) ? [] : [name]), []);
});

Deno.test("each newer version of a call of ours has our reason for staying", async () => {
  const found = Array.from(
    (await recordCalls()).values(),
    ({ method, path }) => newerOperations(findOperation(method, path)?.name ?? ""),
  );
  assert.deepEqual([...new Set(found.flat())].sort(), Object.keys(REASONS_TO_STAY).sort());
});

Deno.test("TikTok's sample answers are as its OpenAPI describes them", async () => {
  for (const [name, call] of Object.entries(SAMPLE_ANSWERS)) {
    const [method = "", path = ""] = call.split(" ");
    const body = await Deno.readTextFile(new URL(`${name}.json`, FIXTURES));
    assert.equal(JSON.parse(body).code, 0, name);
    assert.deepEqual(checkAnswer({ method, path }, 200, body), [], name);
  }
});

Deno.test("a call with a wrong parameter, body or path is found", async () => {
  const wrong = async (name: string, changes: Partial<RecordedCall>) =>
    checkCall(await sentCallOf(name, changes));
  assert.deepEqual(await wrong("searchOrders", { query: { page_size: "many", since: "1" } }), [
    "call of POST /order/202309/orders/search: ?page_size: expected integer",
    "call of POST /order/202309/orders/search: ?since: no such parameter",
  ]);
  assert.deepEqual(await wrong("getOrders", { query: {} }), [
    "call of GET /order/202309/orders: ?ids: required parameter is missing",
  ]);
  assert.deepEqual(await wrong("putWebhook", { body: { event_type: 1 } }), [
    "call of PUT /event/202309/webhooks: body/event_type: expected a text, not a number",
    "call of PUT /event/202309/webhooks: body/address: required field is missing",
  ]);
  assert.deepEqual(await wrong("createPackage", { body: { order_id: "1", weigth: {} } }), [
    "call of POST /fulfillment/202309/packages: body: expected only the fields that exist (dimension, " +
    'order_id, order_line_item_ids, shipping_service_id, weight), not "weigth"',
  ]);
  assert.deepEqual(await wrong("getPackage", { path: "/fulfillment/202210/packages/1" }), [
    "GET /fulfillment/202210/packages/1: TikTok has no such call",
  ]);
});

Deno.test("an answer with a wrong type, or a field that TikTok does not send, is found", () => {
  const call = { method: "GET", path: "/fulfillment/202309/packages/1" };
  const check = (data: unknown) => checkAnswer(call, 200, JSON.stringify({ code: 0, data }));
  const place = "answer of GET /fulfillment/202309/packages/{package_id}:";
  const found = check({ order_line_item_ids: ["1", 2], tracking: "1Z" });
  assert.deepEqual(found.map((line) => line.replace(/ \(create_time, [^)]+\)/, "")), [
    `${place} /data/order_line_item_ids/1: expected a text, not a number`,
    `${place} /data: expected only the fields that exist, not "tracking"`,
  ]);
  assert.deepEqual(check({ order_line_item_ids: ["1"] }), []);
});

Deno.test("a schema that reads what TikTok does not send is found", () => {
  const sent = dataSchema("GET", "/fulfillment/202309/packages/1");
  const schema = z.looseObject({
    package_id: z.preprocess((value) => value, z.int().nullish()),
    carrier: z.string().optional(),
    package_status: z.unknown(),
  });
  assert.deepEqual(compareWithSchema(schema, sent), [
    "/package_id: we read integer, TikTok sends string",
    "/carrier: TikTok sends no such field",
    "/package_status: we read any type",
  ]);
});

Deno.test("what the simulator accepts against the OpenAPI fails the test that sent it", async () => {
  const caller = new Caller();
  const { access_token: token } = await caller.connect("1");
  const parameters = { shop_cipher: "cipher1" };
  const webhook = { event_type: "PACKAGE_UPDATE", address: "https://app.test/hook", since: 1 };
  const init = { method: "PUT", body: JSON.stringify(webhook) };
  await assert.rejects(
    () => caller.call("/event/202309/webhooks", token, parameters, init),
    /PUT \/event\/202309\/webhooks.*since/,
  );
});
