/** Calls an SQL function of the schema `public` and checks its answer. */
import { inSpan } from "../logging/spans.ts";
import type { DatabaseClient } from "./client.ts";
import { DatabaseError } from "./errors.ts";
import type { Database, Json } from "./types.ts";

type Functions = Database["public"]["Functions"];
export type FunctionName = keyof Functions;

/** The generated types know neither that an argument may be null nor that jsonb takes any object. */
type Argument<T> = Json extends T ? unknown : T | null;

/** A property that may be left out may also be `undefined`: then SQL's default counts. */
type Arguments<T> = T extends Record<PropertyKey, never> ? Record<PropertyKey, never>
  : {
    [K in keyof T]:
      | Argument<T[K]>
      | (Record<PropertyKey, never> extends Pick<T, K> ? undefined : never);
  };

/** Checks what a function returned, as a Zod schema does; receivers do without Zod. */
export interface AnswerShape<Answer> {
  /** @throws if it has another shape */
  parse(answer: unknown): Answer;
}

export interface CallOptions {
  /** Ends the call, in place of the client's own timeout of 30 s. */
  signal?: AbortSignal;
}

/**
 * @param shape Of what the function returns.
 * @throws {DatabaseError} if the database refuses the call or does not answer
 * @throws what `shape` throws, e.g. a `ZodError`
 */
export async function callFunction<Name extends FunctionName, Answer>(
  database: DatabaseClient,
  name: Name,
  args: Arguments<Functions[Name]["Args"]>,
  shape: AnswerShape<Answer>,
  { signal }: CallOptions = {},
): Promise<Answer> {
  const call = database.rpc(name, args as never);
  const { data, error } = await inSpan(`SQL ${name}`, async () => {
    return await (signal ? call.abortSignal(signal) : call);
  });
  if (error !== null) throw new DatabaseError(name, error.code ?? "");
  return shape.parse(data);
}
