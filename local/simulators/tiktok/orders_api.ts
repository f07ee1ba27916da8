/** The Order API: Get Order Detail and Get Order List. */
import { Hono } from "hono";
import { ORDER_SCOPE } from "./authorizations.ts";
import { maskLongCompleted } from "./addresses.ts";
import { refusals, success } from "./envelope.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { admitForShop, jsonBody, type OpenApi } from "./open_api.ts";
import { filtersOf, SEARCH_PARAMETERS, searchPage, type SearchRules } from "./search.ts";

const SEARCH_RULES: SearchRules = { pageSize: { min: 1, max: 100 }, sortOrder: "DESC" };

export function orderRoutes(api: OpenApi): Hono {
  const app = new Hono();
  app.get("/order/202309/orders", async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, ORDER_SCOPE, ["ids"]);
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
    const { call, shop } = await admitForShop(c.req.raw, api, ORDER_SCOPE, SEARCH_PARAMETERS);
    const times = ["update_time_ge", "update_time_lt"];
    const { isInTime } = filtersOf(jsonBody(call), { times });
    const now = api.now() / 1000;
    const found = api.state.all("orders").filter(({ shopId, detail }) =>
      shopId === shop.id && isInTime("update_time", detail.update_time)
    ).map(({ detail }) => maskLongCompleted(detail, now));
    const { page, ...counts } = searchPage(found, ({ id }) => String(id), call.query, SEARCH_RULES);
    return success({ orders: page, ...counts });
  });
  return app;
}
