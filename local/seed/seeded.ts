/** The shapes of what is seeded. */
import type postgres from "postgres";
import type { StackEnvironment } from "../stack/environment.ts";
import type { Seller } from "../stack/seller.ts";

/** How a seeded order is shipped, and how far its parcel goes. */
export type Shipping =
  /** A label bought here. `units`: only so many units of the order. */
  | { by: "easypost" | "tiktok"; units?: number; then?: "in_transit" | "delivered" | "voided" }
  /** A tracking number of the seller's own. */
  | { by: "own"; carrier: string; trackingNumber: string; then?: "in_transit" };

export interface SeededOrder {
  /** TikTok's id. */
  id: string;
  hours: number;
  /** @default {"AWAITING_SHIPMENT"} */
  placedAs?: "UNPAID" | "ON_HOLD" | "AWAITING_SHIPMENT" | "COMPLETED";
  cancelled?: true;
  quantity?: number;
  price?: string;
  /** The buyer that TikTok names, of an order that the seller ships. @default {the simulator's buyer} */
  buyer?: string;
  /** TIKTOK: TikTok sells the label. @default {"SELLER"} */
  shippingType?: "TIKTOK" | "SELLER";
  /** Fields of the Order API in the place of the simulator's. */
  detail?: Record<string, unknown>;
  ship?: Shipping;
  /** TikTok's status after the shipment. */
  becomes?: "IN_TRANSIT" | "DELIVERED";
}

export interface SeededShop {
  /** TikTok's id. */
  id: string;
  name: string;
  region: "US" | "GB";
  orders: SeededOrder[];
}

export interface SeededSeller {
  email: string;
  /** As people read it. */
  name: string;
  /** What to find here, in a few words. */
  about: string;
  /** A plan that is paid at Stripe's checkout. @default {a trial} */
  plan?: { name: "starter" | "growth"; limit: number; pastDue?: true };
  /** Number of orders that the plan holds back. @default {0} */
  held?: number;
  /** All of one TikTok login. */
  shops: SeededShop[];
}

/** What each step of a seller's seeding uses. */
export interface Seeding {
  env: StackEnvironment;
  /** The stack's database. */
  sql: postgres.Sql;
  seeded: SeededSeller;
  /** Signs in once. */
  signIn(): Promise<Seller>;
}
