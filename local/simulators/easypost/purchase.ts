/** Buys a label: once for a shipment, and only with money. */
import { type Accounts, costOf } from "./accounts.ts";
import { refusals } from "./errors.ts";
import { centsOf, feeAmount, newId, timestamp } from "./ids.ts";
import type { Fee, Rate } from "./objects.ts";
import type { Behaviour } from "./options.ts";
import type { EasyPostState, SimulatedPurchase, SimulatedShipment } from "./state.ts";
import { makeTracker } from "./trackers.ts";

export interface PurchaseOptions {
  state: EasyPostState;
  accounts: Accounts;
  behaviour: Behaviour;
  mode: string;
  /** Milliseconds since 1970. */
  now: () => number;
}

const LABEL_FEE_CENTS = 1;
/** Of the insured amount. */
const INSURANCE_SHARE = 0.01;

function digits(count: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(count));
  return Array.from(bytes, (byte) => byte % 10).join("");
}

function newTrackingCode(carrier: string): string {
  return carrier === "USPS" ? `94001${digits(17)}` : `1Z${digits(16)}`;
}

function feesOf(rate: Rate, insurance: string | null): Fee[] {
  const fee = (type: Fee["type"], cents: number): Fee => ({
    object: "Fee",
    type,
    amount: feeAmount(cents),
    charged: true,
    refunded: false,
  });
  const fees = [fee("LabelFee", LABEL_FEE_CENTS), fee("PostageFee", centsOf(rate.rate))];
  if (insurance === null) return fees;
  return [...fees, fee("InsuranceFee", Math.ceil(centsOf(insurance) * INSURANCE_SHARE))];
}

/** The rate that a call names. @throws {EasyPostRefusal} */
function chosenRate(shipment: SimulatedShipment, given: unknown): Rate {
  const id = (given as { id?: unknown } | null | undefined)?.id;
  if (id === undefined) throw refusals.required("rate");
  const rate = shipment.rates.find((candidate) => candidate.id === id);
  if (rate === undefined) throw refusals.unknownRate();
  return rate;
}

/** @throws {EasyPostRefusal} */
function insuredAmount(given: unknown): string | null {
  if (given === undefined || given === null) return null;
  if (!(Number(given) > 0)) throw refusals.invalidInsurance();
  return Number(given).toFixed(2);
}

/**
 * Buys the label at the price of `body.rate`. With a doubtful answer to come the label is bought all the
 * same, and only then the error thrown.
 * @throws {EasyPostRefusal}
 */
export function buyLabel(
  shipment: SimulatedShipment,
  body: Record<string, unknown>,
  { state, accounts, behaviour, mode, now }: PurchaseOptions,
): SimulatedShipment {
  if (shipment.purchase) throw refusals.bought();
  const rate = chosenRate(shipment, body.rate);
  const insurance = insuredAmount(body.insurance);
  const at = timestamp(now());
  const trackingCode = newTrackingCode(rate.carrier);
  const { carrier } = rate;
  const tracker = makeTracker({ trackingCode, carrier, shipmentId: shipment.id, mode, now: now() });
  const purchase: SimulatedPurchase = {
    rate: { ...rate, created_at: at, updated_at: at },
    trackerId: tracker.id,
    trackingCode,
    label: {
      id: newId("pl"),
      createdAt: at,
      updatedAt: at,
      size: shipment.labelSize,
      format: shipment.labelFormat,
      converted: [],
    },
    insurance,
    fees: feesOf(rate, insurance),
  };
  if (costOf(purchase) > accounts.balanceCents) throw refusals.insufficientFunds();
  state.put("trackers", tracker.id, tracker);
  const bought = { ...shipment, updatedAt: at, purchase };
  state.put("shipments", shipment.id, bought);
  const doubt = behaviour.doubtfulBuys.shift();
  if (doubt !== undefined) throw refusals.doubtful(doubt);
  return bought;
}
