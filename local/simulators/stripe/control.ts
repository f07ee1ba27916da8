/** `/control` of the simulator: what people and tests ask of it over HTTP. */
import type { Hono } from "hono";
import * as z from "zod";
import {
  BadControlRequest,
  controlApp,
  defined,
  faultRoutes,
  FAULTS_HELP,
  parse,
} from "../control.ts";
import { type ChangeName, ImpossibleChange } from "./advance.ts";
import { StripeRefusal } from "./errors.ts";
import { PAUSE_BEHAVIORS } from "./lifecycle.ts";
import type { Subscription } from "./objects.ts";
import { isVersion } from "./shapes.ts";
import type { StripeSimulator } from "./simulator.ts";
import { periodOf } from "./subscription_factory.ts";

const HELP = {
  "GET /control": "this page",
  "GET /pay/:checkout_session_id":
    "Checkout's page; POST …/pay {payment_method?, email?}, POST …/cancel",
  "GET /portal/:portal_session_id":
    "the billing portal; POST …/change {subscription, price}, …/cancel and …/keep {subscription}",
  "POST /control/subscriptions/:id":
    "{change, price?, behavior?}: something happens to a subscription (see changes), and its events are sent",
  "POST /control/subscriptions/:id/event":
    "{type?, deliveries?}: a new event of its present state (customer.subscription.updated) is sent",
  "POST /control/events/:id/send":
    "{deliveries?, secret?, timestamp?, livemode?, account?}: an event is sent again, as it was or spoiled",
  "POST /control/behaviour":
    "{api_version?, auto_send?, search_lag_seconds?}: the shape of events, whether they are sent by " +
    "themselves, and how late a search finds what is new",
  ...FAULTS_HELP,
};

const Deliveries = z.int().min(0).max(100).default(1);

const EventBody = z.strictObject({
  type: z.string().default("customer.subscription.updated"),
  deliveries: Deliveries,
});

const SendBody = z.strictObject({
  deliveries: Deliveries,
  secret: z.string().optional(),
  timestamp: z.int().optional(),
  livemode: z.boolean().optional(),
  account: z.string().optional(),
});

const BehaviourBody = z.strictObject({
  api_version: z.string().refine(isVersion, "must be a version like 2024-06-20").optional(),
  auto_send: z.boolean().optional(),
  search_lag_seconds: z.int().min(0).optional(),
});

function describe(subscription: Subscription) {
  const { id, customer, status, cancel_at_period_end, items } = subscription;
  return {
    ...{ id, customer, status, cancel_at_period_end },
    prices: items.data.map(({ price }) => price.id),
    current_period_end: new Date(periodOf(subscription).end * 1000).toISOString(),
  };
}

export function controlRoutes(simulator: StripeSimulator): Hono {
  const { state, behaviour } = simulator;
  // `changes` is there only once the simulator is.
  const names = () => Object.keys(simulator.changes) as [ChangeName, ...ChangeName[]];
  const repeated = <T>(count: number, send: () => Promise<T>) =>
    Promise.all(Array.from({ length: count }, send));

  const app = controlApp();
  app.get("/", (c) =>
    c.json({
      what: "The Stripe simulator",
      control: HELP,
      changes: Object.fromEntries(
        Object.entries(simulator.changes).map(([name, { help, from }]) => [name, { help, from }]),
      ),
      behaviour,
      prices: state.all("prices").map(({ id, nickname, unit_amount, currency }) => (
        { id, nickname, unit_amount, currency }
      )),
      customers: state.all("customers").filter(({ deleted }) => !deleted).map((customer) => (
        { id: customer.id, email: customer.email, metadata: customer.metadata }
      )),
      subscriptions: state.all("subscriptions").map(describe),
      events: state.all("events").length,
    }));

  app.post("/subscriptions/:id", async (c) => {
    const { change, ...detail } = await parse(
      z.strictObject({
        change: z.enum(names()),
        price: z.string().optional(),
        behavior: z.enum(PAUSE_BEHAVIORS).optional(),
      }),
      c.req.raw,
    );
    const id = c.req.param("id");
    if (!state.get("subscriptions", id)) {
      return c.json({ error: `There is no subscription ${id}. GET /control lists them.` }, 404);
    }
    try {
      const { subscription, events, answers } = await simulator.advance(
        id,
        change,
        defined(detail),
      );
      const told = events.map(({ id, type }) => ({ id, type }));
      return c.json({ subscription: describe(subscription), events: told, answers });
    } catch (error) {
      if (!(error instanceof ImpossibleChange) && !(error instanceof StripeRefusal)) throw error;
      throw new BadControlRequest(error.message);
    }
  });

  app.post("/subscriptions/:id/event", async (c) => {
    const { type, deliveries } = await parse(EventBody, c.req.raw);
    const id = c.req.param("id");
    if (!state.get("subscriptions", id)) {
      return c.json({ error: `There is no subscription ${id}. GET /control lists them.` }, 404);
    }
    const event = simulator.eventOf(id, type);
    const answers = await repeated(deliveries, () => simulator.send(event));
    return c.json({ event_id: event.id, answers });
  });

  app.post("/events/:id/send", async (c) => {
    const { deliveries, ...options } = await parse(SendBody, c.req.raw);
    const event = state.get("events", c.req.param("id"));
    if (event === undefined) {
      return c.json({ error: `There is no event ${c.req.param("id")}.` }, 404);
    }
    const answers = await repeated(deliveries, () => simulator.send(event, defined(options)));
    return c.json({ event_id: event.id, answers });
  });

  app.post("/behaviour", async (c) => {
    const body = await parse(BehaviourBody, c.req.raw);
    const { api_version: apiVersion, auto_send: autoSend, search_lag_seconds } = body;
    const change = { apiVersion, autoSend, searchLagSeconds: search_lag_seconds };
    Object.assign(behaviour, defined(change));
    return c.json(behaviour);
  });

  app.route("/faults", faultRoutes(simulator.faults));
  return app;
}
