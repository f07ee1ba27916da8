/** `/control/orders` and `/control/deliveries`. */
import type { Hono } from "hono";
import * as z from "zod";
import { controlApp, countBy, defined, parse } from "../control.ts";
import { isWaiting } from "./combined_orders.ts";
import { deliver, Deliveries, Digits, Price, unknownShop } from "./control_common.ts";
import type { TikTokOperations } from "./operations.ts";
import { ORDER_STATUSES } from "./orders.ts";
import { linesOf, liveLinesOf } from "./packages.ts";
import type { SimulatedOrder } from "./state.ts";

export const ORDER_HELP = {
  "POST /control/orders":
    "{shop_id, order_id?, status?, quantity?, price?, shipping_type?, create_time?, detail?, deliveries?}: " +
    "a buyer orders; shipping_type: SELLER, or TIKTOK for TikTok's labels; create_time: unix seconds; " +
    "409 if the order_id exists",
  "PATCH /control/orders/:order_id": "{status, detail?, deliveries?}: an order changes",
  "POST /control/orders/combine":
    "{order_ids, deliveries?}: TikTok combines orders of one buyer into one parcel",
  "POST /control/orders/:order_id/cancel-units":
    "{line_item_ids, reason?, lowers_total?, deliveries?}: units are cancelled while the order goes on",
  "POST /control/deliveries":
    "{order_ids, duplicates?, concurrency?}: send their webhooks in random order, some of them twice",
};

const Status = z.enum(ORDER_STATUSES);

/** Fields of the Order API that replace the simulator's own. */
const Detail = z.looseObject({
  line_items: z.array(z.looseObject({ id: z.string() })).optional(),
  packages: z.array(z.looseObject({ id: z.string() })).optional(),
  recipient_address: z.looseObject({}).optional(),
});

const OrderBody = z.strictObject({
  shop_id: Digits,
  order_id: Digits.optional(),
  status: Status.optional(),
  quantity: z.int().min(1).max(100).optional(),
  price: Price.optional(),
  shipping_type: z.enum(["TIKTOK", "SELLER"]).optional(),
  /** Unix seconds of the order and of its last change. */
  create_time: z.int().positive().optional(),
  detail: Detail.optional(),
  deliveries: Deliveries,
});

const ChangeBody = z.strictObject({
  status: Status,
  detail: Detail.default({}),
  deliveries: Deliveries,
});

const CombineBody = z.strictObject({
  order_ids: z.array(Digits).min(2).max(20),
  deliveries: Deliveries,
});

const UnitsBody = z.strictObject({
  line_item_ids: z.array(Digits).min(1).max(100),
  reason: z.string().optional(),
  lowers_total: z.boolean().optional(),
  deliveries: Deliveries,
});

const DeliveriesBody = z.strictObject({
  order_ids: z.array(Digits).min(1).max(10_000),
  duplicates: z.int().min(0).default(0),
  concurrency: z.int().min(1).max(100).default(10),
});

export function orderControl(tiktok: TikTokOperations): Hono {
  const { state } = tiktok;
  const notify = (order: SimulatedOrder, times: number) =>
    deliver(tiktok, tiktok.notificationOf(order), times);

  const app = controlApp();
  app.post("/orders", async (c) => {
    const { shop_id, order_id, shipping_type, create_time, deliveries, ...rest } = await parse(
      OrderBody,
      c.req.raw,
    );
    if (!state.get("shops", shop_id)) return c.json(unknownShop(shop_id), 404);
    if (order_id !== undefined && state.get("orders", order_id)) {
      return c.json({ error: `Order ${order_id} exists.` }, 409);
    }
    const given = { orderId: order_id, shippingType: shipping_type, updateTime: create_time };
    const order = tiktok.addOrder({ shopId: shop_id, ...defined({ ...given, ...rest }) });
    return c.json({ order_id: order.id, answers: await notify(order, deliveries) }, 201);
  });

  app.post("/orders/combine", async (c) => {
    const { order_ids, deliveries } = await parse(CombineBody, c.req.raw);
    const unknown = order_ids.find((id) => !state.get("orders", id));
    if (unknown !== undefined) return c.json({ error: `Unknown order ${unknown}.` }, 404);
    const shipped = order_ids.find((id) => !isWaiting(state.get("orders", id)?.detail.status));
    if (shipped !== undefined) {
      return c.json(
        { error: `Order ${shipped} is no longer waiting: TikTok does not combine it.` },
        409,
      );
    }
    const twice = order_ids.find((id, i) => order_ids.indexOf(id) < i);
    if (twice !== undefined) return c.json({ error: `Order ${twice} is named twice.` }, 400);
    const shops = new Set(order_ids.map((id) => state.get("orders", id)?.shopId));
    if (shops.size > 1) {
      return c.json({ error: "TikTok combines orders of one shop; these are of several." }, 409);
    }
    const orders = tiktok.combineOrders(order_ids);
    const answers = await Promise.all(orders.map((order) => notify(order, deliveries)));
    return c.json({ order_ids, answers: answers.flat() });
  });

  app.post("/orders/:orderId/cancel-units", async (c) => {
    const { line_item_ids, reason, lowers_total, deliveries } = await parse(
      UnitsBody,
      c.req.raw,
    );
    const orderId = c.req.param("orderId");
    const found = state.get("orders", orderId);
    if (found === undefined) return c.json({ error: `Unknown order ${orderId}.` }, 404);
    const unknown = line_item_ids.find((id) => !linesOf(found).some((line) => line.id === id));
    if (unknown !== undefined) {
      return c.json({ error: `Order ${orderId} has no unit ${unknown}.` }, 404);
    }
    const cancelled = line_item_ids.find((id) =>
      !liveLinesOf(found).some((line) => line.id === id)
    );
    if (cancelled !== undefined) {
      return c.json({ error: `Unit ${cancelled} is cancelled already.` }, 409);
    }
    const options = defined({ reason, lowersTotal: lowers_total });
    const order = tiktok.cancelUnits(orderId, line_item_ids, options);
    return c.json({ order_id: order.id, answers: await notify(order, deliveries) });
  });

  app.patch("/orders/:orderId", async (c) => {
    const { status, detail, deliveries } = await parse(ChangeBody, c.req.raw);
    const orderId = c.req.param("orderId");
    if (!state.get("orders", orderId)) {
      return c.json({ error: `Unknown order ${orderId}.` }, 404);
    }
    const order = tiktok.changeOrder(orderId, status, detail);
    return c.json({ order_id: order.id, answers: await notify(order, deliveries) });
  });

  app.post("/deliveries", async (c) => {
    const { order_ids, duplicates, concurrency } = await parse(DeliveriesBody, c.req.raw);
    const orders = order_ids.map((id) => state.get("orders", id))
      .filter((order) => order !== undefined);
    if (orders.length < order_ids.length) {
      return c.json({ error: "At least one of the orders is unknown." }, 404);
    }
    const answers = await tiktok.sendShuffled(orders, { duplicates, concurrency });
    return c.json({ sent: answers.length, answers: Object.fromEntries(countBy(answers)) });
  });
  return app;
}
