/** `/control/returns`, and `/control/orders/:id/returns`. */
import type { Hono } from "hono";
import * as z from "zod";
import { controlApp, defined, parse } from "../control.ts";
import { deliver, Deliveries, Price } from "./control_common.ts";
import { returnNotification } from "./notifications.ts";
import type { TikTokOperations } from "./operations.ts";
import { RETURN_STATUSES, RETURN_TYPES } from "./return_statuses.ts";
import { type FoundReturn, hasEnded } from "./returns.ts";

export const RETURN_HELP = {
  "GET /control/returns?shop_id=": "the newest 20 returns",
  "POST /control/orders/:order_id/returns":
    `{return_type?, refund_total?, deliveries?}: the buyer wants to return a shipped order, webhook 12 is sent; ` +
    `return_type: ${RETURN_TYPES.join(", ")}; refund_total: "12.50"`,
  "PATCH /control/returns/:return_id":
    "{status, refund_total?, deliveries?}: a return moves on, webhook 12 is sent; status: " +
    `${RETURN_STATUSES.join(", ")}`,
};

const LISTED = 20;

/** Before the shipment a buyer cancels. */
const NOT_SHIPPED = ["UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "AWAITING_COLLECTION", "CANCELLED"];

const RequestBody = z.strictObject({
  return_type: z.enum(RETURN_TYPES).optional(),
  refund_total: Price.optional(),
  deliveries: Deliveries,
});

const MoveBody = z.strictObject({
  status: z.enum(RETURN_STATUSES),
  refund_total: Price.optional(),
  deliveries: Deliveries,
});

function describeReturn({ order, found }: FoundReturn) {
  return {
    return_id: found.id,
    order_id: order.id,
    shop_id: order.shopId,
    return_type: found.type,
    status: found.status,
    refund_total: found.refundTotal,
  };
}

export function returnControl(tiktok: TikTokOperations): Hono {
  const { state, returns } = tiktok;
  const app = controlApp();

  async function notify(changed: FoundReturn, times: number) {
    const notification = returnNotification(changed, tiktok.now());
    return { ...describeReturn(changed), answers: await deliver(tiktok, notification, times) };
  }

  app.get("/returns", (c) => {
    const shopId = c.req.query("shop_id");
    const found = returns.all().filter(({ order }) =>
      shopId === undefined || order.shopId === shopId
    ).toSorted((a, b) => b.found.createTime - a.found.createTime);
    return c.json({ returns: found.slice(0, LISTED).map(describeReturn) });
  });

  app.post("/orders/:orderId/returns", async (c) => {
    const { return_type, refund_total, deliveries } = await parse(RequestBody, c.req.raw);
    const orderId = c.req.param("orderId");
    const order = state.get("orders", orderId);
    if (order === undefined) return c.json({ error: `Unknown order ${orderId}.` }, 404);
    const { status } = order.detail;
    if (NOT_SHIPPED.includes(status)) {
      return c.json(
        { error: `Order ${orderId} is ${status}: its buyer has nothing to return.` },
        409,
      );
    }
    const given = defined({ type: return_type, refundTotal: refund_total });
    return c.json(await notify(returns.request(orderId, given), deliveries), 201);
  });

  app.patch("/returns/:returnId", async (c) => {
    const { status, refund_total, deliveries } = await parse(MoveBody, c.req.raw);
    const returnId = c.req.param("returnId");
    const found = returns.find(returnId);
    if (found === undefined) {
      return c.json({ error: `Unknown return ${returnId}. GET /control/returns lists them.` }, 404);
    }
    if (hasEnded(found.found)) {
      return c.json({ error: `Return ${returnId} has ended: it is ${found.found.status}.` }, 409);
    }
    return c.json(await notify(returns.move(found, status, refund_total), deliveries));
  });
  return app;
}
