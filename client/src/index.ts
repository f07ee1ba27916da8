/** Typed client of CreatorFlow's backend. */
import type { components } from "./generated/api.ts";

export {
  type ApiOptions,
  createApi,
  createCreatorFlow,
  type CreatorFlow,
  type CreatorFlowOptions,
} from "./client.ts";
export type { Database, Row } from "./database.ts";
export type { FunctionPaths } from "./functions.ts";
export type { components } from "./generated/api.ts";
export type { LiveEvents } from "./live.ts";
export type { ClientCode, ClientProblem } from "./client_problem.ts";
export type { Problem, ProblemCode } from "./problems.ts";

/** A schema of the API's document by its name, e.g. `Schema<"Shipment">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];
