/** Nodes of the syntax tree of Postgres's parser, and what is said of a statement. */

/** A node of the syntax tree. */
export type Tree = { [key: string]: unknown };

export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null;

/** Every node below `tree` with this key, at any depth. */
export function findNodes(tree: unknown, key: string): Tree[] {
  if (!isTree(tree)) return [];
  return Object.entries(tree).flatMap(([name, value]) => [
    ...(name === key && isTree(value) ? [value] : []),
    ...findNodes(value, key),
  ]);
}

/** The names in a list such as `["private", "purge_old_rows"]`, with dots. */
export function joinNames(list: unknown): string {
  return findNodes(list, "String").map((node) => node.sval).join(".");
}

export type Effect = "metadata" | "scan" | "rewrite" | "data";

/** Names of Postgres's table locks, as pg_locks has them; `none` for statements that lock no existing table. */
export type Lock =
  | "none"
  | "RowExclusiveLock"
  | "ShareUpdateExclusiveLock"
  | "ShareLock"
  | "ShareRowExclusiveLock"
  | "ExclusiveLock"
  | "AccessExclusiveLock";

export interface Assessment {
  lock: Lock;
  effect: Effect;
  /** Qualified names of the tables that exist before. */
  tables: string[];
  safe_form: string | null;
}

export const tableName = (relation: unknown): string => {
  const { schemaname = "public", relname = "" } = (relation ?? {}) as Tree;
  return `${schemaname}.${relname}`;
};
