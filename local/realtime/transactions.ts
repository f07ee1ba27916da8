/** The transactions that Postgres streams, put together from pgoutput's messages. */
// @ts-types="./pg_logical_replication.d.ts"
import { type Column, type Message, PgoutputPlugin } from "pg-logical-replication";
import type { TableName } from "./tables.ts";

/** Texts as Postgres writes them. A column whose stored value did not change may be missing. */
export type Row = Record<string, string | null | undefined>;

export interface Change {
  table: TableName;
  type: "INSERT" | "UPDATE";
  /** The new row. */
  row: Row;
  /** The primary key before the change. */
  key: Row;
}

export interface Transaction {
  /** Where the log goes on after it. */
  end: bigint;
  committedAt: Date;
  changes: Change[];
}

/** `16/B374D848` as one number. */
export function parsePosition(text: string): bigint {
  const [high = "", low = ""] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

function pick(row: Row, columns: string[]): Row {
  return Object.fromEntries(columns.map((column) => [column, row[column]]));
}

const keepText = (column: Column) => void (column.parser = (text) => text);

/** Reads one stream, from its beginning. */
export class TransactionReader {
  readonly #plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [] });
  readonly #isWanted: (change: Change) => boolean;
  #changes: Change[] | undefined;

  /** @param isWanted Changes that nothing listens to need not be kept. */
  constructor(isWanted: (change: Change) => boolean) {
    this.#isWanted = isWanted;
  }

  /** Whether a transaction has begun that is not whole yet. */
  get isInside(): boolean {
    return this.#changes !== undefined;
  }

  /** Returns the transaction that ends with this message. */
  read(bytes: Uint8Array): Transaction | undefined {
    const message = this.#plugin.parse(bytes);
    // The parsed values would lose digits of numbers and times.
    if (message.tag === "relation") message.columns.forEach(keepText);
    if (message.tag === "begin") this.#changes = [];
    const change = toChange(message);
    if (change && this.#isWanted(change)) this.#changes?.push(change);
    if (message.tag !== "commit") return undefined;
    const changes = this.#changes ?? [];
    this.#changes = undefined;
    return {
      end: parsePosition(message.commitEndLsn),
      committedAt: new Date(Number(message.commitTime / 1000n)),
      changes,
    };
  }
}

function toChange(message: Message): Change | undefined {
  // Our publication has no deletions.
  if (message.tag !== "insert" && message.tag !== "update") return undefined;
  const { schema, name, keyColumns } = message.relation;
  const table = { schema, name };
  const row = message.new as Row;
  const before = message.tag === "update" ? message.key ?? message.old ?? row : row;
  const type = message.tag === "update" ? "UPDATE" : "INSERT";
  return { table, type, row, key: pick(before as Row, keyColumns) };
}
