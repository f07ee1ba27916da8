/** The operator's pages in a browser: an event that fails, its body, its replay, and every page. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { findBarriers, seeShown } from "../support/browser.ts";
import {
  type ConsoleWindow,
  findCovered,
  openConsole,
  operatorLink,
  visitPages,
} from "../support/console.ts";
import { connectSeller, giveUpOrder, refuseOrders } from "../support/shop.ts";
import { testInBrowser } from "../support/shared_browser.ts";
import type { TestStack } from "../support/stack.ts";

const PAGES = {
  "/operator/health": "Health",
  "/operator/jobs": "Jobs",
  "/operator/functions": "Functions",
  "/operator/connections": "Shops",
  "/operator/log": "Log",
  "/operator/inbox": "Inbox",
};

/** Without a session the page says how to get one; a new link works after a used one, and leaves no token behind. */
async function signIn(browser: Browser, { env }: TestStack): Promise<ConsoleWindow> {
  const opened = await openConsole(browser, `${env.SUPABASE_URL}/operator/inbox`);
  const { page } = opened;
  await seeShown(page.getByRole("heading", { name: "For operators" }));
  assert.equal(await page.getByRole("table").count(), 0);
  assert.deepEqual(await findBarriers(page), []);
  await page.goto(`${env.SUPABASE_URL}/operator/sign-in#${"0".repeat(64)}`);
  await seeShown(page.getByText("The link was used before, or has expired."));
  // The browser does not load the page again for an address that differs in its fragment only.
  await page.goto(await operatorLink(env));
  await seeShown(page.getByRole("heading", { name: "Inbox" }));
  assert.equal(page.url(), `${env.SUPABASE_URL}/operator/inbox`);
  opened.loads.length = 0;
  return opened;
}

const stateOf = (page: Page, state: string) => page.locator("main .badge").getByText(state);

async function countReads({ sql }: TestStack): Promise<number> {
  return (await sql`select from private.personal_data_reads`).length;
}

/** The values are masked until they are asked for; each time they are is noted once. */
async function readBody(page: Page, stack: TestStack, orderId: string): Promise<void> {
  const body = page.getByLabel("Body of the event");
  const masked = await body.innerText();
  assert.match(masked, /"order_status": "AWAITING_SHIPMENT"/);
  assert.ok(!masked.includes(orderId) && masked.includes("•••"));
  assert.equal(await countReads(stack), 0);
  await page.getByRole("button", { name: "Show the values" }).click();
  await seeShown(body.getByText(orderId));
  // Later readings of the event's state are without the values.
  await page.waitForResponse((response) => response.url().includes("/operator/events/"));
  assert.equal(await countReads(stack), 1);
  await page.getByRole("button", { name: "Mask the values" }).click();
  await seeShown(body.getByText("•••").first());
  assert.ok(!(await body.innerText()).includes(orderId));
}

async function replayEvent(stack: TestStack, browser: Browser): Promise<void> {
  const seller = await connectSeller(stack);
  const { page, problems, loads } = await signIn(browser, stack);
  await seeShown(page.getByRole("button", { name: "Dead 0" }));
  const orderId = await giveUpOrder(stack, seller);
  await page.getByRole("button", { name: "Dead 1" }).click();
  await page.getByRole("row").filter({ hasText: orderId }).getByRole("link").click();
  await seeShown(stateOf(page, "Dead"));
  await readBody(page, stack, orderId);
  assert.deepEqual(await findBarriers(page), []);

  refuseOrders(stack, seller.shopId, false);
  await page.getByRole("button", { name: "Replay" }).click();
  await seeShown(page.getByText("It was dead, and was processed again."));
  assert.deepEqual(await findCovered(page), []);
  await seeShown(stateOf(page, "Done"));
  const { data } = await seller.client.from("orders").select("tiktok_order_id");
  assert.deepEqual(data, [{ tiktok_order_id: orderId }]);
  assert.equal(await countReads(stack), 1);

  await visitPages(page, PAGES, async (path) => {
    assert.deepEqual(await findBarriers(page), [], path);
  });
  assert.deepEqual([loads, problems], [[], []]);

  for (const id of ["999999", "abc"]) {
    await page.goto(`${stack.env.SUPABASE_URL}/operator/inbox/${id}`);
    await seeShown(page.getByText("There is no such event."));
    await page.getByRole("link", { name: "All events" }).click();
    await seeShown(page.getByRole("heading", { name: "Inbox" }));
  }
}

const NAME =
  "in the console an operator sees an event fail, reads its masked body and its values, " +
  "and replays it; no page has a barrier";

testInBrowser(NAME, replayEvent);
