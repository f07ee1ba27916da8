/** Typed client of CreatorFlow's backend: docs/api.md. */
import type { components } from "./generated/api.ts";

export { createCreatorFlow, type CreatorFlow, type CreatorFlowOptions } from "./client.ts";
export type { Database, Row } from "./database.ts";
export type { components, operations, paths } from "./generated/api.ts";

/** A schema of the API's document by its name, e.g. `Schema<"Shipment">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Every error of the functions. Compare `code`; `detail` is a sentence for people. */
export type Problem = Schema<"Problem">;
