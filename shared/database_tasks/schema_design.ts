/** `schema_design`: the live schema as SQL, and the migration that another schema needs to become it. */
import type { Answer } from "./answer.ts";
import type { CatalogObjects } from "./catalog.ts";
import { compareSchemas, toDefinition } from "./compare_schemas.ts";
import type { NamedTables } from "./narrow.ts";
import { orderObjects } from "./order.ts";
import type { DatabaseTask, SchemaDefinition } from "./schemas.ts";

/** Bodies of functions may name tables that follow. */
const HEADER = "set check_function_bodies = off;\nset search_path = '';\n";

/** The objects of the named tables; without names, all. */
function narrowDefinition(definition: SchemaDefinition, tables?: Set<string>): SchemaDefinition {
  if (tables === undefined) return definition;
  return {
    objects: definition.objects.filter(({ table }) => table !== null && tables.has(table)),
    columns: Object.fromEntries(
      Object.entries(definition.columns).filter(([table]) => tables.has(table)),
    ),
  };
}

const CHECKLIST = [
  "Take a backup, and try the SQL on a copy of the data first.",
  "Read every drop: it deletes rows that only a backup brings back.",
  "Set lock_timeout before statements on tables that are in use.",
  "Put the SQL into a new migration; applied migrations never change.",
  "Ask the migrated database with the definition of this answer as existing_schema: no change may be left.",
];

export function designSchema(
  task: DatabaseTask,
  catalog: CatalogObjects,
  { existing }: NamedTables,
): Answer {
  const { ordered, circular } = orderObjects(catalog.objects);
  const definition = narrowDefinition(toDefinition(ordered, catalog.columns), existing);
  const sql = HEADER + definition.objects.map((object) => object.sql).join("\n\n") + "\n";
  const before = task.context.existing_schema;
  const migration = before && compareSchemas(narrowDefinition(before, existing), definition);
  if (migration?.changes.length) migration.sql = HEADER + migration.sql;
  const destructive =
    migration?.changes.filter(({ action, kind }) =>
      action === "drop" && ["table", "column", "type", "sequence"].includes(kind)
    ) ?? [];
  return {
    deliverable: { type: "schema", sql, definition, ...(migration && { migration }) },
    notes: [
      "The SQL is for an empty database with the roles of the privileges, and with Supabase's own schemas where policies and triggers use them.",
      ...(existing
        ? ["Only the named tables: types and functions that they use are not part of the SQL."]
        : []),
      ...circular.map((name) =>
        `${name} is part of a circle of dependencies: its place may be wrong.`
      ),
      ...catalog.unsupported.map((name) => `${name} is not part of the SQL.`),
      ...destructive.map(({ kind, name }) =>
        `The migration drops the ${kind} ${name} with its rows.`
      ),
    ],
    checklist: migration ? CHECKLIST : [
      "Create the roles of the privileges, and the extensions, first.",
      "Run the SQL in one transaction on an empty database.",
      "Run schema_design there: its SQL must be the same.",
    ],
  };
}
