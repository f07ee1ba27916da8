/** The plans of all statements that SQL functions run, and by which function. */
import postgres from "postgres";
import * as z from "zod";

const Node = z.looseObject({
  "Relation Name": z.string().optional(),
  "Schema": z.string().optional(),
  "Alias": z.string().optional(),
  get Plans(): z.ZodOptional<z.ZodArray<typeof Node>> {
    return z.array(Node).optional();
  },
});
export type PlanNode = z.infer<typeof Node>;

const Logged = z.object({ "Query Text": z.string(), Plan: Node });

export interface NestedPlan {
  /** Names of the functions with their schema, the innermost first; none for a statement of the session. */
  by: string[];
  text: string;
  plan: PlanNode;
}

const SETTINGS: Record<string, string | number> = {
  log_min_duration: 0,
  log_nested_statements: "on",
  log_level: "notice",
  log_format: "json",
  log_verbose: "on",
  log_parameter_max_length: 0,
};

/** From lines like `PL/pgSQL function private.a(text) line 3 at SQL statement`. */
function functionsOf(where = ""): string[] {
  return [...where.matchAll(/^(?:PL\/pgSQL function |SQL function ")([\w.]+)/gm)]
    .map(([, name = ""]) => name);
}

export interface Recorded {
  /** One for each place in the functions, of the first run that reads a table. */
  plans: NestedPlan[];
  /** Names of all functions that ran a statement. */
  called: Set<string>;
}

/** @param url As a superuser. */
export async function recordPlans(
  url: string,
  work: (sql: postgres.Sql) => Promise<void>,
): Promise<Recorded> {
  const plans: NestedPlan[] = [];
  const called = new Set<string>();
  const places = new Set<string>();
  const onnotice = ({ message = "", where = "" }: postgres.Notice) => {
    const [, json] = /^duration: [^\n]*plan:\n([^]*)$/.exec(message) ?? [];
    const [place = ""] = where.split("\n");
    if (json === undefined) return;
    const by = functionsOf(where);
    for (const name of by) called.add(name);
    if (places.has(place)) return;
    const { "Query Text": text, Plan: plan } = Logged.parse(JSON.parse(json));
    // Where an argument is null, nothing may be read: the next run is looked at too.
    if (readsOf(plan).length === 0) return;
    places.add(place);
    plans.push({ by, text, plan });
  };
  const sql = postgres(url, { max: 1, onnotice });
  try {
    await sql`load 'auto_explain'`;
    // As on the platform; the tests' Postgres has another.
    await sql`set plan_cache_mode = auto`;
    for (const [name, value] of Object.entries(SETTINGS)) {
      await sql.unsafe(`set auto_explain.${name} = '${value}'`);
    }
    await work(sql);
  } finally {
    await sql.end();
  }
  return { plans, called };
}

const CONDITIONS = [
  "Index Cond",
  "Recheck Cond",
  "Filter",
  "Hash Cond",
  "Merge Cond",
  "Join Filter",
  "One-Time Filter",
];

export interface Read {
  /** With its schema. */
  table: string;
  alias: string;
  /** Conditions of the node that reads it, and of the joins above. */
  conditions: string[];
}

/** The tables that a plan reads. */
export function readsOf(node: PlanNode, above: string[] = []): Read[] {
  const own = CONDITIONS.flatMap((name) => typeof node[name] === "string" ? [node[name]] : []);
  const conditions = [...above, ...own];
  const { "Relation Name": name, Schema: schema, Alias: alias = "", Plans: plans = [] } = node;
  const isRead = name !== undefined && node["Node Type"] !== "ModifyTable";
  return [
    ...(isRead ? [{ table: `${schema}.${name}`, alias, conditions }] : []),
    ...plans.flatMap((plan) => readsOf(plan, conditions)),
  ];
}
