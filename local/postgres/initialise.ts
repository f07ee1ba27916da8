/** Makes the cluster of an embedded Postgres. */
import { dirname, join } from "node:path";
import type { PostgresPlace } from "./binaries.ts";
import { postgresCommand } from "./program.ts";

/** The superuser of the embedded cluster; `postgres` is an ordinary role, as on Supabase. */
export const SUPERUSER = "supabase_admin";

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Makes the cluster if it does not exist. Returns whether it was made now. */
export async function initialise(place: PostgresPlace, password: string): Promise<boolean> {
  if (await exists(join(place.data, "PG_VERSION"))) return false;
  // A cluster without PG_VERSION is left over from an interrupted initdb.
  await Deno.remove(place.data, { recursive: true }).catch(() => {});
  await Deno.mkdir(dirname(place.data), { recursive: true });
  await Deno.mkdir(place.data, { mode: 0o700 });
  if (place.account) await Deno.chown(place.data, place.account.uid, place.account.gid);
  // Next to the data: the system's folder for such files may be closed to Postgres's user.
  const passwordFile = await Deno.makeTempFile({ dir: dirname(place.data) });
  try {
    await Deno.writeTextFile(passwordFile, password);
    if (place.account) await Deno.chown(passwordFile, place.account.uid, place.account.gid);
    await runInitdb(place, passwordFile);
  } catch (error) {
    await Deno.remove(place.data, { recursive: true }).catch(() => {});
    throw error;
  } finally {
    await Deno.remove(passwordFile);
  }
  return true;
}

async function runInitdb(place: PostgresPlace, passwordFile: string): Promise<void> {
  const { success, stderr } = await postgresCommand(place, "initdb", [
    `--pgdata=${place.data}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
  ]).output();
  if (!success) throw new Error(`initdb failed: ${new TextDecoder().decode(stderr).trim()}`);
}
