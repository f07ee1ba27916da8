/** Dependencies of everything that bills a seller. */
import type Stripe from "stripe";
import {
  type Environment,
  readEncryptionKeys,
  readStripeConfig,
  type StripeConfig,
} from "../config.ts";
import type { KeyRing } from "../crypto/key_ring.ts";
import type { DatabaseClient } from "../database/client.ts";
import { createStripe } from "./stripe.ts";

export interface BillingDependencies {
  database: DatabaseClient;
  /** For Stripe's ids at rest. */
  keys: KeyRing;
  stripe: Stripe;
  config: StripeConfig;
}

/** @throws {ConfigError} */
export function createBillingDependencies(
  database: DatabaseClient,
  env?: Environment,
): BillingDependencies {
  const config = readStripeConfig(env);
  return { database, keys: readEncryptionKeys(env), stripe: createStripe(config), config };
}
