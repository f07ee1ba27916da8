/** `deno task test`: all tests against copies of one freshly migrated database. */
import { startTemporaryPostgres } from "../local/postgres/temporary.ts";
import { supabaseCliEnvironment } from "../local/supabase/cli.ts";
import { command } from "../local/cli/command.ts";
import { print } from "../local/cli/console.ts";

const ROOT = new URL("..", import.meta.url);

/** `deno test` prints e.g. `ok | 5 passed (2 steps) | 0 failed | 1 ignored (39ms)`. */
function readSummary(line: string): { passed: number; failed: number } | undefined {
  const found = /\| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed/.exec(line);
  return found ? { passed: Number(found[1]), failed: Number(found[2]) } : undefined;
}

/** Files that run only by a task of their own: `test:deploy` takes a minute. */
const OWN_TASKS = ["tests/deploy/deploy_test.ts"];

async function runTests(databaseUrl: string, args: string[]): Promise<[number, number]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-check", "--parallel", ...args],
    cwd: ROOT,
    env: {
      TEST_DATABASE_URL: databaseUrl,
      NO_COLOR: "1",
      DO_NOT_TRACK: "1",
      DENO_JOBS: "2",
      ...await supabaseCliEnvironment(),
    },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  // Ctrl-C ends the tests; the caller removes the database.
  const onInterrupt = () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
  };
  Deno.addSignalListener("SIGINT", onInterrupt);
  let summary: { passed: number; failed: number } | undefined;
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) summary = readSummary(line) ?? summary;
  }
  const { success } = await child.status;
  Deno.removeSignalListener("SIGINT", onInterrupt);
  const { passed, failed } = readSummary(rest) ?? summary ?? { passed: 0, failed: 0 };
  // A run can fail without a failed test: a module that does not load, a leak.
  return [passed, success ? failed : Math.max(failed, 1)];
}

/** Prints the closing line in every case: a run that could not start counts as one failure. */
async function runOnFreshDatabase(args: string[]): Promise<number> {
  const startedAt = performance.now();
  const abort = () => Deno.exit(130);
  Deno.addSignalListener("SIGINT", abort);
  print("Making a fresh Postgres with the migrations (the first time npm fetches it and the CLI).");
  let result: [number, number] = [0, 1];
  try {
    await using database = await startTemporaryPostgres();
    Deno.removeSignalListener("SIGINT", abort);
    const isWhole = args.every((arg) => arg.startsWith("-"));
    const ignored = isWhole ? [`--ignore=${OWN_TASKS.join(",")}`] : [];
    result = await runTests(database.access.adminUrl, [...ignored, ...args]);
  } catch (error) {
    print(`The tests could not run: ${(error as Error).message}`);
  }
  const [passed, failed] = result;
  print(`Took ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`);
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

export default await command(import.meta, {
  name: "test",
  help: `Runs all tests, or some, against copies of a freshly migrated Postgres.

  npx -y deno@2.9.5 task test [FILE ...] [options of deno test]

  --filter TEXT   only tests whose name contains TEXT
  --fail-fast     stop at the first failure

The last line is "N passed, N failed".`,
  parse: (args) => args.some((arg) => ["--help", "-h"].includes(arg)) ? undefined : args,
  run: runOnFreshDatabase,
});
