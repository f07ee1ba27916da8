/** The one public port: keys and tokens formatted as on the hosted platform, verify_jwt, and unknown paths. */
import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { signInSeller } from "../../local/stack/seller.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import { startTestStack } from "../support/stack.ts";

/** Changes a character near the end of the signature: the last one has unused bits. */
function forge(token: string): string {
  const at = token.length - 10;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}

test("unmodified supabase-js works with a publishable key, a user token and a secret key", async (stack) => {
  const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY } = stack.env;
  assert.match(SUPABASE_PUBLISHABLE_KEY, /^sb_publishable_/);
  assert.match(SUPABASE_SECRET_KEY, /^sb_secret_/);
  const options = { auth: { persistSession: false, autoRefreshToken: false } };
  const browser = createClient(SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, options);
  const { data: { user } } = await browser.auth.signUp({
    email: "ada@example.com",
    password: "a-password",
  });
  assert.ok(user);
  assert.deepEqual((await browser.from("users").select("email, subscription_status")).data, [
    { email: "ada@example.com", subscription_status: "trial" },
  ]);
  assert.equal((await browser.auth.getUser()).data.user?.id, user.id);
  await browser.auth.signOut();
  assert.equal((await browser.from("users").select("email")).error?.code, "42501");

  const backend = createClient(SUPABASE_URL, SUPABASE_SECRET_KEY, options);
  assert.equal((await backend.from("users").select("id")).data?.length, 1);
  const { data, error } = await backend.rpc("check_order_limit", { user_uuid: user.id });
  assert.deepEqual([data, error], [true, null]);
});

test("REST refuses what the platform refuses: no key, a wrong key, a forged or foreign token", async (stack) => {
  const seller = await connectSeller(stack);
  const { SUPABASE_URL: url, SUPABASE_PUBLISHABLE_KEY: apikey } = stack.env;
  const forged = forge(seller.accessToken);
  const [header, payload] = seller.accessToken.split(".");
  const unsigned = `${btoa('{"alg":"none","typ":"JWT"}').replace(/=+$/, "")}.${payload}.`;
  const refused: Record<string, string>[] = [
    {},
    { apikey: "sb_publishable_wrong" },
    { authorization: `Bearer ${apikey}` },
    { authorization: `Bearer ${seller.accessToken}` },
    { apikey, authorization: `Bearer ${forged}` },
    { apikey, authorization: `Bearer ${unsigned}` },
    { apikey, authorization: `Bearer ${header}.${payload}.` },
  ];
  for (const headers of refused) {
    const response = await fetch(`${url}/rest/v1/users?select=id`, { headers });
    assert.equal(response.status, 401, JSON.stringify(headers));
    await response.body?.cancel();
  }
});

test("REST serializes values as PostgREST does, and filters by ids with 18 digits", async (stack) => {
  const seller = await connectSeller(stack);
  const orderId = "576461413038785752";
  const neighbour = "576461413038785753"; // the same double
  for (const id of [orderId, neighbour]) {
    const order = stack.tiktok.addOrder({ shopId: seller.shopId, orderId: id, price: "12.51" });
    await stack.tiktok.send(stack.tiktok.notificationOf(order));
  }
  await settledEvents(stack);
  const filters = [
    `tiktok_order_id=eq.${orderId}`,
    `tiktok_order_id=in.(${orderId})`,
    `or=(tiktok_order_id.eq.${orderId},tiktok_order_id.eq.1)`,
  ];
  for (const filter of filters) {
    const response = await fetch(
      `${stack.env.SUPABASE_URL}/rest/v1/orders?select=tiktok_order_id,total_amount,created_at&${filter}`,
      {
        headers: {
          apikey: stack.env.SUPABASE_PUBLISHABLE_KEY,
          authorization: `Bearer ${seller.accessToken}`,
        },
      },
    );
    const text = await response.text();
    const rows = JSON.parse(text);
    assert.equal(rows.length, 1, filter);
    assert.equal(rows[0].tiktok_order_id, orderId);
    assert.match(text, /"total_amount":17\.5[,}]/);
    assert.match(rows[0].created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00$/);
  }
});

