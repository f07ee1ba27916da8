/** `deno task db:seed`: sellers with connected shops on the running stack, or rows in another database. */
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
import { findSimulatedStack, seedRows, seedSimulatedStack } from "../seed/seed_target.ts";

export default await command(import.meta, {
  name: "db:seed",
  help: `Adds sellers with orders. What exists stays as it is.

On the running stack they sign up, connect their shops, sell, buy labels and plans, as sellers do,
so the simulators know all of it. Another database, or a stack with outside services, gets the rows
of supabase/seed.sql.

  npx -y deno@2.9.5 task db:seed [options]

${TARGET_HELP}
${CONSENT_HELP}`,
  options: { ...TARGET_OPTIONS, ...CONSENT_OPTIONS },
  async run({ values }) {
    const target = await findTarget(values);
    requireConsent(target, values);
    const stack = await findSimulatedStack(values);
    print(await (stack === undefined ? seedRows(target) : seedSimulatedStack(stack)));
  },
});
