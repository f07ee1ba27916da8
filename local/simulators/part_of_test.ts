/** The type check of simulated objects refuses what the vendor's package does not have. */
import assert from "node:assert/strict";
import type { IRate } from "@easypost/api";
import type Stripe from "stripe";
import type { PartOf } from "./part_of.ts";

/** Each line below fails `deno check` if its comment is not needed. */
// @ts-expect-error an unknown field
type UnknownField = PartOf<Stripe.Subscription, { curency: string }>;
// @ts-expect-error another type
type OtherType = PartOf<IRate, { delivery_days: string }>;
// @ts-expect-error `null` where the vendor sends none
type NoNull = PartOf<Stripe.Subscription, { created: number | null }>;
// @ts-expect-error a value that the enumeration does not name
type UnknownValue = PartOf<Stripe.Subscription, { status: "cancelled" }>;
// @ts-expect-error an unknown field inside a list
type NestedField = PartOf<Stripe.Subscription, { items: { data: { prize: string }[] } }>;
type Right = PartOf<Stripe.Subscription, {
  id: string;
  status: "canceled";
  items: { data: { price: { id: string } }[] };
  simulated_clock: number;
}>;

Deno.test("simulated objects have the fields and types of the vendor's own package", () => {
  const right: Right = {
    id: "sub_1",
    status: "canceled",
    items: { data: [{ price: { id: "price_1" } }] },
    simulated_clock: 1,
  };
  const refused: (UnknownField | OtherType | NoNull | UnknownValue | NestedField)[] = [];
  assert.deepEqual([right.status, refused.length], ["canceled", 0]);
});
