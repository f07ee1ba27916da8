/** Streams rows out of and into Postgres with COPY. */
import { Buffer } from "node:buffer";
import { finished, pipeline } from "node:stream/promises";
import type postgres from "postgres";

/** Postgres sends row by row; what comes after (gzip, files) is slow with so little at a time. */
const BLOCK_BYTES = 64 * 1024;

/** @param statement `copy (...) to stdout`; its rows pass in blocks of many. */
export async function* copyOut(
  sql: postgres.TransactionSql,
  statement: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const stream = await sql.unsafe(statement).readable();
  try {
    let rows: Uint8Array[] = [];
    let bytes = 0;
    for await (const row of stream.iterator({ destroyOnReturn: false })) {
      rows.push(row);
      bytes += row.length;
      if (bytes < BLOCK_BYTES) continue;
      yield Buffer.concat(rows);
      rows = [];
      bytes = 0;
    }
    if (bytes > 0) yield Buffer.concat(rows);
  } finally {
    // A COPY that nobody reads to its end would keep the connection waiting.
    stream.resume();
    await finished(stream).catch(() => {});
    // postgres.js pauses its socket when the stream is full, also at the last row, and nothing else
    // would let it go on.
    stream._read(0);
  }
}

/**
 * @param statement `copy ... from stdin`
 * @throws {postgres.PostgresError} what Postgres says of the rows, or what `chunks` throws.
 */
export async function copyIn(
  sql: postgres.TransactionSql,
  statement: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const query = sql.unsafe(statement);
  const stream = await query.writable();
  // What Postgres says after the last row (a foreign key, say) postgres.js tells neither the stream nor
  // the query's promise, which is settled by now; it does call these two.
  const settled = new Promise<void>((resolve, reject) => {
    Object.assign(query, { resolve: () => resolve(), reject });
  });
  await Promise.all([pipeline(chunks, stream), settled]);
}
