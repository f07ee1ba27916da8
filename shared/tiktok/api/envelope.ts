/** TikTok's answers: `{code, message, request_id, data}` with any HTTP status. */
import * as z from "zod/mini";
import { isRedirect } from "../../http/redirects.ts";
import { TikTokError } from "./errors.ts";
import { parseLosslessJson } from "../../values/lossless_json.ts";
import { redact } from "../../values/redact.ts";
import { describeIssues } from "../../values/zod_messages.ts";
import { withFallback } from "../../values/schemas.ts";

const Envelope = z.looseObject({
  code: z.int(),
  message: withFallback(z.string(), ""),
  request_id: withFallback(z.string(), ""),
  data: z.optional(z.unknown()),
});

/** The longest wait that counts: the next attempt shows whether TikTok meant more. */
const MAX_RETRY_AFTER_SECONDS = 3600;

/** `Retry-After` as seconds; TikTok may send seconds or a date. `now` in milliseconds. */
function retryAfter(response: Response, now: number): number | undefined {
  const value = response.headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return seconds > 0 ? Math.ceil(Math.min(seconds, MAX_RETRY_AFTER_SECONDS)) : undefined;
}

/** Time and hexadecimal digits, or a UUID: no token, name or phone number has that form. Other texts are left out. */
function requestIdOf(text: string): string {
  const form = /^(\d{14}[0-9A-F]{1,24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
  return form.test(text) ? text : "";
}

/**
 * The data of a success, checked by `schema`.
 * @param what Names the call in errors, e.g. its path.
 * @param now Milliseconds since 1970.
 * @throws {TikTokError}
 */
export function openEnvelope<T extends z.ZodMiniType>(
  schema: T,
  { what, response, text, now }: { what: string; response: Response; text: string; now: number },
): z.infer<T> {
  const { status } = response;
  if (isRedirect(response)) {
    throw new TikTokError(`TikTok answered HTTP ${status}, a redirect (${what})`, { status });
  }
  const retryAfterSeconds = retryAfter(response, now);
  let json: unknown;
  try {
    json = parseLosslessJson(text);
  } catch {
    // Not an envelope: handled below.
  }
  const { success, data: envelope } = Envelope.safeParse(json);
  if (!success) {
    throw new TikTokError(`TikTok answered HTTP ${status} (${what})`, {
      status,
      retryAfterSeconds,
    });
  }
  const { code, request_id } = envelope;
  if (code !== 0) {
    const requestId = requestIdOf(request_id);
    const place = [what, requestId].filter(Boolean).join(", ");
    throw new TikTokError(`TikTok ${code} (${place})`, {
      code,
      status,
      retryAfterSeconds,
      requestId,
      words: redact(envelope.message),
    });
  }
  const result = schema.safeParse(envelope.data);
  if (!result.success) {
    // Zod's messages name paths and types, no values.
    throw new TikTokError(
      `TikTok's answer is not readable: ${describeIssues(result.error.issues, "data")} (${what})`,
    );
  }
  return result.data;
}
