/** Makes shops as Get Authorized Shops names them. */
import type { SimulatedLogin, SimulatedShop } from "./state.ts";

export type NewShop = Partial<SimulatedShop> & { id: string };

/** @param login Its owner, if there is one yet. */
export function makeShop(shop: NewShop, login: SimulatedLogin | undefined): SimulatedShop {
  const region = shop.region ?? login?.region ?? "US";
  return {
    name: `Shop ${shop.id.slice(-4)}`,
    region,
    sellerType: "LOCAL",
    cipher: `${region === "US" ? "TTP" : "ROW"}_${crypto.randomUUID().replaceAll("-", "")}`,
    code: `${region}LC${shop.id.slice(-6)}`,
    openId: `open_${crypto.randomUUID().replaceAll("-", "")}`,
    ...shop,
  };
}
