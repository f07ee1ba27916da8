/** The catalog of any database: the functions of the migrations as temporary ones, in a read-only transaction. */
import { loadModule } from "libpg-query";
import type postgres from "postgres";
import { type Catalog, createCatalog } from "../../shared/database_tasks/catalog.ts";
import { splitStatements } from "./pending_migrations.ts";

const MIGRATIONS = new URL("../../supabase/migrations/", import.meta.url);

/** Files whose functions read only the catalog and each other. */
const FILES = [
  "20261123000950_catalog_schema.sql",
  "20261123000951_catalog_parts.sql",
  "20261123000952_catalog_objects.sql",
  "20261123000953_catalog_figures.sql",
];

const functionsOf = (sql: string) =>
  splitStatements(sql).filter(({ kind }) => kind === "CreateFunctionStmt").map(({ text }) => text);

/** The functions in the session's temporary schema: the database needs no migration, and keeps nothing. */
async function readFunctions(): Promise<string> {
  await loadModule();
  const files = await Promise.all(
    FILES.map((file) => Deno.readTextFile(new URL(file, MIGRATIONS))),
  );
  return files.flatMap(functionsOf).join(";\n").replaceAll("private.catalog_", "pg_temp.catalog_");
}

/** @param sql A connection of its own: the temporary functions live as long as it does. */
export async function shellCatalog(sql: postgres.Sql, timeout = "8s"): Promise<Catalog> {
  await sql.unsafe(await readFunctions()).simple();
  return createCatalog((part) =>
    sql.begin("read only", async (transaction) => {
      await transaction`select set_config('statement_timeout', ${timeout}, true)`;
      const [row] = await transaction.unsafe<{ answer: unknown }[]>(
        `select pg_temp.catalog_${part}() as answer`,
      );
      return row?.answer;
    })
  );
}
