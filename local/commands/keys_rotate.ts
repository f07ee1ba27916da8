/** `deno task keys:rotate`: encrypts again, with the first key of the ring, values under older keys. */
import { resolve } from "node:path";
import { readEncryptionKeys } from "../../shared/config.ts";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import { command, UsageError } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { DATA_OPTION } from "../cli/data_folder.ts";
import { rotateKeys } from "../operations/rotate_keys.ts";
import { withConnection } from "../postgres/connection.ts";
import { readEnvironment } from "../stack/environment.ts";

const HELP =
  `Encrypts again, with the first key of ENCRYPTION_KEYS, all values under its older keys.
It may be interrupted at any time and run again; the functions may run meanwhile.

  npx -y deno@2.9.5 task keys:rotate [options]

  --db-url URL    the database             (SUPABASE_DB_URL of the data folder)
  --data DIR      data folder of a stack   (.local)
  --batch N       rows in one transaction  (100)

ENCRYPTION_KEYS is read from the environment, or else from the data folder: put the new key first,
keep the old one behind it ("new:...,old:..."), deploy that, rotate, then remove the old one.`;

function parseBatch(text: string): number {
  const batch = Number(text);
  if (!Number.isInteger(batch) || batch < 1) {
    throw new UsageError("--batch takes a number of rows.");
  }
  return batch;
}

/** From the command line and the environment, or else from the data folder. */
async function findDatabase(
  values: { "db-url"?: string | undefined; data: string },
): Promise<{ url: string; ring: KeyRing }> {
  const given = { url: values["db-url"], keys: Deno.env.get("ENCRYPTION_KEYS") };
  const isComplete = Boolean(given.url && given.keys);
  const stack = isComplete
    ? undefined
    : await readEnvironment(resolve(values.data)).catch((error) => {
      // The address is known, so the sentence about the missing key follows.
      if (given.url === undefined) throw error;
    });
  return {
    url: given.url ?? stack?.SUPABASE_DB_URL ?? "",
    ring: readEncryptionKeys(() => given.keys || stack?.ENCRYPTION_KEYS),
  };
}

export default await command(import.meta, {
  name: "keys:rotate",
  help: HELP,
  options: {
    "db-url": { type: "string" },
    ...DATA_OPTION,
    batch: { type: "string", default: "100" },
  },
  async run({ values }) {
    const batch = parseBatch(values.batch);
    const { url, ring } = await findDatabase(values);
    print(`Encrypting with key "${ring.current}", the first of ${ring.keys.size}.`);
    const onProgress = (column: string, rows: number) => print(`  ${column}: ${rows}`);
    const { rotated, failures } = await withConnection(
      url,
      (sql) => rotateKeys(sql, ring, { batch, onProgress }),
    );
    print(rotated === 0 ? "All values are encrypted with it." : `Encrypted: ${rotated} values.`);
    if (failures.length === 0) return 0;
    print(`Unchanged, because they cannot be decrypted: ${failures.length}`);
    for (const failure of failures.slice(0, 20)) print(`  ${failure}`);
    return 1;
  },
});
