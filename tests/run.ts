/**
 * `deno task test`: makes one fresh Postgres with the migrations, runs all tests against copies of its
 * database, and closes with `N passed, N failed`. Arguments go to `deno test` (files, --filter).
 */
import { startTemporaryPostgres } from "../local/postgres/temporary.ts";
import { supabaseCliEnvironment } from "../local/supabase/cli.ts";
import { print } from "../local/cli/console.ts";

const ROOT = new URL("..", import.meta.url);

/** `deno test` says e.g. `ok | 5 passed (2 steps) | 0 failed | 1 ignored (39ms)`. */
function readSummary(line: string): { passed: number; failed: number } | undefined {
  const found = /\| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed/.exec(line);
  return found ? { passed: Number(found[1]), failed: Number(found[2]) } : undefined;
}

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
  // Ctrl-C ends the tests; what they stand on is removed by the caller.
  const onInterrupt = () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
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
  // A run that fails without a failed test (a module that does not load, a leak) is no success.
  return [passed, success ? failed : Math.max(failed, 1)];
}

if (import.meta.main) {
  const startedAt = performance.now();
  const abort = () => Deno.exit(130);
  Deno.addSignalListener("SIGINT", abort);
  print("Making a fresh Postgres with the migrations (the first time npm fetches it and the CLI).");
  let result: [number, number] = [0, 1];
  try {
    await using database = await startTemporaryPostgres();
    Deno.removeSignalListener("SIGINT", abort);
    result = await runTests(database.access.adminUrl, Deno.args);
  } catch (error) {
    print(`The tests could not run: ${(error as Error).message}`);
  }
  const [passed, failed] = result;
  print(`Took ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`);
  print(`${passed} passed, ${failed} failed`);
  Deno.exit(failed === 0 && passed > 0 ? 0 : 1);
}
