/** Runs tests against copies of one freshly migrated database. */
import { join } from "node:path";
import { hostedDenoEnvironment } from "../../local/deploy/hosted_deno.ts";
import { makeTemporaryFolder } from "../../local/leftovers/temporary_folder.ts";
import { withConnection } from "../../local/postgres/connection.ts";
import { startTemporaryPostgres, type TemporaryPostgres } from "../../local/postgres/temporary.ts";
import { supabaseCliEnvironment } from "../../local/supabase/cli.ts";
import { print } from "../../local/cli/console.ts";
import { errorMessage } from "../../local/cli/error_message.ts";
import { applyMigrations } from "../support/apply_migrations.ts";
import { bundleForHosts } from "./bundle_functions.ts";
import { type GroupCost, listCosts } from "./costs.ts";
import { readEndedPrograms, readOwn } from "./cpu_time.ts";
import { findGroups } from "./groups.ts";
import { findMemoryFolder } from "./memory_folder.ts";
import { listFailed, listSlowest } from "./output.ts";
import { runGroup, type RunResult } from "./run_group.ts";
import { runGroups } from "./run_groups.ts";

const SLOWEST = 10;

/** Settings that only save time. */
const FAST = {
  // Auth's passwords: the least cost of bcrypt. Tests sign up hundreds of sellers.
  LITE_AUTH_BCRYPT_COST: "4",
  // The Supabase CLI is a Bun program that lives for seconds, half of it to optimise and to free memory.
  BUN_JSC_useDFGJIT: "0",
  BUN_JSC_useGC: "0",
  // Processes with a host each keep two cores busy: more threads only get in their way.
  DENO_V8_FLAGS: "--single-threaded-gc",
};

async function startPostgres(): Promise<TemporaryPostgres> {
  const postgres = await startTemporaryPostgres({
    folder: await findMemoryFolder(),
    applyMigrations: ({ adminUrl }) => withConnection(adminUrl, (sql) => applyMigrations(sql)),
  });
  await withConnection(postgres.access.adminUrl, async (sql) => {
    // A session plans each statement once, in place of its first six calls: most sessions end before those.
    await sql`alter system set plan_cache_mode = 'force_generic_plan'`;
    await sql`select pg_reload_conf()`;
    // The schedule does not run in tests: no job is late, however long the run takes.
    await sql`update private.health_thresholds set watched_since = now() + interval '1 hour'`;
  });
  return postgres;
}

async function environmentOf(
  postgres: Promise<TemporaryPostgres>,
  folder: string,
  isWhole: boolean,
): Promise<Record<string, string>> {
  const [{ access }, cli, functionConfig, hosted] = await Promise.all([
    postgres,
    supabaseCliEnvironment(),
    bundleForHosts(folder),
    isWhole ? hostedDenoEnvironment() : {},
  ]);
  return {
    TEST_DATABASE_URL: access.adminUrl,
    TEST_FUNCTION_CONFIG: functionConfig,
    ...FAST,
    ...cli,
    ...hosted,
  };
}

/** Named files run as modules of their own, all tests in groups. */
async function runWith(
  postgres: Promise<TemporaryPostgres>,
  args: string[],
  { environment, temporary }: { environment: Record<string, string>; temporary: string },
): Promise<RunResult> {
  const isWhole = args.every((arg, i) => arg.startsWith("-") || args[i - 1] === "--filter");
  const database = environmentOf(postgres, join(temporary, "functions"), isWhole)
    .then((made) => ({ ...made, ...environment }));
  // It may fail before it is awaited.
  database.catch(() => {});
  const options = { args, onLine: print, temporary };
  if (!isWhole) {
    return await runGroup({ ...options, name: "named files", environment: await database });
  }
  return await runGroups(await findGroups(), { ...options, database });
}

/** Returns what it cost, and what is left: making its data and the functions' bundles, reading lines. */
async function stopPostgres(
  postgres: Promise<TemporaryPostgres>,
  groups: GroupCost[],
): Promise<GroupCost[]> {
  const before = await readEndedPrograms();
  await (await postgres.catch(() => undefined))?.[Symbol.asyncDispose]();
  const after = await readEndedPrograms();
  const counted = groups.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  return [
    { name: "Postgres", cpuSeconds: after - before },
    { name: "the runner", cpuSeconds: Math.max(before - counted, 0) + readOwn() },
  ];
}

/**
 * Prints the closing line in every case: a run that could not start counts as one failure.
 * @param args Of `deno test`; all tests run if they name no file. @param environment Variables of the tests.
 */
export async function runTests(
  args: string[],
  environment: Record<string, string> = {},
): Promise<number> {
  const startedAt = performance.now();
  await using temporary = await makeTemporaryFolder("creatorflow-tests-");
  // Postgres may run as another user, who has to pass through.
  await Deno.chmod(temporary.path, 0o755);
  print("Making a fresh Postgres with the migrations.");
  let result: RunResult = { passed: 0, failed: 1, outcomes: [], costs: [] };
  const postgres = startPostgres();
  try {
    result = await runWith(postgres, args, { environment, temporary: temporary.path });
  } catch (error) {
    print(`The tests could not run: ${errorMessage(error)}`);
  }
  const costs = [...result.costs, ...await stopPostgres(postgres, result.costs)];
  const { passed, failed, outcomes } = result;
  const names = listFailed(outcomes);
  print(["", "The slowest files:", ...listSlowest(outcomes, SLOWEST)].join("\n"));
  const seconds = (performance.now() - startedAt) / 1000;
  print(["", "Cost of the groups:", ...listCosts(costs, seconds)].join("\n"));
  if (names.length > 0) print(["Failed:", ...names].join("\n"));
  print(`Took ${seconds.toFixed(0)} s.`);
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
