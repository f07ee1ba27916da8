/** Runs the examples of the billing docs, and compares their tables with the code and the database. */
import assert from "node:assert/strict";
import { PROBLEMS } from "../../functions/billing/problems.ts";
import { PROBLEMS as WORKER_PROBLEMS } from "../../functions/event-worker/problems.ts";
import { APP_PROBLEMS } from "../../shared/http/app.ts";
import { JSON_PROBLEMS } from "../../shared/http/read_json.ts";
import { LIMIT_PROBLEMS } from "../../shared/http/request_limits.ts";
import { SECRET_KEY_PROBLEMS } from "../../shared/http/secret_keys.ts";
import { WEBHOOK_PROBLEMS } from "../../shared/http/signed_webhook.ts";
import { USER_PROBLEMS } from "../../shared/http/users.ts";
import type { SupabaseClient } from "@supabase/supabase-js";
import { PaidPlan } from "../../shared/billing/plans.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createEventRoutes } from "../../shared/event_routes.ts";
import { IGNORE_REASONS } from "../../shared/inbox/ignore_reasons.ts";
import { sleep } from "../../shared/retry.ts";
import { payCheckout } from "../support/billing.ts";
import { loadExamples } from "../support/doc_examples.ts";
import { type ConnectedSeller, connectSeller, settledEvents } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { runTutorial } from "../support/tutorial.ts";
import { test } from "../support/shared_stack.ts";

const TUTORIAL = new URL("../../docs/billing-tutorial.md", import.meta.url);

type Row = Record<string, unknown>;
type Plan = Row & { plan: string; isLive: boolean };

/** The exports of the tutorial's code blocks. */
interface Examples {
  BillingProblem: new (status: number, code: string, detail: string) => Error;
  createBilling(supabase: SupabaseClient): {
    checkout(plan: string): Promise<{ url: string; kind: string }>;
    portal(): Promise<{ url: string }>;
  };
  readPlan(supabase: SupabaseClient): Promise<Plan>;
  planAfterReturn(
    supabase: SupabaseClient,
    address: string,
    wait: (seconds: number) => Promise<void>,
    attempts?: number,
  ): Promise<Plan>;
  listSubscriptions(supabase: SupabaseClient): Promise<Row[]>;
}

const KNOWN = [
  "BillingProblem",
  "createBilling",
  "readPlan",
  "planAfterReturn",
  "listSubscriptions",
];

const { blocks, examples } = await loadExamples<Examples>(TUTORIAL);
const reference = await readFile("docs/billing.md");
const runbook = await readFile("docs/runbooks/billing.md");

async function readFile(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
}

function findAll(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name]) => name as string);
}

/** The rows of the first table under a title, without its head, as cells without backticks. */
function tableUnder(title: string, page = reference): string[][] {
  const at = page.search(new RegExp(`^#+ ${title}$`, "m"));
  assert.ok(at >= 0, title);
  const lines = page.slice(at).split("\n");
  const rows = lines.slice(lines.findIndex((line) => line.startsWith("|")));
  return rows.slice(2, rows.findIndex((line) => !line.startsWith("|"))).map((line) =>
    line.slice(1, -1).split("|").map((cell) => cell.trim().replaceAll("`", ""))
  );
}

Deno.test("this test knows every code block of the tutorial", () => {
  assert.deepEqual(blocks.flat().toSorted(), KNOWN.toSorted());
});

Deno.test("the reference has exactly the error codes of the billing functions", () => {
  const tables = [
    ...[PROBLEMS, APP_PROBLEMS, JSON_PROBLEMS, LIMIT_PROBLEMS, SECRET_KEY_PROBLEMS, USER_PROBLEMS],
    ...[WEBHOOK_PROBLEMS, { invalid_signature: {} }],
  ];
  const codes = [...tables.flatMap((table) => Object.keys(table)), "customer_not_found"];
  assert.ok("customer_not_found" in WORKER_PROBLEMS);
  const documented = [...reference.matchAll(/^\| \d{3} +\| (`[^|]+`) +\|/gm)]
    .flatMap(([, names = ""]) => findAll(names, /`(\w+)`/g));
  assert.deepEqual(documented.toSorted(), [...new Set(codes)].toSorted());
});

Deno.test("the reference has the sentences of the functions' own errors", () => {
  const sentences = Object.values(PROBLEMS).map(({ detail }) => detail);
  assert.equal(sentences.length, 3);
  for (const sentence of sentences) assert.ok(reference.includes(`"${sentence}"`), sentence);
});

