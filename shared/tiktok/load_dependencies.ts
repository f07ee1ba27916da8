/** TikTok's client for functions that answer most requests without it. */
import { type Environment, readEncryptionKeys, readTikTokConfig } from "../config.ts";
import type { DatabaseClient } from "../database/client.ts";
import { createOnFirstUse } from "../values/create_on_first_use.ts";
import type { TikTokDependencies } from "./dependencies.ts";

/** Reads the configuration now, and loads the client with its first use. @throws {ConfigError} */
export function tiktokLoader(
  database: DatabaseClient,
  env?: Environment,
): () => Promise<TikTokDependencies> {
  const config = readTikTokConfig(env);
  const keys = readEncryptionKeys(env);
  return createOnFirstUse(async () => {
    const { TikTokClient } = await import("./api/client.ts");
    return { database, tiktok: new TikTokClient(config), config, keys };
  });
}
