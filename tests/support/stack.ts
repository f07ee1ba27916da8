/** A whole stack for one test: a copy of the migrated database, its own function host and simulator. */
import { join } from "node:path";
import postgres from "postgres";
import { makeTemporaryData } from "../../local/leftovers/temporary_folder.ts";
import { withConnection } from "../../local/postgres/connection.ts";
import { startEmbedded } from "../../local/postgres/embedded.ts";
import { loadKeys } from "../../local/stack/keys.ts";
import type { StackSettings } from "../../local/stack/settings.ts";
import { startStack } from "../../local/stack/stack.ts";
import { redirectConsole } from "../../local/cli/console.ts";
import type { Stack } from "../../local/stack/stack.ts";
import type { EasyPostSimulator } from "../../local/simulators/easypost/simulator.ts";
import type { StripeSimulator } from "../../local/simulators/stripe/simulator.ts";
import type { TikTokSimulator } from "../../local/simulators/tiktok/simulator.ts";
import { bootstrap } from "../../local/supabase/bootstrap.ts";
import { applyMigrations } from "./apply_migrations.ts";
import { HOST_CONFIG } from "./function_config.ts";
import { createSharedSchema } from "./shared_schema.ts";
import { answerObserver, assertDocumented } from "./openapi/watch_answers.ts";
import { assertNoProblems, openApiObserver } from "./tiktok_openapi/watch_calls.ts";

Deno.test.afterEach(assertNoProblems);
Deno.test.afterEach(assertDocumented);

export interface TestStack extends Stack, AsyncDisposable {
  tiktok: TikTokSimulator;
  easypost: EasyPostSimulator;
  stripe: StripeSimulator;
  /** The database as its superuser, to look behind the API. */
  sql: postgres.Sql;
  /** Folder of logs and state. */
  data: string;
  /** What the test has opened over the stack: it ends with the test, also with one that fails. */
  opened: AsyncDisposableStack;
}

function testDatabaseUrl(): URL {
  const url = Deno.env.get("TEST_DATABASE_URL");
  if (!url) throw new Error("Run the tests with `deno task test`: they need its database.");
  return new URL(url);
}

function connect(url: URL | string): postgres.Sql {
  return postgres(String(url), { max: 4, onnotice: () => {} });
}

/** Older than what a new connection imports: the sample shops begin without orders. */
const SAMPLE_TIME = Date.parse("2026-09-21T14:00:00Z");

/** A test calls more often in a minute than a seller; those of the limits set their own. */
async function liftRequestLimits(sql: postgres.Sql): Promise<void> {
  await sql`update private.request_limits set requests = 1000000 where route <> 'analytics_events'`;
}

/** Past the gateway, which observes its own calls. */
async function callObserved(stack: Stack, request: Request): Promise<Response> {
  return await answerObserver(request, await stack.callFunction(request));
}

export interface TestDatabase extends AsyncDisposable {
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
    const sql = postgres(maintenance.href, { max: 1, onnotice: () => {}, fetch_types: false });
    try {
      await sql.unsafe(statement);
    } finally {
      await sql.end();
    }
  };
  // Far cheaper than by the write-ahead log.
  await run(`create database ${name} template ${source} strategy file_copy`);
  const url = testDatabaseUrl();
  url.pathname = `/${name}`;
  const drop = () => run(`drop database ${name} with (force)`);
  return { url: url.href, drop, [Symbol.asyncDispose]: drop };
}

/** Free ports, no clock, observed calls, and no webhook that a test does not send. */
const TEST_SETTINGS = {
  port: 0,
  dbPort: 0,
  schedule: false,
  sampleTime: SAMPLE_TIME,
  tiktokObserver: openApiObserver,
  tiktokAutoSend: false,
  functionObserver: answerObserver,
  loadFunctions: "first_request",
  confirmEmail: false,
  configPath: HOST_CONFIG,
} satisfies Partial<StackSettings>;

/** The stack as tests see it: its calls are observed, and its simulators are there. */
function asTestStack(stack: Stack) {
  return {
    ...stack,
    callFunction: (request: Request) => callObserved(stack, request),
    tiktok: stack.tiktok as TikTokSimulator,
    easypost: stack.easypost as EasyPostSimulator,
    stripe: stack.stripe as StripeSimulator,
  };
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
      ...TEST_SETTINGS,
      data,
      isDatabasePrepared: true,
      ...(existing === undefined && { schemaCache: createSharedSchema() }),
      ...settings,
      environment: { SUPABASE_DB_URL: database.url, ...settings.environment },
    });
  } catch (error) {
    await sql.end();
    await database.drop();
    await Deno.remove(data, { recursive: true });
    throw error;
  }
  await liftRequestLimits(sql);
  const opened = new AsyncDisposableStack();
  return {
    ...asTestStack(stack),
    sql,
    data,
    opened,
    async [Symbol.asyncDispose]() {
      await opened.disposeAsync();
      await sql.end();
      await stack.stop();
      await database.drop();
      await Deno.remove(data, { recursive: true });
    },
  };
}

/** Whose Postgres may be restarted. */
export interface OwnStack extends TestStack {
  /** Another `sql`: the tests' driver loses connections that a stop of Postgres cuts. */
  reconnect(): void;
}

/** Makes the cluster and the database that the stack of this folder starts with. */
async function prepareCluster(data: string): Promise<void> {
  const keys = await loadKeys(data);
  const { access, stop } = await startEmbedded({
    data,
    port: 0,
    adminPassword: keys.databaseAdminPassword,
    password: keys.databasePassword,
    onCrash: () => {},
  });
  try {
    await bootstrap(access, keys.databasePassword);
    await withConnection(access.adminUrl, (sql) => applyMigrations(sql));
  } finally {
    await stop();
  }
}

/** As `startTestStack`, with a Postgres of its own that may be broken, in a folder that goes with it. */
export async function startOwnStack(settings: Partial<StackSettings> = {}): Promise<OwnStack> {
  const temporary = await makeTemporaryData("creatorflow-own-");
  const data = temporary.path;
  redirectConsole(join(data, "console.log"));
  let stack: Stack;
  try {
    await prepareCluster(data);
    stack = await startStack({
      ...TEST_SETTINGS,
      data,
      environment: {},
      ...settings,
    });
  } catch (error) {
    await temporary[Symbol.asyncDispose]();
    throw error;
  }
  const configured = connect(stack.database.adminUrl);
  await liftRequestLimits(configured);
  const own: OwnStack = {
    ...asTestStack(stack),
    sql: configured,
    data,
    opened: new AsyncDisposableStack(),
    reconnect() {
      const former = own.sql;
      own.sql = connect(stack.database.adminUrl);
      former.end({ timeout: 0 }).catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      await own.opened.disposeAsync();
      await own.sql.end({ timeout: 5 });
      await stack.stop();
      await temporary[Symbol.asyncDispose]();
    },
  };
  return own;
}
