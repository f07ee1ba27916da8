/** `/control/behaviour` and `/control/keys`. */
import type { Hono } from "hono";
import * as z from "zod";
import { controlApp, defined, parse } from "../control.ts";
import { isVersion } from "./api_versions.ts";
import type { Behaviour, StripeKeys } from "./options.ts";

export const SETTINGS_HELP = {
  "POST /control/behaviour":
    "{api_version?, auto_send?, search_lag_seconds?, portal_configured?}: the API version of events, " +
    "whether events are sent at once, the delay until the search finds a new customer, and whether the " +
    "settings of the customer portal were saved",
  "POST /control/keys":
    "{secret_key?, webhook_secret?, keep?}: the dashboard rolls the API key, which refuses the one before at " +
    "once, or the endpoint's secret; with keep Stripe goes on signing with the one before too",
};

const BehaviourBody = z.strictObject({
  api_version: z.string().refine(isVersion, "a version, such as 2024-06-20").optional(),
  auto_send: z.boolean().optional(),
  search_lag_seconds: z.int().min(0).optional(),
  portal_configured: z.boolean().optional(),
});

const KeysBody = z.strictObject({
  secret_key: z.string().min(1).optional(),
  webhook_secret: z.string().min(1).optional(),
  keep: z.boolean().default(false),
});

/** As the body of `/control/behaviour`. */
export function describeBehaviour(behaviour: Behaviour): Required<z.infer<typeof BehaviourBody>> {
  return {
    api_version: behaviour.apiVersion,
    auto_send: behaviour.autoSend,
    search_lag_seconds: behaviour.searchLagSeconds,
    portal_configured: behaviour.portalConfigured,
  };
}

export function settingsControl({ behaviour, keys }: {
  behaviour: Behaviour;
  keys: StripeKeys;
}): Hono {
  const app = controlApp();
  app.post("/behaviour", async (c) => {
    const body = await parse(BehaviourBody, c.req.raw);
    const change = {
      apiVersion: body.api_version,
      autoSend: body.auto_send,
      searchLagSeconds: body.search_lag_seconds,
      portalConfigured: body.portal_configured,
    };
    Object.assign(behaviour, defined(change));
    return c.json(describeBehaviour(behaviour));
  });

  app.post("/keys", async (c) => {
    const { secret_key, webhook_secret, keep } = await parse(KeysBody, c.req.raw);
    if (secret_key !== undefined) keys.secretKey = secret_key;
    if (webhook_secret !== undefined) {
      keys.webhookSecrets = [webhook_secret, ...keep ? keys.webhookSecrets.slice(0, 1) : []];
    }
    return c.json({ valid_webhook_secrets: keys.webhookSecrets.length });
  });
  return app;
}
