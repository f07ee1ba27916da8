/** The lock of a migration's statement, what it reads or writes, and its safe form: by Postgres's parser. */
import {
  type Assessment,
  type Effect,
  joinNames,
  type Lock,
  tableName,
  type Tree,
} from "./syntax.ts";
import { assessTableChange } from "./assess_table_change.ts";

const harmless = (tables: string[] = []): Assessment => ({
  lock: "none",
  effect: "metadata",
  tables,
  safe_form: null,
});

const BATCHES =
  "Change rows in batches by primary key, each in a transaction of its own, outside of the migration.";

function assessIndex({ relation, concurrent }: Tree): Assessment {
  const tables = [tableName(relation)];
  if (concurrent) {
    return { lock: "ShareUpdateExclusiveLock", effect: "scan", tables, safe_form: null };
  }
  const safe_form =
    "create index concurrently, alone in its migration: it runs outside of a transaction.";
  return { lock: "ShareLock", effect: "scan", tables, safe_form };
}

const DROPPED_RELATIONS = ["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SEQUENCE"];

function assessDrop({ removeType, concurrent, objects }: Tree): Assessment {
  const names = (Array.isArray(objects) ? objects : []).map((object) => joinNames(object));
  if (removeType === "OBJECT_INDEX") {
    return concurrent
      ? { lock: "ShareUpdateExclusiveLock", effect: "metadata", tables: [], safe_form: null }
      : {
        lock: "AccessExclusiveLock",
        effect: "metadata",
        tables: [],
        safe_form: "drop index concurrently, alone in its migration.",
      };
  }
  if (["OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"].includes(String(removeType))) {
    const tables = names.map((name) => name.split(".").slice(0, -1).join("."));
    return { lock: "AccessExclusiveLock", effect: "metadata", tables, safe_form: null };
  }
  if (!DROPPED_RELATIONS.includes(String(removeType))) return harmless();
  const safe_form = "Stop using it in one release, take a backup, and drop it in the next.";
  return { lock: "AccessExclusiveLock", effect: "metadata", tables: names, safe_form };
}

const changesRows = ({ relation }: Tree): Assessment => ({
  lock: "RowExclusiveLock",
  effect: "data",
  tables: [tableName(relation)],
  safe_form: BATCHES,
});

const locksTable = (lock: Lock, effect: Effect = "metadata", safe_form: string | null = null) =>
(
  { relation, table }: Tree,
): Assessment => ({ lock, effect, tables: [tableName(relation ?? table)], safe_form });

const KINDS: Record<string, (tree: Tree) => Assessment> = {
  AlterTableStmt: assessTableChange,
  IndexStmt: assessIndex,
  DropStmt: assessDrop,
  UpdateStmt: changesRows,
  DeleteStmt: changesRows,
  InsertStmt: (tree) => ({ ...changesRows(tree), safe_form: null }),
  RenameStmt: locksTable(
    "AccessExclusiveLock",
    "metadata",
    "Add the new name next to the old one, and remove the old one in a later release.",
  ),
  CreateTrigStmt: locksTable("ShareRowExclusiveLock"),
  CreatePolicyStmt: locksTable("AccessExclusiveLock"),
  AlterPolicyStmt: locksTable("AccessExclusiveLock"),
  RefreshMatViewStmt: (tree) =>
    tree.concurrent ? locksTable("ExclusiveLock", "rewrite")(tree) : locksTable(
      "AccessExclusiveLock",
      "rewrite",
      "refresh materialized view concurrently, which needs a unique index.",
    )(tree),
  TruncateStmt: ({ relations }) => ({
    lock: "AccessExclusiveLock",
    effect: "data",
    tables: (Array.isArray(relations) ? relations : []).map((item) =>
      tableName((item as Tree).RangeVar)
    ),
    safe_form: "Take a backup first: the rows are gone.",
  }),
  DoStmt: () => ({
    ...harmless(),
    effect: "data",
    safe_form: "A block's statements decide: write them one by one where it is possible.",
  }),
};

/** @param kind Name of the node, e.g. `AlterTableStmt`. */
export function assessStatement(kind: string, tree: Tree): Assessment {
  return KINDS[kind]?.(tree) ?? harmless();
}
