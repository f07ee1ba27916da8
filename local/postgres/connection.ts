/** One connection to a database, for one operation. */
import postgres from "postgres";

/** Code of Postgres for a function that does not exist. */
const UNDEFINED_FUNCTION = "42883";

/** Runs `work` on a connection of its own. */
export async function withConnection<T>(
  url: string,
  work: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
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
