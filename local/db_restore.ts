/** `deno task db:restore`: a backup's data into a freshly migrated database. */
import { parseArgs } from "node:util";
import { tableLine, totals } from "./backup/report.ts";
import { restore } from "./backup/restore.ts";
import { findDatabase, isLocal, nameDatabase } from "./backup/session.ts";
import { print } from "./quiet_console.ts";

const HELP =
  `Puts the data of a backup into a database that has the same migrations and no data yet.

  npx -y deno@2.9.5 task db:restore FILE [options]

  --db-url URL    another database than the running stack's: postgresql://user:password@host:5432/postgres
  --data DIR      data folder of the running stack     (.local)
  --yes           do not ask before writing to another machine

All of it or nothing: a file or a database that does not fit is refused and nothing changes.`;

/** @throws {Error} unless the person agrees. */
function confirmRemote(url: URL): void {
  const name = nameDatabase(url);
  if (!Deno.stdin.isTerminal()) {
    throw new Error(
      `${name} is on another machine, and nobody can be asked. If you mean it: --yes`,
    );
  }
  if (!confirm(`Restore into ${name}?`)) throw new Error("Nothing was changed.");
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "db-url": { type: "string" },
      data: { type: "string", default: ".local" },
      yes: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [file] = positionals;
  if (values.help || file === undefined || positionals.length > 1) {
    print(HELP);
    return values.help ? 0 : 2;
  }
  const databaseUrl = await findDatabase(values["db-url"], values.data);
  if (!isLocal(databaseUrl) && !values.yes) confirmRemote(databaseUrl);
  const startedAt = performance.now();
  print(`Checking ${file}, then writing to ${nameDatabase(databaseUrl)}:`);
  const tables = await restore({
    databaseUrl,
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
