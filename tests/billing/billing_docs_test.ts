/** Runs the examples of docs/billing.md, and holds its tables against the code and the database. */
import assert from "node:assert/strict";
import type { SupabaseClient } from "@supabase/supabase-js";
import { PaidPlan } from "../../shared/billing/plans.ts";
import { payCheckout } from "../support/billing.ts";
import { checkExamples, loadExamples } from "../support/doc_examples.ts";
import { type ConnectedSeller, connectSeller, settledEvents } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";

const PAGE = new URL("../../docs/billing.md", import.meta.url);

type Row = Record<string, unknown>;
type Plan = Row & { plan: string; isLive: boolean };

/** What the page's blocks export. */
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

const { blocks, examples } = await loadExamples<Examples>(PAGE);
const page = await Deno.readTextFile(PAGE);

async function source(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
}

function found(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name]) => name as string);
}

/** The rows of the first table from there on, without its head, as cells without backticks. */
function tableFrom(place: RegExp): string[][] {
  const at = page.search(place);
  assert.ok(at >= 0, String(place));
  const lines = page.slice(at).split("\n");
  const rows = lines.slice(lines.findIndex((line) => line.startsWith("|")));
  return rows.slice(2, rows.findIndex((line) => !line.startsWith("|"))).map((line) =>
    line.slice(1, -1).split("|").map((cell) => cell.trim().replaceAll("`", ""))
  );
}

function tableUnder(title: string): string[][] {
  return tableFrom(new RegExp(`^#+ ${title}$`, "m"));
}

Deno.test("every block of the billing page is known to this test, and passes the type check", async () => {
  assert.deepEqual(blocks.flat().toSorted(), KNOWN.toSorted());
  await checkExamples(PAGE);
});

Deno.test("the billing page has every code of its functions, and none that is not there", async () => {
  const files = [
    "functions/billing/index.ts",
    "functions/stripe-webhooks/index.ts",
    "shared/billing/checkout.ts",
    "shared/inbox/receive.ts",
    "shared/http/app.ts",
    "shared/http/read_body.ts",
    "shared/http/read_json.ts",
    "shared/http/secret_key.ts",
    "shared/http/user.ts",
  ];
  const text = (await Promise.all(files.map(source))).join("\n");
  const codes = [
    ...found(text, /\bcode: "(\w+)"/g),
    ...found(text, /(?:refusal|refused)\(\s*"(\w+)"/g),
    "customer_not_found",
  ];
  assert.match(await source("functions/event-worker/index.ts"), /code: "customer_not_found"/);
  const documented = [...page.matchAll(/^\| \d{3} +\| (`[^|]+`) +\|/gm)].flatMap(([, names = ""]) =>
    found(names, /`(\w+)`/g)
  );
  const ours = [...new Set(codes)].filter((code) => code !== "PT404");
  assert.deepEqual(documented.toSorted(), ours.toSorted());
});

Deno.test("the billing page and the deployment list the events that are acted on, and why others are not", async () => {
  const events = await source("shared/billing/handle_events.ts");
  const actions = found(events, /^ {2}\["([\w.]+)", \w+\],$/gm);
  assert.ok(actions.length >= 10);
  const documented = tableUnder("Which events are acted on").map(([type]) => type);
  assert.deepEqual(documented.toSorted(), actions.toSorted());
  const listed = found(await source("docs/deploy.md"), /^ {4}((?:[a-z]+\.)+[a-z_]+)$/gm);
  assert.deepEqual(listed.toSorted(), actions.toSorted());

  const texts = events + await source("shared/billing/sync_subscription.ts");
  const reasons = [...texts.matchAll(/ignored: (?:"([^"]+)"|`([^`]+)`)/g)].flatMap(
    ([, plain, template = ""]) => {
      if (plain !== undefined) return [plain];
      const text = template.replace("${event.type}", "<type>");
      const choice = /\$\{event\.livemode \? "([^"]+)" : "([^"]+)"\}/.exec(text);
      return choice === null
        ? [text]
        : choice.slice(1).map((word) => text.replace(choice[0], word));
    },
  );
  const explained = tableFrom(/^\| `reason`/m).map(([reason]) => reason);
  assert.deepEqual(explained.toSorted(), [...new Set(reasons)].toSorted());
});

Deno.test("the billing page's variables are those that the functions read", async () => {
  const read = found(await source("shared/config.ts"), /"(STRIPE_\w+)"/g);
  const prices = PaidPlan.options.map((plan) => `STRIPE_PRICE_${plan.toUpperCase()}`);
  const rows = tableUnder("With a Stripe account").flatMap(([names = ""]) => names.split(", "));
  const expected = new Set([...read, ...prices, "APP_URL"]);
  assert.deepEqual(rows.toSorted(), [...expected].toSorted());
});

/** A seller with these subscriptions: `[plan, status]`, in this order. */
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

async function checkStatusTables(stack: TestStack): Promise<void> {
  const rows = await stack.sql`select name, monthly_order_limit from public.plans`;
  const limits = new Map(rows.map((row) => [row.name as string, row.monthly_order_limit]));
  const plans = tableUnder("Plans and prices");
  assert.deepEqual(
    new Map(plans.map(([name = "", limit]) => [name, Number(limit)])),
    limits,
  );
  assert.deepEqual(plans.slice(1).map(([name]) => name), [...PaidPlan.options]);

  const statuses = tableUnder("Stripe's statuses");
  const [check] = await stack.sql`
    select pg_get_constraintdef(oid) as text from pg_constraint
    where conname = 'subscriptions_status_check'`;
  assert.deepEqual(
    statuses.map(([status]) => status).toSorted(),
    ["none", ...found(check?.text, /'(\w+)'/g)].toSorted(),
  );
  const over = /const OVER = \[([^\]]+)\]/.exec(await source("shared/billing/checkout.ts"))?.[1];
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
    const mayBegin = status === "none" || over?.includes(`"${status}"`);
    assert.equal(leadsTo, mayBegin ? "checkout" : "portal", status);
  }

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
  const never = () => Promise.reject(new Error("there is nothing to wait for"));
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
    await new Promise((wake) => setTimeout(wake, 50));
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

Deno.test("the billing page's examples subscribe and read the plan; its tables are what the database does", async () => {
  await using stack = await startTestStack();
  const seller = await connectSeller(stack);
  await checkJourney(stack, seller);
  await checkStatusTables(stack);
});
