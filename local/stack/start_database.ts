/** The database of a stack: embedded or outside, with roles, Auth's tables, stand-ins and migrations. */
import type postgres from "postgres";
import { startEmbedded } from "../postgres/embedded.ts";
import { outsidePostgresUrl, useOutsidePostgres } from "../postgres/outside.ts";
import { bootstrap, type DatabaseAccess } from "../supabase/bootstrap.ts";
import { migrate } from "../supabase/migrate.ts";
import type { StackEnvironment } from "./environment.ts";
import type { LocalKeys } from "./keys.ts";
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

/** Makes roles, Auth's tables and stand-ins, and applies the migrations. */
export async function prepareDatabase(
  { access, ownerPassword }: StackDatabase,
  onProgress: (message: string) => void,
): Promise<void> {
  onProgress("roles, Auth and stand-ins");
  await bootstrap(access, ownerPassword);
  onProgress("migrations");
  await migrate(access.url);
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
