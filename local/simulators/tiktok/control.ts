/** `/control` of the TikTok simulator: its operations over HTTP. */
import type { Hono } from "hono";
import * as z from "zod";
import { controlApp, parse, unknownCommand } from "../control.ts";
import { faultRoutes, faultsHelp } from "../control_faults.ts";
import { answerControl } from "../control_page.tsx";
import { ORDER_HELP, orderControl } from "./control_orders.ts";
import { RETURN_HELP, returnControl } from "./control_returns.ts";
import { PACKAGE_HELP, packageControl } from "./control_packages.ts";
import { WORLD_HELP, worldControl } from "./control_world.ts";
import { SELLER_HELP, sellerControl } from "./control_sellers.ts";
import type { TikTokOperations } from "./operations.ts";

const HELP = {
  "GET /control": "this page",
  "GET /open/authorize?service_id=&state=": "the page on which a seller agrees or refuses",
  ...SELLER_HELP,
  ...ORDER_HELP,
  ...PACKAGE_HELP,
  ...RETURN_HELP,
  "POST /control/app-secret":
    "{app_secret}: Partner Center gives the app another secret; the one before is refused at once",
  ...WORLD_HELP,
  ...faultsHelp({ hasAccessTokens: true }),
};

const SecretBody = z.strictObject({ app_secret: z.string().min(1) });

export function controlRoutes(tiktok: TikTokOperations): Hono {
  const { state, fulfillment, faults } = tiktok;
  const app = controlApp();
  app.get("/", (c) =>
    answerControl(c, "TikTok Shop", {
      what: "The TikTok simulator",
      control: HELP,
      logins: state.all("logins").map(({ openId, userType, name }) => (
        { open_id: openId, user_type: userType, name }
      )),
      shops: state.all("shops").map(({ id, name }) => ({ shop_id: id, name })),
      orders: state.all("orders").length,
      labels: fulfillment.labels.map(({ packageId, orderId, shopId, cents, currency }) => ({
        ...{ package_id: packageId, order_id: orderId, shop_id: shopId },
        charged: (cents / 100).toFixed(2),
        currency,
      })),
    }));
  app.post("/app-secret", async (c) => {
    tiktok.app.appSecret = (await parse(SecretBody, c.req.raw)).app_secret;
    return c.json({ changed: "app_secret" });
  });
  app.route("/", sellerControl(tiktok));
  app.route("/", worldControl(tiktok));
  app.route("/", orderControl(tiktok));
  app.route("/", packageControl(tiktok));
  app.route("/", returnControl(tiktok));
  app.route("/faults", faultRoutes(faults, { hasAccessTokens: true }));
  app.all("*", unknownCommand(HELP));
  return app;
}
