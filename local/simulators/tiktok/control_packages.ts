/** `/control` of packages and labels. */
import { Hono } from "hono";
import { defined, parse } from "../control.ts";
import { FulfillmentBody, PackageBody } from "./control_bodies.ts";
import type { TikTokSimulator } from "./simulator.ts";
import type { SimulatedOrder } from "./state.ts";

export const PACKAGE_HELP = {
  "PATCH /control/packages/:package_id":
    "{status, deliveries?}: a carrier has it (FULFILLING), delivered it (COMPLETED) or lost it " +
    "(CANCELLED); its order changes too",
  "POST /control/fulfillment":
    "{label_delay?, always_warn?}: labels are not ready for so many reads; every tracking number is " +
    "said to fit several carriers",
};

/** @param deliver Sends the webhook of an order so many times. Returns the answers. */
export function controlPackageRoutes(
  simulator: TikTokSimulator,
  deliver: (order: SimulatedOrder, times: number) => Promise<number[]>,
): Hono {
  const { fulfillment } = simulator;
  const app = new Hono();

  app.patch("/packages/:packageId", async (c) => {
    const { status, deliveries } = await parse(PackageBody, c.req.raw);
    const packageId = c.req.param("packageId");
    if (!simulator.state.get("packages", packageId)) {
      return c.json({ error: `There is no package ${packageId}.` }, 404);
    }
    const order = simulator.changePackage(packageId, status);
    return c.json({
      order_id: order.id,
      order_status: order.detail.status,
      answers: await deliver(order, deliveries),
    });
  });

  app.post("/fulfillment", async (c) => {
    const { label_delay, always_warn } = await parse(FulfillmentBody, c.req.raw);
    Object.assign(fulfillment, defined({ labelDelay: label_delay, alwaysWarn: always_warn }));
    const { labelDelay, alwaysWarn } = fulfillment;
    return c.json({ label_delay: labelDelay, always_warn: alwaysWarn });
  });
  return app;
}

/** What `GET /control` says about labels. */
export function describeAccounts({ fulfillment }: TikTokSimulator) {
  return fulfillment.accounts().map(({ shopId, currency, labels, cents }) => (
    { shop_id: shopId, currency, labels, charged: (cents / 100).toFixed(2) }
  ));
}
