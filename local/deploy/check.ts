/** `--check`: everything that needs no account, with the real CLI and the stand-in Management API. */
import { join } from "node:path";
import { makeTemporaryFolder } from "../leftovers/temporary_folder.ts";
import { functionEnvironment, makeEnvironment } from "../stack/environment.ts";
import { loadKeys } from "../stack/keys.ts";
import { FUNCTION_CONCERNS } from "../stack/receivers.ts";
import { runSupabaseCli } from "../supabase/cli.ts";
import type { Bundle } from "./bundle.ts";
import { HOSTED_DENO } from "./hosted_deno.ts";
import { startHostedFunction } from "./hosted_function.ts";
import { type ManagementApi, startManagementApi } from "./management_api.ts";
import { stageFunctions } from "./stage.ts";

/** Differences between what was uploaded and the staged bundle, as sentences. */
function compareUpload(api: ManagementApi, name: string, bundle: string): string[] {
  const hosted = api.functions.get(name);
  if (hosted === undefined) return [`${name}: the CLI did not upload it.`];
  const errors: string[] = [];
  const files = hosted.files.map((file) => file.name);
  if (files.length !== 1) errors.push(`${name}: not alone in its upload: ${files.join(", ")}`);
  if (hosted.files[0]?.text !== bundle) errors.push(`${name}: the upload is not the whole bundle.`);
  if (hosted.import_map) errors.push(`${name}: the upload has an import map.`);
  if (hosted.verify_jwt) errors.push(`${name}: it was deployed with verify_jwt = true.`);
  return errors;
}

/** Addresses where nothing listens: a function calls nothing at its start. */
const NOWHERE = { url: "http://127.0.0.1:1", databaseUrl: "postgres://127.0.0.1:1" };

/** Starts each upload on the hosted runtime, with generated values of its variables. Returns the errors. */
async function tryStarts(bundles: Bundle[], folder: string): Promise<string[]> {
  const env = makeEnvironment(await loadKeys(folder), NOWHERE, {});
  const starts = await Promise.allSettled(bundles.map(async (bundle) => {
    const isOurs = bundle.name in FUNCTION_CONCERNS;
    const variables = isOurs ? functionEnvironment(env, bundle.name) : {};
    await using _started = await startHostedFunction(bundle, variables);
  }));
  return starts.flatMap((start) =>
    start.status === "rejected" ? [(start.reason as Error).message] : []
  );
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
  await using api = await startManagementApi({ folder });
  const cli = { workdir: staged.folder, environment: api.environment };
  const deploy = ["functions", "deploy", "--use-api", `--remote=${api.projectRef}`, "--yes"];
  await runSupabaseCli(deploy, cli);
  const errors = await tryStarts(staged.bundles, folder);
  for (const { name, path } of staged.bundles) {
    errors.push(...compareUpload(api, name, await Deno.readTextFile(path)));
  }
  if (errors.length > 0) throw new Error(errors.join("\n"));
  return staged.bundles.map(({ name, bytes }) =>
    `ok  ${name}: one file of ${
      Math.ceil(bytes / 1000)
    } kB, verify_jwt = false, starts under Deno ${HOSTED_DENO}`
  );
}
