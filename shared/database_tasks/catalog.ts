/** The catalog of a database, as the tasks read it: SQL `read_catalog`, or the same functions on a shell's connection. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { Policy, SchemaColumn, SchemaObject } from "./schemas.ts";

export const CatalogObjects = z.object({
  objects: z.array(z.extend(SchemaObject, {
    rank: z.number(),
    /** Places in `objects`. */
    needs: z.array(z.number()),
  })),
  columns: z.record(z.string(), z.array(SchemaColumn)),
  /** Names of objects that the SQL leaves out. */
  unsupported: z.array(z.string()),
});
export type CatalogObjects = z.infer<typeof CatalogObjects>;

export const Access = z.object({
  tables: z.array(z.object({
    table: z.string(),
    kind: z.enum(["table", "view", "materialized_view"]),
    row_security: z.boolean(),
    forced: z.boolean(),
    /** Whether a view reads with the caller's rights. */
    invoker: z.boolean(),
  })),
  policies: z.array(z.extend(Policy, { table: z.string() })),
  grants: z.array(z.object({
    table: z.string(),
    role: z.string(),
    verb: z.string(),
    /** `null`: the whole table. */
    columns: z.nullable(z.array(z.string())),
  })),
  functions: z.array(z.object({
    function: z.string(),
    definer: z.boolean(),
    search_path: z.boolean(),
    trigger: z.boolean(),
    roles: z.array(z.string()),
  })),
  /** Roles that pass row level security. */
  bypass: z.array(z.string()),
});
export type Access = z.infer<typeof Access>;

export const Performance = z.object({
  indexes: z.array(z.object({
    index: z.string(),
    table: z.string(),
    method: z.string(),
    /** Expression, options, operator class and collation of each key. */
    keys: z.array(z.string()),
    /** Numbers of the columns; 0 for an expression. */
    columns: z.array(z.number()),
    included: z.number(),
    predicate: z.nullable(z.string()),
    unique: z.boolean(),
    valid: z.boolean(),
    constraint: z.boolean(),
    bytes: z.number(),
    scans: z.number(),
    definition: z.string(),
  })),
  foreign_keys: z.array(z.object({
    constraint: z.string(),
    table: z.string(),
    references: z.string(),
    numbers: z.array(z.number()),
    columns: z.array(z.string()),
  })),
  tables: z.array(z.object({
    table: z.string(),
    rows: z.number(),
    dead_rows: z.number(),
    sequential_scans: z.number(),
    sequential_rows: z.number(),
    index_scans: z.number(),
    bytes: z.number(),
    analyzed: z.nullable(z.string()),
    vacuumed: z.nullable(z.string()),
  })),
  /** Shares from 0 to 1. */
  cache: z.object({
    table_hit_rate: z.nullable(z.number()),
    index_hit_rate: z.nullable(z.number()),
  }),
  /** `null` without pg_stat_statements. */
  statements: z.nullable(z.array(z.object({
    query: z.string(),
    calls: z.number(),
    mean_ms: z.number(),
    total_ms: z.number(),
    rows: z.number(),
  }))),
  since: z.nullable(z.string()),
});
export type Performance = z.infer<typeof Performance>;

export const AppliedMigrations = z.array(
  z.object({ version: z.string(), name: z.nullable(z.string()) }),
);
export type AppliedMigrations = z.infer<typeof AppliedMigrations>;

/** Names of the parts that SQL `read_catalog` knows. */
export type Part = "objects" | "access" | "performance" | "migrations";

/** Reads one part of the catalog, as JSON. */
export type ReadPart = (part: Part) => Promise<unknown>;

export interface Catalog {
  objects(): Promise<CatalogObjects>;
  access(): Promise<Access>;
  performance(): Promise<Performance>;
  migrations(): Promise<AppliedMigrations>;
}

export function createCatalog(readPart: ReadPart): Catalog {
  return {
    objects: async () => CatalogObjects.parse(await readPart("objects")),
    access: async () => Access.parse(await readPart("access")),
    performance: async () => Performance.parse(await readPart("performance")),
    migrations: async () => AppliedMigrations.parse(await readPart("migrations")),
  };
}

/** A statement of SQL ends after 8 s, and so does the call. */
const TIMEOUT_MS = 10_000;

/** The catalog of the project's own database, through REST. */
export function restCatalog(database: DatabaseClient): Catalog {
  return createCatalog((part) =>
    callFunction(database, "read_catalog", { part }, z.unknown(), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  );
}
