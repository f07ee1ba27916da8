/** Makes a plain Postgres look like a new Supabase database: roles, Auth's tables, stand-ins. */
import type postgres from "postgres";
import { sha256Hex } from "../../shared/crypto/digests.ts";
import { withConnection } from "../postgres/connection.ts";
import { createAuthApp } from "./rest_and_auth.ts";

/** Addresses under which the local stack reaches one database. */
export interface DatabaseAccess {
  /** Runs migrations; on the embedded server the role `postgres`, which is not a superuser. */
  url: string;
  /** A superuser, for roles and stand-ins; equals `url` on an outside Postgres. */
  adminUrl: string;
  /** REST's login, the role `authenticator`. */
  restUrl: string;
  /** Auth's login, the role `supabase_auth_admin`. */
  authUrl: string;
}

const STAND_INS = ["cron", "net", "vault", "realtime"] as const;

/** The same cluster and password give the same result, so that two stacks may share one cluster. */
function derivePassword(adminUrl: string, role: string): string {
  return sha256Hex(`${role}:${new URL(adminUrl).password}`);
}

/** `url` with another login. */
export function withLogin(url: string, username: string, password: string): string {
  const changed = new URL(url);
  changed.username = username;
  changed.password = password;
  return changed.href;
}

/** The addresses of the database at `adminUrl`. */
export function accessTo(adminUrl: string, url = adminUrl): DatabaseAccess {
  const login = (role: string) => withLogin(adminUrl, role, derivePassword(adminUrl, role));
  return {
    url,
    adminUrl,
    restUrl: login("authenticator"),
    authUrl: login("supabase_auth_admin"),
  };
}

async function refuseForeignSupabase(sql: postgres.Sql): Promise<void> {
  const [role] = await sql<{ comment: string | null }[]>`
    select shobj_description(oid, 'pg_authid') as comment
    from pg_roles where rolname = 'authenticator'`;
  if (role !== undefined && role.comment !== "creatorflow local stack") {
    throw new Error(
      "SUPABASE_DB_URL names a database that already has Supabase's own roles. The local stack " +
        "needs a plain Postgres; to use a real project, deploy to it (see docs/deploy.md).",
    );
  }
}

async function readSql(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`./sql/${name}.sql`, import.meta.url));
}

/** @param postgresPassword Password of the role `postgres`, on the embedded server only. */
async function makeRoles(
  sql: postgres.Sql,
  access: DatabaseAccess,
  postgresPassword: string | undefined,
): Promise<void> {
  const roles = await readSql("roles");
  await sql.begin(async (transaction) => {
    // Roles belong to the whole server, where other stacks may be starting over other databases.
    await transaction`lock table pg_catalog.pg_authid in share row exclusive mode`;
    await transaction.unsafe(roles);
    for (const url of [access.restUrl, access.authUrl]) {
      const { username, password } = new URL(url);
      // `alter role` takes no parameters; the passwords are hexadecimal, made by us.
      await transaction.unsafe(`alter role ${username} password '${password}'`);
    }
    if (postgresPassword !== undefined) {
      await transaction.unsafe(`alter role postgres password '${postgresPassword}'`);
    }
  });
}

/** The superuser makes Auth's tables; database.sql then gives them to Auth. */
async function makeAuthSchema(access: DatabaseAccess): Promise<void> {
  const auth = createAuthApp(access.adminUrl, { jwtSecret: "unused while the schema is made" });
  try {
    await auth.ensureSystemSchema();
  } finally {
    await auth.close();
  }
}

/** Idempotent. @param postgresPassword Password of the role `postgres`, on the embedded server only. */
export async function bootstrap(access: DatabaseAccess, postgresPassword?: string): Promise<void> {
  await withConnection(access.adminUrl, async (sql) => {
    await refuseForeignSupabase(sql);
    await makeRoles(sql, access, postgresPassword);
    await makeAuthSchema(access);
    await sql.unsafe(await readSql("database"));
    for (const name of STAND_INS) {
      await sql.unsafe(await readSql(name));
      await sql.unsafe(`alter schema ${name} owner to supabase_admin`);
    }
  });
}
