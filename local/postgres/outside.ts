/** An existing Postgres, named by SUPABASE_DB_URL, in place of the embedded one. */
import postgres from "postgres";
import { accessTo, type DatabaseAccess } from "../supabase/bootstrap.ts";

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
  return decodeURIComponent(new URL(url).password) === ownPassword ? undefined : url;
}

/** Checks version and rights. @throws {Error} that says what is wrong and what to do. */
export async function useOutsidePostgres(url: string): Promise<DatabaseAccess> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    const [server] = await sql`
      select current_setting('server_version_num')::int as version,
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
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === undefined) throw error;
    throw new Error(
      `SUPABASE_DB_URL is set, but its Postgres cannot be used: ${message || code}. ` +
        "Unset it to use the embedded one.",
      { cause: error },
    );
  } finally {
    await sql.end();
  }
  return accessTo(url);
}