test("REST refuses the query parameters that PostgREST refuses, and ignores those that it ignores", async ({ env }) => {
  const answers: [query: string, status: number, code?: string][] = [
    ["limit=abc", 200],
    ["offset=abc", 200],
    ["offset=-1", 200],
    ["limit=-1", 416, "PGRST103"],
    ["select=(", 200],
    ["select=id,(", 400, "PGRST100"],
    ["select=id,", 400, "PGRST100"],
    ['select="id', 400, "PGRST100"],
    ["order=(", 400, "PGRST100"],
    ["order=id.up", 400, "PGRST100"],
    ["columns=(", 400, "PGRST100"],
    ["on_conflict=", 400, "PGRST100"],
    ["id=foo.1", 400, "PGRST100"],
    ["id=in.1", 400, "PGRST100"],
    ["or=()", 400, "PGRST100"],
  ];
  const headers = { apikey: env.SUPABASE_SECRET_KEY };
  for (const [query, status, code] of answers) {
    const response = await fetch(`${env.SUPABASE_URL}/rest/v1/orders?${query}`, { headers });
    const body = await response.json();
    assert.deepEqual([response.status, body.code], [status, code], query);
  }
  const unknown = await fetch(`${env.SUPABASE_URL}/rest/v1/orders?id=foo.1`, { headers });
  assert.deepEqual(await unknown.json(), {
    code: "PGRST100",
    details: 'unexpected "f" expecting "not" or operator (eq, gt, ...)',
    hint: null,
    message: '"failed to parse filter (foo.1)" (line 1, column 1)',
  });
});

Deno.test("verify_jwt accepts a user's token or an API key; everything else is 401", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/index.ts`,
    "export default { fetch: (r: Request) => new Response(new URL(r.url).pathname) };",
  );
  const section = (name: string, verify: string) =>
    `[functions.${name}]\n${verify}entrypoint = "index.ts"\n`;
  await Deno.writeTextFile(
    `${folder}/config.toml`,
    section("guarded", "") + section("open", "verify_jwt = false\n") +
      section("off", "enabled = false\n"),
  );
  {
    await using stack = await startTestStack({ configPath: `${folder}/config.toml` });
    const seller = await signInSeller(stack.env, "ada@example.com", "a-password");
    const { SUPABASE_PUBLISHABLE_KEY: key, SUPABASE_SECRET_KEY: secret } = stack.env;
    const call = async (name: string, headers: Record<string, string> = {}, method = "POST") => {
      const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/${name}`, {
        method,
        headers,
      });
      return [response.status, await response.text()] as const;
    };
    // Functions see their paths without the gateway's prefix, as on the platform.
    assert.deepEqual(await call("open/a/b"), [200, "/open/a/b"]);
    assert.deepEqual(await call("guarded", { authorization: `Bearer ${seller.accessToken}` }), [
      200,
      "/guarded",
    ]);
    assert.equal((await call("guarded", { apikey: key }))[0], 200);
    assert.equal((await call("guarded", { apikey: secret }))[0], 200);
    assert.equal((await call("guarded", {}, "OPTIONS"))[0], 200);
    assert.equal((await call("guarded"))[0], 401);
    assert.equal((await call("guarded", { apikey: "sb_secret_wrong" }))[0], 401);
    const forged = forge(seller.accessToken);
    assert.equal(
      (await call("guarded", { authorization: `Bearer ${forged}`, apikey: key }))[0],
      401,
    );
    assert.equal((await call("off"))[0], 404);
    assert.equal((await call("missing"))[0], 404);
  }
  await Deno.remove(folder, { recursive: true });
});

test("other paths are 404 and name the known ones", async (stack) => {
  for (const path of ["/", "/rest", "/simulators/paypal/x", "/functions/v1/"]) {
    const response = await fetch(stack.env.SUPABASE_URL + path);
    assert.equal(response.status, 404, path);
    assert.match(
      (await response.json()).message,
      /The functions are: tiktok-webhooks|Try \/docs, .*\/rest\/v1\/<table>/,
    );
  }
});

Deno.test("ten concurrent sign-ups succeed as the first requests; a healthy start logs no error", async () => {
  await using stack = await startTestStack();
  const sellers = await Promise.all(
    Array.from(
      { length: 10 },
      (_, n) => signInSeller(stack.env, `first${n}@example.com`, "a-password"),
    ),
  );
  assert.equal(new Set(sellers.map((seller) => seller.id)).size, 10);
  const log = await Deno.readTextFile(`${stack.data}/console.log`).catch(() => "");
  assert.doesNotMatch(log, /error/i);
});
