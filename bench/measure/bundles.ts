/** Functions and the peers that they are compared with, bundled as for a deployment. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bundle, bundleFunctions } from "../../local/deploy/bundle.ts";
import { type FunctionConfig, readFunctionConfig } from "../../local/functions/config.ts";
import { makeTemporaryFolder } from "../../local/leftovers/temporary_folder.ts";
import {
  functionEnvironment,
  makeEnvironment,
  type StackEnvironment,
} from "../../local/stack/environment.ts";
import { loadKeys } from "../../local/stack/keys.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

/** Functions of the bench's own: bench/peers/<name>/. */
const PEERS = ["empty", "bare-webhook"];

export interface Bundles extends AsyncDisposable {
  folder: string;
  /** By name of the function or peer. */
  byName: Map<string, Bundle>;
}

/** @param names The functions; every one without it. */
export async function makeBundles(names?: readonly string[]): Promise<Bundles> {
  const temporary = await makeTemporaryFolder("creatorflow-bench-");
  const functions = (await readFunctionConfig(CONFIG))
    .filter(({ name }) => names === undefined || names.includes(name));
  const peers = PEERS.map((name): FunctionConfig => ({
    name,
    verifyJwt: false,
    entrypoint: new URL(`../peers/${name}/index.ts`, import.meta.url).href,
  }));
  const bundles = [
    ...await bundleFunctions(functions, join(temporary.path, "functions")),
    ...await bundleFunctions(peers, join(temporary.path, "peers")),
  ];
  return {
    folder: temporary.path,
    byName: new Map(bundles.map((bundle) => [bundle.name, bundle])),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

/** Generated values of every variable, for functions whose Supabase is at `url`. */
export async function makeVariables(folder: string, url: string): Promise<StackEnvironment> {
  const addresses = { url, databaseUrl: "postgres://127.0.0.1:1" };
  return makeEnvironment(await loadKeys(folder), addresses, {});
}

/** What the function receives; a peer receives what the webhook does that it is compared with. */
export function variablesFor(env: StackEnvironment, name: string): Record<string, string> {
  return functionEnvironment(env, PEERS.includes(name) ? "tiktok-webhooks" : name);
}
