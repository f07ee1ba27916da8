/** Everything that the simulated TikTok answers to, by its path. */
import { Hono } from "hono";
import { authorizePage } from "./authorize_page.ts";
import type { Consent } from "./consent.ts";
import { controlRoutes } from "./control.ts";
import { refusals, TikTokRefusal } from "./envelope.ts";
import { eventRoutes } from "./events_api.ts";
import { fulfillmentRoutes } from "./fulfillment_api.ts";
import { labelRoutes } from "./labels.ts";
import type { TikTokSimulatorOptions } from "./options.ts";
import { orderRoutes } from "./orders_api.ts";
import type { PackageDesk } from "./package_desk.ts";
import { packageRoutes } from "./packages_api.ts";
import { sellerShippingRoutes } from "./seller_shipping_api.ts";
import { shopRoutes } from "./shops_api.ts";
import type { TikTokSimulator } from "./simulator.ts";
import { tokenRoutes } from "./tokens.ts";

export function simulatorRoutes(
  simulator: TikTokSimulator,
  options: TikTokSimulatorOptions,
  consent: Consent,
  desk: PackageDesk,
): Hono {
  const { state, now, calls, faults, fulfillment, tokenRequests, refreshes } = simulator;
  const api = { ...options, state, now, calls, fulfillment, desk };
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof TikTokRefusal) return error.toResponse();
    throw error;
  });
  app.notFound(() => refusals.invalidPath().toResponse());
  const answer = simulator.answerAuthorization.bind(simulator);
  app.route("/", authorizePage({ ...api, answer }));
  app.route("/", tokenRoutes({ ...options, consent, faults, tokenRequests, refreshes }));
  app.route("/control", controlRoutes(simulator));
  app.use(faults.middleware({
    internal: () => refusals.internal().toResponse(),
    rateLimited: (_, seconds) => refusals.rateLimited(seconds).toResponse(),
    expired: () => refusals.tokenExpired().toResponse(),
  }));
  app.route("/", shopRoutes(api));
  app.route("/", orderRoutes(api));
  app.route("/", eventRoutes(api));
  app.route("/", fulfillmentRoutes(api));
  app.route("/", sellerShippingRoutes(api));
  app.route("/", packageRoutes(api));
  app.route("/", labelRoutes(api));
  return app;
}
