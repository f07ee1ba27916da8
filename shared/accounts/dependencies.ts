/** Dependencies of the end of an account. */
import { type BillingDependencies, createBillingDependencies } from "../billing/dependencies.ts";
import type { Environment } from "../config.ts";
import type { DatabaseClient } from "../database/client.ts";
import type { TikTokDependencies } from "../tiktok/dependencies.ts";
import { tiktokLoader } from "../tiktok/load_dependencies.ts";

export interface AccountDependencies extends BillingDependencies {
  /** TikTok's client: loaded with its first use. */
  loadTikTok: () => Promise<TikTokDependencies>;
}

/** @throws {ConfigError} */
export function createAccountDependencies(
  database: DatabaseClient,
  env?: Environment,
): AccountDependencies {
  return { ...createBillingDependencies(database, env), loadTikTok: tiktokLoader(database, env) };
}
