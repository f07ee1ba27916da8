/** The Return and Refund API: Search Returns. */
import { Hono } from "hono";
import { RETURN_REFUND_SCOPE } from "./authorizations.ts";
import { success } from "./envelope.ts";
import { admitForShop, jsonBody, type OpenApi } from "./open_api.ts";
import type { FoundReturn } from "./returns.ts";
import { filtersOf, SEARCH_PARAMETERS, searchPage, type SearchRules } from "./search.ts";

const SEARCH_RULES: SearchRules = {
  pageSize: { min: 10, max: 50, default: 10 },
  sortOrder: "ASC",
};

function describeReturn({ order: { id: orderId, detail }, found }: FoundReturn) {
  const { currency } = (detail.payment ?? {}) as { currency?: string };
  return {
    return_id: found.id,
    order_id: orderId,
    return_type: found.type,
    return_status: found.status,
    role: "BUYER",
    refund_amount: { currency, refund_total: found.refundTotal },
    create_time: found.createTime,
    update_time: found.updateTime,
  };
}

export function returnRoutes(api: OpenApi): Hono {
  const app = new Hono();
  app.post("/return_refund/202309/returns/search", async (c) => {
    const { call, shop } = await admitForShop(
      c.req.raw,
      api,
      RETURN_REFUND_SCOPE,
      SEARCH_PARAMETERS,
    );
    const { isInTime, isListed } = filtersOf(jsonBody(call), {
      times: ["update_time_ge", "update_time_lt"],
      lists: ["return_ids"],
    });
    const found = api.returns.all().filter(({ order, found: { id, updateTime } }) =>
      order.shopId === shop.id && isInTime("update_time", updateTime) &&
      isListed("return_ids", id)
    ).map(describeReturn);
    const id = ({ return_id }: { return_id: string }) => return_id;
    const { page, ...counts } = searchPage(found, id, call.query, SEARCH_RULES);
    return success({ return_orders: page, ...counts });
  });
  return app;
}
