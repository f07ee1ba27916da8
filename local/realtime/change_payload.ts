/** The `data` of a `postgres_changes` message, as Realtime writes it. */
import type { ReadRow } from "./rows.ts";
import type { Subscription } from "./subscriptions.ts";
import type { Column, Table } from "./tables.ts";
import type { Change } from "./transactions.ts";

/** Bytes of a row above which only short values are sent. */
const MAX_BYTES = 1024 * 1024;
const SHORT_BYTES = 64;

const byteLength = (text: string) => new TextEncoder().encode(text).length;

function makeHead({ table, type }: Change): string {
  const head = { schema: table.schema, table: table.name, type };
  return JSON.stringify(head).slice(0, -1);
}

/** The payload of a change whose row the role has no right to select. */
export function makeRefusal(change: Change, error: string): string {
  return `${makeHead(change)},"errors":${JSON.stringify([error])}}`;
}

function toObject(columns: Column[], values: Record<string, string>): string {
  const parts = columns.map(({ name }) => `${JSON.stringify(name)}:${values[name] ?? "null"}`);
  return `{${parts.join(",")}}`;
}

const NUMBERS = ["int2", "int4", "int8", "numeric"];

function toKeyObject(keys: Column[], { key }: Change): string {
  const values = keys.map(({ name, typeName }) => {
    const text = key[name] ?? "";
    return [name, NUMBERS.includes(typeName) ? text : JSON.stringify(text)];
  });
  return toObject(keys, Object.fromEntries(values));
}

/** The columns that this subscription's role may see and that it wants. */
function chooseColumns({ columns }: Table, { select, subscriber }: Subscription): Column[] {
  return columns.filter(({ name, isKey, readers }) =>
    readers.includes(subscriber.identity.role) &&
    (select === undefined || isKey || select.includes(name))
  );
}

export function makePayload(
  change: Change,
  { values }: ReadRow,
  committedAt: Date,
  table: Table,
  subscription: Subscription,
): string {
  const columns = chooseColumns(table, subscription);
  const isLarge =
    Object.values(values).reduce((sum, text) => sum + byteLength(text), 0) > MAX_BYTES;
  const sent = isLarge
    ? columns.filter(({ name }) => byteLength(values[name] ?? "") <= SHORT_BYTES)
    : columns;
  const keys = columns.filter(({ isKey }) => isKey);
  const described = columns.map(({ name, typeName }) => ({ name, type: typeName }));
  const parts = [
    makeHead(change),
    `"commit_timestamp":${JSON.stringify(committedAt.toISOString())}`,
    `"columns":${JSON.stringify(described)}`,
    `"record":${toObject(sent, values)}`,
  ];
  if (change.type === "UPDATE") {
    parts.push(`"old_record":${keys.length === 0 ? "null" : toKeyObject(keys, change)}`);
  }
  const errors = isLarge ? '["Error 413: Payload Too Large"]' : "null";
  return `${parts.join(",")},"errors":${errors}}`;
}
