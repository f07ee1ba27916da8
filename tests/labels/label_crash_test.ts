/**
 * The process that buys a label is killed after each step: in the end one label is bought, and one shipment
 * says so. A kill ends some purchases, each at its own step. `deno task test:labels` prints the table.
 */
import assert from "node:assert/strict";
import { print } from "../../local/cli/console.ts";
import { formatTable } from "../../local/cli/table.ts";
import { withTimeout } from "../../local/time/with_timeout.ts";
import {
  agePurchases,
  type Answer,
  FROM,
  type OrderRow,
  PARCEL,
  receiveCombinedOrders,
  receiveOrder,
} from "../support/labels.ts";
import { HeldCalls, type HeldStep } from "../support/held_calls.ts";
import { type ObservedHost, startObservedHost } from "../support/observed_host.ts";
import {
  type ConnectedSeller,
  connectSeller,
  letTimePass,
  runEventWorker,
  settledEvents,
  subscribe,
} from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";

interface Step extends HeldStep {
  name: string;
  /** The answer to the purchase itself is lost first. */
  loseAnswer?: boolean;
  /** The seller has the answer, or is about to. */
  isInBackground?: boolean;
}

const rpc = (name: string) => new RegExp(`/rpc/${name}$`);

const FIRST: Step[] = [
  step("nothing stored", "database", "POST", rpc("request_label"), "arrived"),
  step("intent", "database", "POST", rpc("request_label"), "executed"),
  step("order read again", "tiktok", "GET", /^\/order\/202309\/orders$/, "executed"),
];

const LAST: Step[] = [
  step("bought, not stored", "database", "POST", rpc("finish_label_purchase"), "arrived"),
  step("stored", "database", "POST", rpc("finish_label_purchase"), "executed"),
];

/** A combined purchase differs only in some steps. */
const STEPS: Record<"easypost" | "tiktok_shipping" | "combined" | "combined_easypost", Step[]> = {
  easypost: [
    ...FIRST,
    step("carrier shipment requested", "easypost", "POST", /\/shipments$/, "arrived"),
    step("carrier shipment made", "easypost", "POST", /\/shipments$/, "executed"),
    step("carrier shipment stored", "database", "POST", rpc("start_label_purchase"), "executed"),
    step("purchase requested", "easypost", "POST", /\/buy$/, "arrived"),
    step("bought", "easypost", "POST", /\/buy$/, "executed"),
    {
      ...step("answer lost", "easypost", "GET", /\/shipments\/shp_/, "arrived"),
      loseAnswer: true,
    },
    ...LAST,
    notification("TikTok notification sent", "arrived"),
    notification("order updated at TikTok", "executed"),
  ],
  tiktok_shipping: [
    ...FIRST,
    step("services read", "tiktok", "POST", /shipping_services\/query$/, "executed"),
    step("choice stored", "database", "POST", rpc("start_label_purchase"), "executed"),
    step("purchase requested", "tiktok", "POST", /\/202309\/packages$/, "arrived"),
    step("bought", "tiktok", "POST", /\/202309\/packages$/, "executed"),
    {
      ...step("answer lost", "tiktok", "GET", /\/packages\/\d+$/, "arrived"),
      loseAnswer: true,
    },
    ...LAST,
    step("order updated, label drawn", "tiktok", "GET", /shipping_documents$/, "executed"),
  ],
  combined: [
    step("intent", "database", "POST", rpc("request_label"), "executed"),
    step("purchase requested", "tiktok", "POST", /\/202512\/packages$/, "arrived"),
    step("bought", "tiktok", "POST", /\/202512\/packages$/, "executed"),
    ...LAST,
  ],
  combined_easypost: [
    step("bought", "easypost", "POST", /\/buy$/, "executed"),
    notification("one order updated at TikTok", "executed"),
  ],
};

type Provider = keyof typeof STEPS;

const isEasyPost = (provider: Provider) => provider.endsWith("easypost");

function step(
  name: string,
  where: Step["where"],
  method: string,
  path: RegExp,
  phase: Step["phase"],
): Step {
  return { name, where, method, path, phase };
}

