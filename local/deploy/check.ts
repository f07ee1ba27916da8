/** `--check`: everything that needs no account, with the real CLI and the stand-in Management API. */
import { join } from "node:path";
import { errorMessage } from "../cli/error_message.ts";
import { makeTemporaryFolder } from "../leftovers/temporary_folder.ts";
import { functionEnvironment, makeEnvironment } from "../stack/environment.ts";
import { loadKeys } from "../stack/keys.ts";
import { FUNCTION_CONCERNS } from "../stack/receivers.ts";
import { runSupabaseCli } from "../supabase/cli.ts";
import { type Bundle, readUpload } from "./bundle.ts";
import { HOSTED_DENO } from "./hosted_deno.ts";
import { startHostedFunction } from "./hosted_function.ts";
import { kilobytes } from "./kilobytes.ts";
import { type ManagementApi, startManagementApi } from "./management_api.ts";
import { type Staged, stageFunctions } from "./stage.ts";

/** Differences between what was uploaded and the staged bundle, as sentences. */
async function compareUpload(api: ManagementApi, bundle: Bundle): Promise<string[]> {
  const { name } = bundle;
  const hosted = api.functions.get(name);
  if (hosted === undefined) return [`${name}: the CLI did not upload it.`];
  const errors: string[] = [];
  const uploaded = new Map(hosted.files.map((file) => [file.name, file.text]));
  for (const [file, text] of await readUpload(bundle)) {
    const key = `supabase/functions/${name}/${file}`;
    if (uploaded.get(key) !== text) {
      errors.push(`${name}: the upload does not have the whole ${file}.`);
    }
    uploaded.delete(key);
  }
  if (uploaded.size > 0) {
    errors.push(`${name}: not alone in its upload: ${[...uploaded.keys()].join(", ")}`);
  }
  if (hosted.import_map) errors.push(`${name}: the upload has an import map.`);
  if (hosted.verify_jwt) errors.push(`${name}: it was deployed with verify_jwt = true.`);
  return errors;
}

/** Addresses where nothing listens: a function calls nothing at its start. */
const NOWHERE = { url: "http://127.0.0.1:1", databaseUrl: "postgres://127.0.0.1:1" };

/** Starts an upload on the hosted runtime. @throws {Error} that names the function */
type StartUpload = (bundle: Bundle) => Promise<unknown>;

/** Starts a function with generated values of its variables, and ends it. */
async function makeTrial(folder: string): Promise<StartUpload> {
  const env = makeEnvironment(await loadKeys(folder), NOWHERE, {});
  return async (bundle) => {
    const isOurs = bundle.name in FUNCTION_CONCERNS;
    const variables = isOurs ? functionEnvironment(env, bundle.name) : {};
    await using _started = await startHostedFunction(bundle, variables);
  };
}

/**
 * Deploys staged functions to the stand-in, and starts each.
 * @param folder Of the stand-in.
 * @returns Lines for the terminal. @throws {Error} that lists every fault.
 */
export async function checkStaged(
  staged: Staged,
  folder: string,
  start: StartUpload,
): Promise<string[]> {
  await using api = await startManagementApi({ folder });
  const cli = { workdir: staged.folder, environment: api.environment };
  const deploy = ["functions", "deploy", "--use-api", `--remote=${api.projectRef}`, "--yes"];
  await runSupabaseCli(deploy, cli);
  const starts = await Promise.allSettled(staged.bundles.map(start));
  const errors = starts.flatMap((one) =>
    one.status === "rejected" ? [errorMessage(one.reason)] : []
  );
  for (const bundle of staged.bundles) errors.push(...await compareUpload(api, bundle));
  if (errors.length > 0) throw new Error(errors.join("\n"));
  return staged.bundles.map((bundle) =>
    `ok  ${describeBundle(bundle)}, verify_jwt = false, starts under Deno ${HOSTED_DENO}`
  );
}

function describeBundle({ name, files, bytes, startBytes }: Bundle): string {
  return `${name}: ${files.length} files of ${kilobytes(bytes)}, ${
    kilobytes(startBytes)
  } at the start`;
}

/**
 * Bundles every function, deploys it to the stand-in, and starts it on the hosted runtime.
 * @param configPath A config.toml. @default {supabase/config.toml}
 * @returns Lines for the terminal. @throws {Error} that lists every fault.
 */
export async function checkDeployment(configPath?: string): Promise<string[]> {
  await using temporary = await makeTemporaryFolder("creatorflow-deploy-");
  const folder = temporary.path;
  const staged = await stageFunctions(join(folder, "project"), configPath);
  const lines = await checkStaged(staged, folder, await makeTrial(folder));
  return [...lines, "All checks passed. Nothing was deployed."];
}
