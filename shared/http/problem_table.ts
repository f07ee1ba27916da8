/** Problems by their code: the one list of what a caller may see, from which responses and the API's document are made. */
import { Problem, type ProblemOptions } from "./problem.ts";

export interface ProblemEntry {
  status: number;
  /** The sentence that the caller reads; a thrown problem may have a more exact one. */
  detail: string;
  /** The header Retry-After, in seconds. */
  retryAfterSeconds?: number;
}

export type ProblemTable = Readonly<Record<string, ProblemEntry>>;

type Exact = Partial<Pick<ProblemOptions, "detail" | "headers" | "members" | "cause">>;

/** The problem of a code; `exact` adds to the table, or replaces what it says. */
export function problemOf<Table extends ProblemTable>(
  table: Table,
  code: keyof Table & string,
  exact: Exact = {},
): Problem {
  const { status, detail } = table[code] as ProblemEntry;
  return new Problem({ status, code, detail, ...exact });
}
