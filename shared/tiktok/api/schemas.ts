/**
 * What we read of TikTok's answers (Order API 202309). Live answers omit what does not apply, and new
 * fields come without notice: only ids and states are required, and unknown fields are accepted.
 */
import * as z from "zod";

/** Digits; some answers have them as numbers. */
const Id = z.union([z.string(), z.int().transform(String)]).pipe(z.string().min(1));
const Text = z.string().nullish();
/** Unix seconds. */
const Time = z.int().nonnegative().nullish();
/** A decimal string in major units, e.g. "46.21" USD or "159000" IDR. */
const Amount = z.string().regex(/^\d+(\.\d+)?$/).nullish();

const District = z.looseObject({
  address_level: Text,
  address_level_name: Text,
  address_name: Text,
});

const RecipientAddress = z.looseObject({
  name: Text,
  first_name: Text,
  last_name: Text,
  phone_number: Text,
  full_address: Text,
  address_line1: Text,
  address_line2: Text,
  address_line3: Text,
  address_line4: Text,
  address_detail: Text,
  post_town: Text,
  postal_code: Text,
  region_code: Text,
  district_info: z.array(District).nullish(),
});

const LineItem = z.looseObject({
  id: Id,
  sku_id: Id.nullish(),
  product_id: Id.nullish(),
  product_name: Text,
  sku_name: Text,
  seller_sku: Text,
  sku_image: Text,
  sale_price: Amount,
  currency: Text,
  display_status: Text,
  package_id: Id.nullish().or(z.literal("")),
  package_status: Text,
  tracking_number: Text,
});

export const OrderDetail = z.looseObject({
  id: Id,
  status: z.string().min(1),
  create_time: Time,
  update_time: Time,
  paid_time: Time,
  buyer_email: Text,
  is_cod: z.boolean().nullish(),
  is_buyer_request_cancel: z.boolean().nullish(),
  delivery_option_id: Id.nullish().or(z.literal("")),
  shipping_type: Text,
  payment: z.looseObject({ currency: Text, total_amount: Amount, shipping_fee: Amount }).nullish(),
  recipient_address: RecipientAddress.nullish(),
  line_items: z.array(LineItem).nullish(),
});

export const OrderList = z.looseObject({
  orders: z.array(OrderDetail).nullish().transform((o) => o ?? []),
});

/** A page of Get Order List. What it says of an order is read again when the order is taken in. */
export const OrderSearch = z.looseObject({
  orders: z.array(z.looseObject({ id: Id, update_time: z.int().nonnegative() })).nullish()
    .transform((o) => o ?? []),
  /** Empty or absent on the last page. */
  next_page_token: Text,
});

const Shop = z.looseObject({ id: Id, cipher: z.string().min(1), name: Text, region: Text });

export const AuthorizedShopList = z.looseObject({
  shops: z.array(Shop).nullish().transform((shops) => shops ?? []),
});

export type AuthorizedShop = z.infer<typeof Shop>;
export type FoundOrders = z.infer<typeof OrderSearch>;
export type Order = z.infer<typeof OrderDetail>;
export type RecipientAddress = z.infer<typeof RecipientAddress>;
export type LineItem = z.infer<typeof LineItem>;
