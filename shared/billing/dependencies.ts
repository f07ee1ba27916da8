/** Dependencies of the billing use cases. */
import type Stripe from "stripe";
import {
  type Environment,
  readEncryptionKeys,
  readStripeConfig,
  type StripeConfig,
} from "../config.ts";
import type { KeyRing } from "../crypto/key_ring.ts";
import type { DatabaseClient } from "../database/client.ts";
import { createOnFirstUse } from "../values/create_on_first_use.ts";

export interface BillingDependencies {
  database: DatabaseClient;
  /** Keys of the Stripe ids at rest. */
  keys: KeyRing;
  /** Stripe's client: loaded with its first use. */
  loadStripe: () => Promise<Stripe>;
  config: StripeConfig;
}

/** Dependencies of the use cases that send sellers to Stripe's pages. */
export interface BillingPageDependencies extends BillingDependencies {
  /** Page of the app that Stripe's pages lead back to. */
  appUrl: string;
}

/** @throws {ConfigError} */
export function createBillingDependencies(
  database: DatabaseClient,
  env?: Environment,
): BillingDependencies {
  const config = readStripeConfig(env);
  const loadStripe = createOnFirstUse(async () => {
    const { createStripe } = await import("./stripe_client.ts");
    return createStripe(config);
  });
  return { database, keys: readEncryptionKeys(env), loadStripe, config };
}
