/** All routes of the simulated EasyPost. */
import { Hono } from "hono";
import { controlRoutes } from "./control.ts";
import { EasyPostRefusal, refusals } from "./errors.ts";
import { labelRoutes } from "./labels_api.ts";
import type { EasyPostOperations } from "./operations.ts";
import type { EasyPostSimulatorOptions } from "./options.ts";
import { purchaseLock } from "./purchase_lock.ts";
import { shipmentRoutes } from "./shipments_api.ts";
import { trackerRoutes } from "./trackers_api.ts";
import { webhookRoutes } from "./webhooks_api.ts";

export function simulatorRoutes(
  easypost: EasyPostOperations,
  { publicUrl }: EasyPostSimulatorOptions,
): Hono {
  const { keys, state, accounts, behaviour, mode, now, faults, calls } = easypost;
  // HTTP Basic: the key is the user name, the password is empty.
  const isAuthorized = (request: Request) =>
    request.headers.get("authorization") === `Basic ${btoa(`${keys.apiKey}:`)}`;
  const lock = purchaseLock({ state, isAuthorized });

  const app = new Hono();
  app.onError((error) => {
    if (error instanceof EasyPostRefusal) return error.toResponse();
    throw error;
  });
  app.notFound(() => refusals.notFound().toResponse());
  app.route("/control", controlRoutes(easypost));
  app.on("POST", "/v2/shipments/:id/buy", lock.hold);
  app.use(faults.middleware({
    internal: () => refusals.internal().toResponse(),
    rateLimited: (_, seconds) => refusals.rateLimited(seconds).toResponse(),
    refused: (_, words) => refusals.undeliverable(words).toResponse(),
  }));
  app.use("/v2/*", async (c, next) => {
    if (!isAuthorized(c.req.raw)) throw refusals.unauthorized();
    calls.push(`${c.req.method} ${c.req.path}`);
    await next();
  });
  app.on("POST", "/v2/shipments/:id/buy", lock.refuse);
  app.route(
    "/v2/shipments",
    shipmentRoutes({
      ...{ state, accounts, behaviour, mode, now },
      ...(publicUrl !== undefined && { publicUrl }),
    }),
  );
  app.route("/v2/trackers", trackerRoutes({ state, mode, now }));
  app.route("/v2/webhooks", webhookRoutes({ state, mode, now }));
  app.route("/labels", labelRoutes(state));
  return app;
}
