/** Streams rows out of and into Postgres with COPY. */
import { Buffer } from "node:buffer";
import { finished, pipeline } from "node:stream/promises";
import type postgres from "postgres";

/** Postgres sends row by row; gzip and files are slow with so few bytes at a time. */
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
    // A COPY that is not read to its end would block the connection.
    stream.resume();
    await finished(stream).catch(() => {});
    // postgres.js pauses its socket when the stream is full, also at the last row, and resumes it only
    // here.
    stream._read(0);
  }
}

/**
 * @param statement `copy ... from stdin`
 * @throws {postgres.PostgresError} if Postgres refuses the rows; errors of `chunks`.
 */
export async function copyIn(
  sql: postgres.TransactionSql,
  statement: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const query = sql.unsafe(statement);
  const stream = await query.writable();
  // After the last row postgres.js passes an error, of a foreign key for example, neither to the stream
  // nor to the query's promise, which is settled already. It calls these two functions.
  const settled = new Promise<void>((resolve, reject) => {
    Object.assign(query, { resolve: () => resolve(), reject });
  });
  await Promise.all([pipeline(chunks, stream), settled]);
}
