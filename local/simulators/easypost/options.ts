/** Options of the EasyPost simulator. */

export interface EasyPostSimulatorOptions {
  /** The only valid key; `EZTK...` means EasyPost's test mode. */
  apiKey: string;
  /** Signs the webhooks. */
  webhookSecret: string;
  webhookUrl: string;
  /** Base of the links to labels. @default {the origin of the call} */
  publicUrl?: string;
  /** File that keeps the state between runs. */
  journalPath?: string;
  /** Waits before each retry of a webhook that was not received. @default {[]} */
  retryDelaysMs?: number[];
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
  /** For faults with a probability. @default {Math.random} */
  random?: () => number;
}
