/** A seller's way through the console, in a browser. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import postgres from "postgres";
import { loadPicture } from "../../local/browser/load_picture.ts";
import { findBarriers, openWindow, seeGone, seeShown } from "../support/browser.ts";
import { visitPages } from "../support/console.ts";
import { announceOrder } from "../support/orders.ts";
import { testInBrowser } from "../support/shared_browser.ts";
import type { TestStack } from "../support/stack.ts";

const SHOP = "7490000000000000002";

const PHONE = { width: 390, height: 844 };

async function signUp(page: Page, email: string): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("local-password");
  await page.getByRole("button", { name: "Create account" }).click();
  await seeShown(page.getByRole("heading", { name: "Connect your first shop" }));
}

/** Through TikTok's page, and past the question whose shop this is. */
async function connectShop(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Connect a shop" }).click();
  const calls: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") calls.push(new URL(request.url()).pathname);
  });
  await page.locator("a, button").filter({ hasText: "Agree" }).last().click();
  await seeShown(page.getByText("Copper Kettle"));
  await seeShown(page.getByRole("button", { name: "Connect", exact: true }));
  await page.waitForLoadState("networkidle");
  const claims = calls.filter((path) => path.endsWith("/tiktok-oauth/complete"));
  assert.equal(claims.length, 1, "the claim is shown once");
  assert.equal(await page.getByText("The claim has been used already").count(), 0);
  assert.doesNotMatch(page.url(), /claim/);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await seeShown(page.getByRole("heading", { name: "Latest orders" }));
}

async function openOrders(page: Page): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: "Orders" }).click();
  await seeShown(page.getByText("No orders yet"));
}

/** No column is pushed out of sight by the name of a shop, and a phone shows until when to ship. */
async function lookAtOrders(stack: TestStack, page: Page, orderId: string): Promise<void> {
  const { width, height } = page.viewportSize() ?? assert.fail();
  const name = "The Handmade Candles, Teas & Stoneware Emporium of Northern Oregon".repeat(3);
  await stack.sql`update public.tiktok_shops set shop_name = ${name} where shop_id = ${SHOP}`;
  await page.reload();
  await seeShown(page.getByRole("link", { name: orderId }));
  for (const size of [{ width, height }, PHONE]) {
    await page.setViewportSize(size);
    await seeShown(page.getByText(/^Ship by /).filter({ visible: true }));
    const hidden = await page.locator(".table-scroll").evaluate((
      { scrollWidth, clientWidth }: { scrollWidth: number; clientWidth: number },
    ) => scrollWidth - clientWidth);
    assert.equal(hidden, 0, `at a width of ${size.width}`);
  }
  await page.setViewportSize({ width, height });
  await stack
    .sql`update public.tiktok_shops set shop_name = 'Copper Kettle' where shop_id = ${SHOP}`;
}

async function buyLabel(page: Page, orderId: string): Promise<void> {
  await page.getByRole("link", { name: orderId }).click();
  // The shop has no sender yet: the form asks for it at once.
  await seeShown(page.getByLabel("Postal code"));
  await page.getByRole("button", { name: "Get rates" }).click();
  await seeShown(page.getByText("UPS Ground"));
  await page.getByRole("button", { name: /^Buy for \$/ }).click();
  const picture = page.getByRole("img", { name: /Shipping label/ });
  await seeShown(picture);
  assert.equal(await loadPicture(picture), 400);
}

async function choosePlan(page: Page): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: "Plan" }).click();
  await seeShown(page.getByText("1 of 10", { exact: true }));
  await seeShown(page.getByRole("region", { name: "Plan Growth" }).getByText("$79.00 a month"));
  await page.getByRole("button", { name: "Choose Growth" }).click();
  await page.getByRole("button", { name: /pay|subscribe/i }).first().click();
  await seeShown(page.getByText("Your plan is Growth."));
  await seeShown(page.getByText("1 of 500", { exact: true }));
}

/** Pages of a seller who has an order, and pages that say that there is nothing. */
const PAGES = {
  "/seller": "Overview",
  "/seller/orders": "Orders",
  "/seller/shops": "Shops",
  "/seller/plan": "Plan",
};
const ADDRESSES = [
  ...["/seller/orders?text=zzz", "/seller/orders/00000000-0000-0000-0000-000000000000"],
  ...["/app?status=refused", "/app/none"],
];

/** In the width of a phone nothing is cut, and axe finds nothing on any page. */
async function lookAtPages(page: Page, url: string): Promise<void> {
  const look = async (path: string) => {
    assert.deepEqual(await findBarriers(page), [], path);
    const tooWide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert.equal(tooWide, 0, path);
  };
  await page.setViewportSize(PHONE);
  await visitPages(page, PAGES, look);
  for (const path of ADDRESSES) {
    await page.goto(`${url}${path}`);
    await seeShown(page.locator("#main h1, #main h2").first());
    await seeGone(page.getByText("Loading…"));
    await look(path);
  }
}

