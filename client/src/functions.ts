/** The paths of the functions that sellers call; the backend and vendors call the others. */
import type { paths } from "./generated/api.ts";
import type { ClientProblem } from "./client_problem.ts";

type SellerEndpoints = "account" | "billing" | "shipments" | "tiktok-oauth";

type SellerPaths = Pick<
  paths,
  Extract<keyof paths, `/${SellerEndpoints}` | `/${SellerEndpoints}/${string}`>
>;

/** Every operation may also end in a problem of the client. */
type WithClientProblem<Operation> = Operation extends { responses: infer Responses }
  ? Omit<Operation, "responses"> & {
    responses: Responses & {
      default: { content: { "application/problem+json": ClientProblem } };
    };
  }
  : Operation;

/** Paths, bodies, answers and problems of `api`. */
export type FunctionPaths = {
  [Path in keyof SellerPaths]: {
    [Method in keyof SellerPaths[Path]]: WithClientProblem<SellerPaths[Path][Method]>;
  };
};
