/** The keys of a local stack: made at its first start, kept in its data folder, never in git. */
import { generateApiKey } from "@supabase/lite";
import { join } from "node:path";

export interface LocalKeys {
  /** Password of the embedded Postgres's superuser. */
  databaseAdminPassword: string;
  /** Password of its role `postgres`. */
  databasePassword: string;
  /** Signs and verifies user tokens (HS256). */
  jwtSecret: string;
  publishableKey: string;
  secretKey: string;
  tiktokAppKey: string;
  tiktokAppSecret: string;
  tiktokServiceId: string;
  easypostApiKey: string;
  easypostWebhookSecret: string;
  stripeSecretKey: string;
  stripeWebhookSecret: string;
  encryptionKeys: string;
}

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}

async function generateKeys(): Promise<LocalKeys> {
  return {
    databaseAdminPassword: randomHex(16),
    databasePassword: randomHex(16),
    jwtSecret: randomHex(32),
    publishableKey: (await generateApiKey("publishable")).key,
    secretKey: (await generateApiKey("secret")).key,
    tiktokAppKey: randomHex(7),
    tiktokAppSecret: randomHex(20),
    tiktokServiceId: randomHex(9),
    // As EasyPost's test keys begin.
    easypostApiKey: `EZTK${randomHex(16)}`,
    easypostWebhookSecret: randomHex(20),
    stripeSecretKey: `sk_test_${randomHex(16)}`,
    stripeWebhookSecret: `whsec_${randomHex(20)}`,
    encryptionKeys: `local1:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`,
  };
}

/** Writes a file that only its owner may read, whole or not at all. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const partial = `${path}.${randomHex(4)}`;
  await Deno.writeTextFile(partial, text, { mode: 0o600 });
  await Deno.rename(partial, path);
}

/** Reads the keys in `<data>/keys.json`, or makes them. */
export async function loadKeys(data: string): Promise<LocalKeys> {
  const path = join(data, "keys.json");
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const keys = await generateKeys();
    await writePrivateFile(path, JSON.stringify(keys, null, 2) + "\n");
    return keys;
  }
  // A file of an older version lacks the keys that came since.
  const keys = { ...await generateKeys(), ...JSON.parse(text) as Partial<LocalKeys> };
  await writePrivateFile(path, JSON.stringify(keys, null, 2) + "\n");
  return keys;
}
