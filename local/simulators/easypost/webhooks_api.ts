/** The webhooks of the account: EasyPost switches one off whose receiver fails for long. */
import { Hono } from "hono";
import { refusals } from "./errors.ts";
import { newId, timestamp } from "./ids.ts";
import type { EasyPostState, SimulatedWebhook } from "./state.ts";

/** EasyPost documents "a large volume and rate of failures over a period of time". */
const FAILURES_UNTIL_OFF = 20;

export interface WebhooksContext {
  state: EasyPostState;
  mode: string;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** The account has one webhook from the start, as after docs/deploy.md. */
export function addFirstWebhook({ state, mode, now }: WebhooksContext, url: string): void {
  const known = state.all("webhooks").find((webhook) => webhook.mode === mode);
  const id = known?.id ?? newId("hook");
  const createdAt = known?.createdAt ?? timestamp(now());
  state.put("webhooks", id, { failures: 0, disabledAt: null, ...known, id, url, mode, createdAt });
}

/** Counts consecutive failures of the receiver. */
export function recordAnswer(
  { state, now }: WebhooksContext,
  webhook: SimulatedWebhook,
  isReceived: boolean,
): void {
  const failures = isReceived ? 0 : webhook.failures + 1;
  const disabledAt = failures >= FAILURES_UNTIL_OFF ? timestamp(now()) : webhook.disabledAt;
  state.put("webhooks", webhook.id, { ...webhook, failures, disabledAt });
}

function describeWebhook({ id, mode, url, createdAt, disabledAt }: SimulatedWebhook) {
  return {
    ...{ id, object: "Webhook", mode, url, created_at: createdAt, disabled_at: disabledAt },
    custom_headers: [],
  };
}

export function webhookRoutes({ state }: WebhooksContext): Hono {
  const app = new Hono();
  app.get("/", (c) => c.json({ webhooks: state.all("webhooks").map(describeWebhook) }));
  app.patch("/:id", (c) => {
    const webhook = state.get("webhooks", c.req.param("id"));
    if (webhook === undefined) throw refusals.notFound();
    const enabled = { ...webhook, failures: 0, disabledAt: null };
    state.put("webhooks", webhook.id, enabled);
    return c.json(describeWebhook(enabled));
  });
  return app;
}
