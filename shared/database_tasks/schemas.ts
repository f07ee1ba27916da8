/** The Orchestrator Interface: a task for the database and its result. docs/database-tasks.md explains the fields. */
import * as z from "zod/mini";

export const OPERATIONS = ["schema_design", "rls_policies", "migrations", "optimization"] as const;
export const OUTPUTS = ["schema", "migrations", "policies", "optimization_plan"] as const;

/** Text of a task; the limit keeps a task readable. */
const Text = z.string().check(z.maxLength(10_000));

/** An object of a schema: the statements that create and remove it. */
export const SchemaObject = z.object({
  /** e.g. `table`, `index`, `policy`, `grant`. */
  kind: z.string().check(z.minLength(1), z.maxLength(40)),
  /** Unique within its kind, e.g. `public.orders`. */
  name: z.string().check(z.minLength(1), z.maxLength(2_000)),
  /** The table that it belongs to. */
  table: z.nullable(z.string()),
  sql: z.string().check(z.maxLength(200_000)),
  /** Removes the object; `null` if dropping its parent removes it. */
  undo: z.nullable(z.string().check(z.maxLength(4_000))),
});

export const SchemaColumn = z.object({
  name: z.string().check(z.minLength(1), z.maxLength(200)),
  type: z.string().check(z.maxLength(400)),
  not_null: z.boolean(),
  /** As `create table` takes it, without a default that depends on another object. */
  definition: z.string().check(z.maxLength(4_000)),
  comment: z.nullable(z.string()),
});

/** A schema as `schema_design` answers it: the answer of one database can be compared with another. */
export const SchemaDefinition = z.object({
  objects: z.array(SchemaObject).check(z.maxLength(100_000)),
  /** Columns by table. */
  columns: z.record(z.string(), z.array(SchemaColumn)),
});

/** Limits that measurements are compared with; what is left out is not compared. */
export const PerformanceSpec = z.strictObject({
  /** Share of reads that the cache serves, 0 to 1. */
  min_cache_hit_rate: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  /** Mean duration of a statement in ms, by pg_stat_statements. */
  max_mean_statement_ms: z.optional(z.number().check(z.positive())),
  /** Share of dead rows in a table, 0 to 1. */
  max_dead_row_ratio: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  /** Rows that sequential scans of one table have read, per scan. */
  max_rows_per_sequential_scan: z.optional(z.number().check(z.int(), z.nonnegative())),
});

/** Rules beyond those of the house that `rls_policies` checks. */
export const SecuritySpec = z.strictObject({
  /** Roles that may hold no privilege on any table. */
  roles_without_access: z.optional(
    z.array(z.string().check(z.minLength(1), z.maxLength(63))).check(z.maxLength(50)),
  ),
  /** Tables, e.g. `public.orders`, that must have row level security and a policy for these commands. */
  protected_tables: z.optional(
    z.array(z.string().check(z.minLength(1), z.maxLength(200))).check(z.maxLength(500)),
  ),
});

export const DatabaseTask = z.strictObject({
  task_id: z.string().check(z.minLength(1), z.maxLength(200)),
  description: Text,
  context: z.strictObject({
    operation_type: z.enum(OPERATIONS),
    existing_schema: z.optional(SchemaDefinition),
    performance_requirements: z.optional(PerformanceSpec),
    security_requirements: z.optional(SecuritySpec),
  }),
  requirements: z.array(z.string().check(z.minLength(1), z.maxLength(1_000))).check(
    z.maxLength(100),
  ),
  expected_output: z.enum(OUTPUTS),
});
export type DatabaseTask = z.infer<typeof DatabaseTask>;
export type SchemaDefinition = z.infer<typeof SchemaDefinition>;
export type SchemaObject = z.infer<typeof SchemaObject>;

/** Statements that turn one schema into another. */
export const SchemaChange = z.object({
  action: z.enum(["create", "replace", "drop"]),
  kind: z.string(),
  name: z.string(),
  sql: z.string(),
});

