/** A fresh, migrated Postgres of its own, gone afterwards: for tests and for generated files. */
import { join } from "node:path";
import { migrate } from "../supabase/migrate.ts";
import { bootstrap, type DatabaseAccess } from "../supabase/bootstrap.ts";
import { startEmbedded } from "./embedded.ts";
import { findPlace } from "./binaries.ts";

export interface TemporaryPostgres extends AsyncDisposable {
  access: DatabaseAccess;
}

function randomPassword(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

export async function startTemporaryPostgres(): Promise<TemporaryPostgres> {
  const data = await Deno.makeTempDir({ prefix: "creatorflow-" });
  // Postgres may run as another user, who has to pass through.
  await Deno.chmod(data, 0o755);
  const password = randomPassword();
  const remove = async () => {
    const { data: cluster } = await findPlace(data);
    await Deno.remove(cluster, { recursive: true }).catch(() => {});
    await Deno.remove(data, { recursive: true });
  };
  try {
    const server = await startEmbedded({
      data: join(data),
      port: 0,
      adminPassword: randomPassword(),
      password,
      isDisposable: true,
      onCrash: () => {},
    });
    try {
      await bootstrap(server.access, password);
      await migrate(server.access.url);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return {
      access: server.access,
      async [Symbol.asyncDispose]() {
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
