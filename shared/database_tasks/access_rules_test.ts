import assert from "node:assert/strict";
import { findAccessFaults } from "./access_rules.ts";
import type { Access } from "./catalog.ts";

const TABLE: Access["tables"][number] = {
  table: "public.notes",
  kind: "table",
  row_security: true,
  forced: false,
  invoker: false,
};
const POLICY: Access["policies"][number] = {
  table: "public.notes",
  name: "own",
  command: "select",
  roles: ["authenticated"],
  permissive: true,
  using: "(user_id = ( SELECT auth.uid() AS uid))",
  check: null,
};
const GRANT = { table: "public.notes", role: "anon", verb: "select", columns: null };
const FUNCTION: Access["functions"][number] = {
  function: "public.size()",
  definer: false,
  search_path: true,
  trigger: false,
  roles: ["service_role"],
};
const GOOD: Access = {
  tables: [TABLE],
  policies: [POLICY],
  grants: [GRANT],
  functions: [FUNCTION],
  bypass: ["service_role"],
};

const codesOf = (access: Partial<Access>, requirements = {}) =>
  findAccessFaults({ ...GOOD, ...access }, () => true, requirements).map(({ code }) => code);

Deno.test("a table as the rules ask for has no finding", () => {
  assert.deepEqual(codesOf({}), []);
});

const FAULTS: Record<string, Partial<Access>> = {
  rls_disabled_in_public: { tables: [{ ...TABLE, row_security: false }], policies: [] },
  policy_exists_rls_disabled: { tables: [{ ...TABLE, row_security: false }] },
  rls_enabled_no_policy: { policies: [] },
  rls_policy_always_true: {
    policies: [{ ...POLICY, command: "insert", using: null, check: "true" }],
  },
  policy_for_public: { policies: [{ ...POLICY, roles: ["public"] }] },
  policy_for_all_commands: { policies: [{ ...POLICY, command: "all" }] },
  multiple_permissive_policies: { policies: [POLICY, { ...POLICY, name: "other" }] },
  auth_rls_initplan: { policies: [{ ...POLICY, using: "(auth.uid() = user_id)" }] },
  security_definer_view: { tables: [{ ...TABLE, kind: "view" }] },
  materialized_view_in_api: { tables: [{ ...TABLE, kind: "materialized_view" }] },
  function_search_path_mutable: { functions: [{ ...FUNCTION, search_path: false }] },
  security_definer_function_executable: {
    functions: [{ ...FUNCTION, definer: true, roles: ["authenticated"] }],
  },
};

for (const [code, access] of Object.entries(FAULTS)) {
  Deno.test(`the fault ${code} is found, and is the only one`, () => {
    assert.deepEqual(codesOf(access), [code]);
  });
}

Deno.test("security_requirements find a role with access and a table without protection", () => {
  const requirements = { roles_without_access: ["anon"], protected_tables: ["public.gone"] };
  assert.deepEqual(codesOf({}, requirements), ["role_has_access", "table_not_protected"]);
});
