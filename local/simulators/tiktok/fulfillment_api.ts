/** The Fulfillment API where TikTok delivers: services, labels, and packages that wait for shipping. */
import { Hono } from "hono";
import { FULFILLMENT_SCOPE } from "./consent.ts";
import { refusals, success } from "./envelope.ts";
import { admitForShop, type FulfillmentApi } from "./fulfillment_gate.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { jsonBody } from "./gate.ts";
import { dimensionOf, weightOf } from "./measures.ts";
import { shippingTypeOf } from "./packages.ts";
import type { SimulatedPackage } from "./package_types.ts";
import { MARK_AS_SHIPPED_REGIONS } from "./seller_shipping_api.ts";
import { sellerTracking } from "./seller_tracking.ts";
import {
  checkCancellation,
  checkShippable,
  lineItemsOf,
  optionalText,
  orderOf,
  packageOf,
  requiredText,
} from "./shipping_checks.ts";
import { TIKTOK_PROVIDER } from "./shipping_providers.ts";
import {
  chooseOffer,
  describeOffer,
  flatLabelCents,
  newTrackingNumber,
  offersFor,
} from "./shipping_services.ts";
import type { SimulatedOrder, SimulatedShop } from "./state.ts";

/** What a label is asked for: the lines that are to go into a package, and the package. */
function parcelOf(
  api: FulfillmentApi,
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
  const packed = api.desk.packedLines(order);
  if (lineItemIds.some((id) => packed.includes(id))) throw shippingRefusals.labelBought();
  if (order.detail.status === "AWAITING_COLLECTION") throw shippingRefusals.alreadyShipped();
  return { lineItemIds, weight, dimension, offers: offersFor(shop, weight) };
}

type Handover = Pick<SimulatedPackage, "handoverMethod" | "pickupSlot">;

function handoverOf({ handover_method, pickup_slot }: Record<string, unknown>): Handover {
  const method = handover_method ?? "DROP_OFF";
  if (method !== "PICKUP" && method !== "DROP_OFF") {
    throw refusals.invalid("body.handover_method");
  }
  if (pickup_slot === undefined) return { handoverMethod: method };
  const { start_time: start, end_time: end } = (pickup_slot ?? {}) as Record<string, unknown>;
  if (typeof start !== "number" || typeof end !== "number" || start >= end) {
    throw refusals.invalid("body.pickup_slot");
  }
  return { handoverMethod: method, pickupSlot: { start_time: start, end_time: end } };
}

export function fulfillmentRoutes(api: FulfillmentApi): Hono {
  const { state, desk } = api;
  const app = new Hono();

  // Get Eligible Shipping Service
  app.post("/fulfillment/202309/orders/:orderId/shipping_services/query", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const order = orderOf(state, shop, c.req.param("orderId"));
    const { lineItemIds, weight, dimension, offers } = parcelOf(api, shop, order, jsonBody(call));
    return success({
      order_id: order.id,
      // TikTok's name for it here; elsewhere it is `order_line_item_ids`.
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
    const { lineItemIds, weight, dimension, offers } = parcelOf(api, shop, order, body);
    const offer = chooseOffer(shop, offers, optionalText(body, "shipping_service_id"));
    const { service: { id: serviceId, provider }, cents } = offer;
    const trackingNumber = newTrackingNumber(provider);
    const bought = desk.buyLabel(
      order,
      lineItemIds,
      { provider, trackingNumber, weight, dimension, handoverMethod: "DROP_OFF" },
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
    const body = jsonBody(call);
    const handover = handoverOf(body);
    checkShippable(order);
    if (found.status !== "TO_FULFILL") throw shippingRefusals.alreadyShipped();
    checkCancellation(shop, order);
    const { self_shipment: own } = body;
    if (found.shippingType === "SELLER") {
      if (MARK_AS_SHIPPED_REGIONS.has(shop.region)) throw shippingRefusals.region();
      if (own === undefined) throw refusals.missing("body.self_shipment");
      if (typeof own !== "object" || own === null) throw refusals.invalid("body.self_shipment");
      const path = "body.self_shipment";
      const tracking = sellerTracking(state, shop, own as Record<string, unknown>, { path });
      desk.handOver(order, found.lineItemIds, tracking);
    } else {
      if (own !== undefined) throw refusals.unexpected("body.self_shipment");
      const provider = TIKTOK_PROVIDER;
      const { currency } = (order.detail.payment ?? {}) as { currency?: string };
      desk.buyLabel(
        order,
        found.lineItemIds,
        { provider, trackingNumber: newTrackingNumber(provider), ...handover },
        { cents: flatLabelCents(found.lineItemIds.length), currency: currency ?? "USD" },
      );
    }
    return success({});
  });
  return app;
}
