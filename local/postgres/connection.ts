/** One connection to a database, for one operation. */
import postgres from "postgres";
import { explainTlsError, readDriverTls } from "./tls.ts";

/** Codes of Postgres for a function, and for a table, that does not exist. */
const UNDEFINED = ["42883", "42P01"];

/**
 * Runs `work` on a connection of its own. With `fetch_types: false` it costs a third less, and neither sends
 * nor reads arrays.
 */
export async function withConnection<T>(
  address: string,
  work: (sql: postgres.Sql) => Promise<T>,
  options: postgres.Options<Record<string, never>> = {},
): Promise<T> {
  const { url, ssl } = await readDriverTls(address);
  const sql = postgres(url, { max: 1, onnotice: () => {}, ...(ssl && { ssl }), ...options });
  try {
    return await work(sql);
  } catch (error) {
    throw explainTlsError(error);
  } finally {
    await sql.end();
  }
}

/** The error, or one that says to migrate if the database lacks a function or a table. */
export function explainMissingObject(error: unknown): unknown {
  if (!(error instanceof postgres.PostgresError) || !UNDEFINED.includes(error.code)) return error;
  return new Error(
    "The database lacks what this command uses. Apply the migrations first: " +
      "npx -y deno@2.9.5 task migration:up",
    { cause: error },
  );
}
