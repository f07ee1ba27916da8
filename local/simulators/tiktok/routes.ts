/** All routes of the simulated TikTok. */
import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { authorizePage } from "./authorize_page.tsx";
import { cancellationRoutes } from "./cancellations_api.ts";
import { controlRoutes } from "./control.ts";
import { refusals, TikTokRefusal } from "./envelope.ts";
import { createPackagesRoutes } from "./create_packages_api.ts";
import { eventRoutes } from "./events_api.ts";
import { fulfillmentRoutes } from "./fulfillment_api.ts";
import type { TikTokOperations } from "./operations.ts";
import type { TikTokSimulatorOptions } from "./options.ts";
import { observeAnswers, observeCalls } from "./observer.ts";
import { orderRoutes } from "./orders_api.ts";
import { packageRoutes } from "./packages_api.ts";
import { sellerShippingRoutes } from "./seller_shipping_api.ts";
import { returnRoutes } from "./returns_api.ts";
import { labelRoutes } from "./shipping_documents.ts";
import { shopRoutes } from "./shops_api.ts";
import { tokenRoutes } from "./tokens_api.ts";

export function simulatorRoutes(tiktok: TikTokOperations, options: TikTokSimulatorOptions): Hono {
  const { app: credentials, state, now, calls, faults, fulfillment } = tiktok;
  const { authorizations, returns, tokenRequests, refreshes } = tiktok;
  const api = { ...options, app: credentials, state, now, calls, fulfillment, returns };
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof TikTokRefusal) return error.toResponse();
    throw error;
  });
  app.notFound(() => refusals.invalidPath().toResponse());
  const answer = tiktok.answerAuthorization.bind(tiktok);
  const addSeller = tiktok.addSeller.bind(tiktok);
  app.route("/", authorizePage({ ...api, answer, addSeller }));
  app.route(
    "/",
    tokenRoutes({ app: credentials, authorizations, faults, tokenRequests, refreshes }),
  );
  app.route("/control", controlRoutes(tiktok));
  const onMethodNotAllowed = () => refusals.invalidMethod().toResponse();
  app.use(methodNotAllowed({ app, onMethodNotAllowed }));
  if (options.observer) app.use(observeCalls(options.observer));
  app.use(faults.middleware({
    internal: () => refusals.internal().toResponse(),
    rateLimited: (_, seconds) => refusals.rateLimited(seconds).toResponse(),
    refused: (_, words) => refusals.refused(words).toResponse(),
    expired: () => refusals.tokenExpired().toResponse(),
  }));
  if (options.observer) app.use(observeAnswers(options.observer));
  app.route("/", shopRoutes(api));
  app.route("/", orderRoutes(api));
  app.route("/", cancellationRoutes(api));
  app.route("/", returnRoutes(api));
  app.route("/", eventRoutes(api));
  app.route("/", fulfillmentRoutes(api));
  app.route("/", createPackagesRoutes(api));
  app.route("/", sellerShippingRoutes(api));
  app.route("/", packageRoutes(api));
  app.route("/", labelRoutes(api));
  return app;
}
