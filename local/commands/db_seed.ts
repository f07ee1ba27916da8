/** `deno task db:seed`: the sellers of supabase/seed.sql in a database. */
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import {
  CONSENT_HELP,
  CONSENT_OPTIONS,
  findTarget,
  requireConsent,
  TARGET_HELP,
  TARGET_OPTIONS,
} from "../cli/target.ts";
import { withConnection } from "../postgres/connection.ts";

const SEED = new URL("../../supabase/seed.sql", import.meta.url);

export default await command(import.meta, {
  name: "db:seed",
  help: `Puts two sellers with shops and orders into a database. Existing rows stay.

  npx -y deno@2.9.5 task db:seed [options]

${TARGET_HELP}
${CONSENT_HELP}`,
  options: { ...TARGET_OPTIONS, ...CONSENT_OPTIONS },
  async run({ values }) {
    const target = await findTarget(values);
    requireConsent(target, values);
    // Not the CLI: `db query` takes one statement, and `db push --include-seed` skips a file that it has
    // run before. The whole file is one transaction.
    const seed = await Deno.readTextFile(SEED);
    await withConnection(target.url, (sql) => sql.unsafe(seed));
    print(`Seeded ${target.name}:
  ada@creatorflow.test    plan growth, two shops    password: local-password
  bob@creatorflow.test    trial, one shop           password: local-password`);
  },
});
