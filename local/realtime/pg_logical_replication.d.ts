/** The part of pg-logical-replication that is used here. Its published types need those of `pg`. */

export interface Column {
  name: string;
  typeOid: number;
  /** Makes a value of a column's text. */
  parser: (text: string) => unknown;
}

export interface Relation {
  tag: "relation";
  schema: string;
  name: string;
  columns: Column[];
  /** Columns of the replica identity: the primary key, unless a table sets another. */
  keyColumns: string[];
}

type Tuple = Record<string, unknown>;

export type Message =
  | Relation
  | { tag: "begin"; commitLsn: string; commitTime: bigint }
  | { tag: "commit"; commitLsn: string; commitEndLsn: string; commitTime: bigint }
  | { tag: "insert"; relation: Relation; new: Tuple }
  | { tag: "update"; relation: Relation; key: Tuple | null; old: Tuple | null; new: Tuple }
  | { tag: "delete"; relation: Relation; key: Tuple | null; old: Tuple | null }
  | { tag: "origin" | "type" | "truncate" | "message" };

export class PgoutputPlugin {
  constructor(options: { protoVersion: 1; publicationNames: string[] });
  parse(message: Uint8Array): Message;
}
