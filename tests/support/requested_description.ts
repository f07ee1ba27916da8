/** What the description of this backend asks for, object by object, and what a database has of it. */
import { loadModule, parseSync } from "libpg-query";
import type postgres from "postgres";
import { findNodes, joinNames, type Tree } from "../../local/database_tasks/syntax.ts";

const DESCRIPTION = new URL("../fixtures/requested_description.txt", import.meta.url);

export interface RequestedStatement {
  sql: string;
  /** What the statement names, e.g. `column users.email`. */
  objects: string[];
}

function relationOf(node: unknown): string {
  return String((node as Tree).relname);
}

/** A statement of the description with the objects that it names. @throws {Error} if its kind is unknown. */
function objectsOf(kind: string, tree: Tree): string[] {
  switch (kind) {
    case "CreateStmt": {
      const table = relationOf(tree.relation);
      const columns = findNodes(tree.tableElts, "ColumnDef");
      return [`table ${table}`, ...columns.map(({ colname }) => `column ${table}.${colname}`)];
    }
    case "AlterTableStmt": {
      const table = relationOf(tree.relation);
      return findNodes(tree.cmds, "AlterTableCmd").map((command) => {
        if (command.subtype === "AT_EnableRowSecurity") return `row security ${table}`;
        if (command.subtype !== "AT_AddColumn") throw new Error(`Unknown: ${command.subtype}`);
        return `column ${table}.${findNodes(command, "ColumnDef")[0]?.colname}`;
      });
    }
    case "CreatePolicyStmt":
      return [`policy ${relationOf(tree.table)}: ${tree.policy_name}`];
    case "CreateFunctionStmt":
      return [`function ${joinNames(tree.funcname)}`];
    case "CreateTrigStmt":
      return [`trigger ${relationOf(tree.relation)}.${tree.trigname}`];
    case "IndexStmt":
      return [`index ${tree.idxname}`];
    case "CreateTableAsStmt":
      return [`view ${relationOf((tree.into as Tree).rel)}`];
    case "AlterPublicationStmt":
      return findNodes(tree, "pubtable")
        .map(({ relation }) => `publication ${tree.pubname}: ${relationOf(relation)}`);
    case "SelectStmt": {
      const [call] = findNodes(tree, "FuncCall");
      if (joinNames(call?.funcname) !== "cron.schedule") throw new Error("Unknown: select");
      return [`job ${(findNodes(call?.args, "A_Const")[0]?.sval as Tree).sval}`];
    }
    case "InsertStmt":
      return [`seed ${relationOf(tree.relation)}`];
    case "DropStmt":
      return [];
    default:
      throw new Error(`Unknown statement of the description: ${kind}`);
  }
}

function blocksOf(text: string, language: string): string[] {
  const fence = new RegExp("^```" + language + "\\n(.*?)^```$", "gms");
  return [...text.matchAll(fence)].map(([, block = ""]) => block);
}

/** The SQL of the description, block by block. */
export async function readRequestedSql(): Promise<string[]> {
  return blocksOf(await Deno.readTextFile(DESCRIPTION), "sql");
}

/** Its shell commands, e.g. `bun run db:seed`, without arguments. */
export async function readRequestedCommands(): Promise<string[]> {
  const [block = ""] = blocksOf(`${await Deno.readTextFile(DESCRIPTION)}\n\`\`\`\n`, "bash");
  return [...block.matchAll(/^\w+ run \S+/gm)].map(([command]) => command);
}

/** The statements of the description without those that begin and end a transaction. */
export async function readRequestedStatements(): Promise<RequestedStatement[]> {
  await loadModule();
  return (await readRequestedSql()).flatMap((block) => {
    const bytes = new TextEncoder().encode(block);
    return (parseSync(block).stmts ?? []).flatMap((raw) => {
      const [kind, tree] = Object.entries(raw.stmt as unknown as Tree)[0] as [string, Tree];
      if (kind === "TransactionStmt") return [];
      const start = Number(raw.stmt_location ?? 0);
      const end = raw.stmt_len ? start + Number(raw.stmt_len) : bytes.length;
      const sql = new TextDecoder().decode(bytes.slice(start, end));
      const objects = objectsOf(kind, tree);
      if (objects.length === 0 && kind !== "DropStmt") throw new Error(`No object in: ${sql}`);
      return [{ sql, objects }];
    });
  });
}

/** The objects of a schema with their definitions; a name of the schema is left out of these. */
export async function describeObjects(
  sql: postgres.ISql,
  schema: string,
): Promise<Map<string, string>> {
  const rows = await sql`
    with tables as (
      select c.oid, c.relname, c.relrowsecurity
      from pg_class as c
      where c.relnamespace = ${schema}::regnamespace and c.relkind = 'r'
    ), objects (name, definition) as (
      select 'table ' || relname, '' from tables
      union all
      select 'row security ' || relname, '' from tables where relrowsecurity
      union all
      select format('column %s.%s', t.relname, a.attname), concat_ws(' ',
        format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
        'default ' || pg_get_expr(d.adbin, d.adrelid),
        (
          select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.contype)
          from pg_constraint as k
          where k.conrelid = t.oid and k.conkey = array[a.attnum] and k.contype in ('p', 'u', 'f', 'c')
        ))
      from tables as t
      join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef as d on d.adrelid = t.oid and d.adnum = a.attnum
      union all
      select format('policy %s: %s', t.relname, p.polname), concat_ws(' ', p.polcmd,
        p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid),
        pg_get_expr(p.polwithcheck, p.polrelid))
      from pg_policy as p join tables as t on t.oid = p.polrelid
      union all
      select 'function ' || p.proname, concat_ws(' ', pg_get_function_arguments(p.oid),
        pg_get_function_result(p.oid), p.prosecdef, p.proconfig, p.prosrc)
      from pg_proc as p where p.pronamespace = ${schema}::regnamespace
      union all
      select format('trigger %s.%s', t.relname, g.tgname), pg_get_triggerdef(g.oid)
      from pg_trigger as g join tables as t on t.oid = g.tgrelid where not g.tgisinternal
      union all
      select 'index ' || i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
      from pg_index as i join tables as t on t.oid = i.indrelid
      union all
      select 'view ' || relname, pg_get_viewdef(oid)
      from pg_class where relnamespace = ${schema}::regnamespace and relkind = 'm'
      union all
      select
        format('publication %s: %s', b.pubname, t.relname),
        concat_ws(' ', b.pubinsert, b.pubupdate, b.pubdelete, b.pubtruncate)
      from pg_publication_rel as r
      join pg_publication as b on b.oid = r.prpubid
      join tables as t on t.oid = r.prrelid
      union all
      select 'job ' || jobname, schedule || ' ' || lower(rtrim(command, ';')) from cron.job
    )
    select replace(name, ${schema} || '.', '') as name,
      regexp_replace(replace(definition, ${schema} || '.', ''), '\\s+', ' ', 'g') as definition
    from objects`;
  return new Map(rows.map((row) => [row.name, row.definition]));
}
