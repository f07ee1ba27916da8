/** `/v1/events` and `/v1/webhook_endpoints`. */
import { Hono } from "hono";
import type { Api } from "./api.ts";
import { refusals } from "./errors.ts";
import { paramsOf, reply } from "./gate.ts";
import { newId } from "./ids.ts";
import { listPage } from "./lists.ts";
import type { WebhookEndpoint } from "./session_objects.ts";

export function eventRoutes(api: Api): Hono {
  const { state, books } = api;
  const app = new Hono();
  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const wanted = [params.text("type"), ...params.texts("types")].filter((type) =>
      type !== undefined
    );
    const isWanted = (type: string) =>
      wanted.length === 0 ||
      wanted.some((want) =>
        want.endsWith("*") ? type.startsWith(want.slice(0, -1)) : type === want
      );
    const found = state.all("events").filter(({ type }) => isWanted(type));
    return c.json(listPage(found, params, { url: "/v1/events", noun: "event" }));
  });

  /** In the version that it was made in, whatever is asked for. */
  app.get("/:id", (c) => c.json(books.find("events", c.req.param("id"))));
  return app;
}

/** The secret is only said once. */
function withoutSecret({ secret: _secret, ...rest }: WebhookEndpoint) {
  return rest;
}

export function webhookEndpointRoutes(api: Api): Hono {
  const { state, books } = api;
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    const enabled = params.texts("enabled_events");
    if (enabled.length === 0) throw refusals.required("enabled_events");
    const made = books.add("webhookEndpoints", {
      id: books.newId("webhookEndpoints"),
      object: "webhook_endpoint",
      api_version: params.nullable("api_version") ?? null,
      application: null,
      created: books.seconds,
      description: params.nullable("description") ?? null,
      enabled_events: enabled,
      livemode: books.livemode,
      metadata: params.metadata(),
      secret: newId("whsec", 32),
      status: "enabled",
      url: params.required("url"),
    });
    return reply(c, api, made, params);
  });

  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const found = state.all("webhookEndpoints").filter(({ deleted }) => !deleted);
    const url = "/v1/webhook_endpoints";
    return c.json(
      listPage(found.map(withoutSecret) as never, params, { url, noun: "webhook_endpoint" }),
    );
  });

  app.get("/:id", (c) => c.json(withoutSecret(books.find("webhookEndpoints", c.req.param("id")))));

  app.delete("/:id", (c) => c.json(books.remove("webhookEndpoints", c.req.param("id"))));
  return app;
}
