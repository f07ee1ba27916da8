/** Rules of what is uploaded: one file without other modules, under 1 MB, open to callers without a JWT. */
import { dirname } from "node:path";
import * as z from "zod";

export const MAX_BUNDLE_BYTES = 1_000_000;

export interface Upload {
  name: string;
  /** The bundle on disk, in a folder of its own. */
  path: string;
  verifyJwt: boolean;
}

const Info = z.looseObject({
  modules: z.array(z.looseObject({
    specifier: z.string(),
    error: z.string().optional(),
    dependencies: z.array(z.looseObject({ specifier: z.string() })).default([]),
  })),
});

/** Modules that the file imports and that the runtime does not have. */
async function foreignImports(path: string): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config", "--no-lock", "--no-remote", "--no-npm", path],
    cwd: dirname(path),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr).trim());
  const { modules } = Info.parse(JSON.parse(decoder.decode(stdout)));
  const errors = modules.flatMap(({ error }) => error === undefined ? [] : [error]);
  const imports = modules.flatMap(({ dependencies }) => dependencies)
    .map(({ specifier }) => specifier)
    .filter((specifier) => !specifier.startsWith("node:"));
  return [...new Set([...imports, ...(imports.length === 0 ? errors : [])])];
}

/** The rules that the upload breaks, as sentences. */
export async function checkBundle({ name, path, verifyJwt }: Upload): Promise<string[]> {
  const errors: string[] = [];
  const { size } = await Deno.stat(path);
  if (size > MAX_BUNDLE_BYTES) {
    errors.push(`${name}: the bundle has ${size} bytes, more than ${MAX_BUNDLE_BYTES}.`);
  }
  const imports = await foreignImports(path);
  if (imports.length > 0) {
    errors.push(`${name}: the bundle imports what is not uploaded: ${imports.join(", ")}`);
  }
  // Each function checks its callers; the platform's check would refuse webhooks and redirects with a 401.
  if (verifyJwt) errors.push(`${name}: verify_jwt has to be false in supabase/config.toml.`);
  return errors;
}
