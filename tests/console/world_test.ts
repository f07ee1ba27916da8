/** Every button of World in a browser, and its effect in windows of sellers that stay open. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { findBarriers, seeGone, seeShown } from "../support/browser.ts";
import { usageOf } from "../support/billing.ts";
import { type ConsoleWindow, openSeller } from "../support/console.ts";
import { receiveOrder, requestLabel } from "../support/labels.ts";
import { announceOrder } from "../support/orders.ts";
import {
  type ConnectedSeller,
  connectSeller,
  letTimePass,
  runEventWorker,
} from "../support/shop.ts";
import { testInBrowser } from "../support/shared_browser.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";
import { buyPlan, waitForLimit } from "../../local/stack/buy_plan.ts";

/** A busy machine takes its time for 300 webhooks. */
const BURST_MS = 60_000;

const UNCONNECTED = "7490000000000000002";

interface Scene {
  stack: TestStack;
  browser: Browser;
  ada: ConnectedSeller;
  /** Ada's World. */
  world: Page;
  /** Ada's orders: the page hears of changes by the live connection only. */
  orders: ConsoleWindow;
}

const press = (page: Page, name: string | RegExp) =>
  page.getByRole("button", typeof name === "string" ? { name, exact: true } : { name }).first()
    .click();

/** The newest effect, once it has this text. */
async function sees({ world }: Scene, text: string | RegExp): Promise<string> {
  const effect = world.locator(".effects li").first();
  await seeShown(effect.filter({ hasText: text }), BURST_MS);
  return await effect.innerText();
}

/** Presses a button that makes one order; returns TikTok's id once the order is in Ada's window. */
async function pressForOrder(scene: Scene, name: string): Promise<string> {
  await press(scene.world, name);
  const [, id = ""] = /(\d{18})/.exec(await sees(scene, "It has arrived.")) ?? [];
  await seeShown(scene.orders.page.getByRole("link", { name: id }));
  return id;
}

const rowOf = ({ orders }: Scene, id: string) =>
  orders.page.getByRole("row").filter({ hasText: id });

const countOf = ({ orders }: Scene, count: number) =>
  seeShown(orders.page.locator(".pager").filter({ hasText: `of ${count}` }), BURST_MS);

async function placeOrders(scene: Scene): Promise<string> {
  const id = await pressForOrder(scene, "An order");
  await pressForOrder(scene, "An order that TikTok ships");
  const repeated = await pressForOrder(scene, "The same webhook 3 times");
  await sees(scene, "3 webhooks accepted");
  await countOf(scene, 3);
  assert.equal(await rowOf(scene, repeated).count(), 1);
  return id;
}

async function findLostOrder(scene: Scene): Promise<void> {
  await press(scene.world, "An order whose webhook is lost");
  const [, id = ""] = /(\d{18})/.exec(await sees(scene, "No webhook was sent.")) ?? [];
  assert.equal(await rowOf(scene, id).count(), 0);
  await press(scene.world, "Search for lost orders");
  await seeShown(rowOf(scene, id));
  await seeShown(
    scene.world.getByRole("listitem").filter({ hasText: "was lost" })
      .getByText("It has arrived."),
  );
}

/** The buyer of an order of two units cancels one, moves, and cancels the rest. */
async function changeOrder(scene: Scene, id: string): Promise<void> {
  const { world, stack } = scene;
  await seeShown(rowOf(scene, id).getByText("2 units"));
  const addressOf = async () => {
    const [row] = await stack.sql`
      select shipping_address::text as address from public.orders where tiktok_order_id = ${id}`;
    return row?.address as string;
  };
  const before = await addressOf();
  await press(world, `Change the address of ${id}`);
  await sees(scene, "The change has arrived.");
  assert.notEqual(await addressOf(), before);
  await press(world, `Cancel a unit of ${id}`);
  await seeGone(rowOf(scene, id).getByText("2 units"));
  await press(world, `Cancel the order of ${id}`);
  await seeShown(rowOf(scene, id).getByText("Cancelled").filter({ visible: true }).first());
  await sees(scene, "The change has arrived.");
}

/** The first burst is at a shop that is not connected: it costs little, and reaches no seller. */
async function placeBursts(scene: Scene, shopId: string): Promise<void> {
  const shop = scene.world.getByLabel("Shop", { exact: true });
  await shop.selectOption(UNCONNECTED);
  await press(scene.world, "100 orders at once");
  await sees(scene, "100 orders at once");
  await shop.selectOption(shopId);
  await press(scene.world, "100 orders, each webhook twice");
  await sees(scene, "100 webhooks twice");
  await countOf(scene, 104);
}

