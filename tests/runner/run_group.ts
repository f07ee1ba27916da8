/** Runs the tests of a group in a process of their own, and reads what it prints. */
import { fileURLToPath } from "node:url";
import { guardProcess } from "../../local/leftovers/guard.ts";
import { readOutcome, readSummary, type TestOutcome } from "./output.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LOADER = "tests/runner/load_files.ts";

export interface Run {
  /** Files, or names of tests, for `deno test`. */
  args: string[];
  /** Files that are loaded into one module; `undefined` if `args` names the modules. */
  files?: string[];
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
}

function spawnTests({ args, files, environment, temporary }: Run): Deno.ChildProcess {
  const loaded = files === undefined ? [] : [LOADER, "--", ...files];
  return new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-check", "--parallel", ...args, ...loaded],
    cwd: ROOT,
    // More than one job also makes the reporter print a line for each test.
    env: { NO_COLOR: "1", DO_NOT_TRACK: "1", DENO_JOBS: "2", TMPDIR: temporary, ...environment },
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
  const process = spawnTests(run);
  const release = guardProcess(process.pid, "SIGTERM", true);
  const result: RunResult = { passed: 0, failed: 0, outcomes: [] };
  for await (const printed of readLines(process.stdout)) {
    const line = printed.replace(`./${LOADER} => `, "");
    run.onLine(line);
    Object.assign(result, readSummary(line));
    const outcome = readOutcome(line);
    if (outcome) result.outcomes.push(outcome);
  }
  const { success } = await process.status;
  await release();
  // A run can fail without a failed test: a module that does not load, a leak.
  return success ? result : { ...result, failed: Math.max(result.failed, 1) };
}
