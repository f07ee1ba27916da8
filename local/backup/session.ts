/** Connects to the database that is backed up or restored. */
import { resolve } from "node:path";
import postgres from "postgres";
import { findRunningStack } from "../running_stack.ts";

const LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"];

/** @throws {Error} that does not repeat `text`, which may hold a password. */
export function parseDatabaseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") {
    throw new Error(
      "A database's address looks like postgresql://user:password@host:5432/postgres",
    );
  }
  return url;
}

/** @param data of the running stack that is meant where no address is given. */
export async function findDatabase(address: string | undefined, data: string): Promise<URL> {
  return parseDatabaseUrl(address ?? (await findRunningStack(resolve(data))).SUPABASE_DB_URL);
}

export function isLocal(url: URL): boolean {
  return LOCAL_HOSTS.includes(url.hostname);
}

/** A name to print: without login and options. */
export function nameDatabase(url: URL): string {
  return `${decodeURIComponent(url.pathname.slice(1)) || "postgres"} at ${url.host}`;
}

/** Runs `work` in one transaction on a connection of its own. */
export async function inTransaction<T>(
  url: URL,
  mode: "" | "isolation level repeatable read read only",
  work: (sql: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  const sql = postgres(url.href, {
    max: 1,
    connect_timeout: 10,
    // A large table may take longer than postgres.js keeps a connection by itself.
    max_lifetime: null,
    onnotice: () => {},
    // Rows and a password do not cross a network in the clear unless the address says so.
    ...(!url.searchParams.has("sslmode") && { ssl: isLocal(url) ? false : "require" }),
  });
  try {
    return await sql.begin(mode, async (transaction) => {
      await transaction.unsafe(SETTINGS);
      return await work(transaction);
    }) as T;
  } finally {
    await sql.end();
  }
}

/** The same values give the same text everywhere; and no policy hides a row without an error. */
const SETTINGS = `
  set local search_path = '';
  set local row_security = off;
  set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0;
  set local timezone = 'UTC';
  set local datestyle = 'ISO, YMD';
  set local intervalstyle = 'postgres';
  set local extra_float_digits = 1;
  set local bytea_output = 'hex';`;
