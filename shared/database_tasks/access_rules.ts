/** Faults of privileges and policies. The rules are those of Supabase's advisors, by name, and our own. */
import type { Access } from "./catalog.ts";
import type { DatabaseTask, Finding } from "./schemas.ts";

type Requirements = NonNullable<DatabaseTask["context"]["security_requirements"]>;

const APPS = ["public", "anon", "authenticated"];
const isExposed = (name: string) => name.startsWith("public.");

/** `auth.uid()` that is not in a subquery of its own is evaluated for each row. */
const CALL = /(?<!select\s)(?:auth\.(?:uid|jwt|role|email)\(\)|current_setting\()/i;

function findTableFaults(access: Access): Finding[] {
  const appTables = new Set(
    access.grants.filter(({ role }) => APPS.includes(role)).map(({ table }) => table),
  );
  return access.tables.flatMap(({ table, kind, row_security, invoker }): Finding[] => {
    const policies = access.policies.filter((policy) => policy.table === table);
    const isReached = isExposed(table) && appTables.has(table);
    if (kind === "view" && isReached && !invoker) {
      return [{
        code: "security_definer_view",
        level: "error",
        object: table,
        detail: "The view reads with its owner's rights: set security_invoker.",
      }];
    }
    if (kind === "materialized_view" && isReached) {
      return [{
        code: "materialized_view_in_api",
        level: "warning",
        object: table,
        detail: "Row level security does not protect a materialized view.",
      }];
    }
    if (kind !== "table") return [];
    if (!row_security && policies.length > 0) {
      return [{
        code: "policy_exists_rls_disabled",
        level: "error",
        object: table,
        detail: "The policies have no effect: row level security is off.",
      }];
    }
    if (!row_security && isExposed(table)) {
      return [{
        code: "rls_disabled_in_public",
        level: "error",
        object: table,
        detail: "Row level security is off in an exposed schema.",
      }];
    }
    if (row_security && policies.length === 0) {
      return [{
        code: "rls_enabled_no_policy",
        level: "info",
        object: table,
        detail: "No policy: only roles that pass row level security reach rows.",
      }];
    }
    return [];
  });
}

function findPolicyFaults({ policies }: Access): Finding[] {
  return policies.flatMap(({ table, name, command, roles, using, check }): Finding[] => {
    const object = `${table} ${name}`;
    const faults: Finding[] = [];
    if ([using, check].some((text) => text !== null && CALL.test(text))) {
      faults.push({
        code: "auth_rls_initplan",
        level: "warning",
        object,
        detail: "auth.uid() is evaluated for each row: write (select auth.uid()).",
      });
    }
    if (command !== "select" && [using, check].includes("true")) {
      faults.push({
        code: "rls_policy_always_true",
        level: "error",
        object,
        detail: `Everyone of ${roles.join(", ")} may write every row.`,
      });
    }
    if (roles.includes("public")) {
      faults.push({
        code: "policy_for_public",
        level: "warning",
        object,
        detail: "The policy holds for every role: name authenticated.",
      });
    }
    if (command === "all") {
      faults.push({
        code: "policy_for_all_commands",
        level: "warning",
        object,
        detail: "One policy for four commands lets its rows also be inserted, changed and deleted.",
      });
    }
    return faults;
  });
}

function findRepeatedPolicies({ policies }: Access): Finding[] {
  const commands = policies.filter(({ permissive }) => permissive).flatMap((policy) =>
    (policy.command === "all" ? ["select", "insert", "update", "delete"] : [policy.command])
      .flatMap((command) => policy.roles.map((role) => `${policy.table} ${command} ${role}`))
  );
  return [...Map.groupBy(commands, (key) => key)].filter(([, found]) => found.length > 1)
    .map(([object]) => ({
      code: "multiple_permissive_policies",
      level: "warning",
      object,
      detail: "Each of several permissive policies is evaluated: join them with or.",
    }));
}

function findFunctionFaults({ functions }: Access): Finding[] {
  return functions.flatMap((found): Finding[] => {
    const object = found.function;
    const faults: Finding[] = [];
    if (!found.search_path) {
      faults.push({
        code: "function_search_path_mutable",
        level: "warning",
        object,
        detail: "Set search_path: the caller's decides which objects it means.",
      });
    }
    if (
      found.definer && !found.trigger && isExposed(object) &&
      found.roles.some((role) => APPS.includes(role))
    ) {
      faults.push({
        code: "security_definer_function_executable",
        level: "warning",
        object,
        detail: `Runs with its owner's rights for ${found.roles.join(", ")}.`,
      });
    }
    return faults;
  });
}

function findUnmetRequirements(access: Access, requirements: Requirements): Finding[] {
  const refused = new Set(requirements.roles_without_access ?? []);
  const grants = access.grants.filter(({ role }) => refused.has(role));
  const unprotected = (requirements.protected_tables ?? []).filter((name) => {
    const table = access.tables.find(({ table }) => table === name);
    return !table?.row_security || !access.policies.some((policy) => policy.table === name);
  });
  return [
    ...grants.map(({ table, role, verb }): Finding => ({
      code: "role_has_access",
      level: "error",
      object: table,
      detail: `${role} may ${verb}, and security_requirements allow it nothing.`,
    })),
    ...unprotected.map((object): Finding => ({
      code: "table_not_protected",
      level: "error",
      object,
      detail:
        "security_requirements ask for row level security with a policy, or the table does not exist.",
    })),
  ];
}

/** The worst first. */
export const LEVELS: Finding["level"][] = ["error", "warning", "info"];

/** The findings of the tables that are named, and of all functions; errors first. */
export function findAccessFaults(
  access: Access,
  isNamed: (table: string) => boolean,
  requirements: Requirements,
): Finding[] {
  const named: Access = {
    ...access,
    tables: access.tables.filter(({ table }) => isNamed(table)),
    policies: access.policies.filter(({ table }) => isNamed(table)),
  };
  return [
    ...findTableFaults(named),
    ...findPolicyFaults(named),
    ...findRepeatedPolicies(named),
    ...findFunctionFaults(access),
    ...findUnmetRequirements(access, requirements),
  ].toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
}
