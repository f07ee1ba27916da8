/** Comments of the database in the generated types: an editor shows them. */
import { withConnection } from "../postgres/connection.ts";

/** By name: `orders`, `orders.total_amount`, `get_usage()`. */
export type Comments = ReadonlyMap<string, string>;

/** Comments of the tables, columns and functions of the schema `public`. */
export async function readComments(databaseUrl: string): Promise<Comments> {
  return await withConnection(databaseUrl, async (sql) => {
    const rows = await sql<{ name: string; description: string }[]>`
      select class.relname || coalesce('.' || attribute.attname, '') as name, description
      from pg_description
      join pg_class as class on class.oid = objoid and classoid = 'pg_class'::regclass
      left join pg_attribute as attribute
        on attribute.attrelid = class.oid and attribute.attnum = objsubid and objsubid > 0
      where class.relnamespace = 'public'::regnamespace
      union all
      select proname || '()', description
      from pg_description
      join pg_proc on pg_proc.oid = objoid and classoid = 'pg_proc'::regclass
      where pronamespace = 'public'::regnamespace`;
    return new Map(rows.map(({ name, description }) => [name, description]));
  });
}

/** Lines of the formatted types, by what they open or declare; the indent says which. */
const SECTION = /^ {4}(\w+): \{/;
const OBJECT = /^ {6}"(\w+)": /;
const PART = /^ {8}(\w+): /;
const COLUMN = /^ {10}"(\w+)"\??: /;

/** @param types As `supabase gen types` writes them, formatted. */
export function addComments(types: string, comments: Comments): string {
  let [section, object, part] = ["", "", ""];
  const nameOf = (line: string): string | undefined => {
    section = SECTION.exec(line)?.[1] ?? section;
    part = PART.exec(line)?.[1] ?? part;
    const [, opened] = OBJECT.exec(line) ?? [];
    object = opened ?? object;
    if (section === "Functions") return opened && `${opened}()`;
    if (section !== "Tables" || opened !== undefined) return opened;
    const [, column] = COLUMN.exec(line) ?? [];
    return part === "Row" && column !== undefined ? `${object}.${column}` : undefined;
  };
  return types.split("\n").flatMap((line) => {
    const comment = comments.get(nameOf(line) ?? "");
    if (comment === undefined) return [line];
    const [indent] = /^ */.exec(line) ?? [""];
    const text = comment.replace(/\s+/g, " ").replaceAll("*/", "*\\/");
    return [`${indent}/** ${text} */`, line];
  }).join("\n");
}
