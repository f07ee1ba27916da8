/** The Fulfillment API for orders that TikTok delivers: services and Ship Package. */
import { Hono } from "hono";
import { FULFILLMENT_SCOPE } from "./authorizations.ts";
import { refusals, success } from "./envelope.ts";
import {
  checkCancellation,
  checkShippable,
  lineItemsOf,
  orderOf,
  packageOf,
} from "./fulfillment_checks.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { requestedLabel } from "./create_packages_api.ts";
import { admitForShop, jsonBody, type OpenApi } from "./open_api.ts";
import { isMarkAsShippedRegion, TIKTOK_PROVIDER } from "./shipping_providers.ts";
import { describeOffer, flatLabelCents, newTrackingNumber } from "./shipping_services.ts";
import { sellerTracking } from "./tracking_numbers.ts";

export function fulfillmentRoutes(api: OpenApi): Hono {
  const { state, fulfillment } = api;
  const app = new Hono();

  // Get Eligible Shipping Service
  app.post("/fulfillment/202309/orders/:orderId/shipping_services/query", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const order = orderOf(state, shop, c.req.param("orderId"));
    const body = jsonBody(call);
    const lineItemIds = lineItemsOf(body, order);
    const { weight, dimension, offers } = requestedLabel(api, shop, [order], lineItemIds, body);
    return success({
      order_id: order.id,
      // TikTok's name in this answer; elsewhere it is `order_line_item_ids`.
      order_line_id: lineItemIds,
      weight,
      dimension,
      shipping_services: offers.map((offer) => (
        { ...describeOffer(offer), is_default: offer.isDefault }
      )),
    });
  });

  // Ship Package
  app.post("/fulfillment/202309/packages/:packageId/ship", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const { found, orders } = packageOf(state, shop, c.req.param("packageId"));
    const { self_shipment: own } = jsonBody(call);
    for (const order of orders) checkShippable(order, shippingRefusals.packageShipped);
    if (found.status !== "TO_FULFILL") throw shippingRefusals.packageShipped();
    for (const order of orders) checkCancellation(shop, order);
    if (found.shippingType === "SELLER") {
      if (isMarkAsShippedRegion(shop.region)) throw shippingRefusals.region();
      if (own === undefined) throw refusals.missing("body.self_shipment");
      if (typeof own !== "object" || own === null) throw refusals.invalid("body.self_shipment");
      const path = "body.self_shipment";
      const orderIds = fulfillment.allowsSharedNumbers ? orders.map(({ id }) => id) : [];
      const options = { path, orderIds };
      const tracking = sellerTracking(state, shop, own as Record<string, unknown>, options);
      fulfillment.markShipped(orders[0], found.lineItemIds, tracking);
    } else {
      if (own !== undefined) throw refusals.unexpected("body.self_shipment");
      const { currency } = (orders[0].detail.payment ?? {}) as { currency?: string };
      fulfillment.buyLabel(
        orders,
        found.lineItemIds,
        { provider: TIKTOK_PROVIDER, trackingNumber: newTrackingNumber(TIKTOK_PROVIDER) },
        { cents: flatLabelCents(found.lineItemIds.length), currency: currency ?? "USD" },
      );
    }
    return success({});
  });
  return app;
}
