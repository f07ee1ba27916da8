/** The balance of the simulated account, and the labels bought with it. */
import { centsOf, dollars } from "./ids.ts";
import type { EasyPostState, SimulatedPurchase } from "./state.ts";

export interface BoughtLabel {
  shipmentId: string;
  reference: string | null;
  /** The carrier's service and the amount: "USPS GroundAdvantage 5.85". */
  rate: string;
  /** Total cost, with fees. */
  cents: number;
  /** What the carrier charged later, below 0 if it paid back. */
  adjustedCents: number;
  refunded: boolean;
}

const INITIAL_CENTS = 100_000;

export function costOf(purchase: SimulatedPurchase): number {
  return purchase.fees.reduce((sum, fee) => sum + centsOf(fee.amount), 0);
}

/** The balance is computed from the labels, so a purchase or refund is one line of the journal. */
export class Accounts {
  readonly #state: EasyPostState;

  constructor(state: EasyPostState) {
    this.#state = state;
  }

  /** In the order of the shipments. */
  get labels(): BoughtLabel[] {
    return this.#state.all("shipments").flatMap(({ id, reference, purchase, refund, invoice }) =>
      purchase === null ? [] : [{
        shipmentId: id,
        reference,
        rate: `${purchase.rate.carrier} ${purchase.rate.service} ${purchase.rate.rate}`,
        cents: costOf(purchase),
        adjustedCents: invoice?.adjustmentCents ?? 0,
        refunded: refund?.status === "refunded",
      }]
    );
  }

  /** Number of bought labels, refunded ones too. */
  get labelsBought(): number {
    return this.labels.length;
  }

  /** Cents charged to the account: a refund pays back the label, and not what was charged later. */
  get charged(): number {
    return this.labels.reduce(
      (sum, { refunded, cents, adjustedCents }) => sum + (refunded ? 0 : cents) + adjustedCents,
      0,
    );
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
