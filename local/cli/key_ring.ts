/** The keys of the database that a command uses. */
import { resolve } from "node:path";
import { readEncryptionKeys } from "../../shared/config.ts";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import { readEnvironment } from "../stack/environment.ts";
import { environmentOf } from "../stack/running_stack.ts";
import type { Target } from "./target.ts";

/** Line of a command's help. */
export const KEYS_HELP =
  "ENCRYPTION_KEYS is read from the environment, or for a database on this " +
  "machine from the data folder.";

/**
 * `ENCRYPTION_KEYS` of the environment, or of the stack in `data`. A database on another machine has other
 * keys than the stack. @throws {Error} that says what to do.
 */
export async function findKeyRing({ isLocal, name }: Target, data: string): Promise<KeyRing> {
  const given = Deno.env.get("ENCRYPTION_KEYS");
  if (given) return readEncryptionKeys(() => given);
  if (isLocal) return readEncryptionKeys(environmentOf(await readEnvironment(resolve(data))));
  throw new Error(`ENCRYPTION_KEYS is not set: the keys of ${name}, as its functions have them.`);
}
