/** The part of node-postgres that is used here. Its published types bring another version of Node's. */
import type { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";

export interface QueryResult<Row> {
  command: string;
  rowCount: number | null;
  rows: Row[];
}

export interface TypeParsers {
  getTypeParser(type: number, format?: string): (text: string) => unknown;
}

export interface ClientConfig {
  connectionString?: string;
  /** Options of the session's start, as psql has them. */
  options?: string;
  /** Sends a statement without waiting for those before it. @default {false} */
  pipeline?: boolean;
  types?: TypeParsers;
  /** Connects as a standby that decodes the changes of the one database. */
  replication?: "database";
}

export interface PoolConfig extends ClientConfig {
  max?: number;
  /** 0 for never. */
  idleTimeoutMillis?: number;
}

/** The wire protocol; see pg/lib/query.js. */
export interface Wire {
  stream: { destroy(): void; pause(): void; resume(): void; cork(): void; uncork(): void };
  parse(message: { text: string }): void;
  describe(message: { type: "S" | "P" }): void;
  sync(): void;
  sendCopyFromChunk(chunk: Buffer): void;
  on(event: "copyData", receive: (message: { chunk: Buffer }) => void): void;
  once(
    event: "parameterDescription",
    receive: (message: { dataTypeIDs: number[] }) => void,
  ): void;
}

export class Query {
  constructor(
    config: { text: string; queryMode?: "extended" },
    values: undefined,
    callback: (error: Error | null) => void,
  );
  text: string;
  /** Sends the statement in the extended protocol. */
  prepare(wire: Wire): void;
}

export interface QueryConfig {
  /** Name of a statement whose plan the session keeps. */
  name?: string;
  text: string;
  values?: readonly unknown[];
}

export class Client extends EventEmitter {
  constructor(config: string | ClientConfig);
  connection: Wire;
  connect(): Promise<Client>;
  // deno-lint-ignore no-explicit-any
  query<Row = any>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
  query(query: Query): void;
  // deno-lint-ignore no-explicit-any
  query<Row = any>(query: QueryConfig): Promise<QueryResult<Row>>;
  end(): Promise<void>;
}

export interface PoolClient extends Client {
  /** @param failed Whether the connection is to be closed, in place of used again. */
  release(failed?: boolean): void;
}

export class Pool extends EventEmitter {
  constructor(config: PoolConfig);
  connect(): Promise<PoolClient>;
  // deno-lint-ignore no-explicit-any
  query<Row = any>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
  end(): Promise<void>;
}

/** A literal for a statement that takes no parameters. */
export function escapeLiteral(text: string): string;

export const types: {
  /** Type numbers by name. */
  builtins: Record<string, number>;
  arrayParser: {
    create(text: string, parse: (text: string) => unknown): { parse(): unknown[] };
  };
};
