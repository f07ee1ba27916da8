/** Every SQL statement of the migrations, those inside function bodies and texts too, parsed by Postgres's parser. */
import { loadModule, parsePlPgSQLSync, parseSync } from "libpg-query";
import { findNodes, isTree, joinNames, type Tree } from "../../local/database_tasks/syntax.ts";
import { createOnFirstUse } from "../../shared/values/create_on_first_use.ts";

const MIGRATIONS = new URL("../../supabase/migrations/", import.meta.url);

interface RawStatement {
  stmt?: unknown;
  stmt_location?: number;
  stmt_len?: number;
}

export interface Statement {
  /** e.g. `20261123000900_operations.sql: private.purge_old_rows` */
  place: string;
  /** e.g. `DeleteStmt` */
  kind: string;
  tree: Tree;
  /** Whether it runs when the migration is applied, outside of any body. */
  isTopLevel: boolean;
}

/** A body's expression: Postgres parses `x := a` and `a` as the end of a SELECT. */
function expressionSql(query: string, parseMode: number): string {
  if (parseMode === 0) return query;
  if (parseMode === 2) return `select ${query}`;
  return `select ${query.replace(/^[^=]*?:?=/, "")}`;
}

/** SQL that is executed as text: its placeholders become names and values. */
function textSql(text: string): string {
  return text.replace(/%\d*\$?I/g, "name").replace(/%\d*\$?L/g, "'x'")
    .replace(/\bfrom %\d*\$?s/g, "from name").replace(/%\d*\$?s/g, "true");
}

/** The texts in a parsed statement. */
function readTexts(tree: unknown): string[] {
  return findNodes(tree, "A_Const").flatMap(({ sval }) => isTree(sval) ? [String(sval.sval)] : []);
}

/** The statements that take SQL as text. */
const EXECUTES = ["PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors", "PLpgSQL_stmt_open"];

function parse(place: string, sql: string): RawStatement[] {
  try {
    return parseSync(sql).stmts ?? [];
  } catch (cause) {
    throw new Error(`${place}: ${(cause as Error).message}: ${sql.slice(0, 200)}`, { cause });
  }
}

class Collector {
  readonly statements: Statement[] = [];

  addSql(place: string, sql: string, isTopLevel: boolean): void {
    const bytes = new TextEncoder().encode(sql);
    for (const { stmt, stmt_location: start = 0, stmt_len: length } of parse(place, sql)) {
      const [kind, tree] = Object.entries(stmt as Tree)[0] as [string, Tree];
      this.statements.push({ place, kind, tree, isTopLevel });
      const end = length ? start + length : bytes.length;
      this.#addBodies(place, kind, tree, new TextDecoder().decode(bytes.slice(start, end)));
      for (const call of findNodes(tree, "FuncCall")) {
        // The command of a job is the last argument.
        const texts = joinNames(call.funcname) === "cron.schedule" ? readTexts(call) : [];
        for (const text of texts.slice(-1)) this.addSql(`${place}: job`, text, false);
      }
    }
  }

  #addBodies(place: string, kind: string, tree: Tree, source: string): void {
    if (kind !== "CreateFunctionStmt" && kind !== "DoStmt") return;
    const options = findNodes(kind === "DoStmt" ? tree.args : tree.options, "DefElem");
    const option = (name: string) => options.find((node) => node.defname === name)?.arg;
    const body = findNodes(option("as"), "String")[0]?.sval ?? joinNames({ list: option("as") });
    if (kind === "DoStmt") {
      const block = `create function block() returns void language plpgsql as $body$${body}$body$`;
      return this.#addPlpgsql(`${place}: do`, block);
    }
    const name = `${place}: ${joinNames(tree.funcname)}`;
    if (joinNames({ list: option("language") }) === "sql") this.addSql(name, String(body), false);
    else this.#addPlpgsql(name, source);
  }

  #addPlpgsql(place: string, source: string): void {
    const body = parsePlPgSQLSync(source);
    for (const { query, parseMode } of findNodes(body, "PLpgSQL_expr")) {
      this.addSql(place, expressionSql(String(query), Number(parseMode)), false);
    }
    for (const statement of EXECUTES.flatMap((kind) => findNodes(body, kind))) {
      const { query } = findNodes(statement.query ?? statement.dynquery, "PLpgSQL_expr")[0] ?? {};
      if (query === undefined) continue;
      const text = readTexts(parse(place, `select ${query}`))[0];
      if (text === undefined) throw new Error(`${place}: execute ${query} has no readable text`);
      this.addSql(`${place}: execute`, textSql(text), false);
    }
  }
}

/** The statements of one migration. @throws {Error} if a statement, body or text is not SQL. */
export async function parseMigration(name: string, sql: string): Promise<Statement[]> {
  await loadModule();
  const collector = new Collector();
  collector.addSql(name, sql, true);
  return collector.statements;
}

/** The statements of all migrations, in their order: parsed once in a process. */
export const readStatements = createOnFirstUse(async () => {
  const entries = await Array.fromAsync(Deno.readDir(MIGRATIONS), (entry) => entry.name);
  const names = entries.filter((name) => name.endsWith(".sql")).sort();
  const parsed = names.map(async (name) =>
    await parseMigration(name, await Deno.readTextFile(new URL(name, MIGRATIONS)))
  );
  return (await Promise.all(parsed)).flat();
});
