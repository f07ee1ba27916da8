/** The Return and Refund API: Search Cancellations, for orders whose buyer asked for the cancellation. */
import { Hono } from "hono";
import { RETURN_REFUND_SCOPE } from "./authorizations.ts";
import { refusals, success } from "./envelope.ts";
import { admitForShop, jsonBody, type OpenApi } from "./open_api.ts";
import type { SimulatedOrder } from "./state.ts";

const TWO_DAYS_SECONDS = 2 * 24 * 3600;

/** TikTok's Search Cancellations names the deadline; its length here is invented. */
function toCancellation({ id, detail }: SimulatedOrder) {
  const requestedAt = Number(detail.request_cancel_time || detail.update_time);
  return {
    cancel_id: id.replace(/^.{4}/, "4035"),
    order_id: id,
    cancel_type: "BUYER_CANCEL",
    cancel_status: "CANCELLATION_REQUEST_PENDING",
    cancel_reason: "ecom_order_to_ship_canceled_reason_created_by_mistake_buyer",
    cancel_reason_text: "Order created by mistake",
    role: "BUYER",
    create_time: requestedAt,
    update_time: requestedAt,
    seller_next_action_response: [
      { action: "SELLER_RESPOND_CANCEL", deadline: requestedAt + TWO_DAYS_SECONDS },
    ],
  };
}

export function cancellationRoutes(api: OpenApi): Hono {
  const app = new Hono();
  app.post("/return_refund/202309/cancellations/search", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, RETURN_REFUND_SCOPE);
    const pageSize = Number(call.query.get("page_size") ?? 10);
    if (!(pageSize >= 1 && pageSize <= 50)) throw refusals.invalid("query.page_size");
    const { order_ids }: { order_ids?: string[] } = jsonBody(call);
    const found = api.state.all("orders").filter(({ id, shopId, detail }) =>
      shopId === shop.id && detail.is_buyer_request_cancel === true &&
      (order_ids === undefined || order_ids.includes(id))
    );
    return success({
      cancellations: found.slice(0, pageSize).map(toCancellation),
      next_page_token: "",
      total_count: found.length,
    });
  });
  return app;
}
