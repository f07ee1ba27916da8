/** Reads a request body whole, as bytes, up to a limit of size and time. */
import { problemOf } from "./problem_table.ts";

export const MAX_BODY_BYTES = 1024 * 1024;

const TIMEOUT_MS = 10_000;

/** Problems of every route that reads a body. */
export const BODY_PROBLEMS = {
  body_too_slow: { status: 408, detail: "The body has to arrive within 10 seconds." },
  body_too_large: { status: 413, detail: "The body is larger than the route takes." },
} as const;

/**
 * @throws {Problem} 413 as soon as the limit is passed, 408 if the body does not arrive in time; the rest is
 * not read.
 */
export async function readBody(
  request: Request,
  limit = MAX_BODY_BYTES,
  { timeoutMs = TIMEOUT_MS } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    problemOf(BODY_PROBLEMS, "body_too_large", {
      detail: `The body may have ${limit} bytes at most.`,
    });
  if (Number(request.headers.get("content-length")) > limit) {
    await request.body?.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    // Ends the read that waits.
    reader?.cancel().catch(() => {});
  }, timeoutMs);
  try {
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
      length += part.value.length;
      if (length > limit) {
        await reader?.cancel();
        throw tooLarge();
      }
      chunks.push(part.value);
    }
  } finally {
    clearTimeout(timer);
  }
  if (isLate) {
    const detail = `The body has to arrive within ${timeoutMs / 1000} seconds.`;
    throw problemOf(BODY_PROBLEMS, "body_too_slow", { detail });
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}
