/** `deno task functions:bundle`: writes what is uploaded of each function. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { shownPath } from "../cli/data_folder.ts";
import { bundleFunctions } from "../deploy/bundle.ts";
import { readFunctionConfig } from "../functions/config.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

export default await command(import.meta, {
  name: "functions:bundle",
  help: `Bundles each function into one file for upload, with every package as deno.lock pins it.

  npx -y deno@2.9.5 task functions:bundle

  --out DIR       folder of the bundles; its parts functions/ and maps/ are replaced     (dist)

functions/NAME/index.js is the upload, maps/NAME.js.map its source map, which stays here. The same
commit gives the same files, so the map of a deployed version can be made again:
see npx -y deno@2.9.5 task functions:trace.`,
  options: { out: { type: "string", default: "dist" } },
  async run({ values: { out } }) {
    const bundles = await bundleFunctions(await readFunctionConfig(CONFIG), out);
    for (const { name, bytes } of bundles) {
      print(`${name.padEnd(22)} ${(bytes / 1e6).toFixed(2)} MB`);
    }
    print(`\nThe uploads are in ${shownPath(join(out, "functions"))}.`);
  },
});
