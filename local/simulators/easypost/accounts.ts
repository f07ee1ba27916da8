/** The money of the simulated account, and what was bought with it. */
import { centsOf, dollars } from "./ids.ts";
import type { EasyPostState, SimulatedPurchase } from "./state.ts";

/** A label that was really bought. */
export interface BoughtLabel {
  shipmentId: string;
  reference: string | null;
  /** The carrier's service and the amount: "USPS GroundAdvantage 5.85". */
  rate: string;
  /** All that it cost, fees too. */
  cents: number;
  refunded: boolean;
}

const INITIAL_CENTS = 100_000;

export function costOf(purchase: SimulatedPurchase): number {
  return purchase.fees.reduce((sum, fee) => sum + centsOf(fee.amount), 0);
}

/** The balance follows from the labels: a purchase or a refund is one line of the journal. */
export class Accounts {
  readonly #state: EasyPostState;

  constructor(state: EasyPostState) {
    this.#state = state;
  }

  /** In the order in which the shipments were made. */
  get labels(): BoughtLabel[] {
    return this.#state.all("shipments").flatMap(({ id, reference, purchase, refund }) =>
      purchase === null ? [] : [{
        shipmentId: id,
        reference,
        rate: `${purchase.rate.carrier} ${purchase.rate.service} ${purchase.rate.rate}`,
        cents: costOf(purchase),
        refunded: refund?.status === "refunded",
      }]
    );
  }

  /** How many labels were ever bought, refunded ones too. */
  get labelsBought(): number {
    return this.labels.length;
  }

  /** The cents that the account is out of pocket: what was refunded does not count. */
  get charged(): number {
    return this.labels.reduce((sum, label) => sum + (label.refunded ? 0 : label.cents), 0);
  }

  get balanceCents(): number {
    return (this.#state.get("funds", "paidIn") ?? INITIAL_CENTS) - this.charged;
  }

  /** Dollars and cents: "1000.00". */
  get balance(): string {
    return dollars(this.balanceCents);
  }

  set balance(balance: string) {
    this.#state.put("funds", "paidIn", centsOf(balance) + this.charged);
  }
}
