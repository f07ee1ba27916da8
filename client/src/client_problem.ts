/** The problem of a call that no function answered. */
import type { components } from "./generated/api.ts";

type ProblemFields = components["schemas"]["Problem"];

/** Codes of the client itself, for a call that the function did not answer. */
export type ClientCode = "no_answer" | "unexpected_answer";

/**
 * A call that the function did not answer.
 *
 * - `no_answer`: the network failed, or the session could not be renewed. The function may have done its work: repeat
 *   the call, with the same `Idempotency-Key` if it has one.
 * - `unexpected_answer`: something in front of the function answered, such as a proxy or the platform. `status` is its
 *   status, or 502 for an answer that looked like a success.
 */
export interface ClientProblem extends ProblemFields {
  code: ClientCode;
}
