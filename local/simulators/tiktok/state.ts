/** State of the simulated TikTok, kept in a journal file on request. Times are unix seconds. */
import { Journal } from "../journal.ts";
import type { RETURN_STATUSES, RETURN_TYPES } from "./return_statuses.ts";

export interface SimulatedLogin {
  openId: string;
  /** 0 seller, 1 creator, 3 partner. */
  userType: 0 | 1 | 3;
  name: string;
  region: string;
  /** Permissions of the app. */
  scopes: string[];
}

export interface SimulatedShop {
  id: string;
  name: string;
  region: string;
  sellerType: "LOCAL" | "CROSS_BORDER";
  cipher: string;
  code: string;
  /** Its owner's login. */
  openId: string;
  /** TikTok refuses calls for an inactive shop, and for every shop of an inactive seller. */
  inactive?: "shop" | "seller" | false;
  /** TikTok offers exactly one shipping service and uses it for every label. */
  oneService?: boolean;
}

/** Webhook address of one shop for one topic. */
export interface SimulatedSubscription {
  shopId: string;
  eventType: string;
  address: string;
  createTime: number;
  updateTime: number;
  /** TikTok has forgotten it: the topic is not sent until it is subscribed again. */
  lost?: true;
}

export interface SimulatedCode {
  openId: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export interface SimulatedToken {
  openId: string;
  expiresAt: number;
}

/** A return of units of an order. */
export interface SimulatedReturn {
  id: string;
  type: (typeof RETURN_TYPES)[number];
  status: (typeof RETURN_STATUSES)[number];
  /** What the buyer gets: a decimal string in the order's currency. */
  refundTotal: string;
  createTime: number;
  updateTime: number;
}

/** An order as Get Order Detail answers it. */
export interface SimulatedOrder {
  id: string;
  shopId: string;
  detail: Record<string, unknown> & { status: string; update_time: number; create_time: number };
  returns?: SimulatedReturn[];
}

export type ShippingType = "TIKTOK" | "SELLER";

/** TO_FULFILL until shipping is arranged; then waiting for the carrier, in transit, delivered. */
export type PackageStatus = "TO_FULFILL" | "PROCESSING" | "FULFILLING" | "COMPLETED" | "CANCELLED";

export interface Weight {
  value: string;
  unit: "GRAM" | "POUND";
}

export interface Dimension {
  length: string;
  width: string;
  height: string;
  unit: "CM" | "INCH";
}

export interface SimulatedPackage {
  id: string;
  orderId: string;
  /** Every order of a combined package; absent if it has one order. */
  orderIds?: string[];
  shopId: string;
  shippingType: ShippingType;
  lineItemIds: string[];
  status: PackageStatus;
  createTime: number;
  updateTime: number;
  /** Time of the shipping arrangement. */
  shippedTime?: number;
  trackingNumber?: string;
  providerId?: string;
  providerName?: string;
  weight?: Weight;
  dimension?: Dimension;
  /** Number of further reads of its documents that TikTok answers with "not ready". */
  labelDelay: number;
}

/** A label that TikTok charged to the shop. */
export interface SimulatedLabel {
  packageId: string;
  orderId: string;
  /** Every order of a combined package; absent if it has one order. */
  orderIds?: string[];
  shopId: string;
  lineItemIds: string[];
  /** Absent outside the US, where TikTok chooses the service. */
  serviceId?: string;
  cents: number;
  currency: string;
  at: number;
}

/** A tracking number that the seller sent to TikTok. */
export interface SimulatedShipment {
  packageId: string;
  orderId: string;
  shopId: string;
  lineItemIds: string[];
  trackingNumber: string;
  providerId: string;
  /** It replaced an earlier number. */
  isCorrection: boolean;
  at: number;
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

/** @param count Number of earlier tracking numbers of the package. */
export function shipmentId(packageId: string, count: number): string {
  return `${packageId}/${count}`;
}

export class SimulatorState extends Journal<Collections> {
  /** @param journalPath A file that survives restarts; created on first use. */
  constructor(journalPath?: string) {
    super([
      ...["logins", "shops", "codes", "accessTokens", "refreshTokens", "orders"] as const,
      ...["subscriptions", "packages", "labels", "shipments"] as const,
    ], journalPath);
  }
}
