/** The whole HTTP surface: the API, the pages, and the control routes. */
import { type Context, Hono } from "hono";
import type { Faults } from "../faults.ts";
import { checkKey } from "./api_call.ts";
import { isVersion } from "./api_versions.ts";
import { apiRoutes } from "./api_routes.ts";
import { checkoutPage } from "./checkout_page.tsx";
import { ApiError, apiErrors } from "./errors.ts";
import { idempotency } from "./idempotency.ts";
import { newId } from "./ids.ts";
import type { Behaviour, StripeKeys } from "./options.ts";
import { paymentRoutes } from "./payment_routes.ts";
import { portalPage } from "./portal_page.tsx";
import type { Services } from "./services.ts";

export interface RouteOptions {
  services: Services;
  faults: Faults;
  behaviour: Behaviour;
  keys: StripeKeys;
  /** Receives the method and path of each call with the right key. */
  onCall: (call: string) => void;
  control: Hono;
}

type Env = { Variables: { requestId: string } };

export function simulatorRoutes(
  { services, faults, behaviour, keys: account, onCall, control }: RouteOptions,
): Hono<Env> {
  const { state, now } = services.store;
  function isAuthorized(request: Request): boolean {
    try {
      checkKey(request, account.secretKey);
      return true;
    } catch {
      return false;
    }
  }
  const keys = idempotency({ state, isAuthorized, now });

  const app = new Hono<Env>();
  app.onError((error, c) => {
    if (!(error instanceof ApiError)) throw error;
    const response = error.toResponse();
    // Hono keeps the headers of the context only for its own responses.
    const requestId = c.get("requestId");
    if (requestId) response.headers.set("request-id", requestId);
    return response;
  });
  app.notFound((c) => apiErrors.unknownPath(c.req.method, c.req.path).toResponse());
  app.route("/control", control);
  app.use("/v1/*", keys.hold);
  app.use(faults.middleware({
    internal: () => apiErrors.internal().toResponse(),
    rateLimited: (_: Context, seconds) => apiErrors.rateLimited(seconds).toResponse(),
    refused: (_: Context, words) => apiErrors.invalid(`The name ${words} is invalid.`).toResponse(),
  }));
  app.use("/v1/*", async (c, next) => {
    const requestId = newId("req", 14);
    c.set("requestId", requestId);
    c.header("request-id", requestId);
    checkKey(c.req.raw, account.secretKey);
    const version = c.req.header("stripe-version");
    if (version !== undefined && !isVersion(version)) throw apiErrors.unknownVersion(version);
    onCall(`${c.req.method} ${c.req.path}`);
    await next();
  });
  app.use("/v1/*", keys.once);
  app.route("/v1", apiRoutes(services, behaviour));
  app.route("/v1", paymentRoutes(services));
  app.route("/pay", checkoutPage(services.checkout));
  app.route("/portal", portalPage(services.portal, services.prices));
  return app;
}
