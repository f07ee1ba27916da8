/**
 * TikTok's answers, as far as we read them (Order API 202309). Live answers omit what does not apply, and new
 * fields come without notice: only ids and states are required, and unknown fields are accepted.
 */
import * as z from "zod/mini";
import {
  Amount,
  OptionalText,
  OptionalUnixSeconds,
  optionalValue,
  UnixSeconds,
  VendorId,
  withFallback,
} from "../../values/schemas.ts";
import { AnyList, elementsOf } from "../../values/elements.ts";

/** Decides something here: another type makes the order unreadable. */
const Text = optionalValue(z.string());
const Flag = optionalValue(z.boolean());
const Id = optionalValue(VendorId);
/** Documented as a string. Of a number, a double keeps 15 digits. */
const ExactNumber = z.pipe(z.number(), z.transform(String)).check(
  z.refine((text) => text.replace(/\D/g, "").length <= 15),
);
const OptionalAmount = optionalValue(z.pipe(z.union([z.string(), ExactNumber]), Amount));
/** Only shown: another type counts as absent. */
const ShownTime = withFallback(OptionalUnixSeconds, null);
const ShownFlag = withFallback(Flag, null);
const ShownId = withFallback(Id, null);

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
  full_address: OptionalText,
  address_line1: Text,
  address_line2: Text,
  address_line3: Text,
  address_line4: Text,
  address_detail: Text,
  post_town: Text,
  postal_code: Text,
  region_code: Text,
  district_info: optionalValue(z.array(District)),
});

/** A SKU that a virtual bundle consists of. */
const BundlePart = z.looseObject({
  product_id: ShownId,
  sku_id: ShownId,
  seller_sku: OptionalText,
  /** Pieces of this SKU in one bundle. */
  sku_count: withFallback(optionalValue(z.int().check(z.nonnegative())), null),
});

/** One unit: TikTok has no quantities. */
const LineItem = z.looseObject({
  id: VendorId,
  sku_id: Id,
  product_id: ShownId,
  product_name: OptionalText,
  sku_name: OptionalText,
  seller_sku: OptionalText,
  sku_image: OptionalText,
  sale_price: OptionalAmount,
  item_tax: withFallback(
    optionalValue(z.array(z.looseObject({ tax_amount: withFallback(OptionalAmount, null) }))),
    null,
  ),
  currency: Text,
  /** CANCELLED: this unit alone; the order may go on. */
  display_status: Text,
  /** BUYER, SELLER, OPERATOR or SYSTEM. */
  cancel_user: OptionalText,
  cancel_reason: OptionalText,
  is_gift: ShownFlag,
  /** "0" for what is not a gift, a sample or a giveaway. */
  gift_retail_price: withFallback(OptionalAmount, null),
  combined_listing_skus: withFallback(optionalValue(z.array(BundlePart)), null),
  package_id: Id,
  package_status: Text,
  tracking_number: Text,
});

export const OrderDetail = z.looseObject({
  id: VendorId,
  status: z.string().check(z.minLength(1)),
  create_time: OptionalUnixSeconds,
  update_time: OptionalUnixSeconds,
  paid_time: OptionalUnixSeconds,
  buyer_email: OptionalText,
  is_cod: Flag,
  is_sample_order: Flag,
  is_replacement_order: Flag,
  replaced_order_id: ShownId,
  is_exchange_order: Flag,
  exchange_source_order_id: ShownId,
  is_buyer_request_cancel: Flag,
  request_cancel_time: ShownTime,
  /** SELLER, BUYER or SYSTEM. */
  cancellation_initiator: OptionalText,
  /** With several reasons, the one of the first line item. */
  cancel_reason: OptionalText,
  /** FULFILLMENT_BY_SELLER, FULFILLMENT_BY_TIKTOK or FULFILLMENT_BY_DILAYANI_TOKOPEDIA. */
  fulfillment_type: Text,
  warehouse_id: ShownId,
  /** Orders of one buyer that are shipped together; "Displays N/A if the seller has opted out". */
  auto_combine_group_id: z.pipe(Id, z.transform((id) => id === "N/A" ? null : id)),
  /** "The latest shipping time specified by the platform." */
  rts_sla_time: ShownTime,
  /** "The latest collection time specified by the platform." */
  tts_sla_time: ShownTime,
  /** "The automatic cancellation time for orders specified by the platform"; deprecated by the three below. */
  cancel_order_sla_time: ShownTime,
  /** TikTok cancels the order if it is not AWAITING_COLLECTION before. */
  shipping_due_time: ShownTime,
  /** TikTok cancels the order if it is not IN_TRANSIT before. */
  collection_due_time: ShownTime,
  /** TikTok cancels the order if it is not DELIVERED before. */
  delivery_due_time: ShownTime,
  buyer_message: OptionalText,
  seller_note: OptionalText,
  delivery_option_id: Id,
  shipping_type: Text,
  /** Further members are amounts, too. */
  payment: optionalValue(z.looseObject({
    currency: Text,
    total_amount: OptionalAmount,
    shipping_fee: OptionalAmount,
  })),
  recipient_address: optionalValue(RecipientAddress),
  line_items: optionalValue(z.array(LineItem)),
});

/** Get Order Detail: each element is read with `OrderDetail`. */
export const OrderList = z.looseObject({ orders: AnyList });

/** An element of Get Order List. */
export const FoundOrder = z.looseObject({ id: VendorId, update_time: UnixSeconds });

/** A page of Get Order List: each element is read with `FoundOrder`. */
export const OrderSearch = z.looseObject({
  orders: AnyList,
  /** Absent on the last page. */
  next_page_token: Text,
  /** Orders on all pages of the window. */
  total_count: withFallback(z.nullish(z.int()), null),
});

export const AuthorizedShop = z.looseObject({
  id: VendorId,
  cipher: z.string().check(z.minLength(1)),
  name: OptionalText,
  region: OptionalText,
});
export type AuthorizedShop = z.infer<typeof AuthorizedShop>;

/** Get Authorized Shops: each element is read with `AuthorizedShop`. */
export const AuthorizedShopList = z.looseObject({ shops: AnyList });

/** Get Shop Webhooks. An element that cannot be read counts as lost: subscribing twice changes nothing. */
export const WebhookList = z.looseObject({
  webhooks: elementsOf(
    z.looseObject({ event_type: z.string(), address: z.string() }),
    "TikTok's webhooks",
  ),
});
export type ShopWebhook = z.infer<typeof WebhookList>["webhooks"][number];

export type FoundOrder = z.infer<typeof FoundOrder>;
export type Order = z.infer<typeof OrderDetail>;
export type RecipientAddress = z.infer<typeof RecipientAddress>;
export type LineItem = z.infer<typeof LineItem>;
