/** The frame of every function: base path, request id, who may call, 405, and one place that answers errors. */
import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { methodNotAllowed } from "hono/method-not-allowed";
// Hono's default router compiles all routes with the first request, which takes 2 ms.
import { Hono } from "hono/quick";
import { matchedRoutes } from "hono/route";
import { errorText, log } from "../log.ts";
import { requestIdOf } from "../logging/request_id.ts";
import { inRequestTrace } from "../logging/spans.ts";
import { Problem, problemResponse } from "./problem.ts";
import { problemOf } from "./problem_table.ts";

export interface AppEnv<Variables extends object = object> {
  Variables: { requestId: string } & Variables;
}

/** Checks the callers of a function: runs before every route, and throws a 401 or 403 problem for other callers. */
export type Callers<Variables extends object> = MiddlewareHandler<AppEnv<Variables>>[];

/** A route that each caller may use so often: see `limitRequests`. */
export interface LimitedRoute<Variables extends object> {
  method: string;
  /** Begins with the name of the function. */
  path: string;
  limit: MiddlewareHandler<AppEnv<Variables>>;
}

export interface AppOptions<Variables extends object> {
  callers: Callers<Variables>;
  limits?: LimitedRoute<Variables>[];
  /** The response to a domain error; `undefined` for errors that are ours: they become a 500. */
  toProblem?: (error: unknown) => Problem | undefined;
}

/** Problems of every function. */
export const APP_PROBLEMS = {
  not_found: { status: 404, detail: "The function has nothing at this path." },
  method_not_allowed: { status: 405, detail: "Use another method: Allow lists them." },
  internal_error: {
    status: 500,
    detail: "Something went wrong on our side. Nothing was lost; please try again.",
  },
} as const;

/** Gives the request its id, and its lines, calls and spans what they belong to. */
const nameRequest = (name: string) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const requestId = requestIdOf(c.req.raw.headers);
    c.set("requestId", requestId);
    const route = matchedRoutes(c).at(-1)?.path ?? "*";
    await inRequestTrace(c.req.raw, route, { function: name, request_id: requestId }, next);
    c.header("x-request-id", requestId);
  });

/** A Hono app for the function `name`; the platform calls it with paths that begin with `/<name>`. */
export function createApp<Variables extends object>(
  name: string,
  { callers, limits = [], toProblem = () => undefined }: AppOptions<Variables>,
): Hono<AppEnv<Variables>> {
  const app = new Hono<AppEnv<Variables>>({ strict: false }).basePath(`/${name}`);

  app.use(nameRequest(name));
  for (const middleware of callers) app.use(middleware);
  app.use(methodNotAllowed({
    app,
    onMethodNotAllowed(c, methods) {
      const allow = methods.join(", ");
      const problem = problemOf(APP_PROBLEMS, "method_not_allowed", {
        detail: `Use ${allow}.`,
        headers: { allow },
      });
      return problemResponse(problem, c.get("requestId"));
    },
  }));

  for (const { method, path, limit } of limits) {
    app.on(method, path.slice(`/${name}`.length) || "/", limit);
  }

  app.notFound((c) => {
    const detail = `${name} has nothing at this path.`;
    const problem = problemOf(APP_PROBLEMS, "not_found", { detail });
    return problemResponse(problem, c.var.requestId ?? requestIdOf(c.req.raw.headers));
  });

  app.onError((error, c) => {
    const problem = error instanceof Problem
      ? error
      : toProblem(error) ?? problemOf(APP_PROBLEMS, "internal_error", { cause: error });
    const cause = problem.cause === undefined ? {} : { error: errorText(problem.cause) };
    const level = problem.status >= 500 ? "error" : "warn";
    log.at(level, "request failed", {
      status: problem.status,
      code: problem.code,
      ...cause,
    });
    return problemResponse(problem, c.var.requestId);
  });

  return app;
}
