/** The Fulfillment API's reads: Get Package Detail and Get Package Shipping Document. */
import { Hono } from "hono";
import { FULFILLMENT_SCOPE } from "./authorizations.ts";
import { packagesOf } from "./combined_orders.ts";
import { success } from "./envelope.ts";
import { packageOf } from "./fulfillment_checks.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { admitForShop, type OpenApi } from "./open_api.ts";
import { ordersIn } from "./packages.ts";
import { DOCUMENT_PARAMETERS, documentRequest, documentUrl } from "./shipping_documents.ts";
import type { PackageStatus, SimulatedPackage } from "./state.ts";

/** JSON drops the fields that are still `undefined`. */
function describePackage(found: SimulatedPackage, isSplit: boolean) {
  const isCombined = ordersIn(found).length > 1;
  return {
    package_id: found.id,
    orders: ordersIn(found).map((id) => ({ id })),
    order_line_item_ids: found.lineItemIds,
    package_status: found.status,
    split_and_combine_tag: isCombined ? "COMBINED" : isSplit ? "SPLIT" : "DEFAULT",
    shipping_provider_name: found.providerName,
    shipping_provider_id: found.providerId,
    shipping_type: found.shippingType,
    tracking_number: found.trackingNumber,
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

export function packageRoutes(api: OpenApi): Hono {
  const { state, fulfillment } = api;
  const app = new Hono();

  app.get("/fulfillment/202309/packages/:packageId", async (c) => {
    const { shop } = await admitForShop(c.req.raw, api, FULFILLMENT_SCOPE);
    const { found, orders: [order] } = packageOf(state, shop, c.req.param("packageId"));
    return success(describePackage(found, packagesOf(state, order).length > 1));
  });

  app.get("/fulfillment/202309/packages/:packageId/shipping_documents", async (c) => {
    const { call, shop } = await admitForShop(
      c.req.raw,
      api,
      FULFILLMENT_SCOPE,
      DOCUMENT_PARAMETERS,
    );
    const { found } = packageOf(state, shop, c.req.param("packageId"));
    const format = documentRequest(call.query, shop.region);
    if (found.shippingType === "SELLER") throw shippingRefusals.notTikTokShipping();
    checkPrintable(found.status);
    if (!fulfillment.readDocuments(found)) throw shippingRefusals.labelNotReady();
    return success({
      doc_url: documentUrl(api, new URL(c.req.url).origin, found.id, format),
      tracking_number: found.trackingNumber,
    });
  });
  return app;
}
