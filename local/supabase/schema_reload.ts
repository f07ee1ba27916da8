/** Notifies REST of a new schema as PostgREST is notified: `notify pgrst, 'reload schema'`. */
import postgres from "postgres";
import { withConnection } from "../postgres/connection.ts";

const CHANNEL = "pgrst";
const MESSAGE = "reload schema";

export interface ReloadListener {
  stop(): Promise<void>;
}

/** Calls `reload` at each request, and after a lost connection, when a request may have been missed. */
export async function listenForReload(
  databaseUrl: string,
  reload: () => Promise<void>,
): Promise<ReloadListener> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  await sql.listen(CHANNEL, (message) => {
    // PostgREST reloads everything at an empty message.
    if (message === "" || message === MESSAGE) reload();
  }, reload);
  return { stop: () => sql.end() };
}

/** Requests that every REST of this database reads its schema again. */
export async function requestReload(databaseUrl: string): Promise<void> {
  await withConnection(databaseUrl, (sql) => sql.notify(CHANNEL, MESSAGE));
}
