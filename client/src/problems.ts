/** Types of the errors of `api`. Programs compare `code`. */
import type { components, operations, paths } from "./generated/api.ts";

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

type ProblemFields = components["schemas"]["Problem"];

type ProblemsOf<Responses> = {
  [Status in keyof Responses]: Responses[Status] extends
    { content: { "application/problem+json": infer Body } } ? Body : never;
}[keyof Responses];

/** Every code of `api`, e.g. `"address_masked"`. */
export type ProblemCode =
  | ClientCode
  | {
    [Name in keyof operations]: ProblemsOf<operations[Name]["responses"]> extends
      { code: infer Code } ? Code
      : never;
  }[keyof operations];

/** Every error of `api`. Compare `code`; `detail` is a sentence for people, and may change. */
export interface Problem extends ProblemFields {
  code: ProblemCode;
}

/** Every operation may also end in a problem of the client. */
type WithClientProblem<Operation> = Operation extends { responses: infer Responses }
  ? Omit<Operation, "responses"> & {
    responses: Responses & {
      default: { content: { "application/problem+json": ClientProblem } };
    };
  }
  : Operation;

/** The paths of the functions, with the client's problems. */
export type FunctionPaths = {
  [Path in keyof paths]: {
    [Method in keyof paths[Path]]: WithClientProblem<paths[Path][Method]>;
  };
};
