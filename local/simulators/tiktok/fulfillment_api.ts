/** The Fulfillment API for orders that TikTok delivers: services, labels, Ship Package. */
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
import { admitForShop, jsonBody, type OpenApi, optionalText, requiredText } from "./open_api.ts";
import { dimensionOf, weightOf } from "./package_size.ts";
import { shippingTypeOf } from "./packages.ts";
import { isMarkAsShippedRegion, TIKTOK_PROVIDER } from "./shipping_providers.ts";
import {
  chooseOffer,
  describeOffer,
  flatLabelCents,
  newTrackingNumber,
  offersFor,
} from "./shipping_services.ts";
import type { SimulatedOrder, SimulatedShop } from "./state.ts";
import { sellerTracking } from "./tracking_numbers.ts";

/** The lines and the parcel of a request for a label, with the services that TikTok offers. */
function requestedLabel(
  api: OpenApi,
  shop: SimulatedShop,
  order: SimulatedOrder,
  body: Record<string, unknown>,
) {
  if (shop.region !== "US") throw shippingRefusals.region();
  if (shippingTypeOf(order) !== "TIKTOK") throw shippingRefusals.notTikTokShipping();
  const lineItemIds = lineItemsOf(body, order);
  const weight = weightOf(body, lineItemIds.length);
  const dimension = dimensionOf(body);
  checkShippable(order);
  const packed = api.fulfillment.packedLines(order);
  if (lineItemIds.some((id) => packed.includes(id))) throw shippingRefusals.labelBought();
  if (order.detail.status === "AWAITING_COLLECTION") throw shippingRefusals.alreadyShipped();
  return { lineItemIds, weight, dimension, offers: offersFor(shop, weight) };
}

export function fulfillmentRoutes(api: OpenApi): Hono {
  const { state, fulfillment } = api;
  const app = new Hono();

  // Get Eligible Shipping Service
  app.post("/fulfillment/202309/orders/:orderId/shipping_services/query", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const order = orderOf(state, shop, c.req.param("orderId"));
    const { lineItemIds, weight, dimension, offers } = requestedLabel(
      api,
      shop,
      order,
      jsonBody(call),
    );
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

  // Create Packages
  app.post("/fulfillment/202309/packages", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const body = jsonBody(call);
    const order = orderOf(state, shop, requiredText(body, "order_id"));
    const { lineItemIds, weight, dimension, offers } = requestedLabel(api, shop, order, body);
    const offer = chooseOffer(shop, offers, optionalText(body, "shipping_service_id"));
    const { service: { id: serviceId, provider }, cents } = offer;
    const trackingNumber = newTrackingNumber(provider);
    const bought = fulfillment.buyLabel(
      order,
      lineItemIds,
      { provider, trackingNumber, weight, dimension },
      { serviceId, cents, currency: "USD" },
    );
    return success({
      order_id: order.id,
      order_line_item_ids: lineItemIds,
      package_id: bought.id,
      dimension,
      weight,
      shipping_service_info: describeOffer(offer),
      create_time: bought.createTime,
    });
  });

  // Ship Package
  app.post("/fulfillment/202309/packages/:packageId/ship", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const { found, order } = packageOf(state, shop, c.req.param("packageId"));
    const { self_shipment: own } = jsonBody(call);
    checkShippable(order);
    if (found.status !== "TO_FULFILL") throw shippingRefusals.alreadyShipped();
    checkCancellation(shop, order);
    if (found.shippingType === "SELLER") {
      if (isMarkAsShippedRegion(shop.region)) throw shippingRefusals.region();
      if (own === undefined) throw refusals.missing("body.self_shipment");
      if (typeof own !== "object" || own === null) throw refusals.invalid("body.self_shipment");
      const path = "body.self_shipment";
      const tracking = sellerTracking(state, shop, own as Record<string, unknown>, { path });
      fulfillment.markShipped(order, found.lineItemIds, tracking);
    } else {
      if (own !== undefined) throw refusals.unexpected("body.self_shipment");
      const { currency } = (order.detail.payment ?? {}) as { currency?: string };
      fulfillment.buyLabel(
        order,
        found.lineItemIds,
        { provider: TIKTOK_PROVIDER, trackingNumber: newTrackingNumber(TIKTOK_PROVIDER) },
        { cents: flatLabelCents(found.lineItemIds.length), currency: currency ?? "USD" },
      );
    }
    return success({});
  });
  return app;
}
