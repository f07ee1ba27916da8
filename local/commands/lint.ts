/** `deno task lint`. */
import { denoCommand } from "../cli/deno_command.ts";

export default await denoCommand(import.meta, {
  name: "lint",
  help: `Checks all files, or the named ones, by the rules of deno lint.

  npx -y deno@2.9.5 task lint [FILE ...] [options of deno lint]

  --fix        correct what deno lint can correct itself
  --quiet, -q  print failures only
  --help

deno.json lists the rules. A comment \`// deno-lint-ignore RULE\` excepts the next line.`,
  args: ["lint"],
});
