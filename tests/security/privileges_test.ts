/** Privileges of each role at the running REST API, after it has served sign-ups and requests. */
import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { readAllRows } from "../support/all_rows.ts";
import { privileges } from "../support/privileges.ts";
import { connectSeller, settledEvents, subscribe } from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";

const TABLES = [
  "users",
  "plans",
  "tiktok_shops",
  "orders",
  "shipments",
  "subscriptions",
  "analytics_events",
] as const;

/** Calls the API with the publishable key, and with a user's token if one is given. */
async function rest(
  stack: TestStack,
  path: string,
  { token, ...init }: RequestInit & { token?: string } = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/rest/v1/${path}`, {
    ...init,
    headers: {
      apikey: stack.env.SUPABASE_PUBLISHABLE_KEY,
      "content-type": "application/json",
      prefer: "return=representation",
      ...(token && { authorization: `Bearer ${token}` }),
    },
  });
  return { status: response.status, body: await response.json().catch(() => null) };
}

function codeOf(answer: { body: unknown }): unknown {
  return (answer.body as { code?: unknown } | null)?.code;
}

test("sign-ups and requests change no privilege of the migrations", async (stack) => {
  const before = await privileges(stack.sql);
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
  for (const table of TABLES) {
    await rest(stack, `${table}?select=id`);
    await rest(stack, `${table}?select=id`, { token: seller.accessToken });
  }
  const { auth } = createClient(stack.env.SUPABASE_URL, stack.env.SUPABASE_PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  await auth.signInWithPassword({ email: seller.email, password: "a-password" });
  await auth.updateUser({ data: { any: "thing" } });
  await auth.getUser();
  await auth.signOut();
  assert.deepEqual(await privileges(stack.sql), before);
});

test("the role anon can read, write and call nothing", async (stack) => {
  await connectSeller(stack);
  for (const table of TABLES) {
    const column = table === "plans" ? "name" : "id";
    const body = JSON.stringify({ [column]: crypto.randomUUID() });
    for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
      // Without a filter, REST refuses an update of all rows before Postgres sees it.
      const answer = await rest(stack, `${table}?select=${column}&${column}=not.is.null`, {
        method,
        ...((method === "POST" || method === "PATCH") && { body }),
      });
      assert.equal(codeOf(answer), "42501", `${method} ${table}`);
      assert.equal(answer.status, 401, `${method} ${table}`);
    }
  }
  const functions = await stack.sql`
    select p.proname as name from pg_proc as p
    where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype`;
  assert.ok(functions.length >= 8);
  for (const { name } of functions) {
    const [row] = await stack.sql`
      select has_function_privilege('anon', p.oid, 'execute') as anon
      from pg_proc as p where p.proname = ${name} and p.pronamespace = 'public'::regnamespace`;
    assert.equal(row?.anon, false, name);
  }
});

test("a seller reads their own rows only, and no token or Stripe id", async (stack) => {
  const seller = await connectSeller(stack);
  const other = await connectSeller(stack);
  for (const { shopId, id } of [seller, other]) {
    await subscribe(stack, id, "starter");
    const order = stack.tiktok.addOrder({ shopId });
    await stack.tiktok.send(stack.tiktok.notificationOf(order));
  }
  await settledEvents(stack);
  await stack.sql`
    insert into public.shipments (order_id, carrier, service_type)
    select id, 'USPS', 'Priority' from public.orders`;
  await stack.sql`
    insert into public.analytics_events (user_id, event_type)
    select id, 'order_viewed' from public.users`;

  const { client } = seller;
  const owners = async (table: "orders" | "tiktok_shops" | "subscriptions" | "analytics_events") =>
    (await client.from(table).select("user_id")).data?.map((row) => row.user_id);
  assert.deepEqual(await owners("orders"), [seller.id]);
  assert.deepEqual(await owners("tiktok_shops"), [seller.id]);
  assert.deepEqual(await owners("subscriptions"), [seller.id]);
  assert.deepEqual(new Set(await owners("analytics_events")), new Set([seller.id]));
  assert.deepEqual((await client.from("users").select("id")).data, [{ id: seller.id }]);
  assert.equal((await client.from("shipments").select("id")).data?.length, 1);
  assert.equal((await client.from("plans").select("name")).data?.length, 4);

  const secrets = {
    tiktok_shops: ["access_token", "refresh_token", "shop_cipher", "open_id", "*"],
    subscriptions: ["stripe_customer_id", "stripe_customer_id_hash", "stripe_subscription_id", "*"],
  };
  for (const [table, columns] of Object.entries(secrets)) {
    for (const column of columns) {
      const answer = await rest(stack, `${table}?select=${column}`, { token: seller.accessToken });
      assert.equal(answer.status, 403, `${table}.${column}`);
      assert.equal(codeOf(answer), "42501");
    }
  }
  // Filters and sorting would disclose a value step by step.
  for (const probe of ["access_token=like.v1*", "order=access_token"]) {
    const answer = await rest(stack, `tiktok_shops?select=id&${probe}`, {
      token: seller.accessToken,
    });
    assert.equal(answer.status, 403, probe);
  }
});

/** Requests by which a seller would write orders, plans and rows of others, or call the backend's functions. */
function forbiddenRequests(seller: { id: string }, other: { id: string }, shopRowId: string) {
  return [
    ["POST", "orders", {
      user_id: seller.id,
      tiktok_shop_id: shopRowId,
      tiktok_order_id: "1",
      tiktok_status: "x",
      currency: "USD",
      total_amount: 1,
      shipping_address: {},
      address_status: "none",
      order_items: [],
      tiktok_updated_at: "2026-01-01",
    }],
    ["PATCH", "orders?select=id&id=not.is.null", { total_amount: 0 }],
    ["DELETE", "orders?select=id&id=not.is.null", undefined],
    ["POST", "subscriptions", { user_id: seller.id, plan_name: "scale", status: "active" }],
    ["PATCH", `users?id=eq.${seller.id}&select=id`, { subscription_tier: "scale" }],
    ["PATCH", `users?id=eq.${seller.id}&select=id`, { subscription_status: "active" }],
    ["PATCH", `users?id=eq.${seller.id}&select=id`, { id: other.id }],
    ["PATCH", "plans?select=name&name=not.is.null", { monthly_order_limit: 1000000 }],
    ["POST", "tiktok_shops", { user_id: seller.id, shop_id: "1" }],
    ["PATCH", "tiktok_shops?select=id&id=not.is.null", { connection_status: "active" }],
    ["DELETE", `users?id=eq.${seller.id}&select=id`, undefined],
    ["POST", "rpc/check_order_limit", { user_uuid: other.id }],
    ["POST", "rpc/ingest_order", { p_event_id: 1, p_tiktok_shop_id: shopRowId, p_order: {} }],
    ["POST", "rpc/claim_webhook_events", { p_limit: 1, p_lease_seconds: 1 }],
    ["POST", "rpc/connect_tiktok_shops", { p_user_id: seller.id, p_grant: {} }],
    ["POST", "rpc/release_held_events", {}],
  ] satisfies [string, string, unknown][];
}

test("a seller cannot insert orders, change their plan, or call the backend's functions", async (stack) => {
  const seller = await connectSeller(stack);
  const other = await connectSeller(stack);
  const token = seller.accessToken;
  const [shop] = await stack.sql`select id from public.tiktok_shops where user_id = ${seller.id}`;
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
  const before = await readAllRows(stack.sql);

  for (const [method, path, body] of forbiddenRequests(seller, other, shop?.id)) {
    const answer = await rest(stack, path, {
      method,
      token,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    assert.equal(codeOf(answer), "42501", `${method} ${path}: ${JSON.stringify(answer.body)}`);
    assert.equal(answer.status, 403, `${method} ${path}`);
  }

  assert.deepEqual(await readAllRows(stack.sql), before);
});

test("the API does not expose the schema of the inbox and the counters", async (stack) => {
  const { accessToken: token } = await connectSeller(stack);
  for (const table of ["webhook_events", "monthly_order_counts"]) {
    assert.equal((await rest(stack, table, { token })).status, 404);
    const response = await fetch(`${stack.env.SUPABASE_URL}/rest/v1/${table}`, {
      headers: {
        apikey: stack.env.SUPABASE_PUBLISHABLE_KEY,
        authorization: `Bearer ${token}`,
        "accept-profile": "private",
      },
    });
    assert.ok(response.status >= 400 && response.status < 500);
    await response.body?.cancel();
  }
});

test("a seller can change their display name and insert analytics events, for their own account only", async (stack) => {
  const seller = await connectSeller(stack);
  const other = await connectSeller(stack);

  const renamed = await seller.client.from("users").update({ display_name: "Ada" })
    .in("id", [seller.id, other.id]).select("id, display_name");
  assert.deepEqual(renamed.data, [{ id: seller.id, display_name: "Ada" }]);
  const [untouched] = await stack.sql`select display_name from public.users where id = ${other.id}`;
  assert.equal(untouched?.display_name, null);

  const own = await seller.client.from("analytics_events")
    .insert({ user_id: seller.id, event_type: "order_viewed", properties: { from: "list" } })
    .select("event_type, properties");
  assert.deepEqual(own.data, [{ event_type: "order_viewed", properties: { from: "list" } }]);
  const foreign = await seller.client.from("analytics_events")
    .insert({ user_id: other.id, event_type: "order_viewed" });
  assert.equal(foreign.error?.code, "42501");
  const backdated = await seller.client.from("analytics_events")
    .insert({ user_id: seller.id, event_type: "order_viewed", timestamp: "2020-01-01" });
  assert.equal(backdated.error?.code, "42501");
  assert.equal((await stack.sql`select from public.analytics_events`).length, 1);
});

test("get_user_active_subscription returns a seller's own plan only", async (stack) => {
  const seller = await connectSeller(stack);
  const other = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  await subscribe(stack, other.id, "scale");
  const readPlan = (userId: string) =>
    seller.client.rpc("get_user_active_subscription", { user_uuid: userId });
  assert.deepEqual((await readPlan(seller.id)).data?.map((row) => row.plan_name), ["growth"]);
  assert.deepEqual((await readPlan(other.id)).data, []);
});

test("the database refuses tokens in plain text", async (stack) => {
  const seller = await connectSeller(stack);
  for (const plain of ["TTP_plain", "", "v1.k.short.x"]) {
    for (const column of ["access_token", "refresh_token"]) {
      await assert.rejects(
        stack.sql`update public.tiktok_shops set ${stack.sql(column)} = ${plain}
          where user_id = ${seller.id}`,
        { code: "23514" },
      );
    }
  }
  const [row] = await stack.sql`select access_token from public.tiktok_shops`;
  assert.match(row?.access_token, /^v1\.local1\./);
});

test("deleting the account removes everything that belongs to it", async (stack) => {
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
  await stack.sql`delete from auth.users where id = ${seller.id}`;
  const [left] = await stack.sql`
    select (select count(*)::int from public.users) as users,
           (select count(*)::int from public.tiktok_shops) as shops,
           (select count(*)::int from public.orders) as orders,
           (select count(*)::int from private.monthly_order_counts) as counts`;
  assert.deepEqual({ ...left }, { users: 0, shops: 0, orders: 0, counts: 0 });
});
