/** `deno task db:backup`: the database of the running stack, or another one, in a file. */
import { parseArgs } from "node:util";
import { backup } from "../backup/backup.ts";
import { tableLine, totals } from "../backup/report.ts";
import { findTarget, TARGET_OPTIONS } from "../cli/target.ts";
import { print } from "../cli/console.ts";

const HELP = `Writes all data of a database, as of one moment, into a file.

  npx -y deno@2.9.5 task db:backup FILE [options]

  --db-url URL    another database than the running stack's: postgresql://user:password@host:5432/postgres
  --data DIR      data folder of the running stack     (.local)

FILE is replaced when the new one is complete. It holds personal data; tokens in it stay encrypted, so
keep ENCRYPTION_KEYS too, and elsewhere. docs/backup.md says more.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: TARGET_OPTIONS,
  });
  const [file] = positionals;
  if (values.help || file === undefined || positionals.length > 1) {
    print(HELP);
    return values.help ? 0 : 2;
  }
  const stopping = new AbortController();
  Deno.addSignalListener("SIGINT", () => {
    stopping.abort(new Error("Interrupted: no backup was written."));
  });
  const target = await findTarget(values);
  const startedAt = performance.now();
  print(`Reading ${target.name}:`);
  const tables = await backup({
    databaseUrl: new URL(target.url),
    file,
    onTable: (table) => print(tableLine(table)),
    signal: stopping.signal,
  });
  const { size } = await Deno.stat(file);
  print(`Wrote ${file} (${(size / 1e6).toFixed(1)} MB): ${totals(tables, startedAt)}.`);
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
