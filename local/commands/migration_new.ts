/** `deno task migration:new`: an empty migration, named and dated. */
import { command, UsageError } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { createMigration } from "../supabase/migration_files.ts";

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

export default await command(import.meta, {
  name: "migration:new",
  help: `Makes an empty migration in supabase/migrations and prints its path.

  npx -y deno@2.9.5 task migration:new NAME    its purpose in snake_case: add_order_notes`,
  positionals: ["NAME"],
  async run({ positionals: [name = ""] }) {
    if (!SNAKE_CASE.test(name)) {
      throw new UsageError(
        `"${name}" is not snake_case: small letters, digits and single underscores, e.g. add_notes.`,
      );
    }
    print(await createMigration(name, new Date()));
  },
});