export const SchemaSQL = z.object({
  type: z.literal("schema"),
  /** Runs on an empty database, in dependency order. */
  sql: z.string(),
  /** May be given as `existing_schema`. */
  definition: SchemaDefinition,
  /** With `existing_schema`: what turns it into the live schema. */
  migration: z.optional(z.object({ sql: z.string(), changes: z.array(SchemaChange) })),
});
export type SchemaSQL = z.infer<typeof SchemaSQL>;

export const Finding = z.object({
  /** Code of the rule: see docs/database-tasks.md. */
  code: z.string(),
  level: z.enum(["error", "warning", "info"]),
  object: z.string(),
  detail: z.string(),
});
export type Finding = z.infer<typeof Finding>;

export const Policy = z.object({
  name: z.string(),
  /** e.g. `SELECT` or `ALL` */
  command: z.string(),
  roles: z.array(z.string()),
  permissive: z.boolean(),
  /** The SQL of `using` and of `with check`. */
  using: z.nullable(z.string()),
  check: z.nullable(z.string()),
});

export const RLSPolicies = z.object({
  type: z.literal("policies"),
  tables: z.array(z.object({
    table: z.string(),
    row_security: z.boolean(),
    policies: z.array(Policy),
    /** Access of each role, by verb: `all`, `rows of policies`, `none`, or the columns. */
    access: z.array(z.object({ role: z.string(), verb: z.string(), access: z.string() })),
  })),
  findings: z.array(Finding),
  /** For new tables of `requirements`. */
  proposals: z.array(z.object({ table: z.string(), sql: z.string() })),
});
export type RLSPolicies = z.infer<typeof RLSPolicies>;

export const OptimizationPlan = z.object({
  type: z.literal("optimization_plan"),
  /** Faults first, then what waits, then space; the largest gain first within a code. */
  steps: z.array(z.object({
    code: z.string(),
    object: z.string(),
    /** Estimated bytes or rows that the step saves; comparable within one unit. */
    gain: z.number(),
    unit: z.string(),
    sql: z.nullable(z.string()),
    detail: z.string(),
  })),
  measured: z.record(z.string(), z.nullable(z.number())),
  requirements: z.array(z.object({
    requirement: z.string(),
    limit: z.number(),
    measured: z.nullable(z.number()),
    met: z.nullable(z.boolean()),
  })),
});
export type OptimizationPlan = z.infer<typeof OptimizationPlan>;

export const MigrationFiles = z.object({
  type: z.literal("migrations"),
  applied: z.array(z.object({ version: z.string(), name: z.nullable(z.string()) })),
  /** `null` where the files are unknown: only `deno task db:task` reads them. */
  pending: z.nullable(z.array(z.object({
    file: z.string(),
    statements: z.array(z.object({
      sql: z.string(),
      lock: z.string(),
      effect: z.enum(["metadata", "scan", "rewrite", "data"]),
      tables: z.array(z.string()),
      safe_form: z.nullable(z.string()),
    })),
  }))),
});
export type MigrationFiles = z.infer<typeof MigrationFiles>;

const doc = <Name extends string>(name: Name) =>
  z.object({ name: z.literal(name), text: z.string() });

export const SupportingDocs = z.tuple([
  doc("schema_documentation"),
  doc("security_notes"),
  doc("performance_analysis"),
]);

export const DatabaseResult = z.object({
  success: z.boolean(),
  output: z.optional(z.object({
    primary_deliverable: z.discriminatedUnion("type", [
      SchemaSQL,
      MigrationFiles,
      RLSPolicies,
      OptimizationPlan,
    ]),
    supporting_docs: SupportingDocs,
    implementation_notes: z.array(z.string()),
    migration_checklist: z.array(z.string()),
  })),
  /** A code, a colon and a sentence. */
  error: z.optional(z.string()),
  metadata: z.object({
    execution_time_ms: z.number().check(z.int(), z.nonnegative()),
    complexity_score: z.number().check(z.int(), z.minimum(1), z.maximum(10)),
    tables_affected: z.number().check(z.int(), z.nonnegative()),
  }),
});
export type DatabaseResult = z.infer<typeof DatabaseResult>;
export type Deliverable = NonNullable<DatabaseResult["output"]>["primary_deliverable"];
