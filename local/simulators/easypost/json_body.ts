/** Reads the bodies of calls. */
import { refusals } from "./errors.ts";

/**
 * The body of a call, `{}` if it is empty. EasyPost reads a body that is not declared as JSON as a form, in which
 * it finds no parameter.
 * @throws {EasyPostRefusal}
 */
export async function jsonBody(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text();
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) return {};
  try {
    const json: unknown = JSON.parse(text || "{}");
    if (typeof json === "object" && json !== null) return json as Record<string, unknown>;
  } catch {
    // Refused like a body that is not an object.
  }
  throw refusals.notJson();
}
