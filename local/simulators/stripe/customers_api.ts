/** `/v1/customers`, and the payment methods that they have. */
import { Hono } from "hono";
import type { Api } from "./api.ts";
import { paramsOf, reply } from "./gate.ts";
import { limitOf, listPage } from "./lists.ts";
import { customerTest } from "./search.ts";

export function customerRoutes(api: Api): Hono {
  const { state, books, customers, methods, behaviour } = api;
  const present = () => state.all("customers").filter(({ deleted }) => !deleted);

  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    return reply(c, api, customers.create(params), params);
  });

  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const email = params.text("email");
    const found = present().filter((customer) => email === undefined || customer.email === email);
    return reply(
      c,
      api,
      listPage(found, params, { url: "/v1/customers", noun: "customer" }),
      params,
    );
  });

  app.get("/search", async (c) => {
    const params = await paramsOf(c);
    const isMeant = customerTest(params.required("query"));
    const limit = limitOf(params);
    const known = books.seconds - behaviour.searchLagSeconds;
    const found = present().reverse().filter((customer) =>
      customer.created <= known && isMeant(customer)
    );
    const start = Number(params.text("page") ?? 0);
    const hasMore = found.length > start + limit;
    return reply(c, api, {
      object: "search_result",
      data: found.slice(start, start + limit),
      has_more: hasMore,
      next_page: hasMore ? String(start + limit) : null,
      url: "/v1/customers/search",
    }, params);
  });

  /** Also one that was deleted. */
  app.get("/:id", async (c) => {
    const params = await paramsOf(c);
    const found = state.get("customers", c.req.param("id"));
    return reply(c, api, found ?? books.find("customers", c.req.param("id")), params);
  });

  app.post("/:id", async (c) => {
    const params = await paramsOf(c);
    return reply(c, api, customers.update(c.req.param("id"), params), params);
  });

  app.delete("/:id", (c) => c.json(customers.delete(c.req.param("id"))));

  app.get("/:id/payment_methods", async (c) => {
    const params = await paramsOf(c);
    const { id } = books.find("customers", c.req.param("id"));
    const url = `/v1/customers/${id}/payment_methods`;
    return reply(c, api, listPage(methods.of(id), params, { url, noun: "PaymentMethod" }), params);
  });
  return app;
}
