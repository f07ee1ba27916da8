/** The Return and Refund API: Search Cancellations, for orders whose buyer asked for the cancellation. */
import { Hono } from "hono";
import { RETURN_REFUND_SCOPE } from "./authorizations.ts";
import { success } from "./envelope.ts";
import { admitForShop, jsonBody, type OpenApi } from "./open_api.ts";
import { filtersOf, SEARCH_PARAMETERS, searchPage, type SearchRules } from "./search.ts";
import type { SimulatedOrder } from "./state.ts";

const TWO_DAYS_SECONDS = 2 * 24 * 3600;

const SEARCH_RULES: SearchRules = {
  pageSize: { min: 1, max: 50, default: 10 },
  sortOrder: "ASC",
};

const PENDING = "CANCELLATION_REQUEST_PENDING";

/** TikTok's Search Cancellations names the deadline; its length here is invented. */
function toCancellation({ id, detail }: SimulatedOrder) {
  const requestedAt = Number(detail.request_cancel_time || detail.update_time);
  return {
    cancel_id: id.replace(/^.{4}/, "4035"),
    order_id: id,
    cancel_type: "BUYER_CANCEL",
    cancel_status: PENDING,
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
    const { call, shop } = await admitForShop(
      c.req.raw,
      api,
      RETURN_REFUND_SCOPE,
      SEARCH_PARAMETERS,
    );
    const { isListed } = filtersOf(jsonBody(call), { lists: ["order_ids", "cancel_status"] });
    const found = api.state.all("orders").filter(({ id, shopId, detail }) =>
      shopId === shop.id && detail.is_buyer_request_cancel === true &&
      isListed("order_ids", id) && isListed("cancel_status", PENDING)
    ).map(toCancellation);
    const id = ({ order_id }: { order_id: string }) => order_id;
    const { page, ...counts } = searchPage(found, id, call.query, SEARCH_RULES);
    return success({ cancellations: page, ...counts });
  });
  return app;
}
