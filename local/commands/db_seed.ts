/** `deno task db:seed`: puts the sellers of supabase/seed.sql into a database. */
import { parseArgs } from "node:util";
import postgres from "postgres";
import { print } from "../cli/console.ts";
import { CONSENT_OPTIONS, findTarget, refuseElsewhere, TARGET_OPTIONS } from "../cli/target.ts";

const SEED = new URL("../../supabase/seed.sql", import.meta.url);

const HELP = `Puts two sellers with shops and orders into the database. What is there already stays.

  npx -y deno@2.9.5 task db:seed [options]

  --data DIR            data folder of the running stack     (.local)
  --db-url URL          another database, in place of the running stack's
  --yes --not-local HOST
                        the database is on another machine, and HOST is its name`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { ...TARGET_OPTIONS, ...CONSENT_OPTIONS } });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const target = await findTarget(values);
  refuseElsewhere(target, values);
  const sql = postgres(target.url, { max: 1, onnotice: () => {} });
  try {
    // Not the CLI: `db query` takes one statement, and `db push --include-seed` skips a file that it has
    // run before. The whole file is one transaction.
    await sql.unsafe(await Deno.readTextFile(SEED));
  } finally {
    await sql.end();
  }
  print(`Seeded ${target.name}:
  ada@creatorflow.test    plan growth, two shops    password: local-password
  bob@creatorflow.test    trial, one shop           password: local-password`);
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
