/** One connection to a database, for one operation. */
import postgres from "postgres";
import { explainTlsError, readDriverTls } from "./tls.ts";

/** Code of Postgres for a function that does not exist. */
const UNDEFINED_FUNCTION = "42883";

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

/** The error, or one that says to migrate if the database lacks a function. */
export function explainMissingFunction(error: unknown): unknown {
  if (!(error instanceof postgres.PostgresError) || error.code !== UNDEFINED_FUNCTION) return error;
  return new Error(
    "The database lacks a function of this command. Apply the migrations first: " +
      "npx -y deno@2.9.5 task migration:up",
    { cause: error },
  );
}
