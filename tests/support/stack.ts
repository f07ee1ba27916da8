/** A whole stack for one test: a copy of the migrated database, its own function host and simulator. */
import { join } from "node:path";
import postgres from "postgres";
import { type StackSettings, startStack } from "../../local/stack.ts";
import { redirectConsole } from "../../local/quiet_console.ts";
import type { Stack } from "../../local/stack.ts";
import type { TikTokSimulator } from "../simulators/tiktok/simulator.ts";

export interface TestStack extends Stack, AsyncDisposable {
  tiktok: TikTokSimulator;
  /** The database as its superuser, to look behind the API. */
  sql: postgres.Sql;
  /** Folder of logs and state. */
  data: string;
}

function testDatabaseUrl(): URL {
  const url = Deno.env.get("TEST_DATABASE_URL");
  if (!url) throw new Error("Run the tests with `deno task test`: they need its database.");
  return new URL(url);
}

function connect(url: URL | string): postgres.Sql {
  return postgres(String(url), { max: 4, onnotice: () => {} });
}

export interface TestDatabase {
  /** As its superuser. */
  url: string;
  drop(): Promise<void>;
}

/** Copies the migrated database, or another, under a new name. */
export async function createTestDatabase(template?: string): Promise<TestDatabase> {
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  const maintenance = testDatabaseUrl();
  const source = template ?? maintenance.pathname.slice(1);
  // A database cannot be copied by a session that uses it.
  maintenance.pathname = "/template1";
  const run = async (statement: string) => {
    const sql = connect(maintenance);
    try {
      await sql.unsafe(statement);
    } finally {
      await sql.end();
    }
  };
  await run(`create database ${name} template ${source}`);
  const url = testDatabaseUrl();
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`drop database ${name} with (force)`) };
}

/**
 * Starts everything but the clock: jobs fire only when a test says so.
 * @param existing A database to start over, in place of a fresh one; dropped with the stack.
 */
export async function startTestStack(
  settings: Partial<StackSettings> = {},
  existing?: TestDatabase,
): Promise<TestStack> {
  const database = existing ?? await createTestDatabase();
  const data = await Deno.makeTempDir({ prefix: "creatorflow-test-" });
  redirectConsole(join(data, "console.log"));
  const sql = connect(database.url);
  let stack: Stack;
  try {
    // pg_cron notes the database of each job; this one is a copy.
    await sql`update cron.job set database = current_database()`;
    stack = await startStack({
      port: 0,
      dbPort: 0,
      data,
      schedule: false,
      ...settings,
      environment: { SUPABASE_DB_URL: database.url, ...settings.environment },
    });
  } catch (error) {
    await sql.end();
    await database.drop();
    await Deno.remove(data, { recursive: true });
    throw error;
  }
  return {
    ...stack,
    tiktok: stack.tiktok as TikTokSimulator,
    sql,
    data,
    async [Symbol.asyncDispose]() {
      await sql.end();
      await stack.stop();
      await database.drop();
      await Deno.remove(data, { recursive: true });
    },
  };
}
