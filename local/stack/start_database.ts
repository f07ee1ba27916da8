/** The database of a stack: embedded or outside, with roles, Auth's tables, stand-ins and migrations. */
import type postgres from "postgres";
import { taskLine } from "../cli/data_folder.ts";
import { findPlace, hasCluster } from "../postgres/binaries.ts";
import { startEmbedded } from "../postgres/embedded.ts";
import { outsidePostgresUrl, useOutsidePostgres } from "../postgres/outside.ts";
import { stopLeftover } from "../postgres/server.ts";
import { bootstrap, type DatabaseAccess } from "../supabase/bootstrap.ts";
import { migrate } from "../supabase/migrate.ts";
import { DeletedMigrationsError } from "../supabase/migration_files.ts";
import type { StackEnvironment } from "./environment.ts";
import type { LocalKeys } from "./keys.ts";
import { PortTakenError, requireFreePort } from "./ports.ts";
import type { Resources } from "./resources.ts";
import type { StackSettings } from "./settings.ts";
import type { GivenVariables } from "./variables.ts";

export interface StackDatabase {
  access: DatabaseAccess;
  /** Password of the role `postgres`, on the embedded server only. */
  ownerPassword: string | undefined;
}

/** Starts the embedded Postgres, or connects to the one that SUPABASE_DB_URL names. */
export async function startDatabase(
  settings: StackSettings,
  given: GivenVariables,
  keys: LocalKeys,
  resources: Resources,
): Promise<StackDatabase> {
  const outsideUrl = outsidePostgresUrl(given.SUPABASE_DB_URL, keys.databasePassword);
  if (outsideUrl !== undefined) {
    const access = await useOutsidePostgres(outsideUrl, settings.onWarning);
    return { access, ownerPassword: undefined };
  }
  const embedded = await startEmbedded({
    data: settings.data,
    port: settings.dbPort,
    adminPassword: keys.databaseAdminPassword,
    password: keys.databasePassword,
    onCrash: settings.onWarning ?? (() => {}),
  });
  resources.defer(() => embedded.stop());
  return { access: embedded.access, ownerPassword: keys.databasePassword };
}

/**
 * Names the database's port too if it is also taken: a start needs both.
 * @param error Why the public port did not open.
 */
export async function withDatabasePort(
  error: unknown,
  { data, dbPort }: Pick<StackSettings, "data" | "dbPort">,
  given: GivenVariables,
): Promise<unknown> {
  if (!(error instanceof PortTakenError) || given.SUPABASE_DB_URL) return error;
  // Otherwise the port would be that of this folder's own server.
  if (await hasCluster(data)) await stopLeftover(await findPlace(data));
  try {
    requireFreePort(dbPort, "--db-port");
    return error;
  } catch (second) {
    if (!(second instanceof PortTakenError)) return error;
    return new PortTakenError([...error.taken, ...second.taken]);
  }
}

/**
 * Makes roles, Auth's tables and stand-ins, and applies the migrations.
 * @param data Folder of the embedded server's data, for messages.
 */
export async function prepareDatabase(
  { access, ownerPassword }: StackDatabase,
  data: string,
  onProgress: (message: string) => void,
): Promise<void> {
  onProgress("roles, Auth and stand-ins");
  await bootstrap(access, ownerPassword);
  onProgress("migrations");
  await migrateStack(access.url, ownerPassword === undefined ? undefined : data);
}

/**
 * Applies the migrations to a stack's database.
 * @param ownData Data folder of the embedded server; undefined for an outside Postgres, which `task reset` keeps.
 * @throws {DeletedMigrationsError} that names the reset of the folder
 */
export async function migrateStack(databaseUrl: string, ownData?: string): Promise<void> {
  await migrate(databaseUrl).catch((error) => {
    if (ownData === undefined || !(error instanceof DeletedMigrationsError)) throw error;
    throw new DeletedMigrationsError(error.versions, taskLine("reset", ownData));
  });
}

/** Jobs read the project's address and secret key from Vault. */
export async function storeSchedulerSecrets(
  sql: postgres.Sql,
  env: StackEnvironment,
): Promise<void> {
  const secrets = { project_url: env.SUPABASE_URL, secret_key: env.SUPABASE_SECRET_KEY };
  for (const [name, secret] of Object.entries(secrets)) {
    const [stored] = await sql`select id from vault.secrets where name = ${name}`;
    if (stored) await sql`select vault.update_secret(${stored.id}, ${secret})`;
    else await sql`select vault.create_secret(${secret}, ${name})`;
  }
}
