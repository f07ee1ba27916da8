/** `deno task supabase`: the Supabase CLI of cli_lock.json, for the steps that a person does. */
import { command } from "../cli/command.ts";
import { runCliForPerson } from "../supabase/cli.ts";

export default await command(import.meta, {
  name: "supabase",
  help:
    `Runs the Supabase CLI, in the version and with the checksum of local/supabase/cli_lock.json.

  npx -y deno@2.9.5 task supabase ARGUMENTS

  npx -y deno@2.9.5 task supabase login
  npx -y deno@2.9.5 task supabase help [COMMAND]     the help of the CLI

It receives the variables that it needs, and none of the project's secrets.`,
  parse([first = "--help", ...others]) {
    if (["--help", "-h"].includes(first)) return undefined;
    // The CLI has no command of this name.
    return first === "help" ? [...others, "--help"] : [first, ...others];
  },
  run: runCliForPerson,
});
