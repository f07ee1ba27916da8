/** Pools of connections that live as long as a stack, by node-postgres: a cut connection is replaced. */
import { setTimeout as sleep } from "node:timers/promises";
// @ts-types="./pg.d.ts"
import { Pool, type PoolClient, type PoolConfig } from "pg";

export interface ConnectionPool {
  pool: Pool;
  /** Waits a moment for statements that run, then cuts them. */
  end(): Promise<void>;
}

const END_MS = 1000;

/** Creates a pool; it connects at its first use. */
export function createPool(url: string, options: PoolConfig): ConnectionPool {
  const pool = new Pool({ connectionString: url, options: "-c TimeZone=UTC", ...options });
  const clients = new Set<PoolClient>();
  pool.on("connect", (client: PoolClient) => {
    clients.add(client);
    // The caller's statement fails, or the next one takes another connection.
    client.on("error", () => {});
  });
  pool.on("remove", (client: PoolClient) => void clients.delete(client));
  pool.on("error", () => {});
  return {
    pool,
    async end() {
      const ended = pool.end();
      const late = new AbortController();
      await Promise.race([
        ended,
        sleep(END_MS, undefined, { signal: late.signal }).catch(() => {}),
      ]);
      late.abort();
      // `end` of a client would wait for its statements.
      for (const client of clients) client.connection.stream.destroy();
      await ended;
    },
  };
}
