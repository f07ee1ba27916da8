/**
 * TikTok's answers, as far as we read them (Order API 202309). Live answers omit what does not apply, and new
 * fields come without notice: only ids and states are required, and unknown fields are accepted.
 */
import * as z from "zod";
import { Amount, UnixSeconds, VendorId } from "../../values/schemas.ts";

const Text = z.string().nullish();
const Time = UnixSeconds.nullish();
const OptionalAmount = Amount.nullish();

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
  id: VendorId,
  sku_id: VendorId.nullish(),
  product_id: VendorId.nullish(),
  product_name: Text,
  sku_name: Text,
  seller_sku: Text,
  sku_image: Text,
  sale_price: OptionalAmount,
  currency: Text,
  display_status: Text,
  package_id: VendorId.nullish().or(z.literal("")),
  package_status: Text,
  tracking_number: Text,
});

export const OrderDetail = z.looseObject({
  id: VendorId,
  status: z.string().min(1),
  create_time: Time,
  update_time: Time,
  paid_time: Time,
  buyer_email: Text,
  is_cod: z.boolean().nullish(),
  is_buyer_request_cancel: z.boolean().nullish(),
  delivery_option_id: VendorId.nullish().or(z.literal("")),
  shipping_type: Text,
  payment: z.looseObject({
    currency: Text,
    total_amount: OptionalAmount,
    shipping_fee: OptionalAmount,
  }).nullish(),
  recipient_address: RecipientAddress.nullish(),
  line_items: z.array(LineItem).nullish(),
});

export const OrderList = z.looseObject({
  orders: z.array(OrderDetail).nullish().transform((o) => o ?? []),
});

/** A page of Get Order List; each order is read again when it is ingested. */
export const OrderSearch = z.looseObject({
  orders: z.array(z.looseObject({ id: VendorId, update_time: UnixSeconds })).nullish()
    .transform((o) => o ?? []),
  /** Empty or absent on the last page. */
  next_page_token: Text,
});

const Shop = z.looseObject({ id: VendorId, cipher: z.string().min(1), name: Text, region: Text });

export const AuthorizedShopList = z.looseObject({
  shops: z.array(Shop).nullish().transform((shops) => shops ?? []),
});

export type AuthorizedShop = z.infer<typeof Shop>;
export type FoundOrders = z.infer<typeof OrderSearch>;
export type Order = z.infer<typeof OrderDetail>;
export type RecipientAddress = z.infer<typeof RecipientAddress>;
export type LineItem = z.infer<typeof LineItem>;
