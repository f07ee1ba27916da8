/** What a simulator is told when it is made, and what it may be told later. */

export const PLANS = ["starter", "growth", "scale"] as const;
export type Plan = typeof PLANS[number];

export interface StripeSimulatorOptions {
  /** The only key that it knows; one that begins with sk_live_ or rk_live_ makes it Stripe's live mode. */
  secretKey: string;
  /** Signs what goes to `webhookUrl`. */
  webhookSecret: string;
  /** Where events go. */
  webhookUrl: string;
  /** Which of them. @default {["*"]} */
  enabledEvents?: string[];
  /** What the addresses of its pages begin with, where the simulator is not at the root of its host. */
  publicUrl?: string;
  /** File that keeps its state between runs. */
  journalPath?: string;
  /** Waits before an event is sent again that was not received. @default {[]} */
  retryDelaysMs?: number[];
  /** The account's version: of its events, and of calls that name none. @default the stripe package's */
  apiVersion?: string;
  /** See `Behaviour`. @default {true} */
  autoSend?: boolean;
  /** The ids of the plans' prices. @default `price_starter`, … */
  prices?: Partial<Record<Plan, string>>;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
  /** For faults with a probability. @default {Math.random} */
  random?: () => number;
}

/** What can be changed while it runs. */
export interface Behaviour {
  /** The account's version: the shape of events, and of calls that name no version. */
  apiVersion: string;
  /** Whether events are sent at once; else they wait in `pendingEvents`. */
  autoSend: boolean;
  /** How long a search does not find what is new; Stripe promises no more than a minute or so. */
  searchLagSeconds: number;
}
