/**
 * Called by sellers with their access token, and at `/callback` by TikTok's redirect of their browser:
 * connects TikTok shops, lists and disconnects them.
 */
import * as z from "zod";
import { readTikTokAuthorizeConfig, readWorkerConfig } from "../../shared/config.ts";
import { createUserClient } from "../../shared/database/client.ts";
import { DatabaseError } from "../../shared/database/result.ts";
import { allowBrowsers, createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { Problem } from "../../shared/http/problem.ts";
import { requireUser } from "../../shared/http/user.ts";
import { log } from "../../shared/log.ts";
import { beginAuthorization, useClaim } from "../../shared/tiktok/connections/authorization.ts";
import { connectWithCode } from "../../shared/tiktok/connections/connect_shops.ts";
import { listConnections } from "../../shared/tiktok/connections/describe_connection.ts";
import { disconnectShop } from "../../shared/tiktok/connections/stored_shops.ts";
import { unsubscribeWebhooks } from "../../shared/tiktok/webhooks/subscriptions.ts";
import { createWorker } from "../../shared/event_routes.ts";
import { finishAuthorization } from "./callback.ts";
import { accountGone, claimProblem, connectProblem } from "./problems.ts";

const workerConfig = await readWorkerConfig();
const { supabase, keys } = workerConfig;
const config = { ...workerConfig.tiktok, ...readTikTokAuthorizeConfig() };
const { database, tiktok, drainer } = createWorker(workerConfig);
const dependencies = { database, tiktok, keys, config };

const app = createApp("tiktok-oauth");
for (const path of ["/authorize", "/complete", "/shops", "/shops/*"]) app.use(path, allowBrowsers);

const AuthorizeBody = z.strictObject({
  region: z.string("two capital letters, e.g. US or GB")
    .regex(/^[A-Z]{2}$/, "two capital letters, e.g. US or GB").optional(),
});

app.post("/authorize", async (c) => {
  const user = await requireUser(c.req.raw, database);
  const { region } = await readJson(c.req.raw, AuthorizeBody);
  return c.json(await beginAuthorization(dependencies, user.id, region).catch(accountGone));
});
app.all("/authorize", methodNotAllowed("POST"));

app.get("/callback", async (c) => {
  // Hono answers HEAD as GET: a link preview must not use the seller's state up.
  if (c.req.raw.method !== "GET") methodNotAllowed("GET")();
  const query = new URL(c.req.url).searchParams;
  // A redirect brings no token; this answers with a redirect whatever comes.
  const visitor = await requireUser(c.req.raw, database).catch(() => undefined);
  const visit = { requestId: c.var.requestId, visitor };
  const { location, connected } = await finishAuthorization(dependencies, query, visit);
  if (connected) runInBackground(drainer.drain());
  // Nobody may see in a Referer or a cache what stood in the query.
  c.header("referrer-policy", "no-referrer");
  c.header("cache-control", "no-store");
  return c.redirect(location, 303);
});
app.all("/callback", methodNotAllowed("GET"));

const CompleteBody = z.strictObject({
  claim: z.string("the claim that APP_URL was given").min(1).max(4096),
});

app.post("/complete", async (c) => {
  const user = await requireUser(c.req.raw, database);
  const { claim } = await readJson(c.req.raw, CompleteBody);
  const used = await useClaim(dependencies, user.id, claim, Date.now()).catch(accountGone);
  if (used.outcome !== "valid") throw claimProblem(used.outcome);
  const shops = await connectWithCode(dependencies, user.id, used.code).catch((error) => {
    throw connectProblem(error);
  });
  runInBackground(drainer.drain());
  return c.json({ shops });
});
app.all("/complete", methodNotAllowed("POST"));

app.get("/shops", async (c) => {
  const user = await requireUser(c.req.raw, database);
  // As the seller: row level security decides which shops they see.
  const client = createUserClient(supabase, user.accessToken);
  const shops = await listConnections(client, user.id, Date.now());
  return c.json({ shops });
});
app.all("/shops", methodNotAllowed("GET"));

app.delete("/shops/:id", async (c) => {
  const user = await requireUser(c.req.raw, database);
  const notFound = () =>
    new Problem({ status: 404, code: "shop_not_found", detail: "You have no such shop." });
  const id = z.uuid().safeParse(c.req.param("id"));
  if (!id.success) throw notFound();
  const access = await disconnectShop(dependencies, user.id, id.data).catch((error) => {
    throw error instanceof DatabaseError && error.code === "PT404" ? notFound() : error;
  });
  log.info("shop disconnected", { request_id: c.var.requestId, shop: id.data });
  if (access !== undefined) runInBackground(unsubscribeWebhooks(tiktok, access));
  return c.body(null, 204);
});
app.all("/shops/:id", methodNotAllowed("DELETE"));

export default { fetch: app.fetch };
