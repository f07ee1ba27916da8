/** What the console says about a plan that is not paid, and about a shop that another account has used. */
import assert from "node:assert/strict";
import { seeShown } from "../support/browser.ts";
import { openSeller } from "../support/console.ts";
import { testInBrowser } from "../support/shared_browser.ts";
import { connectSeller } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

/** As a former account of the shop would have left it. */
async function useShop(stack: TestStack, shopId: string): Promise<void> {
  await stack.sql`
    insert into private.monthly_shop_counts (shop_key, month, orders)
    select shop_key, private.current_month(), 10 from public.tiktok_shops where shop_id = ${shopId}
    on conflict (shop_key, month) do update set orders = 10`;
  await stack.sql`
    insert into private.label_spending (shop_key, month, labels, cents, day, day_labels, day_cents)
    select shop_key, private.current_month(), 3, 2334, private.current_day(), 3, 2334
    from public.tiktok_shops where shop_id = ${shopId}`;
}

testInBrowser(
  "a new owner of a shop reads what it used elsewhere, and not what that cost",
  async (stack, browser) => {
    const seller = await connectSeller(stack);
    await useShop(stack, seller.shopId);
    const { page, problems } = await openSeller(browser, stack.env, seller, {
      path: "/seller/plan",
    });
    const use = "This shop has already used 10 orders and 3 labels this month in another account.";
    await seeShown(page.getByText(use));
    await seeShown(page.getByText("Its limit is reached for new orders and labels."));
    await seeShown(page.getByText("Labels for $0.00 of"));
    assert.equal(await page.getByText("23.34").count(), 0);
    assert.deepEqual(problems, []);
  },
);

testInBrowser("an overdue plan is marked as the seller's, and not paid", async (stack, browser) => {
  const seller = await connectSeller(stack);
  await stack.sql`
    update public.users set subscription_status = 'past_due', subscription_tier = 'growth'
    where id = ${seller.id}`;
  const { page, problems } = await openSeller(browser, stack.env, seller, { path: "/seller/plan" });
  const badgeOf = (plan: string) => page.getByRole("region", { name: `Plan ${plan}` });
  await seeShown(badgeOf("Growth").getByText("Not paid"));
  await seeShown(badgeOf("Trial").getByText("Its limits hold"));
  assert.equal(await page.getByText("Your plan", { exact: true }).count(), 0);
  assert.equal(await page.getByRole("button", { name: "Choose Growth" }).count(), 0);
  assert.deepEqual(problems, []);
});
