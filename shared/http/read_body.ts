/** Reads a request body whole, as bytes, up to a limit. */
import { Problem } from "./problem.ts";

export const MAX_BODY_BYTES = 1024 * 1024;

/** @throws {Problem} 413 as soon as the limit is passed; the rest is not read. */
export async function readBody(
  request: Request,
  limit = MAX_BODY_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new Problem({
      status: 413,
      code: "body_too_large",
      detail: `The body may have ${limit} bytes at most.`,
    });
  if (Number(request.headers.get("content-length")) > limit) {
    await request.body?.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the stream.
    if (length > limit) throw tooLarge();
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}
