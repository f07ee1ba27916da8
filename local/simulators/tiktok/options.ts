/** Options of the TikTok simulator. */
import type { ApiObserver } from "./observer.ts";

export interface TikTokSimulatorOptions {
  appKey: string;
  appSecret: string;
  /** Default address of webhooks; a subscription of the shop for the topic takes precedence. */
  webhookUrl: string;
  /** `service_id` that the authorization link must name. @default {any} */
  serviceId?: string;
  /** Parameters of Get Shipping Providers that a shop in the European Union has to send. */
  countryParameters?: readonly string[];
  /** The app's redirect URL, as set in Partner Center. */
  redirectUrl?: string;
  /** The simulator's own address, for links to labels. @default {the origin of the call} */
  publicUrl?: string;
  /** File that keeps the state between runs. */
  journalPath?: string;
  /**
   * Whether a call that changes an order sends its webhook, as TikTok does. A test that counts on what it sends
   * itself switches it off.
   * @default {true}
   */
  autoSend?: boolean;
  /** See `WebhookSenderOptions`. */
  retryDelaysMs?: number[];
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
  /** Receives every call of the Open API and its answer. Tests compare them with TikTok's OpenAPI. */
  observer?: ApiObserver;
  /** For shuffles, and for faults with a probability. @default {Math.random} */
  random?: () => number;
}
