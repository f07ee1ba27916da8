/** A run with every kind of failure, then a search for secrets in log lines, responses, redirects and rows. */
import assert from "node:assert/strict";
import { beginAuthorization, type Seller } from "../../local/stack/seller.ts";
import {
  callOAuth,
  complete,
  connectLogin,
  finish,
  installFromStore,
  redirectOf,
  signUp,
} from "../support/oauth.ts";
import { expireTokensIn, makeRefreshesDue, runTokenRefresh } from "../support/logins.ts";
import {
  letTimePass,
  postWebhook,
  runEventWorker,
  settledEvents,
  settleTasks,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { test } from "../support/shared_stack.ts";

/** Collects every token and code that the simulator issues, expired ones too. */
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

/** Every row of our tables and of those of pg_net and pg_cron, as text. */
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

const OPEN_ID = "the-login";
const SHOP = "7480000000000020001";

/** Two sellers, a login with two shops, and a record of all that is issued and answered. */
class Run {
  readonly issued: Set<string>;
  readonly states: string[] = [];
  readonly answers: string[] = [];

  constructor(readonly stack: TestStack, readonly ada: Seller, readonly bob: Seller) {
    this.issued = recordSecrets(stack);
    for (const id of [SHOP, "7480000000000020002"]) stack.tiktok.addShop({ id, openId: OPEN_ID });
  }

  /** Keeps an answer for the search. */
  async note<T>(answer: Promise<T>): Promise<T> {
    this.answers.push(JSON.stringify(await answer));
    return await answer;
  }

  /** The query of a redirect that TikTok sends after the login has authorized the app. */
  async authorize(): Promise<string> {
    const { state } = await beginAuthorization(this.stack.env, this.ada.accessToken);
    this.states.push(state);
    const answer = { openId: OPEN_ID, decision: "agree", state } as const;
    return this.stack.tiktok.answerAuthorization(answer).search;
  }

  async sendNewOrder(): Promise<void> {
    const { tiktok } = this.stack;
    await tiktok.send(tiktok.notificationOf(tiktok.addOrder({ shopId: SHOP })));
  }
}

/** The redirect with this query, and Ada's app after it. */
async function visitAndFinish(run: Run, query: string) {
  const outcome = await run.note(redirectOf(run.stack, query));
  return await finish(run.stack, run.ada, outcome);
}

/** Connects the login successfully, and in the ways that fail. */
async function connectInEveryWay(run: Run): Promise<void> {
  const { stack, ada, bob } = run;
  const { claim } = await run.note(installFromStore(stack, OPEN_ID));
  for (
    const [seller, redeemed] of [[ada, `${claim}A`], [ada, claim], [bob, claim]] as const
  ) {
    await run.note(complete(stack, seller, redeemed));
    await run.note(complete(stack, seller, redeemed, true));
  }
  const used = await run.authorize();
  for (const query of [used, used, used.replace(/state=./, "state=_")]) {
    await run.note(visitAndFinish(run, query));
  }
  await run.note(connectLogin(stack, bob, OPEN_ID));
  const creator = stack.tiktok.addLogin({ userType: 1 });
  await run.note(connectLogin(stack, ada, creator.openId));
  for (const kind of ["html", "internal", "lost"] as const) {
    stack.tiktok.faults.add({ path: "/api/v2/token/get", kind, count: 1 });
    await run.note(visitAndFinish(run, await run.authorize()));
  }
  stack.tiktok.faults.add({ path: "/authorization/", kind: "html", count: 3 });
  await run.note(visitAndFinish(run, await run.authorize()));
  // The last authorization is the one that counts at TikTok.
  await run.note(connectLogin(stack, ada, OPEN_ID));
  await settleTasks(stack);
}

/** Processes orders successfully, with faults of TikTok, and with expired tokens. */
async function processOrdersInEveryWay(run: Run): Promise<void> {
  const { stack } = run;
  await run.sendNewOrder();
  stack.tiktok.expireAccessToken(OPEN_ID);
  await run.sendNewOrder();
  await settledEvents(stack);
  stack.tiktok.faults.add({ path: "/order/", kind: "html", count: 6 });
  await run.sendNewOrder();
  stack.tiktok.faults.add({ path: "/order/", kind: "internal", count: 6 });
  await run.sendNewOrder();
  await run.note(runEventWorker(stack));
  stack.tiktok.faults.clear();
}

/** Refreshes the tokens successfully and with faults, and ends with a login that TikTok refuses. */
async function refreshInEveryWay(run: Run): Promise<void> {
  const { stack, ada } = run;
  for (const kind of ["html", "rate_limit", "lost"] as const) {
    stack.tiktok.faults.add({ path: "/api/v2/token/refresh", kind, count: 1 });
    await expireTokensIn(stack);
    await makeRefreshesDue(stack);
    await run.note(runTokenRefresh(stack));
  }
  await makeRefreshesDue(stack);
  await run.note(runTokenRefresh(stack));
  await run.note(callOAuth(stack, "GET", "/shops", { seller: ada }));
  await run.note(connectLogin(stack, ada, OPEN_ID));
  stack.tiktok.deauthorize(SHOP);
  await run.sendNewOrder();
  for (let n = 0; n < 2; n++) {
    await letTimePass(stack);
    await run.note(runEventWorker(stack));
  }
}

/** A call by the scheduler, a forged webhook, and the disconnection of every shop. */
async function callTheRest(run: Run): Promise<void> {
  const { stack, ada: seller } = run;
  await stack.sql`select private.invoke_function('tiktok-token-refresh')`;
  const forged = await postWebhook(stack, "{}", { authorization: "0".repeat(64) });
  run.answers.push(await forged.text());
  const { json } = await run.note(callOAuth(stack, "GET", "/shops", { seller }));
  for (const { id } of json.shops as { id: string }[]) {
    await run.note(callOAuth(stack, "DELETE", `/shops/${id}`, { seller }));
  }
}

function secretsOf(
  { stack: { env }, issued, states, ada, bob }: Run,
): [string, Iterable<string>][] {
  return [
    ["token or code", issued],
    ["state", states],
    ["app secret", [env.TIKTOK_APP_SECRET]],
    ["encryption key", env.ENCRYPTION_KEYS.split(",").map((key) => key.split(":")[1] as string)],
    ["jwt secret", [env.SUPABASE_JWT_SECRET]],
    ["user token", [ada.accessToken, bob.accessToken]],
    ["database password", [new URL(env.SUPABASE_DB_URL).password].filter(Boolean)],
    ["secret key", [env.SUPABASE_SECRET_KEY]],
  ];
}

test("no log line, error body, redirect or stored row holds a secret or a token", async (stack) => {
  const run = new Run(stack, await signUp(stack), await signUp(stack));

  await connectInEveryWay(run);
  await processOrdersInEveryWay(run);
  await refreshInEveryWay(run);
  await callTheRest(run);

  const logs = await logText(stack.data);
  const answers = run.answers.join("\n");
  const rows = await storedText(stack);
  // The failures happened.
  assert.match(logs, /"message":"token refresh failed"/);
  assert.match(logs, /"code":"tiktok_unavailable"/);
  assert.match(answers, /needs_reauth/);
  assert.match(rows, /v1\.local1\.|36004005/);
  assert.ok(run.issued.size > 20);
  for (const [name, values] of secretsOf(run)) {
    for (const value of values) {
      assert.ok(value.length >= 8, name);
      const shown = `${name} ${value.slice(0, 6)}...`;
      assert.ok(!logs.includes(value), `${shown} in the logs`);
      assert.ok(!answers.includes(value), `${shown} in an answer`);
      // pg_net's queue, which is private, is how the scheduler sends the secret key.
      if (name !== "secret key") assert.ok(!rows.includes(value), `${shown} in a row`);
    }
  }
});
