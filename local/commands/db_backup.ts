/** `deno task db:backup`: all data of a database in a file. */
import { dirname, resolve } from "node:path";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import { backup } from "../backup/backup.ts";
import { tableLine, totals } from "../backup/report.ts";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { shownPath } from "../cli/data_folder.ts";
import { findKeyRing, KEYS_HELP } from "../cli/key_ring.ts";
import { readerName } from "../cli/reader_name.ts";
import { findTarget, TARGET_HELP, TARGET_OPTIONS } from "../cli/target.ts";
import { requireOwnKeys } from "../operations/check_keys.ts";
import { explainMissingObject, withConnection } from "../postgres/connection.ts";

/** @throws {Error} before anything is read or logged. */
async function requireFolder(file: string): Promise<void> {
  const folder = dirname(resolve(file));
  const found = await Deno.stat(folder).catch(() => undefined);
  if (found?.isDirectory) return;
  throw new Error(`The folder ${shownPath(folder)} does not exist. Nothing was written.`);
}

/** Checks the keys, and logs the read: the backup has all personal data. */
async function beginBackup(url: string, ring: KeyRing): Promise<void> {
  try {
    await withConnection(url, async (sql) => {
      await requireOwnKeys(sql, ring);
      await sql`select private.record_personal_data_read(${readerName()}, 'backup', '{}')`;
    });
  } catch (error) {
    throw explainMissingObject(error);
  }
}

export default await command(import.meta, {
  name: "db:backup",
  help: `Writes all data of a database, as of one moment, into a file.

  npx -y deno@2.9.5 task db:backup FILE [options]

${TARGET_HELP}

FILE is replaced when the new one is complete. It holds personal data; tokens in it stay encrypted, and
a key of ENCRYPTION_KEYS signs it: keep the keys too, and elsewhere. See docs/backup.md.
${KEYS_HELP}`,
  interrupted: "Interrupted: no backup was written.",
  options: TARGET_OPTIONS,
  positionals: ["FILE"],
  async run({ values, positionals: [file = ""] }) {
    const target = await findTarget(values);
    await requireFolder(file);
    const ring = await findKeyRing(target, values.data);
    const startedAt = performance.now();
    await beginBackup(target.url, ring);
    print(`Reading ${target.name}:`);
    const tables = await backup({
      databaseUrl: new URL(target.url),
      ...{ file, ring },
      onTable: (table) => print(tableLine(table)),
    });
    const { size } = await Deno.stat(file);
    print(`Wrote ${file} (${Math.ceil(size / 1000)} kB): ${totals(tables, startedAt)}.`);
  },
});
