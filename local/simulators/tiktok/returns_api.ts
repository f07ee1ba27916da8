/** The Return and Refund API: Search Returns, for returns whose buyer was paid back. */
import { Hono } from "hono";
import { RETURN_REFUND_SCOPE } from "./authorizations.ts";
import { refusals, success } from "./envelope.ts";
import { admitForShop, jsonBody, type OpenApi } from "./open_api.ts";
import type { SimulatedOrder, SimulatedReturn } from "./state.ts";

function toReturn(
  { id: orderId, detail }: SimulatedOrder,
  { id, refundTotal, at }: SimulatedReturn,
) {
  const { currency } = detail.payment as { currency: string };
  return {
    return_id: id,
    order_id: orderId,
    return_type: "RETURN_AND_REFUND",
    return_status: "RETURN_OR_REFUND_REQUEST_COMPLETE",
    role: "BUYER",
    refund_amount: { currency, refund_total: refundTotal },
    create_time: at,
    update_time: at,
  };
}

export function returnRoutes(api: OpenApi): Hono {
  const app = new Hono();
  app.post("/return_refund/202309/returns/search", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, RETURN_REFUND_SCOPE);
    const pageSize = Number(call.query.get("page_size") ?? 10);
    if (!(pageSize >= 10 && pageSize <= 50)) throw refusals.invalid("query.page_size");
    const { return_ids }: { return_ids?: string[] } = jsonBody(call);
    const found = api.state.all("orders").filter(({ shopId }) => shopId === shop.id)
      .flatMap((order) => (order.returns ?? []).map((entry) => toReturn(order, entry)))
      .filter((entry) => return_ids === undefined || return_ids.includes(entry.return_id));
    return success({
      return_orders: found.slice(0, pageSize),
      next_page_token: "",
      total_count: found.length,
    });
  });
  return app;
}
