/** A fresh, migrated Postgres of its own, gone afterwards: for tests and for generated files. */
import { makeTemporaryData } from "../leftovers/temporary_folder.ts";
import { migrate } from "../supabase/migrate.ts";
import { bootstrap, type DatabaseAccess } from "../supabase/bootstrap.ts";
import { startEmbedded } from "./embedded.ts";

export interface TemporaryPostgres extends AsyncDisposable {
  access: DatabaseAccess;
  /** Folder of its data. */
  data: string;
}

function randomPassword(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

export interface TemporaryPostgresOptions {
  /** Folder for its data. @default {the folder of temporary files} */
  folder?: string | undefined;
  /** Applies the migrations to the bootstrapped database. @default {the Supabase CLI does} */
  applyMigrations?: (access: DatabaseAccess) => Promise<unknown>;
}

export async function startTemporaryPostgres(
  { folder, applyMigrations = ({ url }) => migrate(url) }: TemporaryPostgresOptions = {},
): Promise<TemporaryPostgres> {
  const password = randomPassword();
  await using resources = new AsyncDisposableStack();
  const data = resources.use(await makeTemporaryData("creatorflow-", folder));
  const server = await startEmbedded({
    data: data.path,
    port: 0,
    adminPassword: randomPassword(),
    password,
    isDisposable: true,
    onCrash: () => {},
  });
  resources.defer(() => server.stop());
  await bootstrap(server.access, password);
  await applyMigrations(server.access);
  const kept = resources.move();
  return {
    access: server.access,
    data: data.path,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
