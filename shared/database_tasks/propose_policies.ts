/** The policies that the rules of this repository ask for on a new table. */
import type { CatalogObjects } from "./catalog.ts";

const COLUMN = /\bcolumn\s+([A-Za-z_]\w*)/i;
const PARENT = /\b(?:of|belongs to|through)\s+(?:table\s+)?((?:[A-Za-z_]\w*\.)?[A-Za-z_]\w*)/gi;

/** The table that a requirement says the new one belongs to, if it has an owner's column. */
function findParent(requirement: string, { columns }: CatalogObjects): string | undefined {
  for (const [, name = ""] of requirement.matchAll(PARENT)) {
    const table = name.includes(".") ? name : `public.${name}`;
    if (columns[table]?.some((column) => column.name === "user_id")) return table;
  }
  return undefined;
}

/**
 * Row level security, a policy for the owner's `select`, and the grants. Sellers only read: rows are written by
 * the backend. @param requirement e.g. `new table public.notes`, `new table notes of orders, column order_id`.
 */
export function proposePolicies(
  table: string,
  requirement: string,
  objects: CatalogObjects,
): string {
  if (table.startsWith("private.")) {
    return [
      `alter table ${table} enable row level security;`,
      `grant select, insert, update, delete on ${table} to service_role;`,
    ].join("\n");
  }
  const parent = findParent(requirement, objects);
  const [, named] = COLUMN.exec(requirement) ?? [];
  const short = parent?.split(".").at(-1)?.replace(/s$/, "");
  const column = named ?? (parent ? `${short}_id` : "user_id");
  const name = table.split(".").at(-1)?.replaceAll('"', "");
  const isOwn = parent
    ? `exists (
    select from ${parent} as parent
    where parent.id = ${name}.${column} and parent.user_id = (select auth.uid())
  )`
    : `${column} = (select auth.uid())`;
  return [
    `alter table ${table} enable row level security;`,
    `create policy "Users can view own ${name}" on ${table}
  for select to authenticated using (${isOwn});`,
    `create index ${name}_${column}_idx on ${table} (${column});`,
    `grant select on ${table} to authenticated;`,
    `grant select, insert, update, delete on ${table} to service_role;`,
  ].join("\n");
}
