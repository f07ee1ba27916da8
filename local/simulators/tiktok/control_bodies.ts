/** What `/control` takes: the bodies of its requests, checked. */
import * as z from "zod";

const Digits = z.string().regex(/^[0-9]{1,32}$/, "must be a string of digits");

const OpenId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, "must be letters, digits, - and _");
const Region = z.string().regex(/^[A-Z]{2}$/, "must be two capital letters");

export const LoginBody = z.strictObject({
  open_id: OpenId.optional(),
  /** 0 seller, 1 creator, 3 partner. */
  user_type: z.literal([0, 1, 3]).optional(),
  name: z.string().optional(),
  region: Region.optional(),
  scopes: z.array(z.string()).optional(),
});

export const ShopBody = z.strictObject({
  shop_id: Digits,
  name: z.string().optional(),
  open_id: OpenId.optional(),
  region: Region.optional(),
  seller_type: z.enum(["LOCAL", "CROSS_BORDER"]).optional(),
  /** It is offered exactly one shipping service. */
  one_service: z.boolean().optional(),
});

export const OrderBody = z.strictObject({
  shop_id: Digits,
  order_id: Digits.optional(),
  status: z.string().optional(),
  quantity: z.int().min(1).max(100).optional(),
  price: z.string().regex(/^\d+(\.\d{1,2})?$/).optional(),
  shipping_type: z.enum(["TIKTOK", "SELLER"]).optional(),
  /** Shows the address also where TikTok delivers. */
  open_address: z.boolean().optional(),
  /** How often the webhook is sent; 0 for not at all. */
  deliveries: z.int().min(0).max(100).default(1),
});

export const ChangeBody = z.strictObject({
  status: z.string(),
  detail: z.record(z.string(), z.unknown()).default({}),
  deliveries: z.int().min(0).max(100).default(1),
});

export const PackageBody = z.strictObject({
  status: z.enum(["PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED"]),
  deliveries: z.int().min(0).max(100).default(1),
});

export const FulfillmentBody = z.strictObject({
  label_delay: z.int().min(0).max(1000).optional(),
  always_warn: z.boolean().optional(),
});

export const DeliveriesBody = z.strictObject({
  order_ids: z.array(Digits).min(1).max(10_000),
  /** How many of them TikTok sends once more, later. */
  duplicates: z.int().min(0).default(0),
  /** How many are on their way at the same time. */
  concurrency: z.int().min(1).max(100).default(10),
});

export const ExpiryBody = z.strictObject({ days: z.int().min(0).max(365).default(30) });
