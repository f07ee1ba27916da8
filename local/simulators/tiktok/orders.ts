/** Makes orders in the form of the Order API 202309, as in tests/fixtures/tiktok. */
import { addressFields } from "./addresses.ts";
import { randomDigits } from "./ids.ts";
import type { ShippingType, SimulatedOrder } from "./state.ts";

export interface NewOrder {
  shopId: string;
  /** 18 digits. @default {a random one} */
  orderId?: string;
  /** @default {"AWAITING_SHIPMENT"} */
  status?: string;
  /** Units of one product. @default {1} */
  quantity?: number;
  /** Price of one unit in USD. @default {"19.00"} */
  price?: string;
  /** Unix seconds. @default {now} */
  updateTime?: number;
  /** @default {"SELLER"} */
  shippingType?: ShippingType;
  /** Fields of the detail that replace the defaults. */
  detail?: Record<string, unknown>;
}

/** Statuses of the Order API. */
export const ORDER_STATUSES = [
  ...["UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"] as const,
  ...["AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED", "CANCELLED"] as const,
];

const PRODUCTS = ["Stoneware mug", "Linen apron", "Walnut tray", "Wool throw", "Beeswax candle"];

export const DELIVERY_OPTIONS = {
  SELLER: { id: "7091100000000000001", name: "Standard shipping" },
  TIKTOK: { id: "7091100000000000002", name: "TikTok shipping" },
};

const DAY_SECONDS = 24 * 3600;

/** TikTok writes "" where a value does not apply. */
const EMPTY_FIELDS = {
  buyer_message: "",
  seller_note: "",
  cancel_reason: "",
  cancellation_initiator: "",
  replaced_order_id: "",
  exchange_source_order_id: "",
  split_or_combine_tag: "",
  shipping_provider: "",
  shipping_provider_id: "",
};
/** TikTok writes this as the group where the seller has opted out of combining, the default. */
export const NO_GROUP = "N/A";
const EMPTY_LINE_FIELDS = { cancel_reason: "", cancel_user: "" };

/** Id of an order's line, which no other order has; TikTok's lines are single units. */
export function unitId(orderId: string, unit: number): string {
  return `${orderId.slice(-16)}${String(unit).padStart(2, "0")}`;
}

export function makeOrder(order: NewOrder, nowSeconds: number): SimulatedOrder {
  const id = order.orderId ?? `5764${randomDigits(14)}`;
  const status = order.status ?? "AWAITING_SHIPMENT";
  const updateTime = order.updateTime ?? nowSeconds;
  const price = order.price ?? "19.00";
  const quantity = order.quantity ?? 1;
  const cents = Math.round(Number(price) * 100) * quantity;
  const product = Number(id.slice(-2)) % PRODUCTS.length;
  const sku = `17295000000000001${String(product).padStart(2, "0")}`;
  const shippingType = order.shippingType ?? "SELLER";
  const deliveryOption = DELIVERY_OPTIONS[shippingType];
  const money = (amount: number) => (amount / 100).toFixed(2);
  return {
    id,
    shopId: order.shopId,
    detail: {
      id,
      status,
      user_id: "7021400000000000001",
      buyer_email: `buyer${id.slice(-6)}@scs1.tiktok.com`,
      create_time: updateTime,
      ...(status !== "UNPAID" && { paid_time: updateTime }),
      update_time: updateTime,
      rts_sla_time: updateTime + 2 * DAY_SECONDS,
      tts_sla_time: updateTime + 3 * DAY_SECONDS,
      shipping_due_time: updateTime + 4 * DAY_SECONDS,
      collection_due_time: updateTime + 6 * DAY_SECONDS,
      delivery_due_time: updateTime + 30 * DAY_SECONDS,
      ...EMPTY_FIELDS,
      auto_combine_group_id: NO_GROUP,
      payment: {
        currency: "USD",
        sub_total: money(cents),
        shipping_fee: "4.99",
        total_amount: money(cents + 499),
        tax: "0",
        seller_discount: "0",
        platform_discount: "0",
        item_insurance_fee: "",
      },
      fulfillment_type: "FULFILLMENT_BY_SELLER",
      shipping_type: shippingType,
      delivery_type: "HOME_DELIVERY",
      delivery_option_id: deliveryOption.id,
      delivery_option_name: deliveryOption.name,
      is_cod: false,
      is_on_hold_order: status === "ON_HOLD",
      is_sample_order: false,
      is_replacement_order: false,
      is_exchange_order: false,
      is_buyer_request_cancel: false,
      request_cancel_time: 0,
      warehouse_id: "6955000000000000001",
      packages: [],
      line_items: Array.from({ length: quantity }, (_, unit) => ({
        id: unitId(id, unit),
        sku_id: sku,
        product_id: `${sku.slice(0, 17)}99`,
        product_name: PRODUCTS[product],
        sku_name: "Moss",
        seller_sku: `SKU-${product}`,
        sale_price: price,
        original_price: price,
        currency: "USD",
        display_status: status,
        is_gift: false,
        gift_retail_price: "0",
        ...EMPTY_LINE_FIELDS,
      })),
      ...addressFields(status, shippingType),
      ...order.detail,
    },
  };
}

/** A later state of an order; `update_time` always grows. */
export function advanceOrder(
  order: SimulatedOrder,
  status: string,
  nowSeconds: number,
  detail: Record<string, unknown> = {},
): SimulatedOrder {
  const { recipient_address: address, ...kept } = order.detail;
  const fresh = addressFields(status, order.detail.shipping_type);
  // The buyer's address stays as it is, unless the status hides it.
  const stays = address && fresh.recipient_address && status !== "CANCELLED";
  return {
    ...order,
    detail: {
      ...kept,
      ...(stays ? { recipient_address: address } : fresh),
      status,
      // A cancelled or unpaid order may have no payment.
      ...(status !== "UNPAID" && status !== "CANCELLED" && {
        paid_time: order.detail.paid_time ?? nowSeconds,
      }),
      update_time: Math.max(nowSeconds, order.detail.update_time + 1),
      ...detail,
    } as SimulatedOrder["detail"],
  };
}
