/** The API's document: up to date, complete, and what the functions really answer. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createCreatorFlow } from "../../client/src/index.ts";
import { buildDocument, formatDocument } from "../../local/openapi/build_document.ts";
import { describeSource, generateColumnTypes } from "../../local/openapi/client_types.ts";
import { readOperations } from "../../local/openapi/read_operations.ts";
import { DATABASE_SCHEMAS } from "../../shared/database/columns.ts";
import type { NamedSchema, SchemaPart } from "../../shared/http/operations.ts";
import { payAndSettle } from "../support/billing.ts";
import { FROM, PARCEL, processDueEvents, receiveOrder } from "../support/labels.ts";
import { checkContent, checkValue, document, findOperation } from "../support/openapi/document.ts";
import { answerObserver, assertDocumented, seenAnswers } from "../support/openapi/watch_answers.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller, runEventWorker } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

Deno.test("docs/openapi.json and the client's types are up to date (else: deno task openapi)", async () => {
  const text = await read("docs/openapi.json");
  assert.ok(formatDocument(await buildDocument()) === text, "docs/openapi.json");
  const api = await read("client/src/generated/api.ts");
  assert.ok(api.startsWith(await describeSource(text)), "client/src/generated/api.ts");
  assert.equal(await read("client/src/generated/columns.ts"), generateColumnTypes());
  assert.ok(
    await read("client/src/generated/database.ts") === await read("shared/database/types.ts"),
    "client/src/generated/database.ts: deno task generate-types",
  );
});

Deno.test("every problem of every function is in the document, with its status", async () => {
  for (const { name, operations } of await readOperations()) {
    const { PROBLEMS = {} } = await import(`${ROOT}functions/${name}/problems.ts`).catch(
      () => ({}),
    );
    const listed = Object.assign({}, ...operations.map(({ problems }) => problems));
    for (const [code, entry] of Object.entries(PROBLEMS)) assert.equal(listed[code], entry, code);
  }
});

Deno.test("every field of a body and an answer has a description, and every example is valid", async () => {
  const operations = (await readOperations()).flatMap((documented) => documented.operations);
  const named = [
    ...operations.flatMap(({ body, answers }) => [
      ...(body ? [body] : []),
      ...Object.values(answers).flat().flatMap(({ body }) => body ?? []),
    ]),
    ...DATABASE_SCHEMAS,
  ];
  const parts = (
    entry: NamedSchema,
  ): NamedSchema[] => [entry, ...(entry.parts ?? []).flatMap(parts)];
  for (const { id, fields, example } of named.flatMap(parts)) {
    const schema = document.components.schemas[id] as SchemaPart;
    if (fields && !["ShippingAddress", "OrderItem", "DashboardMetrics"].includes(id)) {
      const described = Object.entries(schema.properties as Record<string, SchemaPart>)
        .filter(([, { description }]) => description === undefined).map(([name]) => name);
      assert.deepEqual(described, [], id);
    }
    if (example === undefined) continue;
    assert.deepEqual(checkValue(`#/components/schemas/${id}`, example), [], id);
  }
});

Deno.test("the security scheme of sellers says where an access token comes from", () => {
  const description = String(document.components.securitySchemes.user?.description);
  assert.match(description, /`POST \/auth\/v1\/token\?grant_type=password`.*`apikey`/);
  assert.match(description, /task connect-shop EMAIL` prints one/);
});

Deno.test("no text of the document is lost as HTML: < is escaped outside of code", () => {
  const texts: string[] = [];
  JSON.stringify(document, (key, value) => {
    if (typeof value === "string" && ["description", "summary"].includes(key)) texts.push(value);
    return value;
  });
  assert.ok(texts.some((text) => text.includes("Authorization: Bearer \\<token>")));
  for (const text of texts) assert.doesNotMatch(text.replace(/`[^`]*`/g, ""), /(?<!\\)</);
});

Deno.test("every code has an example of its problem, which is valid and has no field of another one", () => {
  const places = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).flatMap((
      method,
    ) => [...findOperation(method.toUpperCase(), path)?.responses.values() ?? []])
  );
  const type = "application/problem+json";
  let compared = 0;
  for (const { response, pointer } of places) {
    const content = response.content?.[type];
    if (content === undefined) continue;
    const codes =
      (content.schema.allOf as [unknown, { properties: { code: { enum: string[] } } }])[1]
        .properties.code.enum;
    assert.deepEqual(Object.keys(content.examples ?? {}).sort(), codes, pointer);
    for (const [code, { value }] of Object.entries(content.examples ?? {})) {
      assert.deepEqual(checkContent(pointer, type, value), [], code);
      assert.equal(value.code, code);
      if (code !== "order_combined") assert.ok(!("order_ids" in value), code);
      assert.equal("errors" in value, code === "invalid_body", code);
      compared++;
    }
  }
  assert.ok(compared > 100, String(compared));
});

Deno.test("an answer that the document does not have is found: status, type, fields, code", async () => {
  const headers = { "x-request-id": "1" };
  const request = new Request("http://host/functions/v1/tiktok-oauth/shops");
  const shops = { shops: [] };
  const wrong = [
    Response.json(shops, { status: 201, headers }),
    new Response(JSON.stringify(shops), { headers: { ...headers, "content-type": "text/plain" } }),
    Response.json({ shops: [{ id: "1" }] }, { headers }),
    Response.json({ ...shops, more: 1 }, { headers }),
    new Response(
      JSON.stringify({ ...{ type: "about:blank", title: "", status: 401 }, code: "other_code" }),
      { status: 401, headers: { ...headers, "content-type": "application/problem+json" } },
    ),
  ];
  for (const response of wrong) {
    await answerObserver(request, response);
    assert.throws(assertDocumented, /Not as in docs\/openapi.json/);
  }
  await answerObserver(request, Response.json(shops, { headers }));
  assertDocumented();
});

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
  const [labelled, own, batched] = [
    await receiveOrder(stack, seller),
    await receiveOrder(stack, seller),
    await receiveOrder(stack, seller),
  ];
  const { supabase, api } = createCreatorFlow({
    url: stack.env.SUPABASE_URL,
    publishableKey: stack.env.SUPABASE_PUBLISHABLE_KEY,
    persistSession: false,
  });
  const { email } = seller;
  await supabase.auth.signInWithPassword({ email, password: "a-password" });
  const key = () => ({ "Idempotency-Key": crypto.randomUUID() });

  // Labels.
  const parcel = { ...PARCEL, dimension_unit: "in", weight_unit: "lb" } as const;
  const body = { order_id: labelled.id, parcel, from: FROM };
  const rates = await api.POST("/shipments/rates", { body });
  const rate_id = rates.data?.rates[0]?.rate_id ?? "";
  const header = key();
  const buy = () =>
    api.POST("/shipments", {
      params: { header },
      body: { ...body, rate_id, label_format: "PDF" },
    });
  const bought = await buy();
  assert.equal(bought.data?.state, "purchased", JSON.stringify(bought.error));
  assert.equal((await buy()).data?.id, bought.data.id);
  const path = { id: bought.data.id };
  await api.GET("/shipments", { params: { query: { order_id: labelled.id } } });
  await api.GET("/shipments/{id}", { params: { path } });
  assert.match(
    (await api.GET("/shipments/{id}/label", { params: { path } })).data?.label_url ?? "",
    /^http/,
  );
  await api.POST("/shipments/{id}/void", { params: { path } });

  // Own tracking numbers, and a batch.
  const query = { order_id: own.id };
  await api.GET("/shipments/carriers", { params: { query } });
  const number = { carrier: "UPS", tracking_number: "1Z999AA10123456784" };
  const add = () =>
    api.POST("/shipments/own", { params: { header }, body: { order_id: own.id, ...number } });
  header["Idempotency-Key"] = crypto.randomUUID();
  const added = await add();
  await add();
  assert.ok(added.data, JSON.stringify(added.error));
  const corrected = await api.POST("/shipments/{id}/tracking", {
    params: { path: { id: added.data.id } },
    body: { carrier: "UPS", tracking_number: "1Z999AA10123456795" },
  });
  assert.equal(corrected.data?.tracking_number, "1Z999AA10123456795");
  const labels = [{
    ...body,
    order_id: batched.id,
    service: "cheapest",
    label_format: "PDF" as const,
  }];
  const send = () => api.POST("/shipments/batch", { params: { header }, body: { labels } });
  const batch = await send();
  await send();
  await processDueEvents(stack);
  await api.GET("/shipments/batch/{id}", { params: { path: { id: batch.data?.id ?? "" } } });

  // Plans.
  const { data: plans } = await api.GET("/billing/prices");
  assert.deepEqual(plans?.prices.map(({ amount }) => amount), ["29.00", "79.00", "199.00"]);
  const checkout = await api.POST("/billing/checkout", { body: { plan: "growth" } });
  await payAndSettle(stack, checkout.data?.url ?? "");
  await api.POST("/billing/portal", { body: {} });
  await callWithSecretKey(stack, seller.id);
  await callVendorsWebhooks(stack);

  // The database's own answers, whose types are in the document too.
  const { data: orders } = await supabase.from("orders").select();
  for (const order of orders ?? []) {
    assert.deepEqual(checkValue("#/components/schemas/OrderItems", order.order_items), []);
    assert.deepEqual(
      checkValue("#/components/schemas/ShippingAddress", order.shipping_address),
      [],
    );
    assert.deepEqual(checkValue("#/components/schemas/OrderAmounts", order.amounts), []);
  }
  assert.equal(orders?.length, 3);
  const usage = await supabase.rpc("get_usage");
  assert.deepEqual(checkValue("#/components/schemas/Usage", usage.data), []);
  const dashboard = await supabase.rpc("get_dashboard_metrics");
  assert.deepEqual(checkValue("#/components/schemas/DashboardMetrics", dashboard.data), []);
  const overview = await supabase.rpc("get_order_overview");
  assert.deepEqual(checkValue("#/components/schemas/OrderOverview", overview.data), []);
  const held = await supabase.rpc("get_held_orders");
  assert.deepEqual(checkValue("#/components/schemas/HeldOrders", held.data), []);

  // The shops and the account.
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

  const expected = Object.values(document.paths).flatMap((path) => Object.values(path))
    .flatMap(({ operationId, responses }) =>
      Object.keys(responses).filter((status) => Number(status) < 400)
        .map((status) => `${operationId} ${status}`)
    );
  assert.ok(expected.length >= 30);
  assert.deepEqual(expected.filter((answer) => !seenAnswers().has(answer)), []);
});

test("the codes of the document are those that the database's checks allow", async (stack) => {
  const checks = await stack.sql`
    select conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace`;
  const codesOf = (table: string, column: string) => {
    const name = `${table}_${column}_check`;
    const definition: string = checks.find((check) => check.name === name)?.definition ?? "";
    const list = /'\{([a-z_,]+)\}'::text\[\]/.exec(definition)?.[1];
    if (list !== undefined) return list.split(",").sort();
    // Only the codes after WHEN of a CASE are the column's own.
    const own = definition.includes("CASE") ? /WHEN '([a-z_]+)'::text/g : /'([a-z_]+)'::text/g;
    return [...definition.matchAll(own)].map(([, code]) => code).sort();
  };
  const expected: [string, string, string][] = [
    ["orders", "order_status", "OrderStatus"],
    ["orders", "payment_status", "PaymentStatus"],
    ["orders", "order_kind", "OrderKind"],
    ["orders", "address_status", "AddressStatus"],
    ["shipments", "status", "ShipmentStatus"],
    ["shipments", "provider", "ShipmentProvider"],
    ["tiktok_shops", "connection_status", "ConnectionStatus"],
    ["users", "subscription_status", "UserSubscriptionStatus"],
    ["subscriptions", "status", "SubscriptionStatus"],
  ];
  for (const [table, column, id] of expected) {
    const codes = document.components.schemas[id]?.enum as string[];
    assert.deepEqual(codesOf(table, column), codes.toSorted(), id);
  }
  const plans = await stack.sql`select name from public.plans order by name`;
  const names = document.components.schemas.PlanName?.enum as string[];
  assert.deepEqual(plans.map(({ name }) => name), names.toSorted());
});

test("the stack serves the document, and a page of it that loads nothing from elsewhere", async ({ env }) => {
  const url = env.SUPABASE_URL;
  assert.equal((await (await fetch(`${url}/openapi.json`)).json()).openapi, "3.1.1");
  const page = await fetch(`${url}/docs`);
  assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'none'/);
  const html = await page.text();
  const links = Array.from(
    html.matchAll(/<(?:script|link|img)[^>]*? (?:src|href)="([^"]+)"/g),
    ([, link = ""]) => link,
  );
  assert.ok(links.length >= 4, html);
  for (const link of links) {
    const response = await fetch(new URL(link, `${url}/docs`));
    assert.ok(link.startsWith("/") && response.status === 200, link);
    await response.body?.cancel();
  }
  const missing = await fetch(`${url}/docs/package.json`);
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
});
