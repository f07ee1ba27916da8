/** The Authorization API: Get Authorized Shops. */
import { Hono } from "hono";
import { AUTHORIZATION_SCOPE } from "./authorizations.ts";
import { success } from "./envelope.ts";
import { admit, type OpenApi } from "./open_api.ts";

export function shopRoutes(api: OpenApi): Hono {
  const app = new Hono();
  app.get("/authorization/202309/shops", async (c) => {
    const call = await admit(c.req.raw, api, AUTHORIZATION_SCOPE);
    const shops = api.state.all("shops").filter((shop) => shop.openId === call.openId);
    return success({
      shops: shops.map(({ id, name, region, sellerType, cipher, code }) => (
        { id, name, region, seller_type: sellerType, cipher, code }
      )),
    });
  });
  return app;
}
