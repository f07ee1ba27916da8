/** `deno task fmt`. */
import { denoCommand } from "../cli/deno_command.ts";

export default await denoCommand(import.meta, {
  name: "fmt",
  help: `Checks that all files, or the named ones, are formatted. Changes nothing.

  npx -y deno@2.9.5 task fmt [FILE ...] [options of deno fmt]

  --quiet, -q  print failures only
  --help

npx -y deno@2.9.5 fmt formats the files. deno.json has the width of a line and what is left out.`,
  args: ["fmt", "--check"],
});
