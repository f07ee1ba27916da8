/** Names of spans: a vendor's path without its ids. */
import assert from "node:assert/strict";
import { pathTemplate } from "./spans.ts";

Deno.test("the name of a vendor's call has no id, also none without a digit", () => {
  const paths = {
    "/v1/customers/cus_kYyKusTVXsGeeohSQNJqrNxZ": "/v1/customers/:id",
    "/v1/checkout/sessions/cs_test_a1B2/expire": "/v1/checkout/sessions/:id/expire",
    "/order/202309/orders": "/order/202309/orders",
    "/fulfillment/202309/packages/1153462/shipping_documents":
      "/fulfillment/202309/packages/:id/shipping_documents",
    "/v2/shipments/shp_9f2e/buy": "/v2/shipments/:id/buy",
  };
  assert.deepEqual(Object.keys(paths).map(pathTemplate), Object.values(paths));
});
