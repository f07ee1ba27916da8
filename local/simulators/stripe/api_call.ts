/** The frame of an API call: its key, its parameters, its answer. */
import type { Context } from "hono";
import { apiErrors } from "./errors.ts";
import { publicFields, type StripeObject } from "./objects.ts";
import { Params } from "./params.ts";

/** @throws {ApiError} unless the call has the key as a Bearer token */
export function checkKey(request: Request, secretKey: string): void {
  const given = /^Bearer\s+(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given === undefined) throw apiErrors.noKey();
  if (given === secretKey) return;
  const shown = given.length < 12
    ? given
    : `${given.slice(0, 8)}${"*".repeat(given.length - 12)}${given.slice(-4)}`;
  throw apiErrors.wrongKey(shown);
}

/**
 * A route that reads the parameters and answers with an object.
 * @param allowed See `Params.allowOnly`: the call is refused if it has others.
 */
export function apiCall(
  allowed: readonly string[],
  run: (params: Params, id: string) => StripeObject | { object: string; data: StripeObject[] },
) {
  return async (c: Context): Promise<Response> => {
    const body = c.req.method === "GET" ? "" : await c.req.text();
    const params = Params.read(new URL(c.req.url).search, body);
    params.allowOnly(allowed);
    const result = run(params, c.req.param("id") ?? "");
    if (!Array.isArray(result.data)) return c.json(publicFields(result as StripeObject));
    return c.json({ ...result, data: result.data.map(publicFields) });
  };
}
