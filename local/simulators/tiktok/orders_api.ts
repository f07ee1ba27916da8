/** The Order API: Get Order Detail and Search Orders. */
import { Hono } from "hono";
import { ORDER_SCOPE } from "./consent.ts";
import { refusals, success } from "./envelope.ts";
import { admit, type ApiOptions, jsonBody, shopOf } from "./gate.ts";
import type { SimulatedOrder } from "./state.ts";

interface Filter {
  update_time_ge?: number;
  update_time_lt?: number;
  create_time_ge?: number;
  create_time_lt?: number;
  order_status?: string;
}

function search(orders: SimulatedOrder[], query: URLSearchParams, filter: Filter): unknown {
  const pageSizeText = query.get("page_size");
  if (pageSizeText === null) throw refusals.missing("query.page_size");
  const pageSize = Number(pageSizeText);
  if (!(pageSize >= 1 && pageSize <= 100)) throw refusals.invalid("query.page_size");
  const field = query.get("sort_field") === "update_time" ? "update_time" : "create_time";
  const direction = query.get("sort_order") === "ASC" ? 1 : -1;
  const inRange = (time: number, from = 0, to = Infinity) => time >= from && time < to;
  const found = orders.filter(({ detail }) =>
    inRange(detail.update_time, filter.update_time_ge, filter.update_time_lt) &&
    inRange(detail.create_time, filter.create_time_ge, filter.create_time_lt) &&
    (filter.order_status === undefined || detail.status === filter.order_status)
  ).sort((a, b) => direction * (a.detail[field] - b.detail[field]) || (a.id < b.id ? -1 : 1));
  const start = Number(atob(query.get("page_token") ?? "") || 0);
  const end = start + pageSize;
  return {
    orders: found.slice(start, end).map((order) => order.detail),
    total_count: found.length,
    next_page_token: end < found.length ? btoa(String(end)) : "",
  };
}

export function orderRoutes(api: ApiOptions): Hono {
  const app = new Hono();
  app.get("/order/202309/orders", async (c) => {
    const call = await admit(c.req.raw, api, ORDER_SCOPE);
    api.calls.push(c.req.path);
    const shop = shopOf(call, api.state);
    const ids = call.query.get("ids")?.split(",") ?? [];
    if (ids.length === 0) throw refusals.missing("query.ids");
    if (ids.length > 50) throw refusals.invalid("query.ids");
    const orders = ids.map((id) => api.state.get("orders", id));
    return success({
      orders: orders.filter((order) => order?.shopId === shop.id).map((order) => order?.detail),
    });
  });
  app.post("/order/202309/orders/search", async (c) => {
    const call = await admit(c.req.raw, api, ORDER_SCOPE);
    api.calls.push(c.req.path);
    const shop = shopOf(call, api.state);
    const orders = api.state.all("orders").filter((order) => order.shopId === shop.id);
    return success(search(orders, call.query, jsonBody(call)));
  });
  return app;
}
