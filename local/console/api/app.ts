/**
 * `/console/api`: what the console's pages need that no app may have. It runs in the stack's process only:
 * the secret key and the database stay there, the browser has a cookie.
 */
import type { Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as z from "zod";
// @ts-types="../../postgres/pg.d.ts"
import type { Pool } from "pg";
import { controlApp, parse } from "../../simulators/control.ts";
import type { FunctionMeter } from "./function_meter.ts";
import {
  readConnections,
  readEvent,
  readInbox,
  readJobs,
  readPurchases,
  replayEvent,
} from "./operator_reads.ts";
import type { OperatorSessions } from "./operator_sessions.ts";
import { readLog } from "./read_log.ts";
import { listSamples, type SampleOptions } from "./samples.ts";
import { searchOrders, turnMonth, type WorldOptions } from "./world.ts";

export interface ConsoleApiOptions extends Omit<WorldOptions, "pool">, SampleOptions {
  pool: Pool;
  sessions: OperatorSessions;
  meter: FunctionMeter;
  /** The answer of the function health to the secret key. */
  readHealth: () => Promise<Response>;
  logFile: string;
}

const BASE = "/console/api";
const OPEN_LINK_MS = 5 * 60_000;
const SESSION_SECONDS = 12 * 3600;

/** Cookies are shared by all ports of a host: each stack has its own. */
function cookieName(c: Context): string {
  return `creatorflow_operator_${new URL(c.req.url).port || "80"}`;
}

const EVENT_STATUSES = ["pending", "processing", "failing", "done", "ignored", "held", "dead"];
const InboxQuery = z.object({
  status: z.enum(EVENT_STATUSES).optional(),
  before: z.string().regex(/^\d{1,18}$/).optional(),
});
const SignInBody = z.strictObject({ token: z.string().max(200) });

function refuse(
  c: Context,
  status: 400 | 401 | 403 | 404 | 429 | 503,
  code: string,
  detail: string,
) {
  return c.json({ code, detail }, status);
}

/** Codes of our SQL functions, and what people read about anything else. */
function answerError(error: Error & { code?: string }, c: Context) {
  if (error.name === "BadControlRequest") return refuse(c, 400, "invalid_request", error.message);
  if (error.code === "PT404") return refuse(c, 404, "not_found", "There is no such event.");
  if (error.code === "PT400") return refuse(c, 400, "invalid_request", error.message);
  return refuse(c, 503, "unavailable", "The database does not answer. The page tries again.");
}

function sessionRoutes(app: Hono, sessions: OperatorSessions): void {
  app.get(
    `${BASE}/session`,
    (c) => c.json({ signed_in: sessions.isSignedIn(getCookie(c, cookieName(c))) }),
  );

  app.post(`${BASE}/session`, async (c) => {
    const { token } = await parse(SignInBody, c.req.raw);
    const redemption = sessions.redeemLink(token);
    if (redemption.outcome === "too_many_attempts") {
      return refuse(c, 429, redemption.outcome, "Too many wrong links. Wait a minute.");
    }
    if (redemption.outcome === "link_invalid") {
      const detail =
        "The link was used before, or has expired. Get a new one: npx -y deno@2.9.5 task open";
      return refuse(c, 401, redemption.outcome, detail);
    }
    setCookie(c, cookieName(c), redemption.session, {
      ...{ path: BASE, httpOnly: true, sameSite: "Strict", maxAge: SESSION_SECONDS },
    });
    return c.json({ signed_in: true });
  });

  app.delete(`${BASE}/session`, (c) => {
    sessions.end(getCookie(c, cookieName(c)));
    deleteCookie(c, cookieName(c), { path: BASE });
    return c.json({ signed_in: false });
  });

  // For commands of this machine, which can read the secret key in the data folder.
  app.post(`${BASE}/operator-links`, (c) => {
    if (!sessions.isSecretKey(c.req.header("apikey") ?? null)) {
      return refuse(c, 403, "secret_key_refused", "Send the secret key as apikey.");
    }
    return c.json({ path: operatorPath(sessions.issueLink(OPEN_LINK_MS)) }, 201);
  });
}

/** What follows the # reaches no server and no log. */
export function operatorPath(token: string): string {
  return `/operator/sign-in#${token}`;
}

function operatorRoutes(app: Hono, options: ConsoleApiOptions): void {
  const { pool, sessions, meter, readHealth, logFile } = options;
  const path = (name: string) => `${BASE}/operator/${name}`;
  app.use(path("*"), async (c, next) => {
    if (sessions.isSignedIn(getCookie(c, cookieName(c)))) return await next();
    return refuse(c, 401, "operator_signed_out", "Get a link: npx -y deno@2.9.5 task open");
  });
  app.get(path("inbox"), async (c) => {
    const { success, data } = InboxQuery.safeParse(c.req.query());
    if (!success) return refuse(c, 400, "invalid_request", "Unknown status or page.");
    return c.json(await readInbox(pool, data.status, data.before));
  });
  app.get(
    path("events/:id{[0-9]{1,18}}"),
    async (c) =>
      c.json(await readEvent(pool, c.req.param("id") ?? "", c.req.query("body") === "true")),
  );
  app.post(path("events/:id{[0-9]{1,18}}/replay"), async (c) => {
    const outcome = await replayEvent(pool, c.req.param("id") ?? "");
    await options.runWorker();
    return c.json(outcome as Record<string, unknown>);
  });
  app.all(path("events/*"), (c) => refuse(c, 404, "not_found", "There is no such event."));
  app.get(path("jobs"), async (c) => c.json(await readJobs(pool, new Date())));
  app.get(path("health"), async (c) => {
    const response = await readHealth();
    return c.json(await response.json(), response.ok ? 200 : 503);
  });
  app.get(path("connections"), async (c) => c.json(await readConnections(pool)));
  app.get(path("purchases"), async (c) => c.json(await readPurchases(pool)));
  app.get(path("functions"), (c) => c.json(meter.report()));
  app.get(path("log"), async (c) => {
    const after = Number(c.req.query("after") ?? 0);
    if (!Number.isSafeInteger(after) || after < 0) {
      return refuse(c, 400, "invalid_request", "after is the next of the answer before.");
    }
    return c.json(await readLog(logFile, after));
  });
}

/** Refuses pages of other sites, and bodies that are not declared as JSON. */
export function createConsoleApi(options: ConsoleApiOptions): Hono {
  const app = controlApp();
  app.onError(answerError);
  app.notFound((c) => refuse(c, 404, "not_found", "Unknown path."));
  app.use(async (c, next) => {
    await next();
    c.header("cache-control", "no-store");
  });
  sessionRoutes(app, options.sessions);
  operatorRoutes(app, options);
  app.get(`${BASE}/samples`, async (c) => c.json(await listSamples(options)));
  app.post(`${BASE}/world/month`, async (c) => c.json(await turnMonth(options)));
  app.post(`${BASE}/world/search`, async (c) => c.json(await searchOrders(options)));
  return app;
}
