/** Functions as bundles that share chunks: a host loads them in a third of the time that sources take. */
import { cp } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runBundler } from "../../local/deploy/bundle.ts";
import { openKeptBundles } from "../../local/deploy/kept_bundles.ts";
import { readFunctionConfig } from "../../local/functions/config.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

/** Bundles all functions into a new folder. Returns the path of their config.toml, in that folder. */
export async function bundleForHosts(folder: string): Promise<string> {
  const functions = await readFunctionConfig(CONFIG);
  const sources = functions.map(({ entrypoint }) => fileURLToPath(entrypoint));
  const find = await openKeptBundles([import.meta.filename as string, CONFIG]);
  const kept = await find(
    "hosts",
    (made) => runBundler(["--code-splitting", "--outdir", made, ...sources]),
  );
  // A run of other tests, on other sources, may remove it meanwhile.
  await cp(kept, folder, { recursive: true });
  const sections = await Promise.all(functions.map(async ({ name, verifyJwt }, index) => {
    // The entry points are beside the chunks: a host may read the folders of its entry points.
    const bundle = `./${basename(dirname(sources[index] as string))}/index.js`;
    await Deno.writeTextFile(join(folder, `${name}.js`), `export { default } from "${bundle}";\n`);
    return `[functions.${name}]\nverify_jwt = ${verifyJwt}\nentrypoint = "./${name}.js"\n`;
  }));
  const config = join(folder, "config.toml");
  await Deno.writeTextFile(config, sections.join("\n"));
  return config;
}
