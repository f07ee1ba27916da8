/** What shipping cost and what the seller told TikTok: for tests to look at, with the knobs to turn. */
import type { SimulatedLabel, SimulatedShipment } from "./package_types.ts";
import type { SimulatorState } from "./state.ts";

/** What TikTok charged a shop for labels, in one currency. */
export interface LabelAccount {
  shopId: string;
  currency: string;
  labels: number;
  cents: number;
}

export class Fulfillment {
  /** How many reads of a label that is bought from now on are answered with "not ready" (11034037). */
  labelDelay = 0;
  /** Every tracking number is said to fit several carriers, not only those that do. */
  alwaysWarn = false;
  readonly #state: SimulatorState;

  constructor(state: SimulatorState) {
    this.#state = state;
  }

  /** Every label that was really bought, in order. */
  get labels(): SimulatedLabel[] {
    return this.#state.all("labels");
  }

  get labelsBought(): number {
    return this.labels.length;
  }

  /** Cents that all shops together were charged. */
  get charged(): number {
    return this.labels.reduce((sum, { cents }) => sum + cents, 0);
  }

  /** Every tracking number that a seller told TikTok, corrections too, in order. */
  get shipped(): SimulatedShipment[] {
    return this.#state.all("shipments");
  }

  accounts(): LabelAccount[] {
    const accounts = new Map<string, LabelAccount>();
    for (const { shopId, currency, cents } of this.labels) {
      const key = `${shopId}/${currency}`;
      const account = accounts.get(key) ?? { shopId, currency, labels: 0, cents: 0 };
      accounts.set(key, { ...account, labels: account.labels + 1, cents: account.cents + cents });
    }
    return [...accounts.values()];
  }
}
