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

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Makes the cluster if it does not exist, whole or not at all. Returns whether it was made now. */
export async function initialise(place: PostgresPlace, password: string): Promise<boolean> {
  if (await exists(join(place.data, "PG_VERSION"))) return false;
  const parent = dirname(place.data);
  await Deno.mkdir(parent, { recursive: true });
  const suffix = crypto.randomUUID();
  // Next to the data: the system's folder for such files may be closed to Postgres's user.
  const passwordFile = join(parent, `password.${suffix}`);
  const partial = { ...place, data: `${place.data}.${suffix}` };
  const releases = [passwordFile, partial.data].map(guardPath);
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
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
    ]),
  );
  if (!success) throw new Error(`initdb failed: ${new TextDecoder().decode(stderr).trim()}`);
}
