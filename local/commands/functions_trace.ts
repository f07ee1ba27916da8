/** `deno task functions:trace`: finds the source lines of a logged stack. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { command, UsageError } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { readUpload } from "../deploy/bundle.ts";
import { readMaps, traceStack } from "../deploy/trace_stack.ts";
import { readFunctionConfig } from "../functions/config.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

/** @throws {UsageError} */
async function checkName(name: string): Promise<void> {
  const names = (await readFunctionConfig(CONFIG)).map((one) => one.name);
  if (names.includes(name)) return;
  throw new UsageError(`There is no function ${name}; the functions are ${names.join(", ")}.`);
}

/** @param out What functions:bundle has written. */
async function readBundle(out: string, name: string) {
  const folder = join(out, "maps", name);
  try {
    const maps = await readMaps(folder);
    const path = join(out, "functions", name, "index.js");
    return { maps, texts: await readUpload({ path, files: [...maps.keys()] }) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `${out} has no bundle of ${name}. Make it first: npx -y deno@2.9.5 task functions:bundle`,
    );
  }
}

export default await command(import.meta, {
  name: "functions:trace",
  help: `Reads a stack that a deployed function has logged, and prints it with our files and lines.

  npx -y deno@2.9.5 task functions:trace FUNCTION < stack.txt

  --out DIR       folder that functions:bundle has written     (dist)

It takes one position, such as the error of our log lines has it (index.js:1:2345), or a stack of the
platform's log. Run functions:bundle first, on the commit that is deployed.`,
  options: { out: { type: "string", default: "dist" } },
  positionals: ["FUNCTION"],
  async run({ values: { out }, positionals: [name = ""] }) {
    await checkName(name);
    const { maps, texts } = await readBundle(out, name);
    const stack = await new Response(Deno.stdin.readable).text();
    if (stack.trim() === "") throw new UsageError("There is nothing to trace.");
    const { text, unknown } = traceStack(stack, texts, maps);
    print(text.trimEnd());
    if (unknown === 0) return;
    const positions = unknown === 1 ? "1 position is" : `${unknown} positions are`;
    print(`\n${positions} not in these maps: is this the deployed commit?`);
  },
});
