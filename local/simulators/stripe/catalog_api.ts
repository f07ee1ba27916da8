/** `/v1/products` and `/v1/prices`. */
import { Hono } from "hono";
import type { Api } from "./api.ts";
import { INTERVALS } from "./catalog.ts";
import { refusals } from "./errors.ts";
import { paramsOf, reply } from "./gate.ts";
import { listPage } from "./lists.ts";
import type { Price, Product } from "./objects.ts";
import type { Params } from "./params.ts";

/** What both of them can be listed by. */
function isActive(params: Params): (object: { active: boolean }) => boolean {
  const active = params.boolean("active");
  return (object) => active === undefined || object.active === active;
}

export function productRoutes(api: Api): Hono {
  const { state, books, catalog } = api;
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    const id = params.text("id") ?? books.newId("products");
    if (state.get("products", id)) {
      throw refusals.invalid("Product already exists.", { code: "resource_already_exists" });
    }
    const made = catalog.addProduct({
      id,
      name: params.required("name"),
      description: params.nullable("description") ?? null,
      active: params.boolean("active") ?? true,
      metadata: params.metadata(),
    }, "product.created");
    return reply(c, api, made, params);
  });

  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const found = state.all("products").filter(isActive(params));
    return reply(c, api, listPage(found, params, { url: "/v1/products", noun: "product" }), params);
  });

  app.get(
    "/:id",
    async (c) => reply(c, api, books.find("products", c.req.param("id")), await paramsOf(c)),
  );

  app.post("/:id", async (c) => {
    const params = await paramsOf(c);
    const before = books.find("products", c.req.param("id"));
    const fields: Partial<Product> = {
      active: params.boolean("active") ?? before.active,
      name: params.text("name") ?? before.name,
      metadata: params.metadata(before.metadata),
    };
    return reply(c, api, books.change("products", before.id, fields, "product.updated"), params);
  });
  return app;
}

/** @throws {StripeRefusal} */
function newPrice(params: Params, api: Api) {
  const recurring = params.object("recurring");
  if (params.has("recurring")) recurring.required("interval");
  const interval = recurring.oneOf("interval", INTERVALS);
  const unitAmount = params.integer("unit_amount");
  if (unitAmount === undefined) throw refusals.required("unit_amount");
  const currency = params.required("currency").toLowerCase();
  if (!/^[a-z]{3}$/.test(currency)) {
    throw refusals.invalid(`Invalid currency: ${currency}.`, { param: "currency" });
  }
  return api.catalog.addPrice({
    id: api.books.newId("prices"),
    product: api.books.find("products", params.required("product"), "product").id,
    currency,
    unitAmount,
    recurring: interval
      ? { interval, intervalCount: recurring.integer("interval_count") ?? 1 }
      : null,
    nickname: params.nullable("nickname") ?? null,
    lookupKey: params.nullable("lookup_key") ?? null,
    active: params.boolean("active") ?? true,
    metadata: params.metadata(),
  }, "price.created");
}

export function priceRoutes(api: Api): Hono {
  const { state, books } = api;
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    return reply(c, api, newPrice(params, api), params);
  });

  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const [product, type] = [params.text("product"), params.text("type")];
    const keys = params.texts("lookup_keys");
    const found = state.all("prices").filter(isActive(params)).filter((price) =>
      (product === undefined || price.product === product) &&
      (type === undefined || price.type === type) &&
      (keys.length === 0 || keys.includes(price.lookup_key ?? ""))
    );
    return reply(c, api, listPage(found, params, { url: "/v1/prices", noun: "price" }), params);
  });

  app.get(
    "/:id",
    async (c) => reply(c, api, books.find("prices", c.req.param("id")), await paramsOf(c)),
  );

  /** What a price costs never changes. */
  app.post("/:id", async (c) => {
    const params = await paramsOf(c);
    const before = books.find("prices", c.req.param("id"));
    const fields: Partial<Price> = {
      active: params.boolean("active") ?? before.active,
      nickname: params.nullable("nickname") ?? before.nickname,
      lookup_key: params.nullable("lookup_key") ?? before.lookup_key,
      metadata: params.metadata(before.metadata),
    };
    return reply(c, api, books.change("prices", before.id, fields, "price.updated"), params);
  });
  return app;
}
