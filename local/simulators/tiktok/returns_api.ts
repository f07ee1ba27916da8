/** The Return and Refund API: Search Returns, for returns whose buyer was paid back. */
import { Hono } from "hono";
import { RETURN_REFUND_SCOPE } from "./authorizations.ts";
import { refusals, success } from "./envelope.ts";
import { admitForShop, jsonBody, type OpenApi } from "./open_api.ts";
import type { SimulatedOrder, SimulatedReturn } from "./state.ts";

interface Filter {
  return_ids?: string[];
  update_time_ge?: number;
  update_time_lt?: number;
}

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

function searchReturns(
  returns: ReturnType<typeof toReturn>[],
  query: URLSearchParams,
  { return_ids: ids, update_time_ge: from = 0, update_time_lt: to = Infinity }: Filter,
): unknown {
  const pageSize = Number(query.get("page_size") ?? 10);
  if (!(pageSize >= 10 && pageSize <= 50)) throw refusals.invalid("query.page_size");
  const start = Number(query.get("page_token") ?? 0);
  if (!(start >= 0)) throw refusals.invalid("query.page_token");
  const field = query.get("sort_field") === "update_time" ? "update_time" : "create_time";
  const direction = query.get("sort_order") === "DESC" ? -1 : 1;
  const found = returns
    .filter(({ return_id, update_time: time }) =>
      time >= from && time < to && (ids === undefined || ids.includes(return_id))
    )
    .sort((a, b) => direction * (a[field] - b[field]) || (a.return_id < b.return_id ? -1 : 1));
  const end = start + pageSize;
  return {
    return_orders: found.slice(start, end),
    next_page_token: end < found.length ? String(end) : "",
    total_count: found.length,
  };
}

export function returnRoutes(api: OpenApi): Hono {
  const app = new Hono();
  app.post("/return_refund/202309/returns/search", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, RETURN_REFUND_SCOPE);
    const returns = api.state.all("orders").filter(({ shopId }) => shopId === shop.id)
      .flatMap((order) => (order.returns ?? []).map((entry) => toReturn(order, entry)));
    return success(searchReturns(returns, call.query, jsonBody(call)));
  });
  return app;
}