async function endureOutage(scene: Scene): Promise<void> {
  const { world, stack } = scene;
  await world.getByLabel("Duration").selectOption("300");
  await press(world, "Begin an outage");
  await seeShown(world.getByText("TikTok's API fails until"));
  await press(world, "An order");
  const [, id = ""] = /(\d{18})/.exec(await sees(scene, "Waiting for the order…")) ?? [];
  assert.equal(await rowOf(scene, id).count(), 0);
  await press(world, "End it now");
  await seeGone(world.getByText("TikTok's API fails until"));
  await letTimePass(stack);
  await runEventWorker(stack);
  await seeShown(rowOf(scene, id));
  await seeShown(world.getByRole("listitem").filter({ hasText: id }).getByText("It has arrived."));
}

/** A parcel whose label was bought travels; the order's page shows each step. */
async function moveParcel({ stack, ada, world, orders: { page } }: Scene): Promise<void> {
  const order = await receiveOrder(stack, ada);
  assert.equal((await requestLabel(stack, ada, order.id)).status, 201);
  await page.getByRole("link", { name: order.tiktokId }).click();
  const shipment = page.getByRole("region", { name: "Shipment" });
  for (const state of ["In transit", "Out for delivery", "Delivered"]) {
    await press(world, new RegExp(`^${state} for `));
    await seeShown(shipment.locator(".badge").filter({ hasText: state }));
  }
  await page.getByRole("navigation").getByRole("link", { name: "Orders" }).click();
  await seeShown(page.getByRole("link", { name: order.tiktokId }));
}

/** The plan is not published live: its page reads again after a while. */
async function changePayments({ stack, browser, ada, world }: Scene): Promise<void> {
  const options = { path: "/seller/plan", timers: "fast", isWithoutLive: true } as const;
  const plan = await openSeller(browser, stack.env, ada, options);
  await seeShown(plan.page.getByText("Every 3 s", { exact: true }));
  await press(world, `Payment fails of ${ada.email}`);
  await seeShown(plan.page.getByText("Your subscription is past due"));
  await press(world, `Payment succeeds of ${ada.email}`);
  await seeGone(plan.page.getByText("Your subscription is past due"));
  const { used } = await usageOf(ada);
  assert.ok(used > 100);
  await seeShown(plan.page.getByText(`${used} of 500`, { exact: true }));
  await press(world, "The month turns");
  await seeShown(plan.page.getByText("0 of 500", { exact: true }));
  assert.deepEqual([plan.loads, plan.problems], [[], []]);
  await plan.page.context().close();
}

async function openShop({ stack, world }: Scene): Promise<void> {
  await world.getByLabel("Name").fill("Ada's Third");
  await press(world, "Open the shop");
  await seeShown(world.getByRole("link", { name: "Connect it" }));
  const [shop] = stack.tiktok.state.all("shops").filter(({ name }) => name === "Ada's Third");
  const choice = world.getByLabel("Shop", { exact: true });
  await until("it is chosen", async () => await choice.inputValue() === shop?.id);
}

async function pressEverything(stack: TestStack, browser: Browser): Promise<void> {
  const [ada, bob] = [await connectSeller(stack), await connectSeller(stack)];
  await buyPlan(stack.env, ada, "growth");
  await waitForLimit(ada, 500);
  const orders = await openSeller(browser, stack.env, ada, { timers: "none" });
  const others = await openSeller(browser, stack.env, bob);
  const opened = await openSeller(browser, stack.env, ada, { path: "/seller/orders" });
  await opened.page.getByRole("link", { name: "World" }).first().click();
  const world = opened.page;
  await seeShown(world.getByRole("button", { name: "An order", exact: true }));
  await seeShown(orders.page.getByText("Live", { exact: true }));
  await seeShown(others.page.getByText("Live", { exact: true }));
  const scene = { stack, browser, ada, world, orders };

  const id = await placeOrders(scene);
  assert.deepEqual(await findBarriers(world), []);
  await changeOrder(scene, id);
  await findLostOrder(scene);
  await placeBursts(scene, ada.shopId);
  await endureOutage(scene);
  await moveParcel(scene);
  await changePayments(scene);
  await openShop(scene);

  await seeShown(others.page.getByText("No orders yet"));
  const { id: foreign } = await announceOrder(stack, { shopId: bob.shopId });
  await seeShown(others.page.getByRole("link", { name: foreign }));
  assert.equal(await rowOf(scene, foreign).count(), 0);
  assert.ok(orders.messages.some((message) => message.includes(id)));
  // The page may have read the row before its live change arrived.
  await until(
    "the live change arrives",
    () => Promise.resolve(others.messages.some((message) => message.includes(foreign))),
  );
  assert.ok(!others.messages.some((message) => message.includes(id)));
  assert.ok(!orders.messages.some((message) => message.includes(foreign)));
  const readings = orders.requests.filter((path) => path.endsWith("/tiktok-oauth/shops"));
  assert.ok(readings.length <= 5, "shops are read when the page opens, not with each change");
  const windows = [orders, others];
  assert.deepEqual(windows.flatMap(({ loads, problems }) => [...loads, ...problems]), []);
  assert.deepEqual(opened.problems, []);
}

const NAME = "every button of World does what it says, live in the seller's open window; another " +
  "seller's window gets none of it";

testInBrowser(NAME, pressEverything);
