/** Types of the errors of `api`. Programs compare `code`. */
import type { FunctionPaths } from "./functions.ts";
import type { components } from "./generated/api.ts";

type ProblemFields = components["schemas"]["Problem"];

type ProblemsOf<Responses> = {
  [Status in keyof Responses]: Responses[Status] extends
    { content: { "application/problem+json": infer Body } } ? Body : never;
}[keyof Responses];

type CodesOf<Operation> = Operation extends { responses: infer Responses }
  ? ProblemsOf<Responses> extends { code: infer Code } ? Code : never
  : never;

/** Every code of `api`, e.g. `"address_masked"`. */
export type ProblemCode = {
  [Path in keyof FunctionPaths]: CodesOf<FunctionPaths[Path][keyof FunctionPaths[Path]]>;
}[keyof FunctionPaths];

/** Every error of `api`. Compare `code`; `detail` is a sentence for people, and may change. */
export interface Problem extends ProblemFields {
  code: ProblemCode;
}
