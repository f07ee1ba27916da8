/** Subscriptions to the changes of tables. */
// @ts-types="../postgres/pg.d.ts"
import type { Pool } from "pg";
import { type Filter, FilterError, parseFilters, toCondition } from "./filters.ts";
import type { Identity } from "./identity.ts";
import { findPublished, readTable, type Table, tableKey, type TableName } from "./tables.ts";

/** What receives the changes. */
export interface Subscriber {
  readonly identity: Identity;
  /** @param ids The subscriptions' ids. @param data The text of the change. */
  receiveChange(ids: number[], data: string): void;
  /** Ends the subscription's channel; the sentence is for its client. */
  shutDown(message: string): void;
}

export interface Subscription {
  subscriber: Subscriber;
  id: number;
  event: "*" | "INSERT" | "UPDATE" | "DELETE";
  filters: Filter[];
  /** Columns besides the key; undefined means all. */
  select: string[] | undefined;
}

/** The subscription was refused; the sentence is for the subscriber. */
export class SubscriptionError extends Error {
  override name = "SubscriptionError";
}

interface Request extends Pick<Subscription, "event" | "filters" | "select"> {
  schema: string;
  table: string;
}

const NO_PARAMETERS =
  "No subscription params provided. Please provide at least a `schema` or `table` to subscribe to";

function readEvent(event: unknown): Subscription["event"] {
  const name = typeof event === "string" ? event.toUpperCase() : "*";
  return name === "INSERT" || name === "UPDATE" || name === "DELETE" ? name : "*";
}

/** @throws {SubscriptionError} */
function readRequest(params: Record<string, unknown>): Request {
  const { schema, table, filter, select } = params;
  const isText = (value: unknown) => value === undefined || typeof value === "string";
  const hasFilter = filter !== undefined && (schema === undefined || table === undefined);
  if (!isText(schema) || !isText(table) || !isText(filter) || (!schema && !table) || hasFilter) {
    throw new SubscriptionError(NO_PARAMETERS);
  }
  const columns = Array.isArray(select)
    ? select.filter((column): column is string => typeof column === "string")
    : [];
  const request = {
    schema: (schema as string | undefined) ?? "public",
    table: (table as string | undefined) ?? "*",
    event: readEvent(params.event),
    select: columns.length > 0 ? columns : undefined,
  };
  if (request.select && [request.schema, request.table].includes("*")) {
    throw new SubscriptionError("Column selection is not supported for wildcard subscriptions.");
  }
  try {
    return { ...request, filters: parseFilters((filter as string | undefined) ?? "") };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new SubscriptionError(`Error parsing \`filter\` params: ${error.message}`);
  }
}

/** @throws {SubscriptionError} */
async function checkColumns(pool: Pool, table: Table, request: Request, role: string) {
  const readable = table.columns.filter(({ readers }) => readers.includes(role));
  for (const column of request.select ?? []) {
    if (!readable.some(({ name }) => name === column)) {
      throw new SubscriptionError(`invalid column for select ${column}`);
    }
  }
  for (const filter of request.filters) {
    const column = readable.find(({ name }) => name === filter.column);
    if (column === undefined) {
      throw new SubscriptionError(`invalid column for filter ${filter.column}`);
    }
    const isPattern = filter.operator === "match" || filter.operator === "imatch";
    const operand = `cast(${isPattern ? "''" : "null"} as ${column.type})`;
    try {
      await pool.query(`select ${toCondition(filter, operand, column.type, "$1::text")}`, [
        filter.value,
      ]);
    } catch (error) {
      throw new SubscriptionError((error as Error).message);
    }
  }
}

/** The subscriptions of all channels, by table. */
export class Subscriptions {
  readonly #byTable = new Map<string, Set<Subscription>>();
  readonly #pool: Pool;

  /** @param pool Connections that read the catalog. */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** @throws {SubscriptionError} and nothing is subscribed. */
  async add(subscriber: Subscriber, params: Record<string, unknown>[]): Promise<void> {
    const found: [key: string, Subscription][] = [];
    for (const [index, entry] of params.entries()) {
      const request = readRequest(entry);
      const published = await findPublished(this.#pool, request.schema, request.table);
      if (published.length === 0) {
        throw new SubscriptionError(
          "Unable to subscribe to changes with given parameters. Please check Realtime is enabled " +
            `for the given connect parameters: [schema: ${request.schema}, table: ${request.table}]`,
        );
      }
      const { role } = subscriber.identity;
      for (const name of published) {
        const table = await readTable(this.#pool, name, [role]);
        if (table) await checkColumns(this.#pool, table, request, role);
        const { event, filters, select } = request;
        found.push([tableKey(name), { subscriber, id: index + 1, event, filters, select }]);
      }
    }
    for (const [key, subscription] of found) {
      const subscriptions = this.#byTable.get(key) ?? new Set();
      this.#byTable.set(key, subscriptions.add(subscription));
    }
  }

  remove(subscriber: Subscriber): void {
    for (const subscriptions of this.#byTable.values()) {
      for (const subscription of subscriptions) {
        if (subscription.subscriber === subscriber) subscriptions.delete(subscription);
      }
    }
  }

  of(table: TableName): Subscription[] {
    return [...this.#byTable.get(tableKey(table)) ?? []];
  }
}
