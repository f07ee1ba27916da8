/** `/control` of the simulator: what people and tests ask of it over HTTP. */
import type { Hono } from "hono";
import { controlApp, defined, faultRoutes, FAULTS_HELP, parse } from "../control.ts";
import {
  ChangeBody,
  DeliveriesBody,
  ExpiryBody,
  LoginBody,
  OrderBody,
  ShopBody,
} from "./control_bodies.ts";
import { controlPackageRoutes, describeAccounts, PACKAGE_HELP } from "./control_packages.ts";
import type { TikTokSimulator } from "./simulator.ts";

const HELP = {
  "GET /control": "this page",
  "GET /open/authorize?service_id=&state=": "the page on which a seller agrees or refuses",
  "POST /control/logins":
    "{open_id?, user_type?, name?, region?, scopes?}: add a login (0 seller, 1 creator, 3 partner)",
  "POST /control/shops":
    "{shop_id, name?, open_id?, region?, seller_type?, one_service?}: add a shop; a login may own several",
  "POST /control/shops/:shop_id/authorize": "a code for the token exchange, as if its owner agreed",
  "POST /control/shops/:shop_id/expire-token":
    "the access tokens of its login have expired: API calls answer 105002",
  "POST /control/shops/:shop_id/deauthorize":
    "its owner removes the app: no token works any more, and webhook 6 is sent",
  "POST /control/shops/:shop_id/announce-expiry":
    "{days?}: webhook 7 is sent, the owner's consent ends in so many days (30)",
  "POST /control/orders":
    "{shop_id, order_id?, status?, quantity?, price?, shipping_type?, open_address?, deliveries?}: a " +
    "buyer orders; shipping_type: SELLER, or TIKTOK for TikTok's labels",
  "PATCH /control/orders/:order_id": "{status, detail?, deliveries?}: an order changes",
  ...PACKAGE_HELP,
  "POST /control/deliveries":
    "{order_ids, duplicates?, concurrency?}: send their webhooks, shuffled, some of them again",
  ...FAULTS_HELP,
};

function countBy(values: number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

export function controlRoutes(simulator: TikTokSimulator): Hono {
  const app = controlApp();
  app.get("/", (c) =>
    c.json({
      what: "The TikTok simulator",
      control: HELP,
      logins: simulator.state.all("logins").map(({ openId, userType, name }) => (
        { open_id: openId, user_type: userType, name }
      )),
      shops: simulator.state.all("shops").map(({ id, name }) => ({ shop_id: id, name })),
      orders: simulator.state.all("orders").length,
      labels: describeAccounts(simulator),
    }));

  app.post("/logins", async (c) => {
    const { open_id, user_type, ...rest } = await parse(LoginBody, c.req.raw);
    const login = simulator.addLogin(defined({ openId: open_id, userType: user_type, ...rest }));
    const { openId, userType, name, region, scopes } = login;
    return c.json({ open_id: openId, user_type: userType, name, region, scopes }, 201);
  });

  app.post("/shops", async (c) => {
    const { shop_id, name, open_id, region, seller_type, one_service } = await parse(
      ShopBody,
      c.req.raw,
    );
    const given = { name, openId: open_id, region, sellerType: seller_type };
    const shop = simulator.addShop({
      id: shop_id,
      ...defined({ ...given, oneService: one_service }),
    });
    return c.json({ shop_id: shop.id, name: shop.name, open_id: shop.openId }, 201);
  });

  const shopRoute = (path: string, answer: (shopId: string, request: Request) => unknown) =>
    app.post(`/shops/:shopId/${path}`, async (c) => {
      const shopId = c.req.param("shopId") ?? "";
      if (!simulator.state.get("shops", shopId)) {
        return c.json({ error: `There is no shop ${shopId}. GET /control lists them.` }, 404);
      }
      return c.json(await answer(shopId, c.req.raw) as Record<string, unknown>);
    });
  shopRoute("authorize", (shopId) => ({ code: simulator.authorize(shopId) }));
  shopRoute("expire-token", (shopId) => {
    const openId = simulator.state.get("shops", shopId)?.openId as string;
    simulator.expireAccessToken(openId);
    return { expired: openId };
  });
  shopRoute("deauthorize", async (shopId) => ({
    answer: await simulator.send(simulator.deauthorize(shopId)),
  }));
  shopRoute("announce-expiry", async (shopId, request) => {
    const { days } = await parse(ExpiryBody, request);
    const end = Math.floor(simulator.now() / 1000) + days * 86_400;
    return { answer: await simulator.send(simulator.expirationNotice(shopId, end)) };
  });

  app.post("/orders", async (c) => {
    const { shop_id, order_id, shipping_type, open_address, deliveries, ...rest } = await parse(
      OrderBody,
      c.req.raw,
    );
    if (!simulator.state.get("shops", shop_id)) {
      return c.json({ error: `There is no shop ${shop_id}. GET /control lists them.` }, 404);
    }
    const given = { orderId: order_id, shippingType: shipping_type, openAddress: open_address };
    const order = simulator.addOrder({ shopId: shop_id, ...defined({ ...given, ...rest }) });
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

  app.route("/", controlPackageRoutes(simulator, deliver));

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

  app.route("/faults", faultRoutes(simulator.faults));

  /** One notification, sent `times` times at once: each answer is an HTTP status. */
  function deliver(order: Parameters<TikTokSimulator["notificationOf"]>[0], times: number) {
    const notification = simulator.notificationOf(order);
    return Promise.all(Array.from({ length: times }, () => simulator.send(notification)));
  }

  return app;
}
