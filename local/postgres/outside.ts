/** An existing Postgres, named by SUPABASE_DB_URL, in place of the embedded one. */
import type postgres from "postgres";
import { accessTo, type DatabaseAccess } from "../supabase/bootstrap.ts";
import { withConnection } from "./connection.ts";
import { withCheckedTls } from "./tls.ts";

/**
 * The address, if one is set that is not the embedded server's own: a shell that has sourced `<data>/env`
 * sets that one. @throws {Error} if it is not the address of a Postgres.
 */
export function outsidePostgresUrl(
  url: string | undefined,
  ownPassword: string,
): string | undefined {
  if (!url) return undefined;
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new Error(
      "SUPABASE_DB_URL is set, but is not an address like postgresql://user:password@host:5432/database. " +
        "Unset it to use the embedded Postgres.",
    );
  }
  if (decodeURIComponent(new URL(url).password) === ownPassword) return undefined;
  return withCheckedTls(new URL(url)).href;
}

async function checkServer(
  sql: postgres.Sql,
  onWarning: (message: string) => void,
): Promise<void> {
  const [server] = await sql`
    select current_setting('server_version_num')::int as version,
           current_setting('wal_level') as wal_level,
           (select rolsuper from pg_roles where rolname = current_user) as is_superuser`;
  if (server?.version < 170000) {
    throw new Error("The Postgres that SUPABASE_DB_URL names is older than 17.");
  }
  if (!server?.is_superuser) {
    throw new Error(
      "SUPABASE_DB_URL must name a superuser: the stack makes Supabase's roles. " +
        "If it comes from the env file of another stack: unset SUPABASE_DB_URL",
    );
  }
  if (server.wal_level !== "logical") {
    onWarning(
      `Realtime sends no changes: the Postgres that SUPABASE_DB_URL names has wal_level = ` +
        `${server.wal_level}. Set wal_level = logical in postgresql.conf, and restart it.`,
    );
  }
}

/**
 * Checks version and rights. @throws {Error} that says what is wrong and what to do.
 * @param onWarning Receives what will not work.
 */
export async function useOutsidePostgres(
  url: string,
  onWarning: (message: string) => void = () => {},
): Promise<DatabaseAccess> {
  try {
    await withConnection(url, (sql) => checkServer(sql, onWarning), {
      connect_timeout: 10,
      fetch_types: false,
    });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === undefined) throw error;
    throw new Error(
      `SUPABASE_DB_URL is set, but its Postgres cannot be used: ${message || code}. ` +
        "Unset it to use the embedded one.",
      { cause: error },
    );
  }
  return accessTo(url);
}
