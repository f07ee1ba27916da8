/** `deno task db:restore`: the data of a backup into a freshly migrated database. */
import { findKeyRing, KEYS_HELP } from "../cli/key_ring.ts";
import { tableLine, totals } from "../backup/report.ts";
import { restore } from "../backup/restore.ts";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import {
  CONSENT_HELP,
  CONSENT_OPTIONS,
  findTarget,
  requireConsent,
  TARGET_HELP,
  TARGET_OPTIONS,
} from "../cli/target.ts";

export default await command(import.meta, {
  name: "db:restore",
  help: `Puts the data of a backup into a database that has the same migrations and no data yet.

  npx -y deno@2.9.5 task db:restore FILE [options]

${TARGET_HELP}
${CONSENT_HELP}

All of it or nothing: a file that was changed or signed by other keys, and a database that does not
fit, are refused, and nothing changes. The keys are those of the database that was backed up.
${KEYS_HELP}`,
  options: { ...TARGET_OPTIONS, ...CONSENT_OPTIONS },
  positionals: ["FILE"],
  async run({ values, positionals: [file = ""] }) {
    const target = await findTarget(values);
    requireConsent(target, values);
    const isMissing = await Deno.stat(file)
      .then(() => false, (error) => error instanceof Deno.errors.NotFound);
    if (isMissing) {
      throw new Error(`The file ${file} does not exist. Nothing was changed.`);
    }
    const ring = await findKeyRing(target, values.data);
    const startedAt = performance.now();
    print(`Checking ${file}, then writing to ${target.name}:`);
    const tables = await restore({
      databaseUrl: new URL(target.url),
      ...{ file, ring },
      onTable: (table) => print(tableLine(table)),
    });
    print(`Restored, and compared with the backup: ${totals(tables, startedAt)}.`);
  },
});
