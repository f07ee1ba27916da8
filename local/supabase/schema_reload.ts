/** Notifies REST of a new schema as PostgREST is notified: `notify pgrst, 'reload schema'`. */
import { setTimeout as sleep } from "node:timers/promises";
// @ts-types="../postgres/pg.d.ts"
import { Client } from "pg";
import { withConnection } from "../postgres/connection.ts";

const CHANNEL = "pgrst";
const MESSAGE = "reload schema";
const RETRY_MS = 500;

export interface ReloadListener {
  stop(): Promise<void>;
}

interface Listening {
  client: Client;
  ended: Promise<unknown>;
}

/** Listens on a connection of its own. @throws {Error} if Postgres is unreachable. */
async function listen(databaseUrl: string, reload: () => Promise<void>): Promise<Listening> {
  const client = new Client(databaseUrl);
  const ended = new Promise((resolve) => client.once("end", resolve));
  // `end` follows.
  client.on("error", () => {});
  client.on("notification", ({ payload }) => {
    // PostgREST reloads everything at an empty message.
    if (payload === undefined || payload === "" || payload === MESSAGE) reload();
  });
  await client.connect();
  await client.query(`listen ${CHANNEL}`);
  return { client, ended };
}

/** Calls `reload` at each request, and after a lost connection, when a request may have been missed. */
export async function listenForReload(
  databaseUrl: string,
  reload: () => Promise<void>,
): Promise<ReloadListener> {
  const stopping = new AbortController();
  const { signal } = stopping;
  let current = await listen(databaseUrl, reload);
  const supervision = (async () => {
    while (true) {
      await current.ended;
      if (signal.aborted) return;
      try {
        current = await listen(databaseUrl, reload);
      } catch {
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
        continue;
      }
      if (signal.aborted) await current.client.end();
      else await reload();
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await current.client.end();
      await supervision;
    },
  };
}

/** Requests that every REST of this database reads its schema again. */
export async function requestReload(databaseUrl: string): Promise<void> {
  await withConnection(databaseUrl, (sql) => sql.notify(CHANNEL, MESSAGE));
}
