/**
 * Checks Stripe's answers before its client reads them: the client takes a redirect and most JSON for a
 * success, and JSON that is not an object ends the whole process.
 */
import * as z from "zod/mini";
import { isRedirect } from "../http/redirects.ts";
import { parseJson } from "../values/json.ts";

/** An error of any status; the client reads an object, or a text as OAuth has it. */
const Failure = z.looseObject({
  error: z.union([z.looseObject({}), z.string().check(z.minLength(1))]),
});
/** Every Stripe object has an id, and every list `data`. */
const Success = z.union([
  z.looseObject({ error: z.optional(z.null()), id: z.string().check(z.minLength(1)) }),
  z.looseObject({ error: z.optional(z.null()), data: z.array(z.unknown()) }),
]);
/** Answer of a proxy with an error status. */
const Refusal = z.union([z.looseObject({ error: z.optional(z.null()) }), z.array(z.unknown())]);

/** Error that the client takes for a final Stripe error. */
function failure(code: string, status: number): Response {
  return new Response(JSON.stringify({ error: { type: "api_error", code } }), { status });
}

/** The answer, or an error in its place: `unexpected_redirect` or `unreadable_answer`. */
export async function checkAnswer(response: Response): Promise<Response> {
  const { status, headers, ok } = response;
  if (isRedirect(response)) {
    await response.body?.cancel();
    return failure("unexpected_redirect", status);
  }
  const text = await response.text();
  let json: unknown;
  try {
    json = parseJson(text);
  } catch {
    if (ok) return failure("unreadable_answer", status);
    // The client repeats a proxy's page.
    return new Response(text, { status, headers });
  }
  const isReadable = Failure.safeParse(json).success ||
    (ok ? Success : Refusal).safeParse(json).success;
  return isReadable
    ? new Response(text, { status, headers })
    : failure("unreadable_answer", status);
}
