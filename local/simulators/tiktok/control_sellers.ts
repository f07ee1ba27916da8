/** `/control/logins` and `/control/shops`. */
import type { Hono } from "hono";
import * as z from "zod";
import { BadControlRequest, controlApp, defined, parse } from "../control.ts";
import { Digits, unknownShop } from "./control_common.ts";
import type { TikTokOperations } from "./operations.ts";
import { subscriptionId } from "./state.ts";
import { EVENT_TYPE_NAMES } from "./subscriptions.ts";

export const SELLER_HELP = {
  "POST /control/logins":
    "{open_id?, user_type?, name?, region?, scopes?}: add a login (0 seller, 1 creator, 3 partner)",
  "POST /control/shops":
    "{shop_id?, name?, open_id?, region?, seller_type?, one_service?}: add a shop; a login may own several",
  "DELETE /control/shops/:shop_id": "the shop closes: its orders, packages and labels are gone too",
  "POST /control/shops/:shop_id/authorize": "its owner agrees: a code for the token exchange",
  "POST /control/shops/:shop_id/expire-token":
    "expire the access tokens of its login: API calls answer 105002",
  "POST /control/shops/:shop_id/deauthorize":
    "its owner removes the app: all tokens stop working, webhook 6 is sent",
  "POST /control/shops/:shop_id/deactivate":
    "{what?}: TikTok deactivates the shop, or the seller: API calls answer 36009043 or 36009044 (shop)",
  "POST /control/shops/:shop_id/activate": "TikTok activates the shop again",
  "POST /control/shops/:shop_id/lose-subscription":
    "{event_type}: TikTok forgets a webhook subscription",
  "POST /control/shops/:shop_id/announce-expiry":
    "{days?}: webhook 7 is sent, the authorization ends in so many days (30)",
};

const OpenId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, "1 to 128 letters, digits, - and _");
const Region = z.string().regex(/^[A-Z]{2}$/, "two capital letters, e.g. US or GB");

const LoginBody = z.strictObject({
  open_id: OpenId.optional(),
  /** 0 seller, 1 creator, 3 partner. */
  user_type: z.literal([0, 1, 3]).optional(),
  name: z.string().optional(),
  region: Region.optional(),
  scopes: z.array(z.string()).optional(),
});

const ShopBody = z.strictObject({
  /** @default {TikTok chooses one} */
  shop_id: Digits.optional(),
  name: z.string().optional(),
  open_id: OpenId.optional(),
  region: Region.optional(),
  seller_type: z.enum(["LOCAL", "CROSS_BORDER"]).optional(),
  /** TikTok offers it exactly one shipping service. */
  one_service: z.boolean().optional(),
});

const DeactivationBody = z.strictObject({ what: z.enum(["shop", "seller"]).default("shop") });

const SubscriptionBody = z.strictObject({ event_type: z.enum(EVENT_TYPE_NAMES) });

const ExpiryBody = z.strictObject({ days: z.int().min(0).max(365).default(30) });

export function sellerControl(tiktok: TikTokOperations): Hono {
  const app = controlApp();
  app.post("/logins", async (c) => {
    const { open_id, user_type, ...rest } = await parse(LoginBody, c.req.raw);
    const login = tiktok.addLogin(defined({ openId: open_id, userType: user_type, ...rest }));
    const { openId, userType, name, region, scopes } = login;
    return c.json({ open_id: openId, user_type: userType, name, region, scopes }, 201);
  });

  app.post("/shops", async (c) => {
    const { shop_id, name, open_id, region, seller_type, one_service } = await parse(
      ShopBody,
      c.req.raw,
    );
    const given = { name, openId: open_id, region, sellerType: seller_type };
    const id = shop_id ?? tiktok.newShopId();
    const shop = tiktok.addShop({ id, ...defined({ ...given, oneService: one_service }) });
    return c.json({ shop_id: shop.id, name: shop.name, open_id: shop.openId }, 201);
  });

  app.delete("/shops/:shopId", (c) => {
    const shopId = c.req.param("shopId");
    if (!tiktok.state.get("shops", shopId)) return c.json(unknownShop(shopId), 404);
    tiktok.removeShop(shopId);
    return c.json({ closed: shopId });
  });

  const shopRoute = (path: string, answer: (shopId: string, request: Request) => unknown) =>
    app.post(`/shops/:shopId/${path}`, async (c) => {
      const shopId = c.req.param("shopId") ?? "";
      if (!tiktok.state.get("shops", shopId)) return c.json(unknownShop(shopId), 404);
      return c.json(await answer(shopId, c.req.raw) as Record<string, unknown>);
    });
  shopRoute("authorize", (shopId) => ({ code: tiktok.authorize(shopId) }));
  shopRoute("expire-token", (shopId) => {
    const openId = tiktok.state.get("shops", shopId)?.openId as string;
    tiktok.expireAccessToken(openId);
    return { expired: openId };
  });
  shopRoute("deauthorize", async (shopId) => ({
    answer: await tiktok.send(tiktok.deauthorize(shopId)),
  }));
  shopRoute("deactivate", async (shopId, request) => {
    const { what } = await parse(DeactivationBody, request);
    tiktok.setInactive(shopId, what);
    return { deactivated: what };
  });
  shopRoute("activate", (shopId) => {
    tiktok.setInactive(shopId, false);
    return { activated: shopId };
  });
  shopRoute("lose-subscription", async (shopId, request) => {
    const { event_type } = await parse(SubscriptionBody, request);
    if (!tiktok.state.get("subscriptions", subscriptionId(shopId, event_type))) {
      const types = tiktok.state.all("subscriptions")
        .flatMap((one) => one.shopId === shopId ? [one.eventType] : []);
      throw new BadControlRequest(
        `Shop ${shopId} has no subscription of ${event_type}; it has ${
          types.join(", ") || "none"
        }.`,
      );
    }
    tiktok.loseSubscription(shopId, event_type);
    return { lost: event_type };
  });
  shopRoute("announce-expiry", async (shopId, request) => {
    const { days } = await parse(ExpiryBody, request);
    const end = Math.floor(tiktok.now() / 1000) + days * 86_400;
    return { answer: await tiktok.send(tiktok.expirationNotice(shopId, end)) };
  });
  return app;
}
