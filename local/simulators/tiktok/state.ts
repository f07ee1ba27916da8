/**
 * What the simulated TikTok knows: logins, shops, tokens, orders, packages; kept in a journal file if
 * asked.
 */
import { Journal } from "../journal.ts";
import type { SimulatedLabel, SimulatedPackage, SimulatedShipment } from "./package_types.ts";

export interface SimulatedLogin {
  openId: string;
  /** 0 seller, 1 creator, 3 partner. */
  userType: 0 | 1 | 3;
  name: string;
  region: string;
  /** What the app may do for it. */
  scopes: string[];
  /** How long an access token lives. */
  accessSeconds: number;
  /** How long the seller's consent lasts, and with it every refresh token of the grant. */
  refreshSeconds: number;
}

export interface SimulatedShop {
  id: string;
  name: string;
  region: string;
  sellerType: "LOCAL" | "CROSS_BORDER";
  cipher: string;
  code: string;
  /** The login that owns it. */
  openId: string;
  /** TikTok refuses calls for it. */
  inactive?: boolean;
  /** It is offered exactly one shipping service, and gets that whichever it asks for. */
  oneService?: boolean;
}

/** Where one topic of one shop is sent. Times are unix seconds. */
export interface SimulatedSubscription {
  shopId: string;
  eventType: string;
  address: string;
  createTime: number;
  updateTime: number;
}

export interface SimulatedCode {
  openId: string;
  expiresAt: number;
}

export interface SimulatedToken {
  openId: string;
  /** Unix seconds. */
  expiresAt: number;
}

/** An order as Get Order Detail answers it. */
export interface SimulatedOrder {
  id: string;
  shopId: string;
  /** TikTok delivers it, and shows nobody the whole address. */
  isMasked?: boolean;
  detail: Record<string, unknown> & { status: string; update_time: number; create_time: number };
}

interface Collections {
  logins: SimulatedLogin;
  shops: SimulatedShop;
  codes: SimulatedCode;
  accessTokens: SimulatedToken;
  refreshTokens: SimulatedToken;
  orders: SimulatedOrder;
  /** By `subscriptionId`. */
  subscriptions: SimulatedSubscription;
  packages: SimulatedPackage;
  /** By the id of their package. */
  labels: SimulatedLabel;
  /** By `shipmentId`. */
  shipments: SimulatedShipment;
}

export function subscriptionId(shopId: string, eventType: string): string {
  return `${shopId}/${eventType}`;
}

/** @param count How many tracking numbers the package had before. */
export function shipmentId(packageId: string, count: number): string {
  return `${packageId}/${count}`;
}

export class SimulatorState extends Journal<Collections> {
  /** @param journalPath A file that survives restarts; made if it is not there. */
  constructor(journalPath?: string) {
    super([
      ...["logins", "shops", "codes", "accessTokens", "refreshTokens", "orders"] as const,
      ...["subscriptions", "packages", "labels", "shipments"] as const,
    ], journalPath);
  }
}