Deno.test("the reference and the deployment list exactly the handled events", async () => {
  const config = { url: "http://unused", secretKey: "x", publishableKey: "x", secretKeys: ["x"] };
  const routes = createEventRoutes(createServiceClient(config), "", () => undefined);
  const types = Object.keys(routes.stripe ?? {}).toSorted();
  assert.ok(types.length >= 10);
  assert.deepEqual(tableUnder("Handled events").map(([type]) => type).toSorted(), types);
  const listed = findAll(await readFile("docs/deploy.md"), /^ {4}((?:[a-z]+\.)+[a-z_]+)$/gm);
  assert.deepEqual(listed.toSorted(), types);
});

Deno.test("the reference lists exactly the reasons of ignored events, with their sentences", async () => {
  const files = ["handle_events.ts", "handle_subscription_events.ts", "sync_subscriptions.ts"].map((
    file,
  ) => `shared/billing/${file}`);
  const text = (await Promise.all(files.map(readFile))).join("\n");
  const reasons = new Set(["event_type_not_handled", ...findAll(text, /ignored: "(\w+)"/g)]);
  const sentences = Object.entries(IGNORE_REASONS).filter(([reason]) => reasons.has(reason));
  const documented = tableUnder("Ignored events").map(([reason, sentence]) => [reason, sentence]);
  assert.deepEqual(documented.toSorted(), sentences.toSorted());
});

Deno.test("the runbook's variables are those that the functions read", async () => {
  const read = findAll(
    await readFile("shared/config.ts"),
    /"(STRIPE_\w+|ORPHANED_SUBSCRIPTIONS)"/g,
  );
  const prices = PaidPlan.options.map((plan) => `STRIPE_PRICE_${plan.toUpperCase()}`);
  const rows = tableUnder("With a Stripe account", runbook)
    .flatMap(([names = ""]) => names.split(", "));
  const expected = new Set([...read, ...prices, "APP_URL"]);
  assert.deepEqual(rows.toSorted(), [...expected].toSorted());
});

