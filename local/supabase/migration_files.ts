/** The migrations of the repository, compared with those that a database has applied. */
import { withConnection } from "../postgres/connection.ts";

const MIGRATIONS = new URL("../../supabase/migrations/", import.meta.url);

/** Files that were changed after a database had applied them; the message names them and the way out. */
export class EditedMigrationsError extends Error {
  override name = "EditedMigrationsError";

  constructor(names: string[]) {
    super(
      "Edited after this database had applied them, so it lacks the changes: " +
        `${
          names.join(", ")
        }. Put the changes into a new migration (npx -y deno@2.9.5 task migration:new NAME), or, if no ` +
        "deployed database has these files, make the local data again: " +
        "npx -y deno@2.9.5 task reset deletes it; " +
        "npx -y deno@2.9.5 task migration:reset empties another database.",
    );
  }
}

/** Files that a database has applied, and that do not exist; the message names their versions and the way out. */
export class DeletedMigrationsError extends Error {
  override name = "DeletedMigrationsError";
  readonly versions: string[];

  /** @param reset Command line that deletes the database, where its data is the local stack's own. */
  constructor(versions: string[], reset?: string) {
    super(
      `This database has applied migrations that supabase/migrations lacks: ${
        versions.join(", ")
      }. ` +
        "Put the files back, for instance from git, or use a commit that has them" +
        (reset === undefined ? "." : `, or delete the local data: ${reset}`),
    );
    this.versions = versions;
  }
}

/** Makes an empty file, named as `supabase migration new` does. Returns its path in the repository. */
export async function createMigration(purpose: string, now: Date): Promise<string> {
  const [version = ""] = now.toISOString().replaceAll(/\D/g, "").match(/^\d{14}/) ?? [];
  const name = `${version}_${purpose}.sql`;
  await Deno.writeTextFile(new URL(name, MIGRATIONS), "", { createNew: true });
  return `supabase/migrations/${name}`;
}

/** File names, in the order in which they are applied. */
async function listFiles(): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(MIGRATIONS), (entry) => entry.name);
  return names.filter((name) => name.endsWith(".sql")).sort();
}

/** The statements of each applied version, as `supabase db push` has stored them. */
async function readApplied(url: string): Promise<Map<string, string[] | null>> {
  return await withConnection(url, async (sql) => {
    const [table] = await sql`select to_regclass('supabase_migrations.schema_migrations') as name`;
    if (table?.name === null) return new Map();
    const rows = await sql<{ version: string; statements: string[] | null }[]>`
      select version, statements from supabase_migrations.schema_migrations`;
    return new Map(rows.map(({ version, statements }) => [version, statements]));
  });
}

/** Texts of every kind, which stay, and what separates statements: comments, spaces, semicolons. */
const PARTS =
  /(\$(?:[A-Za-z_]\w*)?\$)[^]*?\1|'(?:[^']|'')*'|"[^"]*"|(?:--[^\n]*|\/\*[^]*?\*\/|[\s;])+/g;

/** The SQL without comments between its words, and with one space where statements and lines end. */
function withoutComments(sql: string): string {
  return sql.replaceAll(PARTS, (part) => /^[$'"]/.test(part) ? part : " ").trim();
}

/** Whether a file still has the statements that a database has applied. */
export function isSameMigration(file: string, statements: string[]): boolean {
  return withoutComments(file) === withoutComments(statements.join(";\n"));
}

/**
 * File names of the migrations that a database lacks, in their order.
 * @throws {EditedMigrationsError}
 * @throws {DeletedMigrationsError}
 */
export async function missingMigrations(databaseUrl: string): Promise<string[]> {
  const [names, applied] = await Promise.all([listFiles(), readApplied(databaseUrl)]);
  const statementsOf = (name: string) => applied.get(name.split("_")[0] ?? name);
  const isEdited = async (name: string) => {
    const statements = statementsOf(name);
    // A version that was only marked as applied has no statements.
    if (!statements) return false;
    return !isSameMigration(await Deno.readTextFile(new URL(name, MIGRATIONS)), statements);
  };
  const versions = new Set(names.map((name) => name.split("_")[0]));
  const deleted = [...applied.keys()].filter((version) => !versions.has(version));
  if (deleted.length > 0) throw new DeletedMigrationsError(deleted.sort());
  const edited = (await Promise.all(names.map(isEdited))).flatMap((is, n) => is ? [names[n]] : []);
  if (edited.length > 0) throw new EditedMigrationsError(edited as string[]);
  return names.filter((name) => statementsOf(name) === undefined);
}
