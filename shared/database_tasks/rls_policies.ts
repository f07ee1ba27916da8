/** `rls_policies`: who may do what with each table, what is wrong with it, and policies for new tables. */
import type { Access } from "./catalog.ts";
import { findAccessFaults, LEVELS } from "./access_rules.ts";
import type { NamedTables } from "./narrow.ts";
import { proposePolicies } from "./propose_policies.ts";
import type { Answer } from "./answer.ts";
import type { DatabaseTask, Finding, RLSPolicies } from "./schemas.ts";
import type { Sources } from "./documents.ts";

const VERBS = ["select", "insert", "update", "delete"] as const;

/** Roles of Supabase's API: each table answers for them, also without a grant. */
const API_ROLES = ["anon", "authenticated", "service_role"];

type Table = Access["tables"][number];
type Policy = Access["policies"][number];

/** Access of a role to a table: `none`, `all rows`, `no rows`, or the policies that decide. */
function describeAccess(table: Table, role: string, verb: string, access: Access): string {
  const grants = access.grants.filter((grant) =>
    grant.table === table.table && grant.verb === verb && ["public", role].includes(grant.role)
  );
  if (grants.length === 0) return "none";
  const columns = grants.every((grant) => grant.columns !== null)
    ? ` of columns ${grants.flatMap((grant) => grant.columns ?? []).join(", ")}`
    : "";
  if (table.kind !== "table") return `all rows of the view${columns}`;
  if (!table.row_security || access.bypass.includes(role)) return `all rows${columns}`;
  const policies = access.policies.filter((policy) => decides(policy, table, role, verb));
  const names = policies.filter(({ permissive }) => permissive).map(({ name }) => name);
  if (names.length === 0) return "no rows";
  const limits = policies.filter(({ permissive }) => !permissive).map(({ name }) => name);
  return `rows of ${names.join(" or ")}${limits.map((name) => ` and ${name}`).join("")}${columns}`;
}

function decides(policy: Policy, { table }: Table, role: string, verb: string): boolean {
  return policy.table === table && ["all", verb].includes(policy.command) &&
    policy.roles.some((name) => ["public", role].includes(name));
}

function describeTable(table: Table, access: Access): RLSPolicies["tables"][number] {
  const granted = access.grants.filter((grant) => grant.table === table.table)
    .map(({ role }) => role);
  const roles = [...new Set([...API_ROLES, ...granted])].sort();
  return {
    table: table.table,
    row_security: table.row_security,
    policies: access.policies.filter((policy) => policy.table === table.table)
      .map(({ table: _, ...policy }) => policy),
    access: roles.flatMap((role) =>
      VERBS.map((verb) => ({ role, verb, access: describeAccess(table, role, verb, access) }))
    ),
  };
}

/** A finding of Supabase's advisors; `object` is the name of a table or function. */
export type AdvisorFinding = Finding;

/** The advisors decide about their own rules; findings of ours have the same codes. */
function joinFindings(own: Finding[], advisors: Finding[] = []): Finding[] {
  const codes = new Set(advisors.map(({ code }) => code));
  return [...advisors, ...own.filter(({ code }) => !codes.has(code))]
    .toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
}

export function describePolicies(
  task: DatabaseTask,
  { objects, access, isNamed }: Sources,
  { created }: NamedTables,
  advisors?: AdvisorFinding[],
): Answer {
  const tables = access.tables.filter(({ table }) => isNamed(table));
  const tableNames = new Set(access.tables.map(({ table }) => table));
  const findings = joinFindings(
    findAccessFaults(access, isNamed, task.context.security_requirements ?? {}),
    advisors?.filter(({ object }) => !tableNames.has(object) || isNamed(object)),
  );
  const proposals = created.map(({ table, requirement }) => ({
    table,
    sql: proposePolicies(table, requirement, objects),
  }));
  return {
    deliverable: {
      type: "policies",
      tables: tables.map((table) => describeTable(table, access)),
      findings,
      proposals,
    },
    notes: [
      "Access follows from privileges and policies of the role itself and of public; a role's memberships are not followed.",
      ...(advisors
        ? []
        : ["Supabase's advisors did not run: npx -y deno@2.9.5 task db:task FILE runs them."]),
      ...findings.filter(({ level }) => level === "error")
        .map(({ object, detail }) => `${object}: ${detail}`),
      ...(proposals.length > 0
        ? ["A proposal needs a pgTAP test for each role and verb: docs/adding.md."]
        : []),
    ],
    checklist: [
      "Put policies and grants into the migration of their table.",
      "Test select, insert, update and delete for anon, the owner, another seller and service_role.",
      "Run supabase db advisors, and explain or repair each finding.",
    ],
  };
}
