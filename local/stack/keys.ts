/** The keys of a local stack: generated at its first start, kept in its data folder, never in git. */
import { dirname, join } from "node:path";
import * as z from "zod";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { exists } from "../files/exists.ts";
import { hasCluster } from "../postgres/binaries.ts";
import { writePrivateFile } from "./private_file.ts";
import { type KeyName, variables } from "./variables.ts";

export interface LocalKeys extends Record<KeyName, string> {
  /** Password of the embedded Postgres's superuser. */
  databaseAdminPassword: string;
  /** Password of its role `postgres`. */
  databasePassword: string;
}

function generatePassword(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

/**
 * Generates the keys that are not stored yet. Their order is fixed: a line that was added last has no comma, and the
 * file would not be JSON any more when that line is taken out.
 */
async function completeKeys(stored: Record<string, string> = {}): Promise<LocalKeys> {
  const keys: Record<string, string> = {
    databaseAdminPassword: stored.databaseAdminPassword ?? generatePassword(),
    databasePassword: stored.databasePassword ?? generatePassword(),
  };
  for (const [name, row] of variables) {
    if (row.maker === "key") keys[name] = stored[name] ?? await row.generate();
  }
  return { ...keys, ...stored } as unknown as LocalKeys;
}

/** Without them the stack's data cannot be opened or decrypted. */
const IRREPLACEABLE = ["databaseAdminPassword", "ENCRYPTION_KEYS"];

/** The keys that exist; the message says how to go on without them. */
export class KeysLostError extends Error {
  override name = "KeysLostError";

  constructor(path: string, fault: string) {
    super(
      `${path} ${fault}, and the data next to it cannot be used without these keys. Put back a copy of ` +
        `that file, or delete the data: npx -y deno@2.9.5 task reset --data '${dirname(path)}'`,
    );
  }
}

const Keys = z.record(z.string(), z.string().min(1));

/** @throws {KeysLostError} */
function requireKeyRing(path: string, text: string): void {
  try {
    parseKeyRing(text);
  } catch (error) {
    throw new KeysLostError(path, `has damaged ENCRYPTION_KEYS (${(error as Error).message})`);
  }
}

/** `undefined` if the file does not exist. @throws {KeysLostError} */
async function readKeys(path: string): Promise<Record<string, string> | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return undefined;
  }
  let stored: Record<string, string>;
  try {
    stored = Keys.parse(JSON.parse(text));
  } catch {
    throw new KeysLostError(path, "is damaged (not a JSON object of texts)");
  }
  if (stored.ENCRYPTION_KEYS !== undefined) requireKeyRing(path, stored.ENCRYPTION_KEYS);
  const lost = IRREPLACEABLE.find((name) => stored[name] === undefined);
  if (lost !== undefined) throw new KeysLostError(path, `lacks ${lost}`);
  return stored;
}

export async function hasKeys(data: string): Promise<boolean> {
  return await exists(join(data, "keys.json"));
}

/**
 * Reads `<data>/keys.json` and generates the keys that it lacks, of variables that are new.
 * @throws {KeysLostError} if the data in the folder belongs to keys that no longer exist
 */
export async function loadKeys(data: string): Promise<LocalKeys> {
  const path = join(data, "keys.json");
  const stored = await readKeys(path);
  if (stored === undefined && await hasCluster(data)) throw new KeysLostError(path, "is missing");
  const keys = await completeKeys(stored);
  await writePrivateFile(path, JSON.stringify(keys, null, 2) + "\n");
  return keys;
}