/** Creates a seller with these subscriptions, `[plan, status]`, the oldest first. */
async function sellerWith(
  { sql }: TestStack,
  subscriptions: [plan: string, status: string][],
): Promise<{ status: string; tier: string; limit: number; live: string | null }> {
  const id = crypto.randomUUID();
  await sql`insert into auth.users (id, email) values (${id}, ${`${id}@example.com`})`;
  for (const [n, [plan, status]] of subscriptions.entries()) {
    const text = "v1.k1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    await sql`
      insert into public.subscriptions
        (user_id, stripe_customer_id, stripe_customer_id_hash, plan_name, status, created_at)
      values (${id}, ${text}, 'k1.hash', ${plan}, ${status}, now() + ${n} * interval '1 second')`;
  }
  await sql`select private.refresh_user_plan(${id})`;
  const [row] = await sql`
    select subscription_status as status, subscription_tier as tier,
      private.monthly_order_limit(id) as limit,
      (select plan_name from public.get_user_active_subscription(id)) as live
    from public.users where id = ${id}`;
  return { ...row } as { status: string; tier: string; limit: number; live: string | null };
}

async function checkPlans({ sql }: TestStack): Promise<Map<string, number>> {
  const rows = await sql`
    select name, monthly_order_limit, daily_label_limit, monthly_label_limit,
      daily_label_cents / 100 as daily_usd, monthly_label_cents / 100 as monthly_usd
    from public.plans`;
  const limits = new Map(rows.map((row) => [row.name as string, Number(row.monthly_order_limit)]));
  const plans = tableUnder("Plans and prices");
  assert.deepEqual(new Map(plans.map(([name = "", limit]) => [name, Number(limit)])), limits);
  assert.deepEqual(
    plans.map((row) => row.slice(0, 6).join(" ")).toSorted(),
    rows.map((row) => Object.values(row).join(" ")).toSorted(),
    "the limits of orders and labels",
  );
  assert.deepEqual(plans.slice(1).map(([name]) => name), [...PaidPlan.options]);
  return limits;
}

async function checkStatuses(stack: TestStack, limits: Map<string, number>): Promise<void> {
  const statuses = tableUnder("Stripe's statuses");
  const [check] = await stack.sql`
    select pg_get_constraintdef(oid) as text from pg_constraint
    where conname = 'subscriptions_status_check'`;
  assert.deepEqual(
    statuses.map(([status]) => status).toSorted(),
    ["none", ...findAll(check?.text, /'(\w+)'/g)].toSorted(),
  );
  const checkout = await readFile("shared/billing/close_customer.ts");
  const ended = /const ENDED_STATUSES = \[([^\]]+)\]/.exec(checkout)?.[1];
  assert.ok(ended);
  for (const [status = "", counts, shown, tier, orders, leadsTo] of statuses) {
    const seller = await sellerWith(stack, status === "none" ? [] : [["growth", status]]);
    const isLive = seller.live !== null;
    assert.deepEqual(
      [counts, shown, tier, orders],
      [
        isLive ? "yes" : "no",
        seller.status,
        seller.tier === "growth" ? "the plan" : seller.tier,
        seller.limit === limits.get("growth") ? "the plan's limit" : "the trial's limit",
      ],
      status,
    );
    assert.equal(seller.limit, limits.get(isLive ? "growth" : "trial"), status);
    const mayBegin: boolean = status === "none" || ended.includes(`"${status}"`);
    assert.equal(leadsTo, mayBegin ? "checkout" : "portal", status);
  }
}

async function checkSeveral(stack: TestStack, limits: Map<string, number>): Promise<void> {
  for (const [first = "", second = "", shown, plan = ""] of tableUnder("Several subscriptions")) {
    const both = [first, second].map((text) => text.split(" ") as [string, string]);
    for (const order of [both, both.toReversed()]) {
      const { tier, status, limit } = await sellerWith(stack, order);
      assert.deepEqual([`${tier} ${status}`, limit], [shown, limits.get(plan)], String(order));
    }
  }
}

async function problemOf(promise: Promise<unknown>): Promise<unknown[]> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof examples.BillingProblem, String(error));
  const { status, code } = error as unknown as Row;
  return [status, code];
}

async function checkJourney(stack: TestStack, seller: ConnectedSeller): Promise<void> {
  const supabase = seller.client as unknown as SupabaseClient;
  const billing = examples.createBilling(supabase);
  const back = (billing: string) => `${stack.env.APP_URL}?billing=${billing}`;
  const never = () => Promise.reject(new Error("the plan needs no wait"));
  assert.deepEqual(await problemOf(billing.portal()), [409, "no_subscription"]);
  assert.deepEqual(await problemOf(billing.checkout("gold")), [400, "invalid_body"]);
  assert.deepEqual(await examples.planAfterReturn(supabase, back("cancelled"), never), {
    ...{ plan: "trial", chosen: "starter", status: "trial", isLive: false, mustPay: false },
    ...{ used: 0, limit: 10, held: 0 },
  });

  const { url, kind } = await billing.checkout("growth");
  assert.equal(kind, "checkout");
  let waits = 0;
  const wait = async (seconds: number) => {
    assert.equal(seconds, 1);
    waits++;
    if (waits === 2) await payCheckout(url);
    await sleep(500);
  };
  const plan = await examples.planAfterReturn(supabase, back("subscribed"), wait);
  assert.deepEqual([plan.plan, plan.isLive, plan.limit], ["growth", true, 500]);
  assert.ok(waits >= 2);
  await settledEvents(stack);
  assert.equal((await billing.checkout("scale")).kind, "portal");
  assert.match((await billing.portal()).url, /^http/);

  const [{ id = "" } = {}] = stack.stripe.state.all("subscriptions");
  await stack.stripe.advance(id, "payment_fails");
  await settledEvents(stack);
  const late = await examples.planAfterReturn(supabase, back("returned"), never);
  assert.deepEqual(
    [late.plan, late.chosen, late.status, late.mustPay, late.limit],
    ["trial", "growth", "past_due", true, 10],
  );
  const [listed, ...more] = await examples.listSubscriptions(supabase);
  assert.deepEqual([listed?.plan_name, listed?.status, more], ["growth", "past_due", []]);
  await stack.stripe.advance(id, "cancel");
  await settledEvents(stack);
  assert.deepEqual(await examples.listSubscriptions(supabase), []);
}

test("the examples subscribe and read the plan; the tables are what the database does", async (stack) => {
  const seller = await connectSeller(stack);
  await checkJourney(stack, seller);
  const limits = await checkPlans(stack);
  await checkStatuses(stack, limits);
  await checkSeveral(stack, limits);
});

test("the commands of the tutorial print what the page says", async (stack) => {
  await runTutorial(TUTORIAL, stack);
});
