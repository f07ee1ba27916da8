/** A whole life with every kind of refusal, then a search for what is personal in every log. */
import assert from "node:assert/strict";
import { authorizeSimulatedShop, connectWithCode, signInSeller } from "../../local/stack/seller.ts";
import { deleteAccountOf } from "../support/accounts.ts";
import { callBilling } from "../support/billing.ts";
import {
  FROM,
  processDueEvents,
  processLaterEvents,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import { followServerLog, readLogs } from "../support/logs.ts";
import { test } from "../support/shared_stack.ts";
import { type ConnectedSeller, runEventWorker, settleTasks } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const NAME = "Rosalind Quuxley";
const PHONE = "5035559876";
const EMAIL = "rosalind.quuxley@example.com";
/** What the vendors' messages quote. */
const WORDS = `${NAME}, ${PHONE}`;
const BUYER = ["Rosa Delgado", "118 Alder", "5035550142", "scs1.tiktok.com"];
const PERSONAL = [NAME, "Rosalind", PHONE, EMAIL, ...BUYER, FROM.name, "Kiln Road", FROM.phone];

const SHOP = "7480000000000099001";

/** Eight sign-ups with one address at once, then a shop. */
async function signUpTwice(stack: TestStack): Promise<ConnectedSeller> {
  const body = JSON.stringify({ email: EMAIL, password: "a-password", data: { name: NAME } });
  await Promise.all(Array.from({ length: 8 }, async () => {
    const response = await fetch(`${stack.env.SUPABASE_URL}/auth/v1/signup`, {
      method: "POST",
      headers: { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY, "content-type": "application/json" },
      body,
    });
    await response.body?.cancel();
  }));
  const seller = await signInSeller(stack.env, EMAIL, "a-password");
  stack.tiktok.addShop({ id: SHOP });
  await connectWithCode(stack.env, seller, await authorizeSimulatedShop(stack.env, SHOP));
  await settleTasks(stack);
  return { ...seller, shopId: SHOP };
}

/** A statement that fails with a detail: Postgres quotes the value that names no plan. */
async function violateForeignKey(stack: TestStack, seller: ConnectedSeller): Promise<void> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/rest/v1/users?id=eq.${seller.id}`, {
    method: "PATCH",
    headers: { apikey: stack.env.SUPABASE_SECRET_KEY, "content-type": "application/json" },
    body: JSON.stringify({ subscription_tier: NAME }),
  });
  const { code } = await response.json();
  assert.equal(code, "23503");
}

/** Orders and labels that TikTok and EasyPost refuse in words that quote a person, and accept afterwards. */
async function sellWithRefusals(stack: TestStack, seller: ConnectedSeller): Promise<void> {
  const { tiktok, easypost } = stack;
  const order = await receiveOrder(stack, seller);
  tiktok.faults.add({ kind: "refused", path: "/order/", words: WORDS });
  await tiktok.send(tiktok.notificationOf(tiktok.addOrder({ shopId: SHOP })));
  await processDueEvents(stack);
  tiktok.faults.clear();

  easypost.faults.add({ kind: "refused", method: "POST", path: "/v2/shipments", words: WORDS });
  const refused = await requestLabel(stack, seller, order.id);
  assert.deepEqual([refused.status, refused.body.code], [422, "carrier_refused"]);
  assert.match(refused.body.carrier_message, new RegExp(WORDS), "the seller who asked reads why");
  easypost.faults.clear();

  tiktok.faults.add({ kind: "refused", path: "/fulfillment/", words: WORDS });
  assert.equal((await requestLabel(stack, seller, order.id)).status, 201);
  await processLaterEvents(stack);
  tiktok.faults.clear();
  for (const kind of ["refused", "internal"] as const) {
    stack.stripe.faults.add({ kind, path: "/v1/", words: WORDS });
    assert.ok((await callBilling(stack, seller, "/checkout", { plan: "growth" })).status >= 500);
    stack.stripe.faults.clear();
  }
}

/** Texts for operators in rows, and the outcomes of jobs. */
async function textsForOperators({ sql }: TestStack): Promise<string> {
  const rows = await sql`
    select last_error as text from private.webhook_events
    union all select last_refresh_error from private.tiktok_logins
    union all select concat(tiktok_error, tiktok_warning) from public.shipments
    union all select details::text from public.system_logs
    union all select return_message from cron.job_run_details
    union all select content from net._http_response`;
  return rows.map(({ text }) => text).join("\n");
}

test("attack: nothing personal is in any log after a whole life with double sign-ups and vendors that quote people", async (stack) => {
  const serverLog = await followServerLog(stack.sql);
  const seller = await signUpTwice(stack);
  await violateForeignKey(stack, seller);
  await sellWithRefusals(stack, seller);
  const texts = await textsForOperators(stack);
  assert.equal((await deleteAccountOf(stack, seller)).status, 204);
  await runEventWorker(stack);

  const logs = new Map([["rows", texts], ["Postgres", await serverLog()]]);
  for await (const { path, text } of readLogs(stack)) logs.set(path, text);
  const all = [...logs.values()].join("\n");
  // The failures happened, and are logged by code and request id.
  assert.match(texts, /TikTok 21011037 \(\/order\/\S+, \d{14}[0-9A-F]+\)/);
  assert.match(texts, /TikTok 21011037, request \d{14}/);
  assert.match(all, /ADDRESS\.VERIFY\.FAILURE [0-9a-f]{32}/);
  assert.match(all, /Stripe: \w+ 400/);
  assert.match(logs.get("Postgres") ?? "", /violates foreign key constraint/);
  assert.match(all, /\(23503\)/);
  for (const [name, text] of logs) {
    for (const value of PERSONAL) assert.ok(!text.includes(value), `${value} in ${name}`);
  }
});
