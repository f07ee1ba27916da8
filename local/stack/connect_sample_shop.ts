/** Connects a shop of the simulated TikTok that no other account has. */
import { OTHER_SHOP_ID, SAMPLE_SHOP_ID } from "./sample_shops.ts";
import type { StackEnvironment } from "./environment.ts";
import {
  authorizeSimulatedShop,
  ConnectionRefused,
  connectWithCode,
  type Seller,
} from "./seller.ts";

async function openShop(env: StackEnvironment, { email }: Seller): Promise<string> {
  const response = await fetch(`${env.TIKTOK_AUTH_URL}/control/shops`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: `Shop of ${email.replace(/@.*$/, "")}` }),
  });
  const { shop_id, error } = await response.json() as { shop_id?: string; error?: string };
  if (shop_id === undefined) throw new Error(`The simulator opened no shop: ${error}`);
  return shop_id;
}

/** Whether the shop is the seller's now; not if another account has it. */
async function connectShop(env: StackEnvironment, seller: Seller, id: string): Promise<boolean> {
  try {
    await connectWithCode(env, seller, await authorizeSimulatedShop(env, id));
    return true;
  } catch (error) {
    if (error instanceof ConnectionRefused && error.code === "shop_taken") return false;
    throw error;
  }
}

/**
 * The sample shops first, which have orders; if other accounts have them, a new one.
 * @throws {Error} if it is not connected
 */
export async function connectSampleShop(
  env: StackEnvironment,
  seller: Seller,
  print: (line: string) => void,
): Promise<void> {
  for (const id of [SAMPLE_SHOP_ID, OTHER_SHOP_ID]) {
    if (await connectShop(env, seller, id)) return;
    print(`Another account has shop ${id}.`);
  }
  const id = await openShop(env, seller);
  print(`A new shop opens at the simulated TikTok: ${id}. It has no orders yet.`);
  await connectWithCode(env, seller, await authorizeSimulatedShop(env, id));
}
