/** `deno task generate-types`: writes shared/database/types.ts from the migrations, or another database. */
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { startTemporaryPostgres } from "../postgres/temporary.ts";
import { generateTypes } from "../supabase/generate_types.ts";

const TYPES = new URL("../../shared/database/types.ts", import.meta.url);
/** The same for front ends, whose folder needs no other one. */
const CLIENT_TYPES = new URL("../../client/src/generated/database.ts", import.meta.url);

async function generateFromMigrations(): Promise<string> {
  await using database = await startTemporaryPostgres();
  return await generateTypes(database.access.url);
}

export default await command(import.meta, {
  name: "generate-types",
  help: `Writes shared/database/types.ts with "supabase gen types".

  npx -y deno@2.9.5 task generate-types [options]

  --db-url URL    another database than a fresh one with the migrations of this folder
  --check         change nothing; fail if the file is not up to date`,
  options: { "db-url": { type: "string" }, check: { type: "boolean", default: false } },
  async run({ values: { "db-url": url, check } }) {
    const types = url === undefined ? await generateFromMigrations() : await generateTypes(url);
    if (!check) {
      await Deno.writeTextFile(TYPES, types);
      await Deno.writeTextFile(CLIENT_TYPES, types);
      return print("shared/database/types.ts is up to date.");
    }
    if (await Deno.readTextFile(TYPES) === types) return;
    print("shared/database/types.ts is not up to date. Run: npx -y deno@2.9.5 task generate-types");
    return 1;
  },
});
