/** The Order API: Get Order Detail and Get Order List. */
import { Hono } from "hono";
import { ORDER_SCOPE } from "./authorizations.ts";
import { maskLongCompleted } from "./addresses.ts";
import { refusals, success } from "./envelope.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { admitForShop, jsonBody, type OpenApi } from "./open_api.ts";
import type { SimulatedOrder } from "./state.ts";

interface Filter {
  update_time_ge?: number;
  update_time_lt?: number;
}

function searchOrders(orders: SimulatedOrder[], query: URLSearchParams, filter: Filter): unknown {
  const pageSizeText = query.get("page_size");
  if (pageSizeText === null) throw refusals.missing("query.page_size");
  const pageSize = Number(pageSizeText);
  if (!(pageSize >= 1 && pageSize <= 100)) throw refusals.invalid("query.page_size");
  const { update_time_ge: from = 0, update_time_lt: to = Infinity } = filter;
  const field = query.get("sort_field") === "update_time" ? "update_time" : "create_time";
  const direction = query.get("sort_order") === "ASC" ? 1 : -1;
  const found = orders
    .filter(({ detail: { update_time: time } }) => time >= from && time < to)
    .sort((a, b) => direction * (a.detail[field] - b.detail[field]) || (a.id < b.id ? -1 : 1));
  const start = Number(query.get("page_token") || 0);
  if (!(start >= 0)) throw refusals.invalid("query.page_token");
  const end = start + pageSize;
  return {
    orders: found.slice(start, end).map((order) => order.detail),
    total_count: found.length,
    next_page_token: end < found.length ? String(end) : "",
  };
}

export function orderRoutes(api: OpenApi): Hono {
  const app = new Hono();
  app.get("/order/202309/orders", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, ORDER_SCOPE);
    const ids = call.query.get("ids")?.split(",") ?? [];
    if (ids.length === 0) throw refusals.missing("query.ids");
    if (ids.length > 50) throw refusals.invalid("query.ids");
    const found = ids.flatMap((id) => api.state.get("orders", id) ?? []);
    const sellerOf = (shopId: string) => api.state.get("shops", shopId)?.openId;
    if (found.some(({ shopId }) => sellerOf(shopId) !== shop.openId)) {
      throw shippingRefusals.notSellersOrder();
    }
    // TikTok does not document unknown orders, and those of the seller's other shops: they are left out.
    const orders = found.filter(({ shopId }) => shopId === shop.id);
    const now = api.now() / 1000;
    return success({ orders: orders.map(({ detail }) => maskLongCompleted(detail, now)) });
  });
  app.post("/order/202309/orders/search", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, ORDER_SCOPE);
    const now = api.now() / 1000;
    const orders = api.state.all("orders").filter((order) => order.shopId === shop.id)
      .map((order) => ({ ...order, detail: maskLongCompleted(order.detail, now) }));
    return success(searchOrders(orders, call.query, jsonBody(call)));
  });
  return app;
}
