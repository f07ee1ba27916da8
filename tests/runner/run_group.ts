/** Runs the tests of a group in a process of their own, and reads what it prints. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { guardProcess } from "../../local/leftovers/guard.ts";
import { readTimes, timeProgram } from "./cpu_time.ts";
import type { GroupCost } from "./costs.ts";
import { hostedUnitTests } from "./hosted_units.ts";
import { readOutcome, readSummary, type TestOutcome } from "./output.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LOADER = "tests/runner/load_files.ts";

export interface Run {
  /** For its line of costs. */
  name: string;
  /** Files, or names of tests, for `deno test`. */
  args: string[];
  /** Files that are loaded into one module; `undefined` if `args` names the modules. */
  files?: string[];
  /** Whether the files run on the Deno of the hosted functions. @default {false} */
  isHosted?: boolean;
  environment: Record<string, string>;
  /** Receives each line. */
  onLine: (line: string) => void;
  /** Folder for everything temporary. */
  temporary: string;
}

export interface RunResult {
  passed: number;
  failed: number;
  outcomes: TestOutcome[];
  costs: GroupCost[];
}

/** The program of the tests, with its arguments. */
async function findProgram(run: Run): Promise<[program: string, args: string[]]> {
  const { args, files, isHosted, temporary } = run;
  if (isHosted) {
    const folder = await Deno.makeTempDir({ dir: temporary });
    return await hostedUnitTests(files ?? [], folder, args);
  }
  const loaded = files === undefined ? [] : [LOADER, "--", ...files];
  const options = ["test", "--allow-all", "--no-check", "--parallel", ...args, ...loaded];
  return [Deno.execPath(), options];
}

async function spawnTests(run: Run, timesFile: string): Promise<Deno.ChildProcess> {
  const { environment, temporary } = run;
  const [program, timedArgs] = timeProgram(timesFile, ...await findProgram(run));
  return new Deno.Command(program, {
    args: timedArgs,
    cwd: ROOT,
    // More than one job also makes the reporter print a line for each test.
    env: {
      ...{ NO_COLOR: "1", DO_NOT_TRACK: "1", DENO_JOBS: "2", TMPDIR: temporary },
      // npx has not started the commands of tests: they would miss it behind the shell that times them.
      npm_lifecycle_event: "",
      ...environment,
    },
    // A group of its own, which ends with the programs that the tests have started.
    detached: true,
    stdin: "null",
    stdout: "piped",
  }).spawn();
}

/** The lines of a stream, also a last one without an end. */
async function* readLines(stream: ReadableStream<BufferSource>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

export async function runGroup(run: Run): Promise<RunResult> {
  const startedAt = performance.now();
  const timesFile = join(run.temporary, `times-${crypto.randomUUID()}`);
  const process = await spawnTests(run, timesFile);
  const release = guardProcess(process.pid, "SIGTERM", true);
  const result: RunResult = { passed: 0, failed: 0, outcomes: [], costs: [] };
  for await (const printed of readLines(process.stdout)) {
    const line = printed.replace(`./${LOADER} => `, "");
    run.onLine(line);
    Object.assign(result, readSummary(line));
    const outcome = readOutcome(line);
    if (outcome) result.outcomes.push(outcome);
  }
  const { success } = await process.status;
  await release();
  const times = await Deno.readTextFile(timesFile).catch(() => "");
  const seconds = (performance.now() - startedAt) / 1000;
  result.costs.push({ name: run.name, seconds, cpuSeconds: readTimes(times) });
  // A run can fail without a failed test: a module that does not load, a leak.
  return success ? result : { ...result, failed: Math.max(result.failed, 1) };
}
