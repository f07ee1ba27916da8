/**
 * Create Packages: buys labels of orders that TikTok delivers in the US. Version 202309 takes one order or some
 * of its units; version 202512 names the case by `ship_type`, and takes combined orders too.
 */
import { Hono } from "hono";
import { FULFILLMENT_SCOPE } from "./authorizations.ts";
import { groupOf, type Orders } from "./combined_orders.ts";
import { refusals, success } from "./envelope.ts";
import { checkShippable, lineItemsOf, orderOf } from "./fulfillment_checks.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { admitForShop, jsonBody, type OpenApi, optionalText, requiredText } from "./open_api.ts";
import { dimensionOf, weightOf } from "./package_size.ts";
import { linesOf, liveLinesOf, shippingTypeOf } from "./packages.ts";
import { chooseOffer, describeOffer, newTrackingNumber, offersFor } from "./shipping_services.ts";
import type { SimulatedShop, SimulatorState } from "./state.ts";

type Body = Record<string, unknown>;

interface Wanted {
  orders: Orders;
  lineItemIds: string[];
}

/** The parcel of a request for a label, and the services that TikTok offers. @throws {TikTokRefusal} */
export function requestedLabel(
  { fulfillment }: OpenApi,
  shop: SimulatedShop,
  orders: Orders,
  lineItemIds: string[],
  body: Body,
) {
  if (shop.region !== "US") throw shippingRefusals.region();
  if (orders.some((order) => shippingTypeOf(order) !== "TIKTOK")) {
    throw shippingRefusals.notTikTokShipping();
  }
  const weight = weightOf(body, lineItemIds.length);
  const dimension = dimensionOf(body);
  for (const order of orders) checkShippable(order);
  const packed = orders.flatMap((order) => fulfillment.packedLines(order));
  if (lineItemIds.some((id) => packed.includes(id))) throw shippingRefusals.labelBought();
  if (orders.some(({ detail }) => detail.status === "AWAITING_COLLECTION")) {
    throw shippingRefusals.alreadyShipped();
  }
  return { weight, dimension, offers: offersFor(shop, weight) };
}

/** @throws {TikTokRefusal} unless these are all orders that TikTok combined */
function checkGroup({ state }: OpenApi, orders: Orders): void {
  const ids = orders.map(({ id }) => id);
  const group = groupOf(state, orders[0]).map(({ id }) => id);
  if (group.some((id) => !ids.includes(id))) throw shippingRefusals.combined();
  if (ids.some((id) => !group.includes(id))) throw refusals.invalid("body.order_list_ids");
}

/** @throws {TikTokRefusal} */
function combinedOrders(state: SimulatorState, shop: SimulatedShop, body: Body): Wanted {
  const firstId = requiredText(body, "order_id");
  const otherIds = body.order_list_ids;
  const isGood = Array.isArray(otherIds) && otherIds.length > 0 &&
    otherIds.every((id) => typeof id === "string") &&
    new Set([firstId, ...otherIds]).size === otherIds.length + 1;
  if (!isGood) throw refusals.invalid("body.order_list_ids");
  const [first, ...others] = [firstId, ...otherIds].map((id) => orderOf(state, shop, id));
  const orders = [first, ...others] as unknown as Orders;
  const lineItemIds = orders.flatMap((order) => liveLinesOf(order).map(({ id }) => id));
  return { orders, lineItemIds };
}

/** `[{order_line_id}]`, all of one order. @throws {TikTokRefusal} */
function someUnits(state: SimulatorState, shop: SimulatedShop, body: Body): Wanted {
  const named = body.order_line_item;
  if (!Array.isArray(named) || named.length === 0) throw refusals.invalid("body.order_line_item");
  const ids = named.map((line) => (line as { order_line_id?: unknown } | null)?.order_line_id);
  const order = state.all("orders").find((candidate) =>
    candidate.shopId === shop.id && linesOf(candidate).some(({ id }) => ids.includes(id))
  );
  if (order === undefined) throw shippingRefusals.notSellersOrder();
  return { orders: [order], lineItemIds: lineItemsOf({ order_line_item_ids: ids }, order) };
}

/** Version 202512. @throws {TikTokRefusal} */
function wantedByType(state: SimulatorState, shop: SimulatedShop, body: Body): Wanted {
  const type = requiredText(body, "ship_type");
  if (type === "3") return combinedOrders(state, shop, body);
  if (type === "2") return someUnits(state, shop, body);
  if (type !== "1") throw refusals.invalid("body.ship_type");
  const order = orderOf(state, shop, requiredText(body, "order_id"));
  return { orders: [order], lineItemIds: lineItemsOf({}, order) };
}

function createPackage(api: OpenApi, shop: SimulatedShop, wanted: Wanted, body: Body) {
  const { orders, lineItemIds } = wanted;
  const { weight, dimension, offers } = requestedLabel(api, shop, orders, lineItemIds, body);
  checkGroup(api, orders);
  const offer = chooseOffer(shop, offers, optionalText(body, "shipping_service_id"));
  const { service: { id: serviceId, provider }, cents } = offer;
  const bought = api.fulfillment.buyLabel(
    orders,
    lineItemIds,
    { provider, trackingNumber: newTrackingNumber(provider), weight, dimension },
    { serviceId, cents, currency: "USD" },
  );
  return {
    package_id: bought.id,
    dimension,
    weight,
    shipping_service_info: describeOffer(offer),
    create_time: bought.createTime,
  };
}

export function createPackagesRoutes(api: OpenApi): Hono {
  const { state } = api;
  const app = new Hono();

  app.post("/fulfillment/202309/packages", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const body = jsonBody(call);
    const order = orderOf(state, shop, requiredText(body, "order_id"));
    const lineItemIds = lineItemsOf(body, order);
    const created = createPackage(api, shop, { orders: [order], lineItemIds }, body);
    return success({ order_id: order.id, order_line_item_ids: lineItemIds, ...created });
  });

  app.post("/fulfillment/202512/packages", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const body = jsonBody(call);
    return success(createPackage(api, shop, wantedByType(state, shop, body), body));
  });
  return app;
}