/** A changed id in an address shows no error of the database, and leads back to all orders. */
async function openUnknownIds(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/seller/orders/abc`);
  await seeShown(page.getByRole("heading", { name: "You have no such order" }));
  assert.equal(await page.getByRole("alert").count(), 0);
  await page.getByRole("link", { name: "All orders" }).click();
  await seeShown(page.getByRole("heading", { name: "Orders", exact: true }));
  await page.goto(`${url}/seller/orders?shop=abc`);
  await seeShown(page.getByRole("heading", { name: "No order fits these filters" }));
  assert.equal(await page.getByRole("alert").count(), 0);
}

/** A page whose first answer is an error says that, and not that it still loads. */
async function failOrders(page: Page, url: string): Promise<void> {
  const answer = { status: 500, json: { code: "SUP", message: "It failed." } };
  await page.route("**/rest/v1/orders*", (route) => route.fulfill(answer));
  for (const path of ["/seller", "/seller/orders"]) {
    await page.goto(`${url}${path}`);
    await seeShown(page.getByRole("alert").filter({ hasText: "It failed." }).first());
    await seeGone(page.getByText("Loading…"));
  }
  await page.unroute("**/rest/v1/orders*");
}

/** Past ingest_order and without triggers: they only have to be counted. */
async function addOrders(stack: TestStack, count: number): Promise<void> {
  const sql = postgres(stack.database.adminUrl, { max: 1 });
  try {
    await sql.begin(async (transaction) => {
      await transaction`set local session_replication_role = replica`;
      await transaction`
        insert into public.orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status, currency,
          total_amount, shipping_address, address_status, order_items, tiktok_updated_at)
        select user_id, id, 'many ' || n, 'AWAITING_SHIPMENT', 'awaiting_shipment', 'USD', 10, '{}', 'none', '[]', now()
        from public.tiktok_shops, generate_series(1, ${count}::integer) as n
        where shop_id = ${SHOP}`;
    });
  } finally {
    await sql.end();
  }
}

/** With 10,000 orders the overview makes six calls, and these again when the live connection is there. */
async function countCallsOfOverview(stack: TestStack, page: Page, url: string): Promise<void> {
  await page.goto("about:blank");
  await addOrders(stack, 10_000);
  const calls: string[] = [];
  const note = (address: string) => {
    const { pathname } = new URL(address);
    if (/^\/(rest|functions|console\/api)\//.test(pathname)) calls.push(pathname);
  };
  page.on("request", (request) => note(request.url()));
  await page.goto(`${url}/seller`);
  await seeShown(page.getByText("10,001", { exact: true }));
  await seeShown(page.getByRole("heading", { name: "Latest orders" }));
  assert.deepEqual([...new Set(calls)].sort(), [
    "/functions/v1/tiktok-oauth/shops",
    "/rest/v1/orders",
    "/rest/v1/rpc/get_order_overview",
    "/rest/v1/rpc/get_usage",
    "/rest/v1/shipments",
    "/rest/v1/users",
  ]);
  assert.ok(calls.length <= 12, calls.join(", "));
}

async function followSeller(stack: TestStack, browser: Browser): Promise<void> {
  const { SUPABASE_URL: url } = stack.env;
  const { page, problems } = await openWindow(browser, url);
  await page.goto(url);
  assert.deepEqual(await findBarriers(page), []);
  await signUp(page, "ada@example.com");
  await connectShop(page);
  // The list is open before the order exists, and is not loaded again.
  await openOrders(page);
  const { id } = await announceOrder(stack, { shopId: SHOP });
  await seeShown(page.getByRole("link", { name: id }));
  assert.deepEqual(await findBarriers(page), []);
  await lookAtOrders(stack, page, id);
  await buyLabel(page, id);
  assert.deepEqual(await findBarriers(page), []);
  await choosePlan(page);
  await lookAtPages(page, url);
  await openUnknownIds(page, url);
  await failOrders(page, url);
  await countCallsOfOverview(stack, page, url);

  // In the same window, which forgets the seller before.
  await page.getByRole("button", { name: "Sign out" }).click();
  await signUp(page, "bob@example.com");
  await openOrders(page);
  assert.deepEqual(problems, []);
}

const NAME =
  "in the console a seller signs up, connects a shop, sees an order come, buys its label and " +
  "a plan; another seller sees none of it";

testInBrowser(NAME, followSeller);

testInBrowser("a seller who sells as someone new connects that shop", async (stack, browser) => {
  const { SUPABASE_URL: url } = stack.env;
  const { page, problems } = await openWindow(browser, url);
  await page.goto(url);
  await signUp(page, "carol@example.com");
  await page.getByRole("button", { name: "Connect a shop" }).click();
  await page.getByLabel("Name of the shop").fill("Teapots");
  await page.getByRole("button", { name: "Open the shop" }).click();
  await page.getByRole("listitem").filter({ hasText: "Teapots" }).getByText("Agree").click();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await seeShown(page.getByRole("heading", { name: "Latest orders" }));
  const shops = await stack.sql`select shop_name from public.tiktok_shops`;
  assert.deepEqual([...shops], [{ shop_name: "Teapots" }]);
  assert.deepEqual(problems, []);
});

testInBrowser(
  "a link that CreatorFlow did not issue connects nothing, and leads back",
  async (stack, browser) => {
    const { SUPABASE_URL: url } = stack.env;
    const { page, problems } = await openWindow(browser, url);
    await page.goto(url);
    await signUp(page, "dora@example.com");
    await page.goto(`${url}/app?status=confirm#claim=bad`);
    await seeShown(page.getByRole("heading", { name: "This link is not valid" }));
    assert.equal(await page.locator("#main button").count(), 0);
    assert.equal(await page.getByText("did not issue").count(), 0);
    assert.deepEqual(await findBarriers(page), []);
    await page.locator("#main").getByRole("link", { name: "Back to your shops" }).click();
    await seeShown(page.getByRole("heading", { name: "Shops" }));
    assert.deepEqual(problems, []);
  },
);
