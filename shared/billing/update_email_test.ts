import assert from "node:assert/strict";
import {
  ADA,
  CONFIG,
  keys,
  makeDatabase,
  missing,
  RefusedByDatabase,
  type StripeAnswer,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { encryptId } from "./encrypted_ids.ts";
import { BillingError } from "./errors.ts";
import { updateCustomerEmail } from "./update_email.ts";

interface World {
  /** The account's address at each reading; the last one repeats. */
  emails: string[];
  stripe?: StripeAnswer;
  hasCustomer?: boolean;
}

/** Handles the task. `sent`: the addresses that Stripe received. */
async function updateWith({ emails, stripe = () => ({ id: "cus_1" }), hasCustomer = true }: World) {
  const left = [...emails];
  const { database, calls } = makeDatabase({
    get_stripe_customer: async () => {
      const email = left.length > 1 ? left.shift() : left[0];
      if (email === undefined) throw new RefusedByDatabase("PT404");
      const { text } = await encryptId(keys, "stripe_customers.stripe_customer_id", "cus_1");
      return { email, attempt: 0, stripe_customer_id: hasCustomer ? text : null };
    },
    settle_customer_email: () => ({ outcome: "updated" }),
  });
  let result: EventResult | undefined;
  let sent: (string | undefined)[] = [];
  await withStripe(stripe, async (client, requests) => {
    const event = { event_id: 7, object_id: ADA } as ClaimedEvent;
    const loadStripe = () => Promise.resolve(client);
    result = await updateCustomerEmail({ database, keys, loadStripe, config: CONFIG }, event);
    sent = requests.map(({ parameters }) => parameters.email);
  });
  return { result, sent, settled: calls.filter(([name]) => name === "settle_customer_email") };
}

Deno.test("the present address reaches the customer, and the task is settled", async () => {
  const { result, sent, settled } = await updateWith({ emails: ["new@example.com"] });
  assert.deepEqual(sent, ["new@example.com"]);
  assert.deepEqual(result, { outcome: "updated" });
  assert.deepEqual(settled, [["settle_customer_email", { p_event_id: 7 }]]);
});

Deno.test("an address that changes during the update is sent too, so the newest one is the last", async () => {
  const { sent } = await updateWith({ emails: ["new@example.com", "newest@example.com"] });
  assert.deepEqual(sent, ["new@example.com", "newest@example.com"]);
});

Deno.test("without an account, a customer, or a customer at Stripe the task is ignored", async () => {
  const worlds: World[] = [
    { emails: [] },
    { emails: ["new@example.com"], hasCustomer: false },
    { emails: ["new@example.com"], stripe: missing },
  ];
  for (const world of worlds) {
    const { result, settled } = await updateWith(world);
    assert.deepEqual([result, settled], [{ ignored: "unknown_customer" }, []]);
  }
});

Deno.test("an address that Stripe refuses is not tried again", async () => {
  const stripe = () => {
    const error = { type: "invalid_request_error", code: "email_invalid", param: "email" };
    return Response.json({ error }, { status: 400 });
  };
  const { result, sent, settled } = await updateWith({ emails: ["ada@intranet"], stripe });
  assert.deepEqual([result, sent, settled], [{ ignored: "email_refused" }, ["ada@intranet"], []]);
});

Deno.test("while Stripe fails the task is not settled, so it is tried again", async () => {
  const stripe = () => Response.json({ error: { type: "api_error" } }, { status: 500 });
  await assert.rejects(updateWith({ emails: ["new@example.com"], stripe }), BillingError);
});
