/** `/v1/subscriptions`. */
import { Hono } from "hono";
import type { Api } from "./api.ts";
import { refusals } from "./errors.ts";
import { paramsOf, reply } from "./gate.ts";
import { listPage } from "./lists.ts";
import { type Subscription, SUBSCRIPTION_STATUSES } from "./objects.ts";
import type { Params } from "./params.ts";
import { updateSubscription } from "./subscription_update.ts";

const ENDED = ["canceled", "incomplete_expired"];
const WANTED = ["all", "ended", ...SUBSCRIPTION_STATUSES] as const;
const FEEDBACK = [
  ...["customer_service", "low_quality", "missing_features", "other", "switched_service"] as const,
  ...["too_complex", "too_expensive", "unused"] as const,
] as const;

/** Without a status, all but the canceled. @throws {StripeRefusal} */
function statusTest(params: Params): (subscription: Subscription) => boolean {
  const wanted = params.oneOf("status", WANTED);
  return ({ status }) => {
    switch (wanted) {
      case undefined:
        return status !== "canceled";
      case "all":
        return true;
      case "ended":
        return ENDED.includes(status);
      default:
        return status === wanted;
    }
  };
}

export function subscriptionRoutes(api: Api): Hono {
  const { state, books, subscriptions, endings, lifecycle } = api;
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    return reply(c, api, subscriptions.fromParams(params), params);
  });

  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const [customer, price] = [params.text("customer"), params.text("price")];
    if (customer !== undefined && !state.get("customers", customer)) {
      throw refusals.missing("customer", customer, "customer");
    }
    const found = state.all("subscriptions").filter(statusTest(params)).filter((subscription) =>
      (customer === undefined || subscription.customer === customer) &&
      (price === undefined || subscription.items.data.some((item) => item.price.id === price))
    );
    const list = listPage(found, params, { url: "/v1/subscriptions", noun: "subscription" });
    return reply(c, api, list, params);
  });

  app.get(
    "/:id",
    async (c) => reply(c, api, books.find("subscriptions", c.req.param("id")), await paramsOf(c)),
  );

  app.post("/:id", async (c) => {
    const params = await paramsOf(c);
    const subscription = books.find("subscriptions", c.req.param("id"));
    return reply(c, api, updateSubscription(subscription, params, api), params);
  });

  /** At once. One that has ended is as good as not there. */
  app.delete("/:id", async (c) => {
    const params = await paramsOf(c);
    const subscription = books.find("subscriptions", c.req.param("id"));
    if (ENDED.includes(subscription.status)) {
      throw refusals.missing("subscription", subscription.id);
    }
    const details = params.object("cancellation_details");
    const canceled = endings.cancel(subscription, {
      comment: details.nullable("comment") ?? subscription.cancellation_details.comment,
      feedback: details.oneOf("feedback", FEEDBACK) ?? subscription.cancellation_details.feedback,
    });
    return reply(c, api, canceled, params);
  });

  app.post("/:id/resume", async (c) => {
    const params = await paramsOf(c);
    const anchor = params.oneOf("billing_cycle_anchor", ["now", "unchanged"] as const) ?? "now";
    const resumed = lifecycle.resume(books.find("subscriptions", c.req.param("id")), anchor);
    return reply(c, api, resumed, params);
  });
  return app;
}
