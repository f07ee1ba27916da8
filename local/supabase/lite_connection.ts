/**
 * The connection of @supabase/lite, over node-postgres. Its own driver, postgres.js 3.4.9, loses a
 * connection that is cut during a statement, or ends the process (docs/local-stack.md).
 */
import { PostgresConnection } from "@supabase/lite/postgres";
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
// @ts-types="../postgres/pg.d.ts"
import type { PoolClient } from "pg";
import { type ConnectionPool, createPool } from "../postgres/pool.ts";
import { StatementTypes } from "./statement_types.ts";
import { joinTransactionSetup, type PipelinedClient } from "./transaction_setup.ts";
import { parserOf, serializeValue } from "./value_formats.ts";

/** Sends values in the form of their parameters' types. */
function withTypes(client: PoolClient, types: StatementTypes): PipelinedClient {
  return {
    release: () => client.release(),
    async query(statement, parameters) {
      if (parameters.length === 0) return await client.query(statement);
      const known = await types.ofParameters(client, statement);
      return await client.query(statement, parameters.map((v, i) => serializeValue(v, known[i])));
    },
  };
}

export class LiteConnection extends PostgresConnection {
  readonly #types = new StatementTypes();
  readonly #connections: ConnectionPool;

  /** @param max Number of connections. */
  constructor(url: string, max: number) {
    // The library's own driver connects at its first use, which never comes.
    super({ url });
    const getTypeParser = (type: number) => parserOf(type, this.#types.arrays);
    this.#connections = createPool(url, {
      max,
      pipeline: true,
      idleTimeoutMillis: 0,
      types: { getTypeParser },
    });
    this.kysely = new Kysely({ dialect: new PostgresDialect({ pool: this.#clients() }) });
  }

  #clients(): PostgresPool {
    const { pool, end } = this.#connections;
    return {
      connect: async () => {
        const client = await pool.connect();
        try {
          await this.#types.learnArrays(client);
        } catch (error) {
          client.release(true);
          throw error;
        }
        const joined = joinTransactionSetup(withTypes(client, this.#types));
        return joined as unknown as PostgresPoolClient;
      },
      end,
    };
  }

  override async clearSchemaCache(): Promise<void> {
    this.#types.forget();
    await super.clearSchemaCache();
  }

  override async close(): Promise<void> {
    await this.#connections.end();
  }
}
