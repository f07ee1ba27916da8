/** Rules of Supabase for migrations, checked on parsed statements. */
import { findNodes, joinNames, type Tree } from "../../local/database_tasks/syntax.ts";
import type { Statement } from "./migration_statements.ts";

const PLATFORM = /^(auth|realtime|storage)(\.|$)/;
const WRITES = ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"];

/** The only changes of the platform's schemas that the role of the migrations may make. */
const ALLOWED = [
  "CreateTrigStmt relation auth.users",
  "CreatePolicyStmt table realtime.messages",
  "AlterPolicyStmt table realtime.messages",
  "CreateStmt pktable auth.users",
  "AlterTableStmt pktable auth.users",
  // Auth's default privileges give the role of the migrations all rows of auth, but no change of its tables.
  "DeleteStmt relation auth.users",
  "DeleteStmt relation auth.audit_log_entries",
  "DeleteStmt relation auth.flow_state",
];

interface Named {
  /** Key in the syntax tree, e.g. `pktable`. */
  role: string;
  name: string;
}

/** Every table below `tree`, with the key under which it is named. */
function findTables(tree: unknown, role = ""): Named[] {
  if (typeof tree !== "object" || tree === null) return [];
  const { schemaname, relname } = tree as Tree;
  const own = typeof relname === "string" ? [{ role, name: `${schemaname ?? ""}.${relname}` }] : [];
  return [...own, ...Object.entries(tree).flatMap(([key, value]) => findTables(value, key))];
}

/** Functions, schemas and other objects that a statement makes, changes, drops or grants. */
function findObjects(tree: Tree): Named[] {
  const named = ["funcname", "object", "objects", "func", "schemaname", "defnames", "typeName"];
  return named.flatMap((role) => {
    const value = tree[role];
    if (typeof value === "string") return [{ role, name: value }];
    const list = Array.isArray(value) && role.endsWith("s") ? value : [value];
    return list.map((item) => ({ role, name: joinNames({ item }) }));
  });
}

/** The statement and the updates and deletes in its CTEs. */
function withNested({ kind, tree }: Statement): [kind: string, tree: Tree][] {
  const nested = WRITES.flatMap((name) =>
    findNodes(tree, name).map((found): [string, Tree] => [name, found])
  );
  return [[kind, tree], ...nested];
}

/** UPDATE and DELETE without WHERE: the extension safeupdate refuses them in every call through REST. */
export function findUnfiltered(statements: Statement[]): string[] {
  return statements.flatMap((statement) =>
    withNested(statement)
      .filter(([kind, tree]) => /^(Update|Delete)Stmt$/.test(kind) && !tree.whereClause)
      .map(([kind]) => `${statement.place}: ${kind} without WHERE`)
  );
}

function changesOf(statement: Statement): string[] {
  const { kind, tree } = statement;
  if (kind === "GrantRoleStmt" || kind === "VariableSetStmt") {
    const roles = JSON.stringify(tree).match(/supabase_\w+/g) ?? [];
    return roles.map((role) => `${kind} role ${role}`);
  }
  const writes = withNested(statement).filter(([name]) => WRITES.includes(name));
  const written = writes.flatMap(([name, { relation }]) =>
    findTables({ relation }).map((table) => `${name} ${table.role} ${table.name}`)
  );
  if (kind === "SelectStmt" || WRITES.includes(kind)) return written;
  return [...findTables(tree), ...findObjects(tree)]
    .map(({ role, name }) => `${kind} ${role} ${name}`);
}

/** Changes of auth, realtime, storage and of cron's jobs that Supabase refuses, or that need its own roles. */
export function findPlatformChanges(statements: Statement[]): string[] {
  return statements.flatMap((statement) =>
    changesOf(statement)
      .filter((change) => {
        const name = change.split(" ")[2] ?? "";
        return PLATFORM.test(name) || name === "cron.job" || name.startsWith("supabase_");
      })
      .filter((change) => !ALLOWED.includes(change))
      .map((change) => `${statement.place}: ${change}`)
  );
}
