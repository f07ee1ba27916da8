/** A full run, and then a search: no secret and no token in any log line, answer, redirect or stored row. */
import assert from "node:assert/strict";
import { beginAuthorization } from "../../local/stack/seller.ts";
import { callOAuth, connectLogin, installFromStore, redirectOf, signUp } from "../support/oauth.ts";
import { expireTokensIn, makeRefreshesDue, runTokenRefresh } from "../support/logins.ts";
import {
  letTimePass,
  postWebhook,
  runEventWorker,
  settledEvents,
  settleTasks,
} from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";

/** Every token and code that the simulator ever gave out, also those that are dead. */
function recordSecrets(stack: TestStack): Set<string> {
  const secrets = new Set<string>();
  const { state } = stack.tiktok;
  const put = state.put.bind(state);
  state.put = (kind, id, value) => {
    if (kind === "codes" || kind === "accessTokens" || kind === "refreshTokens") secrets.add(id);
    put(kind, id, value);
  };
  return secrets;
}

/** Every row of every table of ours, and of what pg_net and pg_cron keep, as text. */
async function storedText(stack: TestStack): Promise<string> {
  const tables = await stack.sql`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('public', 'private', 'cron', 'net')`;
  const texts = await Promise.all(tables.map(async ({ name }) => {
    const rows = await stack.sql.unsafe(`select t::text as row from ${name} as t`);
    return rows.map((entry) => entry.row).join("\n");
  }));
  return texts.join("\n");
}

async function logText(folder: string): Promise<string> {
  const texts: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) texts.push(await logText(`${folder}/${entry.name}`));
    else if (entry.name.endsWith(".log")) {
      texts.push(await Deno.readTextFile(`${folder}/${entry.name}`));
    }
  }
  return texts.join("\n");
}

Deno.test("no log line, error body, redirect or stored row holds a secret or a token", async () => {
  await using stack = await startTestStack();
  const secrets = recordSecrets(stack);
  const answers: string[] = [];
  const note = <T>(answer: T): T => {
    answers.push(JSON.stringify(answer));
    return answer;
  };
  const states: string[] = [];
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  const openId = "the-login";
  const shopId = "7480000000000020001";
  stack.tiktok.addShop({ id: shopId, openId });
  stack.tiktok.addShop({ id: "7480000000000020002", openId });
  const creator = stack.tiktok.addLogin({ userType: 1 });
  const begin = async () => {
    const { state } = await beginAuthorization(stack.env, ada.accessToken);
    states.push(state);
    return state;
  };
  const agree = (state?: string) =>
    stack.tiktok.answerAuthorization({
      openId,
      decision: "agree",
      ...(state !== undefined && { state }),
    }).search;

  // Connecting: well, and in the ways that fail.
  const { claim } = note(await installFromStore(stack, openId));
  note(await callOAuth(stack, "POST", "/complete", { seller: ada, body: { claim: `${claim}A` } }));
  note(await callOAuth(stack, "POST", "/complete", { seller: ada, body: { claim } }));
  note(await callOAuth(stack, "POST", "/complete", { seller: bob, body: { claim } }));
  const used = agree(await begin());
  note(await redirectOf(stack, used));
  note(await redirectOf(stack, used));
  note(await redirectOf(stack, used.replace(/state=./, "state=_")));
  note(await connectLogin(stack, bob, openId));
  note(await connectLogin(stack, ada, creator.openId));
  for (const kind of ["html", "internal", "lost"] as const) {
    stack.tiktok.faults.add({ path: "/api/v2/token/get", kind, count: 1 });
    note(await redirectOf(stack, agree(await begin())));
  }
  stack.tiktok.faults.add({ path: "/authorization/", kind: "html", count: 3 });
  note(await redirectOf(stack, agree(await begin())));
  // The last consent is the one that counts at TikTok.
  note(await connectLogin(stack, ada, openId));
  await settleTasks(stack);

  // Working: well, with faults, with expired and with dead tokens.
  const announce = () =>
    stack.tiktok.send(stack.tiktok.notificationOf(stack.tiktok.addOrder({ shopId })));
  await announce();
  stack.tiktok.expireAccessToken(openId);
  await announce();
  await settledEvents(stack);
  stack.tiktok.faults.add({ path: "/order/", kind: "html", count: 6 });
  await announce();
  stack.tiktok.faults.add({ path: "/order/", kind: "internal", count: 6 });
  await announce();
  note(await runEventWorker(stack));
  stack.tiktok.faults.clear();
  for (const kind of ["html", "rate_limit", "lost"] as const) {
    stack.tiktok.faults.add({ path: "/api/v2/token/refresh", kind, count: 1 });
    await expireTokensIn(stack);
    await makeRefreshesDue(stack);
    note(await runTokenRefresh(stack));
  }
  await makeRefreshesDue(stack);
  note(await runTokenRefresh(stack));
  note(await callOAuth(stack, "GET", "/shops", { seller: ada }));
  note(await connectLogin(stack, ada, openId));
  stack.tiktok.deauthorize(shopId);
  await announce();
  await letTimePass(stack);
  note(await runEventWorker(stack));
  await letTimePass(stack);
  note(await runEventWorker(stack));
  await stack.sql`select private.invoke_function('tiktok-token-refresh')`;
  const refused = await postWebhook(stack, "{}", { authorization: "0".repeat(64) });
  answers.push(await refused.text());
  const { json } = note(await callOAuth(stack, "GET", "/shops", { seller: ada }));
  for (const { id } of json.shops as { id: string }[]) {
    note(await callOAuth(stack, "DELETE", `/shops/${id}`, { seller: ada }));
  }

  const { env } = stack;
  const found: [string, string][] = [
    ["logs", await logText(stack.data)],
    ["answers", answers.join("\n")],
    ["rows", await storedText(stack)],
  ];
  // The run did what it is to prove something about.
  assert.match(found[0]?.[1] ?? "", /"message":"token refresh failed"/);
  assert.match(found[0]?.[1] ?? "", /"message":"shop not connected"/);
  assert.match(found[1]?.[1] ?? "", /needs_reauth/);
  assert.match(found[2]?.[1] ?? "", /v1\.local1\.|36004005/);
  assert.ok(secrets.size > 20);

  const hunted: [string, Iterable<string>][] = [
    ["token or code", secrets],
    ["state", states],
    ["app secret", [env.TIKTOK_APP_SECRET]],
    ["encryption key", env.ENCRYPTION_KEYS.split(",").map((key) => key.split(":")[1] as string)],
    ["jwt secret", [env.SUPABASE_JWT_SECRET]],
    ["user token", [ada.accessToken, bob.accessToken]],
    ["database password", [new URL(env.SUPABASE_DB_URL).password].filter(Boolean)],
    ["secret key", [env.SUPABASE_SECRET_KEY]],
  ];
  for (const [where, text] of found) {
    for (const [what, values] of hunted) {
      for (const value of values) {
        assert.ok(value.length >= 8, what);
        // pg_net's queue is how the scheduler sends the key; on Supabase, too, nobody else may read it.
        if (what === "secret key" && where === "rows") continue;
        assert.ok(!text.includes(value), `${what} in ${where}: ${value.slice(0, 6)}...`);
      }
    }
  }
});
