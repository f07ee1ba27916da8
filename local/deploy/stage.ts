/** A folder that holds what is uploaded and nothing else: config.toml and the bundles. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "smol-toml";
import { type FunctionConfig, readFunctionConfig } from "../functions/config.ts";
import { type Bundle, bundleFunctions } from "./bundle.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

export interface Staged {
  /** Has `supabase/`, for the CLI. */
  folder: string;
  bundles: Bundle[];
}

/**
 * Each function checks its callers. The platform's check would refuse webhooks and TikTok's redirect with a
 * 401, which TikTok takes for "received".
 */
function refuseVerifyJwt(functions: FunctionConfig[]): void {
  const checked = functions.filter(({ verifyJwt }) => verifyJwt).map(({ name }) => name);
  if (checked.length === 0) return;
  throw new Error(`verify_jwt has to be false in supabase/config.toml: ${checked.join(", ")}`);
}

async function writeConfig(folder: string, functions: FunctionConfig[]): Promise<void> {
  const sections = functions.map(({ name, verifyJwt }) => [
    name,
    { verify_jwt: verifyJwt, entrypoint: `./functions/${name}/index.js` },
  ]);
  const config = { project_id: "creatorflow", functions: Object.fromEntries(sections) };
  await Deno.writeTextFile(join(folder, "supabase", "config.toml"), stringify(config));
}

/** Bundles every function of a config.toml. @param folder Its bundles are replaced. @throws {Error} */
export async function stageFunctions(folder: string, configPath = CONFIG): Promise<Staged> {
  const functions = await readFunctionConfig(configPath);
  refuseVerifyJwt(functions);
  const bundles = await bundleFunctions(functions, join(folder, "supabase"));
  await writeConfig(folder, functions);
  return { folder, bundles };
}
