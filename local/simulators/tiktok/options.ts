/** What a simulator is told when it is made. */

export interface TikTokSimulatorOptions {
  appKey: string;
  appSecret: string;
  /** Where webhooks go, unless the shop has a subscription for the topic. */
  webhookUrl: string;
  /** What the link to the authorise page must name; without it anything will do. */
  serviceId?: string;
  /** Where sellers are sent who agreed or refused, as set in Partner Center. */
  redirectUrl?: string;
  /** Where it is reached itself, for the addresses of labels. @default {the origin of the call} */
  publicUrl?: string;
  /** File that keeps its state between runs. */
  journalPath?: string;
  /** See `WebhookSenderOptions`. */
  retryDelaysMs?: number[];
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
  /** For shuffles, and for faults with a probability. @default {Math.random} */
  random?: () => number;
}
