/** `/control` of the simulator: how people and tests change subscriptions, events and behaviour over HTTP. */
import type { Hono } from "hono";
import * as z from "zod";
import { BadControlRequest, controlApp, defined, parse, unknownCommand } from "../control.ts";
import { faultRoutes, faultsHelp } from "../control_faults.ts";
import { answerControl } from "../control_page.tsx";
import type { Faults } from "../faults.ts";
import {
  type Change,
  CHANGE_NAMES,
  type ChangeDetail,
  type ChangeName,
  ImpossibleChange,
} from "./changes.ts";
import { describeBehaviour, SETTINGS_HELP, settingsControl } from "./control_settings.ts";
import { ApiError } from "./errors.ts";
import { PAUSE_BEHAVIORS, type StripeEvent, type Subscription } from "./objects.ts";
import type { Behaviour, StripeKeys } from "./options.ts";
import type { StripeState } from "./state.ts";
import { periodOf } from "./subscription_objects.ts";

/** The part of the simulator that `/control` uses. */
export interface ControlledSimulator {
  readonly state: StripeState;
  readonly faults: Faults;
  readonly behaviour: Behaviour;
  readonly keys: StripeKeys;
  advance(id: string, change: ChangeName, detail: ChangeDetail): Promise<{
    subscription: Subscription;
    events: StripeEvent[];
    answers: number[];
  }>;
  eventOf(subscriptionId: string, type: string): StripeEvent;
  send(event: StripeEvent, options?: Partial<z.infer<typeof SendBody>>): Promise<number>;
}

const HELP = {
  "GET /control": "this page",
  "GET /pay/:checkout_session_id":
    "Checkout's page; POST …/pay {payment_method?} and POST …/cancel are its buttons",
  "GET /portal/:portal_session_id":
    "the customer portal; POST …/change {subscription, price}, …/cancel and …/keep {subscription}, " +
    "…/pay {invoice, payment_method}",
  "POST /control/subscriptions/:id":
    "{change, price?, behavior?}: change a subscription (see changes) and send its events",
  "POST /control/subscriptions/:id/event":
    "{type?, deliveries?}: send a new event of its present state (customer.subscription.updated)",
  "POST /control/events/:id/send":
    "{deliveries?, secret?, timestamp?, livemode?, account?}: send an event again, unchanged or altered",
  ...SETTINGS_HELP,
  ...faultsHelp(),
};

const ChangeBody = z.strictObject({
  change: z.enum(CHANGE_NAMES),
  price: z.string().optional(),
  behavior: z.enum(PAUSE_BEHAVIORS).optional(),
});

const Deliveries = z.int().min(0).max(100).default(1);

/** All that Stripe sends about a subscription: https://docs.stripe.com/api/events/types */
const EVENT_TYPES = [
  "customer.subscription.created",
  "customer.subscription.deleted",
  "customer.subscription.paused",
  "customer.subscription.pending_update_applied",
  "customer.subscription.pending_update_expired",
  "customer.subscription.resumed",
  "customer.subscription.trial_will_end",
  "customer.subscription.updated",
] as const;

const EventBody = z.strictObject({
  type: z.enum(EVENT_TYPES).default("customer.subscription.updated"),
  deliveries: Deliveries,
});

const SendBody = z.strictObject({
  deliveries: Deliveries,
  secret: z.string().optional(),
  timestamp: z.int().optional(),
  livemode: z.boolean().optional(),
  account: z.string().optional(),
});

function describeSubscription(subscription: Subscription) {
  const { id, customer, status, cancel_at_period_end, items } = subscription;
  return {
    ...{ id, customer, status, cancel_at_period_end },
    prices: items.data.map(({ price }) => price.id),
    current_period_end: new Date(periodOf(subscription).end * 1000).toISOString(),
  };
}

function describeAll({ state, behaviour }: ControlledSimulator, changes: Record<string, Change>) {
  return {
    what: "The Stripe simulator",
    control: HELP,
    changes: Object.fromEntries(
      Object.entries(changes).map(([name, { help, from }]) => [name, { help, from }]),
    ),
    behaviour: describeBehaviour(behaviour),
    prices: state.all("prices").map(({ id, nickname, unit_amount, currency }) => (
      { id, nickname, unit_amount, currency }
    )),
    customers: state.all("customers").filter(({ deleted }) => !deleted).map((customer) => (
      { id: customer.id, email: customer.email, metadata: customer.metadata }
    )),
    subscriptions: state.all("subscriptions").map(describeSubscription),
    events: state.all("events").length,
  };
}

export function controlRoutes(
  simulator: ControlledSimulator,
  changes: Record<ChangeName, Change>,
): Hono {
  const { state } = simulator;
  const repeat = <T>(count: number, send: () => Promise<T>) =>
    Promise.all(Array.from({ length: count }, send));

  const app = controlApp();
  app.get("/", (c) => answerControl(c, "Stripe", describeAll(simulator, changes)));

  app.use("/subscriptions/:id/*", async (c, next) => {
    const id = c.req.param("id");
    if (state.get("subscriptions", id)) return await next();
    return c.json({ error: `There is no subscription ${id}. GET /control lists them.` }, 404);
  });

  app.post("/subscriptions/:id", async (c) => {
    const { change, ...detail } = await parse(ChangeBody, c.req.raw);
    try {
      const { subscription, events, answers } = await simulator.advance(
        c.req.param("id"),
        change,
        defined(detail),
      );
      const sent = events.map(({ id, type }) => ({ id, type }));
      return c.json({ subscription: describeSubscription(subscription), events: sent, answers });
    } catch (error) {
      if (!(error instanceof ImpossibleChange) && !(error instanceof ApiError)) throw error;
      throw new BadControlRequest(error.message);
    }
  });

  app.post("/subscriptions/:id/event", async (c) => {
    const { type, deliveries } = await parse(EventBody, c.req.raw);
    const event = simulator.eventOf(c.req.param("id"), type);
    const answers = await repeat(deliveries, () => simulator.send(event));
    return c.json({ event_id: event.id, answers });
  });

  app.post("/events/:id/send", async (c) => {
    const { deliveries, ...options } = await parse(SendBody, c.req.raw);
    const event = state.get("events", c.req.param("id"));
    if (event === undefined) {
      return c.json({ error: `There is no event ${c.req.param("id")}.` }, 404);
    }
    const answers = await repeat(deliveries, () => simulator.send(event, defined(options)));
    return c.json({ event_id: event.id, answers });
  });

  app.route("/", settingsControl(simulator));
  app.route("/faults", faultRoutes(simulator.faults));
  app.all("*", unknownCommand(HELP));
  return app;
}
