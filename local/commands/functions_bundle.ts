/** `deno task functions:bundle`: writes what is uploaded of each function. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { shownPath } from "../cli/data_folder.ts";
import { bundleFunctions } from "../deploy/bundle.ts";
import { kilobytes } from "../deploy/kilobytes.ts";
import { readFunctionConfig } from "../functions/config.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

const size = (bytes: number) => kilobytes(bytes).padStart(6);

export default await command(import.meta, {
  name: "functions:bundle",
  help: `Bundles each function into files for upload, with every package as deno.lock pins it.

  npx -y deno@2.9.5 task functions:bundle

  --out DIR       folder of the bundles, which are replaced; refused with other files in its
                  functions/ or maps/                                         (dist)

functions/NAME is the upload: index.js, what it reads at the start, and what it reads later. maps/NAME has
the source maps, which stay here. The same commit gives the same files, so the maps of a deployed version can
be made again: see npx -y deno@2.9.5 task functions:trace.`,
  options: { out: { type: "string", default: "dist" } },
  async run({ values: { out } }) {
    const bundles = await bundleFunctions(await readFunctionConfig(CONFIG), out);
    for (const { name, bytes, startBytes } of bundles) {
      print(`${name.padEnd(22)} ${size(bytes)}, at the start ${size(startBytes)}`);
    }
    const [uploads, maps] = ["functions", "maps"].map((part) => shownPath(join(out, part)));
    print(`\nThe uploads are in ${uploads}, the source maps in ${maps}.`);
  },
});