function notification(name: string, phase: Step["phase"]): Step {
  return {
    ...step(name, "tiktok", "POST", /\/orders\/\d+\/packages$/, phase),
    isInBackground: true,
  };
}

interface Cell {
  provider: string;
  step: string;
  /** Status of the seller's repeated request, after the restart. */
  answer: number;
  /** Labels that the carrier sold for the order. */
  bought: number;
  /** Shipments of the order in the database that say "purchased". */
  purchased: number;
  order: string;
}

type Answered = Pick<Answer, "status" | "body">;

async function requestLabel(
  host: ObservedHost,
  seller: ConnectedSeller,
  [order, ...others]: readonly [OrderRow, ...OrderRow[]],
): Promise<Answered> {
  const response = await host.fetch("/shipments", {
    method: "POST",
    headers: {
      authorization: `Bearer ${seller.accessToken}`,
      "content-type": "application/json",
      "idempotency-key": order.id,
    },
    body: JSON.stringify({
      order_id: order.id,
      ...(others.length > 0 && { order_ids: others.map(({ id }) => id) }),
      parcel: PARCEL,
      service: "cheapest",
      from: FROM,
    }),
  });
  return { status: response.status, body: await response.json() };
}

interface Purchase {
  provider: Provider;
  wanted: Step;
  orders: readonly [OrderRow, ...OrderRow[]];
}

interface World {
  stack: TestStack;
  host: ObservedHost;
  seller: ConnectedSeller;
}

async function receiveOrders(
  { stack, seller }: World,
  provider: Provider,
  wanted: Step,
): Promise<Purchase> {
  const shippingType = isEasyPost(provider) ? "SELLER" : "TIKTOK";
  const orders = provider.startsWith("combined")
    ? await receiveCombinedOrders(stack, seller, { shippingType })
    : [await receiveOrder(stack, seller, { shippingType })] as const;
  return { provider, wanted, orders };
}

/** Requests the label until a call is held at the step. Returns a function: whether it has gone on since. */
async function reachStep(
  { stack, host, seller }: World,
  calls: HeldCalls,
  { provider, wanted, orders }: Purchase,
): Promise<() => boolean> {
  if (wanted.loseAnswer) {
    const faults = provider === "easypost" ? stack.easypost.faults : stack.tiktok.faults;
    const path = provider === "easypost" ? /\/buy$/ : /\/202309\/packages$/;
    faults.add({ kind: "lost", method: "POST", path, count: 1 });
  }
  let isAnswered = false;
  const held = calls.hold(wanted).then(() => "held");
  const answered = requestLabel(host, seller, orders).then(() => void (isAnswered = true));
  if (await Promise.race([held, answered]) === "held") {
    return () => isAnswered && wanted.isInBackground !== true;
  }
  // Steps after the answer run in the background. The process that answered may have claimed the task:
  // then the worker finds nothing to do.
  const worked = host.fetch("/event-worker", workerRequest(stack))
    .then((response) => response.body?.cancel());
  await Promise.race([held, worked]);
  await withTimeout(20_000, held);
  return () => false;
}

/** Most purchases whose process is killed at once, and the time after which no other joins them. */
const AT_ONCE = 8;
const JOIN_MS = 4000;

/** Kills the host when a call of each purchase is at its step. Takes the purchases from the list. */
async function killAtSteps(world: World, waiting: Purchase[]): Promise<Purchase[]> {
  const { stack, host } = world;
  using calls = new HeldCalls(stack, host);
  const killed: Purchase[] = [];
  const goneOn: (() => boolean)[] = [];
  // A call that is held for too long times out, and its process goes on.
  const end = Date.now() + JOIN_MS;
  do {
    const purchase = waiting.shift() as Purchase;
    goneOn.push(await reachStep(world, calls, purchase));
    killed.push(purchase);
  } while (waiting.length > 0 && killed.length < AT_ONCE && Date.now() < end);
  assert.ok(!goneOn.some((hasGoneOn) => hasGoneOn()), "the kill came too late");
  calls.kill();
  stack.easypost.faults.clear();
  stack.tiktok.faults.clear();
  await host.restarted();
  return killed;
}

