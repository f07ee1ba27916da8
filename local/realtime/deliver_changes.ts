/** Gives the changes of tables to the subscribers that may see them. */
// @ts-types="../postgres/pg.d.ts"
import type { Pool } from "pg";
import { makePayload, makeRefusal } from "./change_payload.ts";
import type { Filter } from "./filters.ts";
import { findVisible, type ReadRow, readRows } from "./rows.ts";
import type { Subscriber, Subscription, Subscriptions } from "./subscriptions.ts";
import { readTable, type Table, tableKey } from "./tables.ts";
import type { Change } from "./transactions.ts";
import { isTransient } from "./transient.ts";

export interface CommittedChange {
  change: Change;
  committedAt: Date;
}

export interface ChangeSources {
  /** Connections that may read everything. */
  adminPool: Pool;
  /** Connections of the role `authenticator`. */
  userPool: Pool;
  subscriptions: Subscriptions;
}

/** Sends one change to those that may see it. */
export type Delivery = () => void;

const NO_DELIVERY: Delivery = () => {};

/** What each subscriber may see, by their claims: channels of one user are checked once. */
async function findVisibleChanges(
  pool: Pool,
  table: Table,
  changes: Change[],
  subscriptions: Subscription[],
): Promise<Map<Subscriber, Set<Change>>> {
  const subscribers = [...new Set(subscriptions.map(({ subscriber }) => subscriber))];
  const groups = Map.groupBy(subscribers, ({ identity }) => identity.claims);
  const visible = new Map<Subscriber, Set<Change>>();
  await Promise.all([...groups.values()].map(async (group) => {
    const [first] = group;
    if (first === undefined) return;
    let found = new Set<Change>();
    try {
      found = await findVisible(pool, first.identity, table, changes);
    } catch (error) {
      if (isTransient(error)) throw error;
      // This user's policies fail, such as for claims that they cannot read.
      for (const subscriber of group) subscriber.shutDown((error as Error).message);
    }
    for (const subscriber of group) visible.set(subscriber, found);
  }));
  return visible;
}

function passesFilters({ passes }: ReadRow, { filters }: Subscription, all: Filter[]): boolean {
  return filters.every((filter) => passes[all.indexOf(filter)] === true);
}

/** Sends to a subscriber the ids that have the same data together. */
function send(found: Map<Subscriber, Map<string, number[]>>): void {
  for (const [subscriber, byData] of found) {
    for (const [data, ids] of byData) subscriber.receiveChange(ids, data);
  }
}

/** The deliveries of changes of one table. */
async function prepareTable(
  { adminPool, userPool, subscriptions }: ChangeSources,
  list: CommittedChange[],
): Promise<Delivery[]> {
  const changes = list.map(({ change }) => change);
  const [first] = changes;
  const all = first === undefined ? [] : subscriptions.of(first.table);
  if (first === undefined || all.length === 0) return list.map(() => NO_DELIVERY);
  const roles = [...new Set(all.map(({ subscriber }) => subscriber.identity.role))];
  const table = await readTable(adminPool, first.table, roles);
  const keys = table?.columns.filter(({ isKey }) => isKey) ?? [];
  if (table === undefined || keys.length === 0) return list.map(() => NO_DELIVERY);
  const filters = all.flatMap((subscription) => subscription.filters);
  const rows = await readRows(adminPool, table, changes, filters);
  const mayRead = ({ subscriber: { identity } }: Subscription) =>
    keys.every(({ readers }) => readers.includes(identity.role));
  const visible = table.hasRowSecurity
    ? await findVisibleChanges(userPool, table, changes, all.filter(mayRead))
    : new Map<Subscriber, Set<Change>>();

  return list.map(({ change, committedAt }, index) => () => {
    const row = rows[index];
    if (row === undefined) return;
    const found = new Map<Subscriber, Map<string, number[]>>();
    for (const subscription of all) {
      const { subscriber, event, id } = subscription;
      if (event !== "*" && event !== change.type) continue;
      let data;
      if (!mayRead(subscription)) {
        data = makeRefusal(change, "Error 401: Unauthorized");
      } else {
        if (!passesFilters(row, subscription, filters)) continue;
        if (table.hasRowSecurity && !visible.get(subscriber)?.has(change)) continue;
        data = makePayload(change, row, committedAt, table, subscription);
      }
      const byData = found.get(subscriber) ?? new Map<string, number[]>();
      found.set(subscriber, byData.set(data, [...byData.get(data) ?? [], id]));
    }
    send(found);
  });
}

/** The deliveries of the changes, in their order. @throws if the database is unreachable. */
export async function prepareChanges(
  sources: ChangeSources,
  changes: CommittedChange[],
): Promise<Delivery[]> {
  const deliveries = new Map<CommittedChange, Delivery>();
  for (const list of Map.groupBy(changes, ({ change }) => tableKey(change.table)).values()) {
    const prepared = await prepareTable(sources, list);
    list.forEach((change, index) => deliveries.set(change, prepared[index] ?? NO_DELIVERY));
  }
  return changes.map((change) => deliveries.get(change) ?? NO_DELIVERY);
}
