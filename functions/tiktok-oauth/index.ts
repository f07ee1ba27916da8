/**
 * Called by sellers with their access token, and at `/callback` by TikTok's redirect of their browser:
 * connects TikTok shops, lists and disconnects them.
 */
import { readSupabaseConfig, readTikTokAuthorizeConfig } from "../../shared/config.ts";
import { createUserClient } from "../../shared/database/client.ts";
import { createEventProcessor } from "../../shared/event_routes.ts";
import { createApp } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { Problem } from "../../shared/http/problem.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { limitRequests } from "../../shared/http/request_limits.ts";
import { identifyUser, signedInUsers } from "../../shared/http/users.ts";
import { log } from "../../shared/log.ts";
import { beginAuthorization, redeemClaim } from "../../shared/tiktok/connections/authorization.ts";
import { connectShops } from "../../shared/tiktok/connections/connect_shops.ts";
import { listConnections } from "../../shared/tiktok/connections/describe_connection.ts";
import { disconnectShop } from "../../shared/tiktok/connections/disconnect_shop.ts";
import { createTikTokDependencies } from "../../shared/tiktok/dependencies.ts";
import { unsubscribeWebhooks } from "../../shared/tiktok/webhooks/subscriptions.ts";
import { AuthorizeBody, CompleteBody, readShopId } from "./bodies.ts";
import { finishAuthorization } from "./callback.ts";
import { ClaimError, toProblem } from "./problems.ts";

const supabase = readSupabaseConfig();
const authorize = readTikTokAuthorizeConfig();
const { database, processor } = createEventProcessor();
const dependencies = createTikTokDependencies(database);

const app = createApp("tiktok-oauth", {
  callers: signedInUsers(database, { except: ["/callback"] }),
  limits: limitRequests(database, ["POST /tiktok-oauth/authorize", "POST /tiktok-oauth/complete"]),
  toProblem,
});

app.post("/authorize", async (c) => {
  const { region } = await readJson(c.req.raw, AuthorizeBody);
  const begun = await beginAuthorization({ database, config: authorize }, c.var.user.id, region);
  return c.json(begun);
});

app.get("/callback", async (c) => {
  // Hono answers HEAD as GET: a link preview must not consume the seller's state.
  if (c.req.raw.method !== "GET") {
    throw new Problem({
      status: 405,
      code: "method_not_allowed",
      detail: "Use GET.",
      headers: { allow: "GET" },
    });
  }
  // TikTok's redirect brings no token; another caller may.
  const visitor = await identifyUser(c.req.raw, database).catch(() => undefined);
  const { location, connected } = await finishAuthorization(
    { ...dependencies, appUrl: authorize.appUrl },
    new URL(c.req.url).searchParams,
    { requestId: c.var.requestId, visitor },
  );
  if (connected) runInBackground(processor.processEvents());
  // The query must not appear in a Referer or a cache.
  c.header("referrer-policy", "no-referrer");
  c.header("cache-control", "no-store");
  return c.redirect(location, 303);
});

app.post("/complete", async (c) => {
  const { claim } = await readJson(c.req.raw, CompleteBody);
  const redeemed = await redeemClaim(dependencies, c.var.user.id, claim, Date.now());
  if (redeemed.outcome !== "valid") throw new ClaimError(redeemed.outcome);
  const shops = await connectShops(dependencies, c.var.user.id, redeemed.code);
  runInBackground(processor.processEvents());
  return c.json({ shops });
});

app.get("/shops", async (c) => {
  // As the seller: row level security decides which shops they see.
  const client = createUserClient(supabase, c.var.user.accessToken);
  const shops = await listConnections(client, c.var.user.id, Date.now());
  return c.json({ shops });
});

app.delete("/shops/:id", async (c) => {
  const id = readShopId(c.req.param("id"));
  const access = await disconnectShop(dependencies, c.var.user.id, id);
  log.info("shop disconnected", { request_id: c.var.requestId, shop: id });
  if (access !== undefined) runInBackground(unsubscribeWebhooks(dependencies.tiktok, access));
  return c.body(null, 204);
});

export default app;
