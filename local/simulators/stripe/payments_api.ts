/** `/v1/payment_methods`, `/v1/payment_intents`, `/v1/charges` and `/v1/disputes`. */
import { Hono } from "hono";
import type { Api } from "./api.ts";
import { refusals } from "./errors.ts";
import { paramsOf, reply } from "./gate.ts";
import { listPage } from "./lists.ts";
import { cardRefusal } from "./payment_methods.ts";

export function paymentMethodRoutes(api: Api): Hono {
  const { books, methods } = api;
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    params.required("type");
    params.oneOf("type", ["card"]);
    const token = params.object("card").required("token");
    const billing = params.object("billing_details").toJSON() as Record<string, unknown>;
    return reply(c, api, methods.create(token, billing), params);
  });

  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const customer = books.find("customers", params.required("customer"), "customer");
    const list = listPage(methods.of(customer.id), params, {
      url: "/v1/payment_methods",
      noun: "PaymentMethod",
    });
    return reply(c, api, list, params);
  });

  app.get("/:id", async (c) => reply(c, api, methods.named(c.req.param("id")), await paramsOf(c)));

  app.post("/:id/attach", async (c) => {
    const params = await paramsOf(c);
    const attached = methods.attach(c.req.param("id"), params.required("customer"));
    return reply(c, api, attached, params);
  });

  app.post(
    "/:id/detach",
    async (c) => reply(c, api, methods.detach(c.req.param("id")), await paramsOf(c)),
  );
  return app;
}

export function paymentIntentRoutes(api: Api): Hono {
  const { books, methods, payments } = api;
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    const amount = params.integer("amount");
    if (amount === undefined) throw refusals.required("amount");
    const customer = params.nullable("customer") ?? null;
    if (customer !== null) books.find("customers", customer, "customer");
    const given = params.text("payment_method");
    const method = given ? methods.named(given, "payment_method") : undefined;
    const intent = payments.create({
      ...{ amount, customer, created: books.seconds },
      currency: params.required("currency").toLowerCase(),
      description: params.nullable("description") ?? null,
      fields: { metadata: params.metadata() },
    });
    if (!params.boolean("confirm")) return reply(c, api, intent, params);
    if (method === undefined) throw refusals.required("payment_method");
    const attempt = payments.confirm(intent, method);
    if (attempt.decline) throw cardRefusal(attempt.decline, { payment_intent: attempt.intent });
    return reply(c, api, attempt.intent, params);
  });

  app.get(
    "/:id",
    async (c) => reply(c, api, books.find("paymentIntents", c.req.param("id")), await paramsOf(c)),
  );
  return app;
}

/** Only to be read: charges and disputes come of payments. */
export function readOnlyRoutes(api: Api, kind: "charges" | "disputes", noun: string): Hono {
  const { state, books } = api;
  const app = new Hono();
  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const customer = params.text("customer");
    const found = state.all(kind).filter((object) =>
      customer === undefined || object.customer === customer
    );
    return reply(c, api, listPage(found, params, { url: `/v1/${kind}`, noun }), params);
  });
  app.get(
    "/:id",
    async (c) => reply(c, api, books.find(kind, c.req.param("id")), await paramsOf(c)),
  );
  return app;
}
