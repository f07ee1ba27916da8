/** Reads what `deno test` prints. */

/** `deno test` prints e.g. `ok | 5 passed (2 steps) | 0 failed | 1 ignored (39ms)`. */
export function readSummary(line: string): { passed: number; failed: number } | undefined {
  const found = /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed/.exec(line);
  return found ? { passed: Number(found[1]), failed: Number(found[2]) } : undefined;
}

export interface TestOutcome {
  file: string;
  name: string;
  seconds: number;
  passed: boolean;
}

const SECONDS: Record<string, number> = { µs: 1e-6, ms: 1e-3, s: 1, m: 60 };

/** Reads `1m2s`. */
function readDuration(text: string): number {
  return [...text.matchAll(/(\d+)(µs|ms|m|s)/g)]
    .reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (SECONDS[unit] ?? 0), 0);
}

/** Reads `<file> => <name> ... ok (39ms)`; `undefined` for steps and other lines. */
export function readOutcome(line: string): TestOutcome | undefined {
  const found = /^(?:\.\/)?(\S+\.ts) => (.+) \.\.\. (ok|FAILED) \((\S+)\)$/.exec(line);
  if (found === null) return undefined;
  const [, file, name, state, time] = found as unknown as [string, string, string, string, string];
  if (name.includes(" ... ")) return undefined;
  return { file, name, seconds: readDuration(time), passed: state === "ok" };
}

/** The failed tests, as lines of text. */
export function listFailed(outcomes: TestOutcome[]): string[] {
  return outcomes.filter(({ passed }) => !passed).map(({ file, name }) => `${file}: ${name}`);
}

/** The files that took longest, as lines of text. */
export function listSlowest(outcomes: TestOutcome[], count: number): string[] {
  const byFile = new Map<string, number>();
  for (const { file, seconds } of outcomes) byFile.set(file, (byFile.get(file) ?? 0) + seconds);
  return [...byFile].sort(([, a], [, b]) => b - a).slice(0, count)
    .map(([file, seconds]) => `${seconds.toFixed(1).padStart(6)} s  ${file}`);
}
