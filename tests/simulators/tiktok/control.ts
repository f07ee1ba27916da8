/** `/control` of the simulator: what people and tests ask of it over HTTP. */
import { Hono } from "hono";
import * as z from "zod";
import type { TikTokSimulator } from "./simulator.ts";

const Digits = z.string().regex(/^[0-9]{1,32}$/, "must be a string of digits");

const ShopBody = z.strictObject({
  shop_id: Digits,
  name: z.string().optional(),
  open_id: z.string().optional(),
});

const OrderBody = z.strictObject({
  shop_id: Digits,
  order_id: Digits.optional(),
  status: z.string().optional(),
  quantity: z.int().min(1).max(100).optional(),
  price: z.string().regex(/^\d+(\.\d{1,2})?$/).optional(),
  /** How often the webhook is sent; 0 for not at all. */
  deliveries: z.int().min(0).max(100).default(1),
});

const ChangeBody = z.strictObject({
  status: z.string(),
  detail: z.record(z.string(), z.unknown()).default({}),
  deliveries: z.int().min(0).max(100).default(1),
});

const FaultBody = z.strictObject({
  path: z.string().optional(),
  kind: z.enum(["internal", "rate_limit", "expired", "html", "hang", "delay"]),
  delay_ms: z.int().positive().optional(),
  count: z.int().positive().optional(),
  probability: z.number().min(0).max(1).optional(),
});

const DeliveriesBody = z.strictObject({
  order_ids: z.array(Digits).min(1).max(10_000),
  /** How many of them TikTok sends once more, later. */
  duplicates: z.int().min(0).default(0),
  /** How many are on their way at the same time. */
  concurrency: z.int().min(1).max(100).default(10),
});

const HELP = {
  "GET /control": "this page",
  "POST /control/shops": "{shop_id, name?, open_id?}: add a shop",
  "POST /control/shops/:shop_id/authorize": "a code for the token exchange, as if its owner agreed",
  "POST /control/orders":
    "{shop_id, order_id?, status?, quantity?, price?, deliveries?}: a buyer orders",
  "PATCH /control/orders/:order_id": "{status, detail?, deliveries?}: an order changes",
  "POST /control/deliveries":
    "{order_ids, duplicates?, concurrency?}: send their webhooks, shuffled, some of them again",
  "POST /control/faults": "{kind, path?, delay_ms?, count?, probability?}: make API calls go wrong",
  "DELETE /control/faults": "make them go right again",
};

class BadControlRequest extends Error {}

async function parse<T extends z.ZodType>(schema: T, request: Request): Promise<z.infer<T>> {
  const json = await request.json().catch(() => {
    throw new BadControlRequest("The body is not JSON.");
  });
  const { success, data, error } = schema.safeParse(json);
  if (!success) throw new BadControlRequest(z.prettifyError(error));
  return data;
}

/** `undefined` entries left out: options with exact types do not take them. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as never;
}

function countBy(values: number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

export function controlRoutes(simulator: TikTokSimulator): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof BadControlRequest) return c.json({ error: error.message }, 400);
    throw error;
  });
  app.get("/", (c) =>
    c.json({
      what: "The TikTok simulator",
      control: HELP,
      shops: simulator.state.all("shops").map(({ id, name }) => ({ shop_id: id, name })),
      orders: simulator.state.all("orders").length,
    }));

  app.post("/shops", async (c) => {
    const { shop_id, name, open_id } = await parse(ShopBody, c.req.raw);
    const shop = simulator.addShop({ id: shop_id, ...defined({ name, openId: open_id }) });
    return c.json({ shop_id: shop.id, name: shop.name, open_id: shop.openId }, 201);
  });

  app.post("/shops/:shopId/authorize", (c) => {
    const shopId = c.req.param("shopId");
    if (!simulator.state.get("shops", shopId)) {
      return c.json({ error: `There is no shop ${shopId}.` }, 404);
    }
    return c.json({ code: simulator.authorize(shopId) });
  });

  app.post("/orders", async (c) => {
    const { shop_id, order_id, status, quantity, price, deliveries } = await parse(
      OrderBody,
      c.req.raw,
    );
    if (!simulator.state.get("shops", shop_id)) {
      return c.json({ error: `There is no shop ${shop_id}. GET /control lists them.` }, 404);
    }
    const order = simulator.addOrder({
      shopId: shop_id,
      ...defined({ orderId: order_id, status, quantity, price }),
    });
    return c.json({ order_id: order.id, answers: await deliver(order, deliveries) }, 201);
  });

  app.patch("/orders/:orderId", async (c) => {
    const { status, detail, deliveries } = await parse(ChangeBody, c.req.raw);
    const orderId = c.req.param("orderId");
    if (!simulator.state.get("orders", orderId)) {
      return c.json({ error: `There is no order ${orderId}.` }, 404);
    }
    const order = simulator.changeOrder(orderId, status, detail);
    return c.json({ order_id: order.id, answers: await deliver(order, deliveries) });
  });

  app.post("/deliveries", async (c) => {
    const { order_ids, duplicates, concurrency } = await parse(DeliveriesBody, c.req.raw);
    const orders = order_ids.map((id) => simulator.state.get("orders", id));
    if (orders.includes(undefined)) {
      return c.json({ error: "One of the orders is not there." }, 404);
    }
    const answers = await simulator.sendShuffled(
      orders.filter((order) => order !== undefined),
      { duplicates, concurrency },
    );
    return c.json({ sent: answers.length, answers: Object.fromEntries(countBy(answers)) });
  });

  app.post("/faults", async (c) => {
    const { delay_ms, ...fault } = await parse(FaultBody, c.req.raw);
    simulator.faults.add({ ...defined({ ...fault, delayMs: delay_ms }) });
    return c.json({ added: fault.kind }, 201);
  });
  app.delete("/faults", (c) => {
    simulator.faults.clear();
    return c.body(null, 204);
  });

  /** One notification, sent `times` times at once: each answer is an HTTP status. */
  function deliver(order: Parameters<TikTokSimulator["notificationOf"]>[0], times: number) {
    const notification = simulator.notificationOf(order);
    return Promise.all(Array.from({ length: times }, () => simulator.send(notification)));
  }

  return app;
}
