/** `/control/packages` and `/control/fulfillment`. */
import type { Hono } from "hono";
import * as z from "zod";
import { controlApp, defined, parse } from "../control.ts";
import { deliver, Deliveries } from "./control_common.ts";
import { DOUBTFUL_CODES } from "./fulfillment_refusals.ts";
import type { TikTokOperations } from "./operations.ts";

export const PACKAGE_HELP = {
  "PATCH /control/packages/:package_id":
    "{status, deliveries?}: a carrier collects it (FULFILLING), delivers it (COMPLETED) or loses it " +
    "(CANCELLED); its order changes too",
  "POST /control/fulfillment":
    "{label_delay?, always_warn?, doubtful_buys?}: labels are not ready for so many reads; every tracking " +
    "number gets the warning that it fits several carriers; error codes of the next purchases, whose " +
    "labels are bought",
};

const PackageBody = z.strictObject({
  status: z.enum(["PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED"]),
  deliveries: Deliveries,
});

const FulfillmentBody = z.strictObject({
  label_delay: z.int().min(0).max(1000).optional(),
  always_warn: z.boolean().optional(),
  doubtful_buys: z.array(z.literal(DOUBTFUL_CODES)).max(1000).optional(),
});

export function packageControl(tiktok: TikTokOperations): Hono {
  const { state, fulfillment } = tiktok;
  const app = controlApp();
  app.patch("/packages/:packageId", async (c) => {
    const { status, deliveries } = await parse(PackageBody, c.req.raw);
    const packageId = c.req.param("packageId");
    if (!state.get("packages", packageId)) {
      return c.json({ error: `Unknown package ${packageId}.` }, 404);
    }
    const order = tiktok.changePackage(packageId, status);
    const answers = await deliver(tiktok, tiktok.notificationOf(order), deliveries);
    return c.json({ order_id: order.id, order_status: order.detail.status, answers });
  });

  app.post("/fulfillment", async (c) => {
    const { label_delay, always_warn, doubtful_buys } = await parse(FulfillmentBody, c.req.raw);
    const change = { labelDelay: label_delay, alwaysWarn: always_warn };
    Object.assign(fulfillment, defined({ ...change, doubtfulBuys: doubtful_buys }));
    const { labelDelay, alwaysWarn, doubtfulBuys } = fulfillment;
    return c.json({
      label_delay: labelDelay,
      always_warn: alwaysWarn,
      doubtful_buys: doubtfulBuys,
    });
  });
  return app;
}
