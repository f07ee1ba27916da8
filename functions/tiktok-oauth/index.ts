/**
 * Called by sellers with their access token, and at `/callback` by TikTok's redirect of their browser:
 * connects TikTok shops, lists and disconnects them.
 */
import {
  readEncryptionKeys,
  readSupabaseConfig,
  readTikTokAuthorizeConfig,
} from "../../shared/config.ts";
import { createServiceClient, createUserClient } from "../../shared/database/client.ts";
import { createApp } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { limitRequests } from "../../shared/http/request_limits.ts";
import { signedInUsers } from "../../shared/http/users.ts";
import { createWakeWorker } from "../../shared/inbox/wake_worker.ts";
import { log } from "../../shared/log.ts";
import type { ShopAccess } from "../../shared/tiktok/api/client.ts";
import { listConnections } from "../../shared/tiktok/connections/describe_connection.ts";
import { tiktokLoader } from "../../shared/tiktok/load_dependencies.ts";
import type { AuthorizeAnswer, CompleteAnswer, ShopsAnswer } from "./answers.ts";
import { AuthorizeBody, CompleteBody, readShopId } from "./bodies.ts";
import { toProblem } from "./problems.ts";

const supabase = readSupabaseConfig();
const authorize = readTikTokAuthorizeConfig();
const database = createServiceClient(supabase);
const wakeWorker = createWakeWorker(supabase);
const keys = readEncryptionKeys();
const loadTikTok = tiktokLoader(database);

const app = createApp("tiktok-oauth", {
  callers: signedInUsers(supabase, { except: ["/callback"] }),
  limits: limitRequests(database, ["POST /tiktok-oauth/authorize", "POST /tiktok-oauth/complete"]),
  toProblem,
});

app.post("/authorize", async (c) => {
  const { region } = await readJson(c.req.raw, AuthorizeBody);
  const { beginAuthorization } = await import(
    "../../shared/tiktok/connections/authorization.ts"
  );
  const begun: AuthorizeAnswer = await beginAuthorization(
    { database, config: authorize },
    c.var.user.id,
    region,
  );
  return c.json(begun);
});

app.get("/callback", async (c) => {
  const query = new URL(c.req.url).searchParams;
  const { appLocation, readRedirect } = await import("./callback.ts");
  const outcome = await readRedirect(keys, query, Date.now());
  const { status, code } = outcome;
  log.info("browser redirected to the app", { outcome: status, code });
  // Neither the query nor the claim may appear in a Referer or a cache.
  c.header("referrer-policy", "no-referrer");
  c.header("cache-control", "no-store");
  return c.redirect(appLocation(authorize.appUrl, outcome), 303);
});

app.post("/complete", async (c) => {
  const { claim, confirm } = await readJson(c.req.raw, CompleteBody);
  const { id } = c.var.user;
  const { confirmShops, showShops } = await import(
    "../../shared/tiktok/connections/complete_authorization.ts"
  );
  const dependencies = await loadTikTok();
  c.header("cache-control", "no-store");
  if (!confirm) {
    const shown = await showShops(dependencies, id, claim, Date.now());
    return c.json({ status: "unconfirmed", ...shown } satisfies CompleteAnswer);
  }
  const shops = await confirmShops(dependencies, id, claim, Date.now());
  log.info("shops connected", { user_id: id, shops: shops.length });
  wakeWorker();
  return c.json({ status: "connected", shops } satisfies CompleteAnswer);
});

app.get("/shops", async (c) => {
  // As the seller: row level security decides which shops they see.
  const client = createUserClient(supabase, c.var.user.accessToken);
  const shops = await listConnections(client, c.var.user.id, Date.now());
  return c.json({ shops } satisfies ShopsAnswer);
});

async function unsubscribe(access: Required<ShopAccess>): Promise<void> {
  const { unsubscribeWebhooks } = await import("../../shared/tiktok/webhooks/subscriptions.ts");
  const { tiktok } = await loadTikTok();
  await unsubscribeWebhooks(tiktok, access);
}

app.delete("/shops/:id", async (c) => {
  const id = readShopId(c.req.param("id"));
  const { disconnectShop } = await import("../../shared/tiktok/connections/disconnect_shop.ts");
  const access = await disconnectShop({ database, keys }, c.var.user.id, id);
  log.info("shop disconnected", { tiktok_shop_id: id });
  if (access !== undefined) runInBackground(unsubscribe(access));
  return c.body(null, 204);
});

export default app;
