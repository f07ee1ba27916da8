/** What may be read of packages: their detail, their documents, and where they are. */
import { Hono } from "hono";
import { FULFILLMENT_SCOPE, LOGISTICS_SCOPE } from "./consent.ts";
import { success } from "./envelope.ts";
import { admitForShop, type FulfillmentApi } from "./fulfillment_gate.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { documentRequest, documentUrl } from "./labels.ts";
import { linesOf } from "./packages.ts";
import type { PackageStatus, SimulatedPackage } from "./package_types.ts";
import { orderOf, packageOf } from "./shipping_checks.ts";
import type { SimulatedOrder } from "./state.ts";

const ADDRESS_FIELDS = [
  "full_address",
  "phone_number",
  "name",
  "postal_code",
  "address_detail",
  "region_code",
  "address_line1",
  "address_line2",
  "address_line3",
  "address_line4",
];

function recipientOf({ detail }: SimulatedOrder) {
  const address = detail.recipient_address as Record<string, unknown> | undefined;
  if (address === undefined) return {};
  const shown = ADDRESS_FIELDS.map((field) => [field, address[field]]);
  return { recipient_address: Object.fromEntries(shown) };
}

/** JSON leaves out what is not known yet. */
function describePackage(found: SimulatedPackage, order: SimulatedOrder, isSplit: boolean) {
  const skus = linesOf(order).filter(({ id }) => found.lineItemIds.includes(id))
    .map(({ sku_id }) => sku_id);
  return {
    package_id: found.id,
    orders: [{ id: order.id }],
    order_line_item_ids: found.lineItemIds,
    package_status: found.status,
    split_and_combine_tag: isSplit ? "SPLIT" : "DEFAULT",
    has_multi_skus: new Set(skus).size > 1,
    note_tag: order.detail.buyer_message ? "BUYER_NOTED" : "BUYER_UNNOTED",
    shipping_provider_name: found.providerName,
    shipping_provider_id: found.providerId,
    shipping_type: found.shippingType,
    delivery_option_name: order.detail.delivery_option_name,
    delivery_option_id: order.detail.delivery_option_id,
    tracking_number: found.trackingNumber,
    handover_method: found.handoverMethod,
    pickup_slot: found.pickupSlot,
    ...recipientOf(order),
    weight: found.weight,
    dimension: found.dimension,
    create_time: found.createTime,
    update_time: found.updateTime,
  };
}

function checkPrintable(status: PackageStatus): void {
  if (status === "TO_FULFILL") throw shippingRefusals.notArranged();
  if (status === "CANCELLED") throw shippingRefusals.packageCancelled();
  if (status !== "PROCESSING") throw shippingRefusals.pickedUp();
}

export function packageRoutes(api: FulfillmentApi): Hono {
  const { state, desk } = api;
  const app = new Hono();

  // Get Package Detail
  app.get("/fulfillment/202309/packages/:packageId", async (c) => {
    const { shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const { found, order } = packageOf(state, shop, c.req.param("packageId"));
    return success(describePackage(found, order, desk.packagesOf(order).length > 1));
  });

  // Get Package Shipping Document
  app.get("/fulfillment/202309/packages/:packageId/shipping_documents", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const { found } = packageOf(state, shop, c.req.param("packageId"));
    const wanted = documentRequest(call.query, shop.region);
    if (found.shippingType === "SELLER") throw shippingRefusals.notTikTokShipping();
    checkPrintable(found.status);
    if (!desk.readDocuments(found)) throw shippingRefusals.labelNotReady();
    const base = api.publicUrl ?? new URL(c.req.url).origin;
    return success({
      doc_url: await documentUrl(base, found.id, wanted, api),
      tracking_number: found.trackingNumber,
    });
  });

  // Get Tracking
  app.get("/fulfillment/202309/orders/:orderId/tracking", async (c) => {
    const { shop } = await admitForShop(c.req.raw, api, LOGISTICS_SCOPE);
    const order = orderOf(state, shop, c.req.param("orderId"));
    // Newest first; the sort keeps the later of two at the same time before the earlier.
    const tracking = desk.packagesOf(order).flatMap((found) => found.tracking).reverse()
      .sort((a, b) => b.update_time_millis - a.update_time_millis);
    return success({ tracking });
  });
  return app;
}
