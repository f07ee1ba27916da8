/** The functions of the project: the `[functions.*]` sections of supabase/config.toml. */
import { parse } from "smol-toml";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { describeIssues } from "../../shared/values/zod_messages.ts";

export interface FunctionConfig {
  name: string;
  /** The platform's own check of the caller's token, before the function is called. */
  verifyJwt: boolean;
  /** `file:` URL of the module whose default export has `fetch`. */
  entrypoint: string;
}

const ConfigFile = z.looseObject({
  functions: z.record(
    z.string().regex(/^[a-z][a-z0-9-]*$/),
    z.looseObject({
      enabled: z.boolean().default(true),
      verify_jwt: z.boolean().default(true),
      entrypoint: z.string(),
    }),
  ).default({}),
});

/** @param path A config.toml; entry points in it are relative to its folder. */
export async function readFunctionConfig(path: string): Promise<FunctionConfig[]> {
  const { success, data, error } = ConfigFile.safeParse(parse(await Deno.readTextFile(path)));
  if (!success) throw new Error(`${path}: ${describeIssues(error.issues, "file")}`);
  return Object.entries(data.functions)
    .filter(([, section]) => section.enabled)
    .map(([name, section]) => ({
      name,
      verifyJwt: section.verify_jwt,
      entrypoint: pathToFileURL(resolve(dirname(path), section.entrypoint)).href,
    }));
}
