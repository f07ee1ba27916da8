/** `deno task functions:bundle`: writes what is uploaded of each function. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { shownPath } from "../cli/data_folder.ts";
import { bundleFunctions } from "../deploy/bundle.ts";
import { readFunctionConfig } from "../functions/config.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

const kB = (bytes: number) => `${Math.ceil(bytes / 1000)} kB`.padStart(6);

export default await command(import.meta, {
  name: "functions:bundle",
  help: `Bundles each function into files for upload, with every package as deno.lock pins it.

  npx -y deno@2.9.5 task functions:bundle

  --out DIR       folder of the bundles; its parts functions/ and maps/ are replaced     (dist)

functions/NAME is the upload: index.js, what it reads at the start, and what it reads later. maps/NAME has
the source maps, which stay here. The same commit gives the same files, so the maps of a deployed version can
be made again: see npx -y deno@2.9.5 task functions:trace.`,
  options: { out: { type: "string", default: "dist" } },
  async run({ values: { out } }) {
    const bundles = await bundleFunctions(await readFunctionConfig(CONFIG), out);
    for (const { name, bytes, startBytes } of bundles) {
      print(`${name.padEnd(22)} ${kB(bytes)}, at the start ${kB(startBytes)}`);
    }
    print(`\nThe uploads are in ${shownPath(join(out, "functions"))}.`);
  },
});
