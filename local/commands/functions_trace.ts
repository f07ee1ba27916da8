/** `deno task functions:trace`: finds the source lines of a logged stack. */
import { join } from "node:path";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { readMaps, traceStack } from "../deploy/trace_stack.ts";

export default await command(import.meta, {
  name: "functions:trace",
  help: `Reads a stack that a deployed function has logged, and prints it with our files and lines.

  npx -y deno@2.9.5 task functions:trace FUNCTION < stack.txt

  --out DIR       folder that functions:bundle has written     (dist)

Run functions:bundle first, on the commit that is deployed.`,
  options: { out: { type: "string", default: "dist" } },
  positionals: ["FUNCTION"],
  async run({ values: { out }, positionals: [name] }) {
    const path = join(out, "maps", name ?? "");
    const maps = await readMaps(path).catch(() => {
      throw new Error(
        `${path} does not exist. Make it first: npx -y deno@2.9.5 task functions:bundle`,
      );
    });
    print(traceStack(await new Response(Deno.stdin.readable).text(), maps).trimEnd());
  },
});
