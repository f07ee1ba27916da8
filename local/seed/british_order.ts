/** Orders of a British buyer, in pounds. */
import type { SeededOrder } from "./seeded.ts";

const PRICE_PENCE = 1250;
const SHIPPING_PENCE = 350;

const BUYER = {
  full_address: "8 Mill Lane, Bath, England, United Kingdom BA1 1AA",
  phone_number: "(+44)2079460857",
  name: "Owen Hughes",
  first_name: "Owen",
  last_name: "Hughes",
  region_code: "GB",
  postal_code: "BA1 1AA",
  address_line1: "8 Mill Lane",
  address_line2: "",
  post_town: "Bath",
  address_detail: "8 Mill Lane",
  district_info: [
    { address_level: "L0", address_level_name: "Country", address_name: "United Kingdom" },
    { address_level: "L1", address_level_name: "Nation", address_name: "England" },
    { address_level: "L3", address_level_name: "Town", address_name: "Bath" },
  ],
};

const pounds = (pence: number) => (pence / 100).toFixed(2);

export function britishOrder(order: SeededOrder & { quantity: number }): SeededOrder {
  const items = order.quantity * PRICE_PENCE;
  const line = {
    sku_id: "1729000000000000102",
    product_id: "1729000000000000100",
    product_name: "Tea, first flush",
    sku_name: "100 g",
    seller_sku: "TEA-100",
    sale_price: pounds(PRICE_PENCE),
    original_price: pounds(PRICE_PENCE),
    currency: "GBP",
    display_status: "AWAITING_SHIPMENT",
    is_gift: false,
    gift_retail_price: "0",
    cancel_reason: "",
    cancel_user: "",
  };
  const detail = {
    recipient_address: BUYER,
    payment: {
      currency: "GBP",
      sub_total: pounds(items),
      shipping_fee: pounds(SHIPPING_PENCE),
      total_amount: pounds(items + SHIPPING_PENCE),
      tax: "0",
      seller_discount: "0",
      platform_discount: "0",
      item_insurance_fee: "",
    },
    line_items: Array.from(
      { length: order.quantity },
      (_, n) => ({ id: `${order.id}${n}`, ...line }),
    ),
  };
  return { ...order, detail };
}
