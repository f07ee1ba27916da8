/** Dependencies of everything that acts for a seller at TikTok. */
import {
  type Environment,
  readEncryptionKeys,
  readTikTokConfig,
  type TikTokConfig,
} from "../config.ts";
import type { KeyRing } from "../crypto/key_ring.ts";
import type { DatabaseClient } from "../database/client.ts";
import { TikTokClient } from "./api/client.ts";

export interface TikTokDependencies {
  database: DatabaseClient;
  tiktok: TikTokClient;
  config: TikTokConfig;
  /** For the tokens at rest. */
  keys: KeyRing;
}

/** @throws {ConfigError} */
export function createTikTokDependencies(
  database: DatabaseClient,
  env?: Environment,
): TikTokDependencies {
  const config = readTikTokConfig(env);
  return { database, tiktok: new TikTokClient(config), config, keys: readEncryptionKeys(env) };
}
