/** The keys of a local stack: generated at its first start, kept in its data folder, never in git. */
import { join } from "node:path";
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

async function generateKeys(): Promise<LocalKeys> {
  const keys: Record<string, string> = {
    databaseAdminPassword: generatePassword(),
    databasePassword: generatePassword(),
  };
  for (const [name, row] of variables) {
    if (row.maker === "key") keys[name] = await row.generate();
  }
  return keys as unknown as LocalKeys;
}

async function readKeys(path: string): Promise<Partial<LocalKeys>> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return {};
  }
}

/** Reads `<data>/keys.json` and generates the keys that it lacks. */
export async function loadKeys(data: string): Promise<LocalKeys> {
  const path = join(data, "keys.json");
  const keys = { ...await generateKeys(), ...await readKeys(path) };
  await writePrivateFile(path, JSON.stringify(keys, null, 2) + "\n");
  return keys;
}
