/** `deno task migration:new`: an empty migration, named and dated. */
import { parseArgs } from "node:util";
import { print } from "../cli/console.ts";
import { runSupabaseCli } from "../supabase/cli.ts";

const HELP = `Makes an empty migration in supabase/migrations and prints its path.

  npx -y deno@2.9.5 task migration:new NAME    what it does, in snake_case: add_order_notes`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h", default: false } },
  });
  const [name] = positionals;
  if (values.help || name === undefined || positionals.length > 1) {
    print(HELP);
    return values.help ? 0 : 2;
  }
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) {
    print(
      `"${name}" is not snake_case: small letters, digits and single underscores, e.g. add_notes.`,
    );
    return 2;
  }
  const said = await runSupabaseCli(["migration", "new", name]);
  print(/\S+\.sql/.exec(said)?.[0] ?? said.trim());
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
