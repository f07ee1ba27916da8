/** Everything that the simulated EasyPost answers to, by its path. */
import { Hono } from "hono";
import { controlRoutes } from "./control.ts";
import { EasyPostRefusal, refusals } from "./errors.ts";
import { keyCheck } from "./gate.ts";
import { labelRoutes } from "./label_files.ts";
import type { EasyPostSimulatorOptions } from "./options.ts";
import { purchaseLock } from "./purchase_lock.ts";
import { shipmentRoutes } from "./shipments_api.ts";
import type { EasyPostSimulator } from "./simulator.ts";
import { trackerRoutes } from "./trackers_api.ts";

export function simulatorRoutes(
  simulator: EasyPostSimulator,
  { apiKey, publicUrl }: EasyPostSimulatorOptions,
): Hono {
  const { state, accounts, behaviour, mode, now, faults, calls } = simulator;
  const api = {
    ...{ state, accounts, behaviour, mode, now },
    ...(publicUrl !== undefined && { publicUrl }),
  };
  const isAuthorized = keyCheck(apiKey);
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof EasyPostRefusal) return error.toResponse();
    throw error;
  });
  app.notFound(() => refusals.notFound().toResponse());
  app.route("/control", controlRoutes(simulator));
  const lock = purchaseLock({ state, isAuthorized });
  app.on("POST", "/v2/shipments/:id/buy", lock.hold);
  app.use(faults.middleware({
    internal: () => refusals.internal().toResponse(),
    rateLimited: (_, seconds) => refusals.rateLimited(seconds).toResponse(),
  }));
  app.use("/v2/*", async (c, next) => {
    if (!isAuthorized(c.req.raw)) throw refusals.unauthorized();
    calls.push(`${c.req.method} ${c.req.path}`);
    await next();
  });
  app.on("POST", "/v2/shipments/:id/buy", lock.refuse);
  app.route("/v2/shipments", shipmentRoutes(api));
  app.route("/v2/trackers", trackerRoutes(api));
  app.route("/labels", labelRoutes(state));
  return app;
}
