/** `deno task generate-types`: writes shared/database/types.ts from the migrations, or another database. */
import { parseArgs } from "node:util";
import { startTemporaryPostgres } from "../postgres/temporary.ts";
import { print } from "../cli/console.ts";
import { remoteFlag, runSupabaseCli } from "../supabase/cli.ts";

const TYPES = new URL("../../shared/database/types.ts", import.meta.url);

const HELP = `Writes shared/database/types.ts with "supabase gen types".

  deno task generate-types                 from a fresh database with the migrations of this folder
  deno task generate-types --db-url URL    from another database
  deno task generate-types --check         change nothing; fail if the file is not up to date`;

async function format(source: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "ts", "-"],
    cwd: new URL("../..", import.meta.url),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error("deno fmt could not format the generated types");
  return new TextDecoder().decode(stdout);
}

/** The types of the schema `public` of a migrated database, as they stand in the repository. */
export async function generateTypes(databaseUrl: string): Promise<string> {
  const source = await runSupabaseCli([
    "gen",
    "types",
    remoteFlag(databaseUrl),
    "--schema",
    "public",
  ]);
  const header = "// Made by `deno task generate-types`; changes are overwritten.\n";
  return await format(header + source);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      "db-url": { type: "string" },
      check: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  let types: string;
  if (values["db-url"] !== undefined) {
    types = await generateTypes(values["db-url"]);
  } else {
    await using database = await startTemporaryPostgres();
    types = await generateTypes(database.access.url);
  }
  if (!values.check) {
    await Deno.writeTextFile(TYPES, types);
    print("shared/database/types.ts is up to date.");
    return 0;
  }
  if (await Deno.readTextFile(TYPES) === types) return 0;
  print("shared/database/types.ts is not up to date. Run: deno task generate-types");
  return 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
