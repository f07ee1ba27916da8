/** `deno task migration:reset`: empties a database, applies all migrations again, and seeds it. */
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import {
  confirmAction,
  CONSENT_OPTIONS,
  findTarget,
  requireConsent,
  TARGET_HELP,
  TARGET_OPTIONS,
} from "../cli/target.ts";
import { findSimulatedStack, seedSimulatedStack } from "../seed/seed_target.ts";
import { resetDatabase } from "../supabase/reset_database.ts";

export default await command(import.meta, {
  name: "migration:reset",
  help: `Deletes everything in a database, all users too; applies every migration, and seeds as
db:seed does. A running stack continues with the new database.

  npx -y deno@2.9.5 task migration:reset [options]

  --no-seed       leave the database empty
  --yes           do not ask for confirmation
${TARGET_HELP}
  --not-local HOST
                  with --yes: consent to reset a database on another machine, HOST`,
  options: {
    ...TARGET_OPTIONS,
    ...CONSENT_OPTIONS,
    "no-seed": { type: "boolean", default: false },
  },
  async run({ values }) {
    const target = await findTarget(values);
    requireConsent(target, values);
    if (!await confirmAction(`Delete everything in ${target.name}?`, values)) {
      print("Nothing was changed.");
      return 1;
    }
    const seed = !values["no-seed"];
    const stack = seed ? await findSimulatedStack(values) : undefined;
    const rows = seed && stack === undefined;
    await resetDatabase(target.url, { seed: rows });
    print(`Reset ${target.name}${rows ? ", with the rows of supabase/seed.sql" : ""}.`);
    if (stack !== undefined) print(await seedSimulatedStack(stack));
    return 0;
  },
});
