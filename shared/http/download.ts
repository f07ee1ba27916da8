/** A response that is a file, sent while it is made. */
import { errorText, log } from "../log.ts";

export interface Download {
  /** Offered by the browser. */
  fileName: string;
  contentType: string;
  headers?: Record<string, string>;
}

/** A failure breaks the response off, so that the caller does not take the file for whole. */
async function* sendAll(
  first: IteratorResult<string | Uint8Array>,
  rest: AsyncIterator<string | Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let chunk = first;
  try {
    while (!chunk.done) {
      yield typeof chunk.value === "string" ? encoder.encode(chunk.value) : chunk.value;
      chunk = await rest.next();
    }
  } catch (error) {
    log.error("download broke off", { error: errorText(error) });
    throw error;
  } finally {
    // The caller has gone away: reading ends too.
    await rest.return?.();
  }
}

/** Waits for the first chunk, so an error before it still becomes a problem response. */
export async function downloadResponse(
  content: AsyncIterable<string | Uint8Array>,
  { fileName, contentType, headers = {} }: Download,
): Promise<Response> {
  const chunks = content[Symbol.asyncIterator]();
  const first = await chunks.next();
  return new Response(ReadableStream.from(sendAll(first, chunks)), {
    headers: {
      ...headers,
      "content-type": contentType,
      "content-disposition": `attachment; filename="${fileName}"`,
      // Personal data stays out of caches.
      "cache-control": "no-store",
    },
  });
}
