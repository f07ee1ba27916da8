/** The frame of every function: its base path, request id, and one place that answers errors. */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { errorText, log } from "../log.ts";
import { Problem, problemResponse } from "./problem.ts";

export interface AppEnv {
  Variables: { requestId: string };
}

const INTERNAL = {
  status: 500,
  code: "internal_error",
  detail: "Something went wrong on our side. Nothing was lost; please try again.",
};

/**
 * For the routes that a browser calls from the app's own origin. Any origin may: callers prove themselves
 * by a token that no other page has, not by cookies.
 */
export const allowBrowsers = cors({
  origin: "*",
  allowHeaders: ["authorization", "apikey", "content-type", "x-client-info", "idempotency-key"],
  exposeHeaders: ["x-request-id", "retry-after"],
  maxAge: 3600,
});

/** A Hono app for the function `name`; the platform calls it with paths that begin with `/<name>`. */
export function createApp(name: string): Hono<AppEnv> {
  const app = new Hono<AppEnv>({ strict: false }).basePath(`/${name}`);

  app.use(async (c, next) => {
    c.set("requestId", crypto.randomUUID());
    await next();
    c.header("x-request-id", c.var.requestId);
  });

  app.notFound((c) => {
    const requestId = c.var.requestId ?? crypto.randomUUID();
    const detail = `${name} has nothing at this path.`;
    return problemResponse(new Problem({ status: 404, code: "not_found", detail }), requestId);
  });

  app.onError((error, c) => {
    const problem = error instanceof Problem ? error : new Problem(INTERNAL, { cause: error });
    const cause = problem.cause === undefined ? {} : { error: errorText(problem.cause) };
    const level = problem.status >= 500 ? "error" : "warn";
    log[level]("request failed", {
      function: name,
      request_id: c.var.requestId,
      status: problem.status,
      code: problem.code,
      ...cause,
    });
    return problemResponse(problem, c.var.requestId);
  });

  return app;
}

/** For `app.all(path, methodNotAllowed("POST"))` behind the routes of that path. */
export function methodNotAllowed(...allowed: string[]): () => never {
  return () => {
    const allow = allowed.join(", ");
    throw new Problem({
      status: 405,
      code: "method_not_allowed",
      detail: `Use ${allow}.`,
      headers: { allow },
    });
  };
}
