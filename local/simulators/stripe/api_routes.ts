/** The routes of the API, with the parameters that each takes. */
import { Hono } from "hono";
import { apiCall } from "./api_call.ts";
import { apiErrors } from "./errors.ts";
import { LIST_PARAMS, makePage, readLimit } from "./lists.ts";
import { OPEN_STATUSES, SUBSCRIPTION_STATUSES } from "./objects.ts";
import type { Behaviour } from "./options.ts";
import type { Params } from "./params.ts";
import { parseCustomerQuery } from "./search.ts";
import type { Services } from "./services.ts";

const CUSTOMER_PARAMS = [
  ...["email", "name", "description", "metadata[*]"],
  "invoice_settings[default_payment_method]",
];

function customerRoutes({ customers, store }: Services, behaviour: Behaviour): Hono {
  const app = new Hono();
  app.post(
    "/",
    apiCall([...CUSTOMER_PARAMS, "payment_method"], (params) => customers.create(params)),
  );
  app.get(
    "/search",
    apiCall(["query", "limit"], (params) => {
      const matches = parseCustomerQuery(params.required("query"));
      const limit = readLimit(params);
      const found = customers.search(matches, store.seconds - behaviour.searchLagSeconds);
      const data = found.slice(0, limit);
      return { object: "search_result", data, has_more: found.length > limit };
    }),
  );
  // A deleted customer is found too.
  app.get(
    "/:id",
    apiCall([], (_, id) => store.state.get("customers", id) ?? store.find("customers", id)),
  );
  app.post("/:id", apiCall(CUSTOMER_PARAMS, (params, id) => customers.update(id, params)));
  app.delete("/:id", apiCall([], (_, id) => customers.delete(id)));
  return app;
}

/** Without a status the list has all but the canceled subscriptions. */
function listSubscriptions(params: Params, { store }: Services) {
  const customer = params.text("customer");
  if (customer !== undefined && !store.state.get("customers", customer)) {
    throw apiErrors.missing("customer", customer, "customer");
  }
  const wanted = params.oneOf("status", ["all", ...SUBSCRIPTION_STATUSES]);
  const found = store.state.all("subscriptions").filter(({ status, customer: owner }) =>
    (customer === undefined || owner === customer) &&
    (wanted === undefined ? status !== "canceled" : wanted === "all" || status === wanted)
  );
  return makePage(found, params, { url: "/v1/subscriptions", noun: "subscription" });
}

function subscriptionRoutes(services: Services): Hono {
  const { store, subscriptions, lifecycle } = services;
  const both = ["default_payment_method", "items[price]", "metadata[*]"];
  const creation = [
    ...["customer", "payment_behavior", "trial_period_days"],
    "trial_settings[end_behavior][missing_payment_method]",
  ];
  const update = ["items[id]", "cancel_at_period_end", "pause_collection[behavior]", "trial_end"];
  const app = new Hono();
  app.post("/", apiCall([...both, ...creation], (params) => subscriptions.createFrom(params)));
  app.get(
    "/",
    apiCall(
      [...LIST_PARAMS, "customer", "status"],
      (params) => listSubscriptions(params, services),
    ),
  );
  app.get("/:id", apiCall([], (_, id) => store.find("subscriptions", id)));
  app.post(
    "/:id",
    apiCall(
      [...both, ...update],
      (params, id) => subscriptions.update(store.find("subscriptions", id), params),
    ),
  );
  app.delete(
    "/:id",
    apiCall([], (_, id) => {
      const subscription = store.find("subscriptions", id);
      if (OPEN_STATUSES.includes(subscription.status)) return lifecycle.cancel(subscription);
      throw apiErrors.missing("subscription", id);
    }),
  );
  return app;
}

function checkoutRoutes({ checkout }: Services): Hono {
  const create = [
    ...["mode", "customer", "line_items[price]", "line_items[quantity]", "client_reference_id"],
    ...["metadata[*]", "success_url", "cancel_url", "subscription_data[metadata][*]"],
    "payment_intent_data[shipping][*]",
  ];
  const page = { url: "/v1/checkout/sessions", noun: "checkout.session" };
  const app = new Hono();
  app.post("/", apiCall(create, (params) => checkout.create(params)));
  app.get(
    "/",
    apiCall(
      [...LIST_PARAMS, "customer", "status"],
      (params) => makePage(checkout.list(params), params, page),
    ),
  );
  app.get("/:id", apiCall([], (_, id) => checkout.find(id)));
  app.post("/:id/expire", apiCall([], (_, id) => checkout.expire(id)));
  return app;
}

export function apiRoutes(services: Services, behaviour: Behaviour): Hono {
  const { prices, portal, store } = services;
  const app = new Hono();
  app.route("/customers", customerRoutes(services, behaviour));
  app.route("/subscriptions", subscriptionRoutes(services));
  app.route("/checkout/sessions", checkoutRoutes(services));
  app.post(
    "/billing_portal/sessions",
    apiCall(["customer", "return_url"], (params) => {
      if (!behaviour.portalConfigured) throw apiErrors.noPortal();
      return portal.create(params);
    }),
  );
  app.get("/charges/:id", apiCall([], (_, id) => store.find("charges", id)));
  app.post(
    "/products",
    apiCall(["name", "description", "metadata[*]"], (params) => prices.createProduct(params)),
  );
  app.post(
    "/prices",
    apiCall(
      ["product", "currency", "unit_amount", "recurring[interval]"],
      (params) => prices.createPrice(params),
    ),
  );
  app.get("/prices/:id", apiCall([], (_, id) => store.find("prices", id)));
  app.post("/prices/:id", apiCall(["active"], (params, id) => prices.updatePrice(id, params)));
  return app;
}
