/** What TikTok's OpenAPI leaves out, with its source. */
import { readTikTokCountryParameters } from "../../../shared/config.ts";

/** Parameters of every call: page "Sign your API request". */
export const COMMON_PARAMETERS = ["app_key", "sign", "timestamp"];

/** Parameters that TikTok's release notes announce without their names, by operation. */
export const MORE_PARAMETERS: Record<string, readonly string[]> = {
  "GET /logistics/202309/delivery_options/{delivery_option_id}/shipping_providers": Object.values(
    readTikTokCountryParameters(() => undefined),
  ),
};

const OWN_TRACKING = ["tracking_number", "shipping_provider_id"];

/**
 * Fields that the reference pages of these calls mark as required. The OpenAPI marks no field of a body.
 * Create Packages 202512 wants more, by its `ship_type`.
 */
export const BODY_FIELDS_REQUIRED: Record<string, readonly string[]> = {
  "PUT /event/202309/webhooks": ["address", "event_type"],
  "DELETE /event/202309/webhooks": ["event_type"],
  "POST /fulfillment/202309/packages": ["order_id"],
  "POST /fulfillment/202512/packages": ["ship_type"],
  "POST /fulfillment/202309/orders/{order_id}/packages": OWN_TRACKING,
  "POST /fulfillment/202309/orders/{order_id}/shipping_info/update": OWN_TRACKING,
  "POST /fulfillment/202309/packages/{package_id}/shipping_info/update": OWN_TRACKING,
};
