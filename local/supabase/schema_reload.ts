/** How REST hears of a new schema, as PostgREST does: `notify pgrst, 'reload schema'`. */
import postgres from "postgres";

const CHANNEL = "pgrst";
const MESSAGE = "reload schema";

export interface ReloadListener {
  stop(): Promise<void>;
}

/**
 * Calls `reload` whenever somebody asks for it, and after a lost connection, when a message may have been
 * missed.
 */
export async function listenForReload(
  databaseUrl: string,
  reload: () => Promise<void>,
): Promise<ReloadListener> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  await sql.listen(CHANNEL, (message) => {
    // An empty message asks PostgREST to reload everything.
    if (message === "" || message === MESSAGE) reload();
  }, reload);
  return { stop: () => sql.end() };
}

/** Asks whoever serves REST from this database to read its schema anew. */
export async function requestReload(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql.notify(CHANNEL, MESSAGE);
  } finally {
    await sql.end();
  }
}
