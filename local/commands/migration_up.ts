/** `deno task migration:up`: applies the migrations that a database lacks. */
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { findTarget, TARGET_HELP, TARGET_OPTIONS } from "../cli/target.ts";
import { migrate } from "../supabase/migrate.ts";
import { requestReload } from "../supabase/schema_reload.ts";

export default await command(import.meta, {
  name: "migration:up",
  help:
    `Applies the migrations that a database lacks. A running stack serves the new schema at once.

  npx -y deno@2.9.5 task migration:up [options]

${TARGET_HELP}`,
  options: TARGET_OPTIONS,
  async run({ values }) {
    const target = await findTarget(values);
    const applied = await migrate(target.url);
    if (applied.length === 0) return print(`Nothing to do: ${target.name} has every migration.`);
    await requestReload(target.url);
    print(`Applied to ${target.name}:\n${applied.map((name) => `  ${name}`).join("\n")}`);
  },
});
