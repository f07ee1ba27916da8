/** `deno task db:restore`: a backup's data into a freshly migrated database. */
import { parseArgs } from "node:util";
import { tableLine, totals } from "../backup/report.ts";
import { restore } from "../backup/restore.ts";
import { CONSENT_OPTIONS, findTarget, refuseElsewhere, TARGET_OPTIONS } from "../cli/target.ts";
import { print } from "../cli/console.ts";

const HELP =
  `Puts the data of a backup into a database that has the same migrations and no data yet.

  npx -y deno@2.9.5 task db:restore FILE [options]

  --db-url URL    another database than the running stack's: postgresql://user:password@host:5432/postgres
  --data DIR      data folder of the running stack     (.local)
  --yes --not-local HOST
                  the database is on another machine, and HOST is its name

All of it or nothing: a file or a database that does not fit is refused and nothing changes.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { ...TARGET_OPTIONS, ...CONSENT_OPTIONS },
  });
  const [file] = positionals;
  if (values.help || file === undefined || positionals.length > 1) {
    print(HELP);
    return values.help ? 0 : 2;
  }
  const target = await findTarget(values);
  refuseElsewhere(target, values);
  const startedAt = performance.now();
  print(`Checking ${file}, then writing to ${target.name}:`);
  const tables = await restore({
    databaseUrl: new URL(target.url),
    file,
    onTable: (table) => print(tableLine(table)),
  });
  print(`Restored, and compared with the backup: ${totals(tables, startedAt)}.`);
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
