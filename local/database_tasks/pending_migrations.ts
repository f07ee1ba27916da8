/** The pending migrations of a database, with what each statement locks, reads and writes. */
import { loadModule, parseSync } from "libpg-query";
import type { MigrationFiles } from "../../shared/database_tasks/schemas.ts";
import { TaskError } from "../../shared/database_tasks/task_error.ts";
import { EditedMigrationsError, missingMigrations } from "../supabase/migration_files.ts";
import { assessStatement } from "./assess_statement.ts";
import { tableName, type Tree } from "./syntax.ts";

const MIGRATIONS = new URL("../../supabase/migrations/", import.meta.url);

/** Longer statements, such as functions, are cut in the answer. */
const MAX_SQL = 300;

type Pending = NonNullable<MigrationFiles["pending"]>;
type Statement = Pending[number]["statements"][number];

interface RawStatement {
  stmt?: Tree;
  stmt_location?: number;
  stmt_len?: number;
}

/** The statements of a file as they stand, with their syntax trees. */
export function splitStatements(sql: string): { kind: string; tree: Tree; text: string }[] {
  const bytes = new TextEncoder().encode(sql);
  return ((parseSync(sql) as { stmts?: RawStatement[] }).stmts ?? [])
    .map(({ stmt = {}, stmt_location: start = 0, stmt_len }) => {
      const [kind = "", tree] = Object.entries(stmt)[0] ?? [];
      const end = stmt_len ? start + stmt_len : bytes.length;
      const text = new TextDecoder().decode(bytes.slice(start, end)).trim();
      return { kind, tree: (tree ?? {}) as Tree, text };
    });
}

/** Comments before a statement belong to the file. */
export const withoutLeadingComments = (sql: string) =>
  sql.replace(/^(?:--[^\n]*\n|\/\*[^]*?\*\/|\s)+/, "");

const cut = (sql: string) => sql.length > MAX_SQL ? `${sql.slice(0, MAX_SQL)} ...` : sql;

/** Tables that the statement makes. */
function createdBy(kind: string, tree: Tree): string[] {
  if (kind === "CreateStmt") return [tableName(tree.relation)];
  if (kind === "CreateTableAsStmt") return [tableName((tree.into as Tree)?.rel)];
  return [];
}

/** @param created Tables that earlier statements made: nothing else can use them yet. */
export function assessFile(sql: string, created: Set<string>): Statement[] {
  return splitStatements(sql).map(({ kind, tree, text }) => {
    const { lock, effect, tables, safe_form } = assessStatement(kind, tree);
    createdBy(kind, tree).forEach((table) => created.add(table));
    const existing = tables.filter((table) => !created.has(table));
    const shown = cut(withoutLeadingComments(text));
    if (tables.length > 0 && existing.length === 0) {
      return { sql: shown, lock: "none", effect: "metadata", tables: [], safe_form: null };
    }
    return { sql: shown, lock, effect, tables: existing, safe_form };
  });
}

/** @throws {TaskError} `edited_migrations` */
export async function readPending(databaseUrl: string): Promise<Pending> {
  const files = await missingMigrations(databaseUrl).catch((error) => {
    if (!(error instanceof EditedMigrationsError)) throw error;
    throw new TaskError("edited_migrations", error.message, { cause: error });
  });
  await loadModule();
  const created = new Set<string>();
  const pending: Pending = [];
  for (const file of files) {
    const sql = await Deno.readTextFile(new URL(file, MIGRATIONS));
    pending.push({ file, statements: assessFile(sql, created) });
  }
  return pending;
}
