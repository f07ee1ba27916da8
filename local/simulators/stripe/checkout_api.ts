/** `/v1/checkout/sessions`, `/v1/billing_portal/sessions`, and what the page of a checkout calls. */
import { type Context, Hono } from "hono";
import type { Api } from "./api.ts";
import { refusals } from "./errors.ts";
import { paramsOf, reply } from "./gate.ts";
import { listPage } from "./lists.ts";

const STATUSES = ["open", "complete", "expired"] as const;

export function checkoutRoutes(api: Api): Hono {
  const { state, checkout } = api;
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    return reply(c, api, checkout.create(params), params);
  });

  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const [customer, subscription] = [params.text("customer"), params.text("subscription")];
    const status = params.oneOf("status", STATUSES);
    const found = state.all("checkoutSessions").map(({ id }) => checkout.find(id)).filter(
      (session) =>
        (customer === undefined || session.customer === customer) &&
        (subscription === undefined || session.subscription === subscription) &&
        (status === undefined || session.status === status),
    );
    const list = listPage(found, params, {
      url: "/v1/checkout/sessions",
      noun: "checkout.session",
    });
    return reply(c, api, list, params);
  });

  app.get("/:id", async (c) => reply(c, api, checkout.find(c.req.param("id")), await paramsOf(c)));

  app.post(
    "/:id/expire",
    async (c) => reply(c, api, checkout.expire(c.req.param("id")), await paramsOf(c)),
  );
  return app;
}

export function portalRoutes(api: Api): Hono {
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    return reply(c, api, api.portal.create(params), params);
  });
  return app;
}

/** Undocumented; Stripe's own CLI pays a checkout by it. */
export function paymentPageRoutes(api: Api): Hono {
  const { checkout } = api;
  const pageOf = (c: Context) => {
    const session = checkout.find(c.req.param("id") ?? "");
    const { id, mode, livemode, currency, status, amount_total } = session;
    return {
      ...{ id: `ppage_${id}`, object: "checkout.payment_page", session_id: id },
      ...{ mode, livemode, currency, status, total: amount_total },
    };
  };
  const app = new Hono();
  app.get("/:id", async (c) => reply(c, api, pageOf(c), await paramsOf(c)));

  app.post("/:id/confirm", async (c) => {
    const params = await paramsOf(c);
    const session = checkout.find(c.req.param("id"));
    if (params.integer("expected_amount") !== session.amount_total) {
      throw refusals.invalid("The amount is not what the customer saw.", {
        code: "checkout_amount_mismatch",
        param: "expected_amount",
      });
    }
    checkout.complete(session.id, params.required("payment_method"));
    return reply(c, api, pageOf(c), params);
  });
  return app;
}