async function runCells(world: World, waiting: Purchase[]): Promise<Cell[]> {
  const { stack, host, seller } = world;
  const purchases = await killAtSteps(world, waiting);
  await agePurchases(stack);
  await runEventWorker(stack);
  const answers: Answered[] = [];
  for (const { orders } of purchases) answers.push(await requestLabel(host, seller, orders));
  await letTimePass(stack);
  await runEventWorker(stack);
  await settledEvents(stack);
  return await Promise.all(
    purchases.map((purchase, index) => checkCell(stack, purchase, answers[index] as Answered)),
  );
}

async function checkCell(
  stack: TestStack,
  { provider, wanted, orders }: Purchase,
  again: Answered,
): Promise<Cell> {
  const ids = orders.map(({ id }) => id);
  const rows = await stack.sql`
    select distinct order_status from public.orders where id in ${stack.sql(ids)}`;
  const shipments = await stack.sql`
    select shipments.id, status, state, tracking_number, label_url, tiktok_notified_at
    from public.shipments join private.label_purchases as purchase on purchase.id = shipments.id
    where shipments.order_id in ${stack.sql(ids)}`;
  const [shipment] = shipments;
  const what = `${provider}, "${wanted.name}"`;
  assert.equal(shipment?.id, again.body.id, what);
  assert.equal(shipment?.state, "purchased", what);
  for (const column of ["tracking_number", "label_url", "tiktok_notified_at"]) {
    assert.notEqual(shipment?.[column], null, `${what}: ${column}`);
  }
  const notified = stack.tiktok.fulfillment.shipped.filter(({ orderId }) =>
    orders.some(({ tiktokId }) => tiktokId === orderId)
  );
  const expected = isEasyPost(provider) ? orders.length : 0;
  assert.equal(notified.length, expected, `${what}: TikTok notified`);
  return {
    provider,
    step: wanted.name,
    answer: again.status,
    bought: labelsOf(stack, provider, orders[0], shipments),
    purchased: shipments.filter(({ status }) => status === "purchased").length,
    order: rows.map(({ order_status }) => order_status).join(", "),
  };
}

function labelsOf(
  stack: TestStack,
  provider: Provider,
  order: OrderRow,
  shipments: readonly Record<string, unknown>[],
): number {
  if (!isEasyPost(provider)) {
    return stack.tiktok.fulfillment.labels.filter(({ orderId, orderIds }) =>
      (orderIds ?? [orderId]).includes(order.tiktokId)
    ).length;
  }
  const ids = new Set(shipments.map(({ id }) => id));
  return stack.easypost.accounts.labels.filter(({ reference }) => ids.has(reference)).length;
}

function workerRequest(stack: TestStack): RequestInit {
  return { method: "POST", headers: { apikey: stack.env.SUPABASE_SECRET_KEY } };
}

function formatCells(cells: Cell[]): string {
  return formatTable([
    ["provider", "killed after", "retry", "labels bought", "shipments", "order"],
    ...cells.map(({ provider, step, answer, bought, purchased, order }) => [
      provider,
      step,
      ...[answer, bought, purchased].map(String),
      order,
    ]),
  ]);
}

test("killed after any step, one label is bought and one shipment says so", async (stack) => {
  await using host = await startObservedHost(stack);
  const seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  const world = { stack, host, seller };
  const waiting: Purchase[] = [];
  for (const provider of Object.keys(STEPS) as Provider[]) {
    for (const wanted of STEPS[provider]) {
      waiting.push(await receiveOrders(world, provider, wanted));
    }
  }
  const cells: Cell[] = [];
  while (waiting.length > 0) cells.push(...await runCells(world, waiting));
  print(`\n${formatCells(cells)}\n`);
  const wrong = cells.filter(({ bought, purchased }) => bought !== 1 || purchased !== 1);
  assert.deepEqual(wrong, []);
  assert.ok(cells.every(({ answer }) => answer === 200 || answer === 201));
  // No label was bought for another order.
  const steps = (wanted: boolean) =>
    cells.filter(({ provider }) => isEasyPost(provider as Provider) === wanted).length;
  assert.equal(stack.easypost.accounts.labelsBought, steps(true));
  assert.equal(stack.tiktok.fulfillment.labelsBought, steps(false));
});
