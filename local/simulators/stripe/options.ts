/** The settings of a simulator: fixed ones, and those that can change while it runs. */

export const PLANS = ["starter", "growth", "scale"] as const;
export type Plan = typeof PLANS[number];

export interface StripeSimulatorOptions {
  /** The only valid key. One that begins with sk_live_ or rk_live_ selects Stripe's live mode. */
  secretKey: string;
  /** Signs the events. */
  webhookSecret: string;
  /** The address that receives the events. */
  webhookUrl: string;
  /** The address of the simulator for browsers, if it is not at the root of its host. */
  publicUrl?: string;
  /** File that keeps the data between runs. */
  journalPath?: string;
  /** Delays before an event that was not received is sent again. @default {[]} */
  retryDelaysMs?: number[];
  /** See `Behaviour`. @default {true} */
  autoSend?: boolean;
  /** The ids of the plans' prices. @default `price_starter`, … */
  prices?: Partial<Record<Plan, string>>;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
  /** For faults with a probability. @default {Math.random} */
  random?: () => number;
}

/** The keys of the account, which the dashboard can change. */
export interface StripeKeys {
  secretKey: string;
  /** The endpoint's secret, and the one before while it is still valid. */
  webhookSecrets: string[];
}

/** Settings that can change while the simulator runs. */
export interface Behaviour {
  /** The API version of the events. */
  apiVersion: string;
  /** Whether events are sent at once; otherwise they wait in `pendingEvents`. */
  autoSend: boolean;
  /** Seconds until the search finds a new customer; Stripe's search lags by about a minute. */
  searchLagSeconds: number;
  /** Whether the settings of the customer portal were saved once. */
  portalConfigured: boolean;
}
