/** A seller's way through the console, in a browser. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { findBarriers, findBrowser, launchBrowser, openWindow } from "../support/browser.ts";
import { announceOrder } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";

const SHOP = "7490000000000000002";

async function signUp(page: Page, email: string): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("local-password");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Connect your first shop" }).waitFor();
}

/** Through TikTok's page, and past the question whose shop this is. */
async function connectShop(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Connect a shop" }).click();
  const calls: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") calls.push(new URL(request.url()).pathname);
  });
  await page.locator("a, button").filter({ hasText: "Agree" }).last().click();
  await page.getByText("Copper Kettle").waitFor();
  await page.getByRole("button", { name: "Connect", exact: true }).waitFor();
  await page.waitForLoadState("networkidle");
  const claims = calls.filter((path) => path.endsWith("/tiktok-oauth/complete"));
  assert.equal(claims.length, 1, "the claim is shown once");
  assert.equal(await page.getByText("The claim has been used already").count(), 0);
  assert.doesNotMatch(page.url(), /claim/);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByRole("heading", { name: "Latest orders" }).waitFor();
}

async function buyLabel(page: Page, orderId: string): Promise<void> {
  await page.getByRole("link", { name: orderId }).click();
  // The shop has no sender yet: the form asks for it at once.
  await page.getByLabel("Postal code").waitFor();
  await page.getByRole("button", { name: "Get rates" }).click();
  await page.getByText("UPS Ground").waitFor();
  await page.getByRole("button", { name: /^Buy for \$/ }).click();
  const picture = page.getByRole("img", { name: /Shipping label/ });
  await picture.waitFor();
  await page.waitForFunction("document.querySelector('.label-picture').naturalWidth === 400");
}

async function choosePlan(page: Page): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: "Plan" }).click();
  await page.getByText("1 of 10", { exact: true }).waitFor();
  await page.getByRole("region", { name: "Plan Growth" }).getByText("$79.00 a month").waitFor();
  await page.getByRole("button", { name: "Choose Growth" }).click();
  await page.getByRole("button", { name: /pay|subscribe/i }).first().click();
  await page.getByText("Your plan is Growth.").waitFor();
  await page.getByText("1 of 500", { exact: true }).waitFor();
}

/** Pages of a seller who has an order, and pages that say that there is nothing. */
const PAGES = [
  ...["/seller", "/seller/orders", "/seller/orders?text=zzz", "/seller/shops", "/seller/plan"],
  ...["/seller/orders/00000000-0000-0000-0000-000000000000", "/app?status=refused", "/app/none"],
];

/** In the width of a phone nothing is cut, and axe finds nothing on any page. */
async function lookAtPages(page: Page, url: string): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of PAGES) {
    await page.goto(`${url}${path}`);
    await page.locator("#main h1, #main h2").first().waitFor();
    await page.getByText("Loading…").first().waitFor({ state: "detached" });
    assert.deepEqual(await findBarriers(page), [], path);
    const tooWide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert.equal(tooWide, 0, path);
  }
}

async function followSeller(stack: TestStack): Promise<void> {
  const { SUPABASE_URL: url } = stack.env;
  await using browser = await launchBrowser();
  const { page, problems } = await openWindow(browser, url);
  assert.deepEqual(await findBarriers(page), []);
  await signUp(page, "ada@example.com");
  await connectShop(page);
  // The list is open before the order exists, and is not loaded again.
  await page.getByRole("navigation").getByRole("link", { name: "Orders" }).click();
  await page.getByText("No orders yet").waitFor();
  const { id } = await announceOrder(stack, { shopId: SHOP });
  await page.getByRole("link", { name: id }).waitFor();
  assert.deepEqual(await findBarriers(page), []);
  await buyLabel(page, id);
  assert.deepEqual(await findBarriers(page), []);
  await choosePlan(page);
  await lookAtPages(page, url);

  const other = await openWindow(browser, url);
  await signUp(other.page, "bob@example.com");
  await other.page.goto(`${url}/seller/orders`);
  await other.page.getByText("No orders yet").waitFor();
  assert.deepEqual([...problems, ...other.problems], []);
}

const NAME =
  "in the console a seller signs up, connects a shop, sees an order come, buys its label and " +
  "a plan; another seller sees none of it";

if (findBrowser() !== undefined) test(NAME, followSeller);
else Deno.test.ignore(`${NAME} (no Chromium here: set CHROMIUM to its path)`, () => {});
