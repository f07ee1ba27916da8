/** `deno task check`. */
import { denoCommand } from "../cli/deno_command.ts";

/** Folders, and pages whose ts blocks are modules. */
export const CHECKED = [
  ...["functions", "shared", "tests", "local", "bench", "client"],
  ...["docs/sellers-view.md", "docs/labels-tutorial.md", "docs/billing-tutorial.md"],
];

export default await denoCommand(import.meta, {
  name: "check",
  help:
    `Checks the types of all code, or of the named files, and those of the code blocks of some pages.

  npx -y deno@2.9.5 task check [FILE ...] [options of deno check]

  --quiet, -q  print failures only
  --help`,
  args: ["check", "--frozen", "--doc"],
  paths: CHECKED,
});
