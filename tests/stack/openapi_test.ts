/** The API's document: up to date, complete, and what the functions really answer. */
import assert from "node:assert/strict";
import { buildDocument, formatDocument } from "../../local/openapi/build_document.ts";
import { describeSource, generateColumnTypes } from "../../local/openapi/client_types.ts";
import { readOperations } from "../../local/openapi/read_operations.ts";
import { DATABASE_SCHEMAS } from "../../shared/database/columns.ts";
import type { NamedSchema, SchemaPart } from "../../shared/http/operations.ts";
import { checkContent, checkValue, document, findOperation } from "../support/openapi/document.ts";
import { answerObserver, assertDocumented } from "../support/openapi/watch_answers.ts";
import { test } from "../support/shared_stack.ts";

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
