/** The Fulfillment and Logistics API for orders that the seller ships. */
import { Hono } from "hono";
import { FULFILLMENT_SCOPE, LOGISTICS_SCOPE } from "./authorizations.ts";
import { othersOfGroup } from "./combined_orders.ts";
import { refusals, success } from "./envelope.ts";
import {
  checkCancellation,
  checkShippable,
  lineItemsOf,
  orderOf,
  packageOf,
} from "./fulfillment_checks.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { admitForShop, jsonBody, type OpenApi } from "./open_api.ts";
import { DELIVERY_OPTIONS } from "./orders.ts";
import { shippingTypeOf } from "./packages.ts";
import { EU_REGIONS, isMarkAsShippedRegion, providersOf } from "./shipping_providers.ts";
import type { ShippingType, SimulatedShop, SimulatorState } from "./state.ts";
import { sellerTracking } from "./tracking_numbers.ts";

const CORRECTION_SECONDS = 72 * 3600;

const WARNING =
  "The tracking number you entered matches multiple logistics providers. Ensure you " +
  "select the correct logistics provider.";

/** Shipping type of the shop's delivery option; `undefined` for an unknown option. */
function shippingTypeOfOption(
  state: SimulatorState,
  shop: SimulatedShop,
  optionId: string,
): ShippingType | undefined {
  const order = state.all("orders").find(({ shopId, detail }) =>
    shopId === shop.id && detail.delivery_option_id === optionId
  );
  if (order !== undefined) return shippingTypeOf(order);
  return (["SELLER", "TIKTOK"] as const).find((type) => DELIVERY_OPTIONS[type].id === optionId);
}

/** @throws {TikTokRefusal} if a shop in the European Union does not name both countries */
function checkCountries(
  query: URLSearchParams,
  { region }: SimulatedShop,
  names: readonly string[] = [],
): void {
  if (!EU_REGIONS.includes(region)) return;
  for (const name of names) {
    const country = query.get(name);
    if (!country) throw refusals.missing(`query.${name}`);
    if (!/^[A-Z]{2}$/.test(country)) throw refusals.invalid(`query.${name}`);
  }
}

export function sellerShippingRoutes(api: OpenApi): Hono {
  const { state, fulfillment } = api;
  const app = new Hono();

  // Get Shipping Providers
  const providersPath = "/logistics/202309/delivery_options/:deliveryOptionId/shipping_providers";
  app.get(providersPath, async (c) => {
    const { call, shop } = await admitForShop(
      c.req.raw,
      api,
      LOGISTICS_SCOPE,
      api.countryParameters,
    );
    checkCountries(call.query, shop, api.countryParameters);
    const shippingType = shippingTypeOfOption(state, shop, c.req.param("deliveryOptionId"));
    if (shippingType === undefined) throw shippingRefusals.unknownDeliveryOption();
    if (shippingType === "TIKTOK") throw shippingRefusals.deliveredByTikTok();
    return success({
      shipping_providers: providersOf(shop.region).map(({ id, name }) => ({ id, name })),
    });
  });

  // Mark Package As Shipped
  app.post("/fulfillment/202309/orders/:orderId/packages", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const order = orderOf(state, shop, c.req.param("orderId"));
    const body = jsonBody(call);
    if (!isMarkAsShippedRegion(shop.region)) throw shippingRefusals.region();
    if (shippingTypeOf(order) !== "SELLER") throw shippingRefusals.notSellerShipping();
    const lineItemIds = lineItemsOf(body, order);
    checkShippable(order);
    const packed = fulfillment.packedLines(order);
    const isShipped = lineItemIds.some((id) => packed.includes(id));
    if (isShipped || order.detail.status === "AWAITING_COLLECTION") {
      throw shippingRefusals.alreadyShipped();
    }
    checkCancellation(shop, order);
    // Each order of a combined parcel is marked with the same number.
    const shared = fulfillment.allowsSharedNumbers ? [order.id] : [];
    const orderIds = [...shared, ...othersOfGroup(state, order).map(({ id }) => id)];
    const tracking = sellerTracking(state, shop, body, { orderIds });
    const shipped = fulfillment.markShipped(order, lineItemIds, tracking);
    return success({
      order_id: order.id,
      order_line_item_ids: lineItemIds,
      package_id: shipped.id,
      ...((tracking.isAmbiguous || fulfillment.alwaysWarn) && { warning: { message: WARNING } }),
    });
  });

  // Update Package Shipping Info
  app.post("/fulfillment/202309/packages/:packageId/shipping_info/update", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const { found, orders } = packageOf(state, shop, c.req.param("packageId"));
    if (found.shippingType !== "SELLER") throw shippingRefusals.notSellerShipping();
    const shared = fulfillment.allowsSharedNumbers ? orders : [];
    const orderIds = [...shared, ...orders.flatMap((order) => othersOfGroup(state, order))]
      .map(({ id }) => id);
    const own = { packageId: found.id, orderIds };
    const tracking = sellerTracking(state, shop, jsonBody(call), own);
    if (orders.every(({ detail }) => detail.status === "CANCELLED")) {
      throw shippingRefusals.correctionCancelled();
    }
    if (found.status === "CANCELLED") throw shippingRefusals.packageCancelled();
    if (found.shippedTime === undefined) throw shippingRefusals.notShipped();
    if (found.status === "COMPLETED") throw shippingRefusals.delivered();
    const age = api.now() / 1000 - found.shippedTime;
    if (shop.region === "US" && age > CORRECTION_SECONDS) throw shippingRefusals.tooLate();
    if (shop.region === "US" && fulfillment.isCorrected(found)) {
      throw shippingRefusals.correctedBefore();
    }
    fulfillment.correctTracking(found, tracking);
    return success({});
  });
  return app;
}
