/** Sellers of a chaos run: one on a plan that is too small, the others on one that takes all orders. */
import { authorizeSimulatedShop, connectWithCode } from "../../local/stack/seller.ts";
import { type ConnectedSeller, connectSeller, subscribe } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

export interface ChaosSeller extends ConnectedSeller {
  name: string;
  /** TikTok's login. */
  openId: string;
  /** TikTok's ids; all of one login. */
  shopIds: string[];
  /** Orders a month that the plan takes. */
  limit: number;
}

/** Weights of the shops' sales, in the order of `shopIds` of all sellers. */
export const SHOP_WEIGHTS = [5, 4, 4, 4, 3];

const PLAN_WITHOUT_LIMIT = { plan: "scale", limit: 999_999 };

async function addSeller(
  stack: TestStack,
  name: string,
  shopIds: string[],
  { plan, limit }: { plan: string; limit: number },
): Promise<ChaosSeller> {
  const openId = `chaos_${name}`;
  for (const id of shopIds) {
    const sellerType = shopIds.length > 1 ? "CROSS_BORDER" : "LOCAL";
    stack.tiktok.addShop({ id, openId, sellerType, name: `${name}'s shop` });
  }
  const seller = await connectSeller(stack, shopIds[0]);
  if (plan !== "trial") await subscribe(stack, seller.id, plan);
  return { ...seller, name, openId, shopIds, limit };
}

/** @param isSmall Whether there are so few orders that only the smallest plan is too small for them. */
export async function addSellers(stack: TestStack, isSmall: boolean): Promise<ChaosSeller[]> {
  const shop = (n: number) => String(7_460_000_000_000_000_000n + BigInt(n));
  const small = isSmall ? { plan: "trial", limit: 10 } : { plan: "starter", limit: 100 };
  return [
    await addSeller(stack, "ada", [shop(1)], small),
    await addSeller(stack, "bob", [shop(2)], PLAN_WITHOUT_LIMIT),
    // Two shops that share a token pair.
    await addSeller(stack, "cem", [shop(3), shop(4)], PLAN_WITHOUT_LIMIT),
    await addSeller(stack, "dora", [shop(5)], PLAN_WITHOUT_LIMIT),
  ];
}

/** The seller moves to a plan that takes all. */
export async function takeLargerPlan(stack: TestStack, seller: ChaosSeller): Promise<void> {
  await subscribe(stack, seller.id, PLAN_WITHOUT_LIMIT.plan);
  seller.limit = PLAN_WITHOUT_LIMIT.limit;
}

/** Connects the shops again, as a seller does when TikTok requires a new consent. */
export async function connectAgain(stack: TestStack, seller: ChaosSeller): Promise<void> {
  const code = await authorizeSimulatedShop(stack.env, seller.shopId);
  await connectWithCode(stack.env, seller, code);
}
