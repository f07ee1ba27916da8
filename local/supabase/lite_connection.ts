/**
 * The connection of @supabase/lite, over node-postgres. Its own driver, postgres.js 3.4.9, loses a
 * connection that is cut during a statement, or ends the process (docs/local-stack.md).
 */
import { nextTick } from "node:process";
import type { IntrospectResult } from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
// @ts-types="../postgres/pg.d.ts"
import type { PoolClient, QueryConfig } from "pg";
import { type ConnectionPool, createPool } from "../postgres/pool.ts";
import { StatementNames } from "./statement_names.ts";
import { StatementTypes } from "./statement_types.ts";
import {
  joinTransactionSetup,
  type KnownAnswer,
  type PipelinedClient,
  type StatementResult,
} from "./transaction_setup.ts";
import { parserOf, serializeValue } from "./value_formats.ts";

/** Statements that are sent in one turn of the event loop leave in one packet. */
function sendAtOnce({ connection: { stream } }: PoolClient): void {
  stream.cork();
  nextTick(() => stream.uncork());
}

/** The columns of a kept plan have changed without a reload of the schema: the next call makes another. */
const OUTDATED_PLAN = "0A000";

/** Sends values in the form of their parameters' types. */
function withTypes(
  client: PoolClient,
  types: StatementTypes,
  names: StatementNames,
): PipelinedClient {
  async function send(query: QueryConfig): Promise<StatementResult> {
    try {
      return await client.query(query);
    } catch (error) {
      if ((error as { code?: string }).code === OUTDATED_PLAN) names.forget();
      throw error;
    }
  }

  return {
    release: () => client.release(),
    isKnown: (statement) => types.known(statement) !== undefined,
    queryTexts(text, values) {
      sendAtOnce(client);
      return client.query({ name: names.nameOf(text), text, values });
    },
    async query(text, parameters, keepsPlan = false) {
      sendAtOnce(client);
      const named = keepsPlan ? { name: names.nameOf(text), text } : { text };
      if (parameters.length === 0) return await send(named);
      const known = types.known(text) ?? await types.ofParameters(client, text);
      const values = parameters.map((value, i) => serializeValue(value, known[i]));
      return await send({ ...named, values });
    },
  };
}

/** Its keys begin with the library's name and end with the URL of the database. */
export interface SchemaCache {
  get(key: string): Promise<string | undefined>;
  set(key: string, schema: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** The tables and functions could not be read from Postgres. */
class SchemaReadError extends Error {
  override name = "SchemaReadError";
  override message = "Could not query the database for the schema cache. Retrying.";

  /** PostgREST's answer, which Hono takes for the caller's. */
  getResponse(): Response {
    const body = { code: "PGRST002", details: null, hint: null, message: this.message };
    return Response.json(body, { status: 503 });
  }
}

export class LiteConnection extends PostgresConnection {
  readonly #types = new StatementTypes();
  readonly #names = new StatementNames();
  readonly #answer: KnownAnswer = {};
  readonly #connections: ConnectionPool;
  /** The reading that all requests wait for together. */
  #reading: Promise<IntrospectResult> | undefined;
  /** How often the cache was cleared. */
  #clearings = 0;

  /**
   * @param max Number of connections.
   * @param schemaCache Keeps the schema outside of this connection.
   */
  constructor(url: string, max: number, schemaCache?: SchemaCache) {
    // The library's own driver connects at its first use, which never comes.
    super({ url, ...(schemaCache && { schemaCache }) });
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
        const typed = withTypes(client, this.#types, this.#names);
        return joinTransactionSetup(typed, this.#answer) as unknown as PostgresPoolClient;
      },
      end,
    };
  }

  /**
   * Reads the schema once for all requests that wait for it. The library reads it once for each: after a
   * restart of Postgres on a busy machine, requests then ended before their schema was read.
   * @throws {SchemaReadError} where the library takes an unreachable Postgres for one without tables.
   */
  override introspect(options?: { useCache?: boolean }): Promise<IntrospectResult> {
    if (this.introspection !== undefined && options?.useCache === true) {
      return Promise.resolve(this.introspection);
    }
    this.#reading ??= this.#readSchema().finally(() => this.#reading = undefined);
    return this.#reading;
  }

  async #readSchema(): Promise<IntrospectResult> {
    while (true) {
      const clearings = this.#clearings;
      const schema = await super.introspect({ useCache: true });
      // Only the library's answer of a failed reading lacks it.
      if (schema.default_schema === undefined) throw new SchemaReadError();
      // At every request the library searches it for the type of each column, which Postgres has said already.
      for (const view of schema.views) view.sql = "";
      if (clearings === this.#clearings) return schema;
      this.introspection = undefined;
    }
  }

  override async clearSchemaCache(): Promise<void> {
    this.#clearings++;
    this.#types.forget();
    this.#names.forget();
    await super.clearSchemaCache();
  }

  override async close(): Promise<void> {
    await this.#connections.end();
  }
}
