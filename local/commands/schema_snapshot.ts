/** `deno task schema:snapshot`: writes supabase/tests/schema.snapshot.sql, the schema as one file to review. */
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { startTemporaryPostgres } from "../postgres/temporary.ts";
import { takeSchemaSnapshot } from "../supabase/schema_snapshot.ts";

const SNAPSHOT = new URL("../../supabase/tests/schema.snapshot.sql", import.meta.url);

export default await command(import.meta, {
  name: "schema:snapshot",
  help: `Writes supabase/tests/schema.snapshot.sql, so that a change of the migrations shows as a
change of the schema.

  npx -y deno@2.9.5 task schema:snapshot`,
  async run() {
    await using database = await startTemporaryPostgres();
    await Deno.writeTextFile(SNAPSHOT, await takeSchemaSnapshot(database.access.adminUrl));
    print("supabase/tests/schema.snapshot.sql is up to date.");
  },
});
