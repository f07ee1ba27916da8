/** `deno task migration:up`: applies the migrations that a database lacks. */
import { parseArgs } from "node:util";
import { migrate } from "../supabase/migrate.ts";
import { print } from "../cli/console.ts";
import { requestReload } from "../supabase/schema_reload.ts";
import { findTarget, TARGET_OPTIONS } from "../cli/target.ts";

const HELP =
  `Applies the migrations that the database lacks. A running stack serves the new schema at once.

  npx -y deno@2.9.5 task migration:up [options]

  --data DIR      data folder of the running stack     (.local)
  --db-url URL    another database, in place of the running stack's`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: TARGET_OPTIONS });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const target = await findTarget(values);
  const applied = await migrate(target.url);
  if (applied.length === 0) {
    print(`Nothing to do: ${target.name} has every migration.`);
    return 0;
  }
  await requestReload(target.url);
  print(`Applied to ${target.name}:\n${applied.map((name) => `  ${name}`).join("\n")}`);
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
