/** A folder that holds what is uploaded and nothing else: config.toml and the bundles. */
import { join } from "node:path";
import { stringify } from "smol-toml";
import { fileURLToPath } from "node:url";
import { type FunctionConfig, readFunctionConfig } from "../functions/config.ts";
import { type Bundle, bundleFunction } from "./bundle_function.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

export interface Staged {
  /** Has `supabase/`, for the CLI. */
  folder: string;
  functions: (FunctionConfig & { bundle: Bundle })[];
}

async function writeConfig(folder: string, functions: FunctionConfig[]): Promise<void> {
  const sections = functions.map(({ name, verifyJwt }) => [
    name,
    { verify_jwt: verifyJwt, entrypoint: `./functions/${name}/index.js` },
  ]);
  const config = { project_id: "creatorflow", functions: Object.fromEntries(sections) };
  await Deno.writeTextFile(join(folder, "supabase", "config.toml"), stringify(config));
}

/** Bundles every function of config.toml. @param folder Emptied first. */
export async function stageFunctions(folder: string, configPath = CONFIG): Promise<Staged> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const target = join(folder, "supabase", "functions");
  await Deno.mkdir(target, { recursive: true });
  const config = await readFunctionConfig(configPath);
  await writeConfig(folder, config);
  const functions: Staged["functions"] = [];
  for (const one of config) {
    functions.push({ ...one, bundle: await bundleFunction(one.name, target) });
  }
  return { folder, functions };
}
