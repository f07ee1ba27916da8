/** Makes the cluster of an embedded Postgres. */
import { dirname, join } from "node:path";
import { guardPath } from "../leftovers/guard.ts";
import { runProgram } from "../leftovers/run_program.ts";
import type { PostgresPlace } from "./binaries.ts";
import { postgresProgram } from "./program.ts";

/** The superuser of the embedded cluster; `postgres` is an ordinary role, as on Supabase. */
export const SUPERUSER = "supabase_admin";

async function removeTree(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(() => {});
}

/** The cluster was made by a Postgres whose data ours cannot read; the message says what to do. */
export class OtherVersionError extends Error {
  override name = "OtherVersionError";
}

/** Major version of the cluster's Postgres; `undefined` without a cluster. */
async function clusterVersion(data: string): Promise<string | undefined> {
  try {
    return (await Deno.readTextFile(join(data, "PG_VERSION"))).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** @throws {OtherVersionError} */
function requireVersion({ data, version }: PostgresPlace, found: string): void {
  const [major] = version.split(".");
  if (found === major) return;
  throw new OtherVersionError(
    `The data in ${data} is of Postgres ${found || "(unknown)"}, and this is Postgres ${major}. ` +
      "Save it on the commit of this repository that made it: npx -y deno@2.9.5 task db:backup FILE. " +
      "Then delete it: npx -y deno@2.9.5 task reset. Put it back: npx -y deno@2.9.5 task db:restore FILE",
  );
}

/**
 * Makes the cluster if it does not exist, whole or not at all. Returns whether it was made now.
 * @throws {OtherVersionError}
 */
export async function initialise(place: PostgresPlace, password: string): Promise<boolean> {
  const found = await clusterVersion(place.data);
  if (found !== undefined) {
    requireVersion(place, found);
    return false;
  }
  const parent = dirname(place.data);
  await Deno.mkdir(parent, { recursive: true });
  const suffix = crypto.randomUUID();
  // Next to the data: the system's folder for such files may be closed to Postgres's user.
  const passwordFile = join(parent, `password.${suffix}`);
  const partial = { ...place, data: `${place.data}.${suffix}` };
  const releases = await Promise.all([passwordFile, partial.data].map(guardPath));
  try {
    await Deno.writeTextFile(passwordFile, password, { mode: 0o600, createNew: true });
    await Deno.mkdir(partial.data, { mode: 0o700 });
    if (place.account) {
      const { uid, gid } = place.account;
      for (const path of [passwordFile, partial.data]) await Deno.chown(path, uid, gid);
    }
    await runInitdb(partial, passwordFile);
    await removeTree(place.data);
    await Deno.rename(partial.data, place.data);
  } finally {
    await removeTree(passwordFile);
    await removeTree(partial.data);
    for (const release of releases) await release();
  }
  return true;
}

async function runInitdb(place: PostgresPlace, passwordFile: string): Promise<void> {
  const { success, stderr } = await runProgram(
    ...postgresProgram(place, "initdb", [
      `--pgdata=${place.data}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      // Passwords are random: stretching them costs every connection time, and protects nothing.
      "--set=scram_iterations=1",
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
    ]),
  );
  if (!success) throw new Error(`initdb failed: ${new TextDecoder().decode(stderr).trim()}`);
}
