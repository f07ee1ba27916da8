/** Buys a label: once for a shipment, and only if the balance covers it. */
import { type Accounts, costOf } from "./accounts.ts";
import type { Behaviour } from "./behaviour.ts";
import { refusals } from "./errors.ts";
import { centsOf, feeAmount, newId, timestamp } from "./ids.ts";
import type { Fee, Mode, Rate } from "./objects.ts";
import type { EasyPostState, SimulatedPurchase, SimulatedShipment } from "./state.ts";
import { makeTracker } from "./trackers.ts";

export interface PurchaseOptions {
  state: EasyPostState;
  accounts: Accounts;
  behaviour: Behaviour;
  mode: Mode;
  /** Milliseconds since 1970. */
  now: () => number;
}

const LABEL_FEE_CENTS = 1;

function digits(count: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(count));
  return Array.from(bytes, (byte) => byte % 10).join("");
}

function newTrackingCode(carrier: string): string {
  return carrier === "USPS" ? `94001${digits(17)}` : `1Z${digits(16)}`;
}

function makeFee(type: Fee["type"], cents: number): Fee {
  return { object: "Fee", type, amount: feeAmount(cents), charged: true, refunded: false };
}

/** The rate that a call names. @throws {EasyPostRefusal} */
function chosenRate(shipment: SimulatedShipment, given: unknown): Rate {
  const id = (given as { id?: unknown } | null | undefined)?.id;
  if (id === undefined) throw refusals.required("rate");
  const rate = shipment.rates.find((candidate) => candidate.id === id);
  if (rate === undefined) throw refusals.unknownRate();
  return rate;
}

/** @throws {EasyPostRefusal} Also after the purchase, if the behaviour says so. */
export function buyLabel(
  shipment: SimulatedShipment,
  body: Record<string, unknown>,
  { state, accounts, behaviour, mode, now }: PurchaseOptions,
): SimulatedShipment {
  if (shipment.purchase) throw refusals.bought();
  const rate = chosenRate(shipment, body.rate);
  const at = timestamp(now());
  const { carrier } = rate;
  const format = shipment.labelFormat;
  const trackingCode = newTrackingCode(carrier);
  const tracker = makeTracker({ trackingCode, carrier, shipmentId: shipment.id, mode, now: now() });
  const purchase: SimulatedPurchase = {
    rate: { ...rate, created_at: at, updated_at: at },
    trackerId: tracker.id,
    trackingCode,
    label: { id: newId("pl"), createdAt: at, updatedAt: at, format, formats: [format] },
    fees: [makeFee("LabelFee", LABEL_FEE_CENTS), makeFee("PostageFee", centsOf(rate.rate))],
  };
  if (costOf(purchase) > accounts.balanceCents) throw refusals.insufficientFunds();
  state.put("trackers", tracker.id, tracker);
  const bought = { ...shipment, updatedAt: at, purchase };
  state.put("shipments", shipment.id, bought);
  const doubt = behaviour.doubtfulBuys.shift();
  if (doubt !== undefined) throw refusals.doubtful(doubt);
  return bought;
}
