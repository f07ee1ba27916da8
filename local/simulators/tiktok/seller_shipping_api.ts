/** The endpoints for sellers who ship with a carrier of their own. */
import { Hono } from "hono";
import { FULFILLMENT_SCOPE, LOGISTICS_SCOPE } from "./consent.ts";
import { success } from "./envelope.ts";
import { admitForShop, type FulfillmentApi } from "./fulfillment_gate.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { jsonBody } from "./gate.ts";
import { DELIVERY_OPTIONS } from "./order_factory.ts";
import { shippingTypeOf } from "./packages.ts";
import type { ShippingType, SimulatedPackage } from "./package_types.ts";
import { sellerTracking } from "./seller_tracking.ts";
import {
  checkCancellation,
  checkShippable,
  lineItemsOf,
  orderOf,
  packageOf,
} from "./shipping_checks.ts";
import { providersOf } from "./shipping_providers.ts";
import type { SimulatedOrder, SimulatedShop, SimulatorState } from "./state.ts";

export const MARK_AS_SHIPPED_REGIONS: ReadonlySet<string> = new Set(
  ["US", "GB", "DE", "FR", "IT", "ES", "IE", "JP"],
);

const CORRECTION_SECONDS = 72 * 3600;

const WARNING =
  "The tracking number you entered matches multiple logistics providers. Ensure you " +
  "select the correct logistics provider.";

/** Who delivers with a delivery option of the shop, if it has it. */
function delivererOf(state: SimulatorState, shop: SimulatedShop, id: string) {
  const order = state.all("orders").find(({ shopId, detail }) =>
    shopId === shop.id && detail.delivery_option_id === id
  );
  if (order !== undefined) return shippingTypeOf(order);
  return (["SELLER", "TIKTOK"] as ShippingType[]).find((type) => DELIVERY_OPTIONS[type].id === id);
}

export function sellerShippingRoutes(api: FulfillmentApi): Hono {
  const { state, desk, fulfillment } = api;
  const app = new Hono();

  // Get Shipping Providers
  const providersPath = "/logistics/202309/delivery_options/:deliveryOptionId/shipping_providers";
  app.get(providersPath, async (c) => {
    const { shop } = await admitForShop(c.req.raw, api, LOGISTICS_SCOPE);
    const deliverer = delivererOf(state, shop, c.req.param("deliveryOptionId"));
    if (deliverer === undefined) throw shippingRefusals.unknownDeliveryOption();
    if (deliverer === "TIKTOK") throw shippingRefusals.deliveredByTikTok();
    return success({
      shipping_providers: providersOf(shop.region).map(({ id, name }) => ({ id, name })),
    });
  });

  // Mark Package As Shipped
  app.post("/fulfillment/202309/orders/:orderId/packages", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const order = orderOf(state, shop, c.req.param("orderId"));
    const body = jsonBody(call);
    if (!MARK_AS_SHIPPED_REGIONS.has(shop.region)) throw shippingRefusals.region();
    if (shippingTypeOf(order) !== "SELLER") throw shippingRefusals.notSellerShipping();
    const lineItemIds = lineItemsOf(body, order);
    checkShippable(order);
    const packed = desk.packedLines(order);
    const isShipped = lineItemIds.some((id) => packed.includes(id));
    if (isShipped || order.detail.status === "AWAITING_COLLECTION") {
      throw shippingRefusals.alreadyShipped();
    }
    checkCancellation(shop, order);
    const tracking = sellerTracking(state, shop, body);
    const shipped = desk.handOver(order, lineItemIds, tracking);
    return success({
      order_id: order.id,
      order_line_item_ids: lineItemIds,
      package_id: shipped.id,
      ...((tracking.isAmbiguous || fulfillment.alwaysWarn) && { warning: { message: WARNING } }),
    });
  });

  function correct(
    shop: SimulatedShop,
    order: SimulatedOrder,
    found: SimulatedPackage,
    body: Record<string, unknown>,
  ): Response {
    const tracking = sellerTracking(state, shop, body, { packageId: found.id });
    if (order.detail.status === "CANCELLED") throw shippingRefusals.cancelled();
    if (found.status === "CANCELLED") throw shippingRefusals.packageCancelled();
    if (found.shippedTime === undefined) throw shippingRefusals.notShipped();
    if (found.status === "COMPLETED") throw shippingRefusals.delivered();
    const age = api.now() / 1000 - found.shippedTime;
    if (shop.region === "US" && age > CORRECTION_SECONDS) throw shippingRefusals.tooLate();
    desk.correct(order, found, tracking);
    return success({});
  }

  // Update Shipping Info
  app.post("/fulfillment/202309/orders/:orderId/shipping_info/update", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, LOGISTICS_SCOPE);
    const order = orderOf(state, shop, c.req.param("orderId"));
    if (shippingTypeOf(order) !== "SELLER") throw shippingRefusals.notSellerShipping();
    const [found, ...others] = desk.packagesOf(order);
    if (found === undefined) throw shippingRefusals.notShipped();
    if (others.length > 0) throw shippingRefusals.splitOrder();
    return correct(shop, order, found, jsonBody(call));
  });

  // Update Package Shipping Info
  app.post("/fulfillment/202309/packages/:packageId/shipping_info/update", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const { found, order } = packageOf(state, shop, c.req.param("packageId"));
    if (found.shippingType !== "SELLER") throw shippingRefusals.notSellerShipping();
    return correct(shop, order, found, jsonBody(call));
  });
  return app;
}
