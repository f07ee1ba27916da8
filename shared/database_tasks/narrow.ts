/** The tables that a task's requirements name. */
import { TaskError } from "./task_error.ts";

const NAME = /"[^"]+"(?:\."[^"]+")?|[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)?/g;
const TABLE =
  /\b(?:new )?table\s+((?:"[^"]+"|[A-Za-z_][\w$]*)(?:\.(?:"[^"]+"|[A-Za-z_][\w$]*))?)/gi;

export interface NamedTables {
  /** Tables of the database, or `undefined` if no requirement names one: then all are meant. */
  existing: Set<string> | undefined;
  /** Names behind "new table" in requirements, with their schema. */
  created: { table: string; requirement: string }[];
}

const withSchema = (name: string) => name.includes(".") ? name : `public.${name}`;

/**
 * `new table NAME` names a table to be made, `table NAME` one that must exist, and any other word that is the
 * name of a table names it too.
 * @param tables Qualified names.
 * @throws {TaskError} `unknown_table`, `table_exists`
 */
export function findNamedTables(
  requirements: readonly string[],
  tables: readonly string[],
): NamedTables {
  const known = new Set(tables);
  const existing = new Set<string>();
  const created = new Map<string, string>();
  for (const requirement of requirements) {
    for (const [phrase, name = ""] of requirement.matchAll(TABLE)) {
      const table = withSchema(name);
      if (/^new /i.test(phrase)) {
        if (known.has(table)) throw new TaskError("table_exists", `Table: ${table}.`);
        created.set(table, requirement);
      } else if (!known.has(table)) {
        throw new TaskError("unknown_table", `Table: ${table}.`);
      }
    }
    for (const [word] of requirement.matchAll(NAME)) {
      for (
        const table of word.includes(".") ? [word] : [word, `public.${word}`, `private.${word}`]
      ) {
        if (known.has(table)) existing.add(table);
      }
    }
  }
  return {
    existing: existing.size > 0 ? existing : undefined,
    created: [...created].map(([table, requirement]) => ({ table, requirement })),
  };
}
