/** What the simulated TikTok keeps of packages, labels and shipments. Times are unix seconds. */

export type ShippingType = "TIKTOK" | "SELLER";

/** TO_FULFILL until shipping is arranged; then waiting for the carrier, on its way, delivered. */
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
  shopId: string;
  shippingType: ShippingType;
  lineItemIds: string[];
  status: PackageStatus;
  createTime: number;
  updateTime: number;
  /** When shipping was arranged. */
  shippedTime?: number;
  trackingNumber?: string;
  providerId?: string;
  providerName?: string;
  handoverMethod?: "PICKUP" | "DROP_OFF";
  pickupSlot?: { start_time: number; end_time: number };
  weight?: Weight;
  dimension?: Dimension;
  /** How many more reads of its documents are answered with "not ready". */
  labelDelay: number;
  /** As Get Tracking answers them, oldest first. */
  tracking: { description: string; update_time_millis: number }[];
}

/** A label that the shop's account was charged for. */
export interface SimulatedLabel {
  packageId: string;
  orderId: string;
  shopId: string;
  lineItemIds: string[];
  /** None where TikTok chooses the service, which it does outside the US. */
  serviceId?: string;
  cents: number;
  currency: string;
  at: number;
}

/** A tracking number that the seller told TikTok. */
export interface SimulatedShipment {
  packageId: string;
  orderId: string;
  shopId: string;
  lineItemIds: string[];
  trackingNumber: string;
  providerId: string;
  /** It replaced the one that was told before. */
  isCorrection: boolean;
  at: number;
}
