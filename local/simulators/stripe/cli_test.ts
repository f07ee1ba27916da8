/** Stripe's own CLI runs its fixtures against the simulator. */
import assert from "node:assert/strict";
import { Caller, KEY } from "../../../tests/support/stripe_caller.ts";
import { runStripeCli } from "../../../tests/support/stripe_cli.ts";
import type { StripeEvent } from "./objects.ts";

/** The description of everything that the CLI's fixtures create. */
const DESCRIPTION = "(created by Stripe CLI)";

type Check = (object: StripeEvent["data"]["object"], event: StripeEvent, caller: Caller) => void;

function checkSubscription(status: string, cents = 1500): Check {
  return (object) => {
    // deno-lint-ignore no-explicit-any -- the fields of an event have no types
    const { items, status: found } = object as any;
    assert.equal(found, status);
    const [{ price }] = items.data;
    assert.deepEqual([price.unit_amount, price.recurring.interval], [cents, "month"]);
  };
}

function checkInvoice(status: string): Check {
  return (object) => {
    assert.deepEqual(
      [object.status, object.description, object.amount_due, object.billing_reason],
      [status, DESCRIPTION, 2000, "manual"],
    );
  };
}

/** The check of the event that each `stripe trigger` causes. */
const TRIGGERS: Record<string, Check> = {
  "customer.subscription.created": checkSubscription("active"),
  "customer.subscription.updated": (object, event, caller) => {
    checkSubscription("active")(object, event, caller);
    assert.deepEqual(object.metadata, { foo: "bar" });
    assert.deepEqual(event.data.previous_attributes, { metadata: { foo: null } });
  },
  "customer.subscription.deleted": checkSubscription("canceled"),
  "customer.subscription.paused": checkSubscription("paused"),
  "customer.subscription.trial_will_end": checkSubscription("trialing"),
  "invoice.paid": (object, event, caller) => {
    checkInvoice("paid")(object, event, caller);
    assert.equal(object.amount_paid, 2000);
  },
  "invoice.payment_failed": (object, event, caller) => {
    checkInvoice("open")(object, event, caller);
    assert.deepEqual([object.amount_paid, object.attempt_count], [0, 1]);
  },
  "checkout.session.completed": (object, _, { simulator }) => {
    assert.deepEqual(
      [object.mode, object.amount_total, object.payment_status, object.status, object.success_url],
      ["payment", 3000, "paid", "complete", "https://httpbin.org/post"],
    );
    const intent = simulator.state.get("paymentIntents", String(object.payment_intent));
    assert.deepEqual(
      [intent?.shipping?.name, intent?.shipping?.address?.line1, intent?.amount],
      ["Jenny Rosen", "510 Townsend St", 3000],
    );
  },
  "customer.deleted": (object, _, { simulator }) => {
    assert.equal(object.description, DESCRIPTION);
    assert.equal(simulator.state.get("customers", object.id)?.deleted, true);
  },
  "charge.dispute.created": (object, _, { simulator }) => {
    assert.deepEqual([object.amount, object.status], [100, "warning_needs_response"]);
    const charge = simulator.state.get("charges", String(object.charge));
    assert.deepEqual([charge?.description, charge?.disputed], [DESCRIPTION, true]);
  },
};

/** The number of CLIs that run at the same time. */
const LANES = 4;

Deno.test("the CLI fails with another key, and nothing is created", async () => {
  await using caller = new Caller();
  const folder = await Deno.makeTempDir({ prefix: "stripe-cli-" });
  const args = ["trigger", "customer.deleted", "--api-base", caller.url];
  const { success } = await runStripeCli([...args, "--api-key", "sk_test_another00"], folder);
  assert.equal(success, false);
  assert.deepEqual([caller.simulator.calls, caller.counts().customers], [[], 0]);
  await Deno.remove(folder, { recursive: true });
});

/** Each run has a simulator of its own. */
async function checkTrigger(type: string, check: Check): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "stripe-cli-" });
  await using caller = new Caller();
  const args = ["trigger", type, "--api-base", caller.url, "--api-key", KEY];
  const { success, output } = await runStripeCli(args, folder);
  await Deno.remove(folder, { recursive: true });
  assert.ok(success, output);
  assert.match(output, /Trigger succeeded!/);
  const events = caller.simulator.pendingEvents.filter((event) => event.type === type);
  assert.equal(events.length, 1, `${type}: ${caller.takeTypes().join(", ")}`);
  const [event] = events;
  assert.ok(event && event.object === "event" && !event.livemode);
  check(event.data.object, event, caller);
}

Deno.test("each stripe trigger causes its event once, with the values of its fixture", async () => {
  const waiting = Object.entries(TRIGGERS);
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await checkTrigger(...next);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
});
