/** Why a task has no output: each code stands with its sentence in docs/database-tasks.md. */
import { LoggableError } from "../loggable_error.ts";

export const TASK_ERRORS = {
  invalid_task: "The task does not have the fields of a DatabaseTask.",
  output_mismatch: "The expected output does not belong to the operation.",
  unknown_table: "A requirement names a table that the database does not have.",
  table_exists: "A requirement names a new table that the database already has.",
  edited_migrations: "Applied migrations were edited afterwards, so what is pending is unknown.",
  answer_too_large: "The answer is larger than 5 MB. Name fewer tables in requirements.",
} as const;
export type TaskErrorCode = keyof typeof TASK_ERRORS;

/** The message has our own words only; the detail may have the caller's, for the result. */
export class TaskError extends LoggableError {
  override name = "TaskError";
  readonly code: TaskErrorCode;
  readonly detail: string;

  constructor(code: TaskErrorCode, detail = "", options?: ErrorOptions) {
    super(`${code}: ${TASK_ERRORS[code]}`, options);
    this.code = code;
    this.detail = detail;
  }

  /** Code, sentence and detail. */
  describe(): string {
    return [this.message, this.detail].filter(Boolean).join(" ");
  }
}
