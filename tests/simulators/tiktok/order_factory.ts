/** Makes orders that look like TikTok's (Order API 202309, shapes as in tests/fixtures/tiktok). */
import type { SimulatedOrder } from "./state.ts";

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
  /** Fields of the detail that replace the made ones. */
  detail?: Record<string, unknown>;
}

function randomDigits(length: number): string {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(length)),
    (byte) => String(byte % 10),
  ).join("");
}

const PRODUCTS = ["Stoneware mug", "Linen apron", "Walnut tray", "Wool throw", "Beeswax candle"];

const ADDRESS = {
  full_address: "118 Alder Street, Unit 4, Portland, Multnomah, Oregon, United States 97205",
  phone_number: "(+1)5035550142",
  name: "Rosa Delgado",
  first_name: "Rosa",
  last_name: "Delgado",
  region_code: "US",
  postal_code: "97205",
  address_line1: "118 Alder Street",
  address_line2: "Unit 4",
  address_line3: "",
  address_line4: "",
  address_detail: "118 Alder Street Unit 4",
  district_info: [
    { address_level: "L0", address_level_name: "Country", address_name: "United States" },
    { address_level: "L1", address_level_name: "State", address_name: "Oregon" },
    { address_level: "L2", address_level_name: "County", address_name: "Multnomah" },
    { address_level: "L3", address_level_name: "City", address_name: "Portland" },
  ],
};

/** UNPAID and ON_HOLD orders have no usable address; cancelled ones a masked one. */
function addressFor(status: string): Record<string, unknown> {
  if (status === "UNPAID" || status === "ON_HOLD") return {};
  if (status !== "CANCELLED") return { recipient_address: ADDRESS };
  return {
    recipient_address: {
      ...ADDRESS,
      full_address: "11***, Portland, Multnomah, Oregon, United States 97***",
      phone_number: "(+1)503*****42",
      name: "R***",
      postal_code: "97***",
      address_line1: "11***",
      address_line2: "Un***",
      address_detail: "11***",
    },
  };
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
      payment: {
        currency: "USD",
        sub_total: money(cents),
        shipping_fee: "4.99",
        total_amount: money(cents + 499),
        tax: "0",
      },
      fulfillment_type: "FULFILLMENT_BY_SELLER",
      shipping_type: "SELLER",
      delivery_type: "HOME_DELIVERY",
      delivery_option_id: "7091100000000000001",
      is_cod: false,
      is_on_hold_order: status === "ON_HOLD",
      packages: [],
      line_items: Array.from({ length: quantity }, (_, unit) => ({
        id: `${id.slice(0, 14)}${String(unit).padStart(4, "0")}`,
        sku_id: sku,
        product_id: `${sku.slice(0, 17)}99`,
        product_name: PRODUCTS[product],
        sku_name: "Moss",
        seller_sku: `SKU-${product}`,
        sale_price: price,
        original_price: price,
        currency: "USD",
        display_status: status,
      })),
      ...addressFor(status),
      ...order.detail,
    },
  };
}

/** A later state of an order; its time of change is always later than the one before. */
export function advanceOrder(
  order: SimulatedOrder,
  status: string,
  nowSeconds: number,
  detail: Record<string, unknown> = {},
): SimulatedOrder {
  const { recipient_address: _, ...kept } = order.detail;
  return {
    ...order,
    detail: {
      ...kept,
      ...addressFor(status),
      status,
      // Who cancels before paying has not paid.
      ...(status !== "UNPAID" && status !== "CANCELLED" && {
        paid_time: order.detail.paid_time ?? nowSeconds,
      }),
      update_time: Math.max(nowSeconds, order.detail.update_time + 1),
      ...detail,
    } as SimulatedOrder["detail"],
  };
}
