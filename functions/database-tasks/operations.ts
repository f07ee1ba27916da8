/** The routes of `database-tasks`, for the API's document. */
import {
  DatabaseResult,
  DatabaseTask,
  SchemaDefinition,
} from "../../shared/database_tasks/schemas.ts";
import type { FunctionOperations, NamedSchema } from "../../shared/http/operations.ts";
import { PROBLEMS } from "./problems.ts";

const RESULT: NamedSchema = {
  id: "DatabaseResult",
  schema: DatabaseResult,
  description: "The answer to a DatabaseTask.",
  fields: {
    success: "Whether the task has an output.",
    output: "The deliverable with its notes; absent without success.",
    error: "A code, a colon and a sentence.",
    metadata: "execution_time_ms in milliseconds; complexity_score from 1 to 10.",
  },
  parts: [{
    id: "SchemaDefinition",
    schema: SchemaDefinition,
    description: "A schema, as one task answers it and another takes it.",
    fields: { objects: "In dependency order.", columns: "By table." },
  }],
  example: {
    success: false,
    error: "unknown_table: A requirement names a table that the database does not have.",
    metadata: { execution_time_ms: 12, complexity_score: 1, tables_affected: 0 },
  },
};

export const operations: FunctionOperations = {
  description: "For orchestrators: answers questions about the schema. docs/database-tasks.md.",
  operations: [{
    id: "runDatabaseTask",
    method: "post",
    path: "/",
    caller: "secret_key",
    summary: "Answers a DatabaseTask, reading only",
    body: {
      id: "DatabaseTask",
      schema: DatabaseTask,
      description: "A question about the database's schema.",
      fields: {
        task_id: "The caller's own id.",
        description: "For people.",
        context: "What to look at.",
        requirements: "Sentences; the tables that they name narrow the answer.",
        expected_output: "Must belong to the operation.",
      },
      example: {
        task_id: "policies-of-orders",
        description: "Who may read orders?",
        context: { operation_type: "rls_policies" },
        requirements: ["Only public.orders."],
        expected_output: "policies",
      },
    },
    answers: {
      200: { description: "The task has an output.", body: RESULT },
      422: { description: "The task has none: error says why.", body: RESULT },
    },
    problems: PROBLEMS,
  }],
};
