/** The findings of Supabase's advisors about access, by the Supabase CLI. */
import * as z from "zod";
import type { AdvisorFinding } from "../../shared/database_tasks/rls_policies.ts";
import { runSupabaseCli, SupabaseCliError } from "../supabase/cli.ts";

/** Advice for speed that is about policies. */
const ABOUT_POLICIES = ["auth_rls_initplan", "multiple_permissive_policies"];

const LEVELS = { ERROR: "error", WARN: "warning", INFO: "info" } as const;

const Advice = z.object({
  results: z.array(z.object({
    name: z.string(),
    level: z.enum(["ERROR", "WARN", "INFO"]),
    categories: z.array(z.string()),
    detail: z.string(),
    metadata: z.object({ schema: z.string().optional(), name: z.string().optional() }).nullish(),
  })),
});

/** @returns `undefined` if the advisors do not run on this database. */
export async function readAdvisors(databaseUrl: string): Promise<AdvisorFinding[] | undefined> {
  const args = ["--level", "info", "--fail-on", "none", "--output-format", "json"];
  try {
    const output = await runSupabaseCli(["db", "advisors", ...args], { databaseUrl });
    return Advice.parse(JSON.parse(output)).results
      .filter(({ name, categories }) =>
        categories.includes("SECURITY") || ABOUT_POLICIES.includes(name)
      )
      .map(({ name, level, detail, metadata }) => ({
        code: name,
        level: LEVELS[level],
        object: [metadata?.schema, metadata?.name].filter(Boolean).join("."),
        detail,
      }));
  } catch (error) {
    if (error instanceof SupabaseCliError) return undefined;
    throw error;
  }
}
