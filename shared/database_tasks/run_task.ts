/** Answers a DatabaseTask from the catalog of a database. Never throws for a task: see `DatabaseResult.error`. */
import type { Answer } from "./answer.ts";
import type { Catalog } from "./catalog.ts";
import { writeDocuments } from "./documents.ts";
import { findNamedTables, type NamedTables } from "./narrow.ts";
import { type DatabaseResult, DatabaseTask, type MigrationFiles, type OUTPUTS } from "./schemas.ts";
import { describeMigrations } from "./migrations.ts";
import { planOptimization } from "./optimization.ts";
import { type AdvisorFinding, describePolicies } from "./rls_policies.ts";
import { designSchema } from "./schema_design.ts";
import type { Sources } from "./documents.ts";
import { TaskError } from "./task_error.ts";
import { describeIssues } from "../values/zod_messages.ts";

const MAX_ANSWER_BYTES = 5_000_000;

type Operation = DatabaseTask["context"]["operation_type"];

/** Outputs of each operation; `schema_design` answers migrations with an `existing_schema`. */
const OUTPUTS_OF: Record<Operation, readonly (typeof OUTPUTS)[number][]> = {
  schema_design: ["schema", "migrations"],
  rls_policies: ["policies"],
  migrations: ["migrations"],
  optimization: ["optimization_plan"],
};

interface Question {
  task: DatabaseTask;
  sources: Sources;
  named: NamedTables;
  catalog: Catalog;
  readPending: TaskOptions["readPending"];
  readAdvisors: TaskOptions["readAdvisors"];
}

const OPERATIONS: Record<Operation, (question: Question) => Answer | Promise<Answer>> = {
  schema_design: ({ task, sources, named }) => designSchema(task, sources.objects, named),
  rls_policies: async ({ task, sources, named, readAdvisors }) =>
    describePolicies(task, sources, named, await readAdvisors?.()),
  migrations: async ({ catalog, readPending }) =>
    describeMigrations(await catalog.migrations(), await readPending?.()),
  optimization: ({ task, sources }) => planOptimization(task, sources),
};

/** 1 to 10: see docs/database-tasks.md. */
export function complexityScore(tables: number, objects: number): number {
  return Math.min(10, Math.max(1, Math.ceil(Math.log2(1 + tables + objects / 10))));
}

/** @throws {TaskError} */
function parseTask(json: unknown): DatabaseTask {
  const { data, error } = DatabaseTask.safeParse(json);
  if (data === undefined) {
    throw new TaskError("invalid_task", describeIssues(error?.issues.slice(0, 5) ?? [], "task"));
  }
  const { operation_type: operation, existing_schema } = data.context;
  const isMigration = operation === "schema_design" && data.expected_output === "migrations";
  if (
    !OUTPUTS_OF[operation].includes(data.expected_output) || (isMigration && !existing_schema)
  ) {
    throw new TaskError(
      "output_mismatch",
      `${operation} answers ${OUTPUTS_OF[operation].join(", or with an existing_schema ")}.`,
    );
  }
  return data;
}

async function readSources(catalog: Catalog, isNamed: Sources["isNamed"]): Promise<Sources> {
  const objects = await catalog.objects();
  const access = await catalog.access();
  return { objects, access, performance: await catalog.performance(), isNamed };
}

function countAffected({ objects, isNamed }: Sources): { tables: number; objects: number } {
  return {
    tables: Object.keys(objects.columns).filter(isNamed).length,
    objects: objects.objects.filter(({ table }) => table !== null && isNamed(table)).length,
  };
}

export interface TaskOptions {
  /** Milliseconds. @default {performance.now} */
  now?: () => number;
  /** Reads the files that the database lacks; without it the answer names `db:task`. */
  readPending?: (() => Promise<NonNullable<MigrationFiles["pending"]>>) | undefined;
  /** Runs Supabase's advisors; `undefined` where they cannot run. */
  readAdvisors?: (() => Promise<AdvisorFinding[] | undefined>) | undefined;
}

/** @throws {DatabaseError} if the database does not answer: that is not the task's fault. */
export async function runTask(
  json: unknown,
  catalog: Catalog,
  { now = () => performance.now(), readPending, readAdvisors }: TaskOptions = {},
): Promise<DatabaseResult> {
  const start = now();
  let affected = { tables: 0, objects: 0 };
  const metadata = () => ({
    execution_time_ms: Math.round(now() - start),
    complexity_score: complexityScore(affected.tables, affected.objects),
    tables_affected: affected.tables,
  });
  try {
    const task = parseTask(json);
    const operation = OPERATIONS[task.context.operation_type];
    let named: NamedTables = { existing: undefined, created: [] };
    const sources = await readSources(
      catalog,
      (table) => named.existing === undefined || (table !== null && named.existing.has(table)),
    );
    const tables = [
      ...Object.keys(sources.objects.columns),
      ...sources.access.tables.map(({ table }) => table),
    ];
    named = findNamedTables(task.requirements, tables);
    affected = countAffected(sources);
    const answer = await operation({ task, sources, named, catalog, readPending, readAdvisors });
    const result: DatabaseResult = {
      success: true,
      output: {
        primary_deliverable: answer.deliverable,
        supporting_docs: writeDocuments(sources),
        implementation_notes: answer.notes,
        migration_checklist: answer.checklist,
      },
      metadata: metadata(),
    };
    if (new TextEncoder().encode(JSON.stringify(result)).length > MAX_ANSWER_BYTES) {
      throw new TaskError("answer_too_large");
    }
    return result;
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    affected = { tables: 0, objects: 0 };
    return { success: false, error: error.describe(), metadata: metadata() };
  }
}
