/** Runs groups of test files, four at a time. */
import type { TestGroup } from "./groups.ts";
import { runGroup, type RunResult } from "./run_group.ts";

/** Two more than the cores of the slowest machine: groups wait for their programs, and for times to pass. */
const AT_ONCE = 4;

export interface GroupsOptions {
  /** For `deno test`. */
  args: string[];
  /** Variables of groups that need the database; it may still be starting. */
  database: Promise<Record<string, string>>;
  onLine: (line: string) => void;
  /** Folder for everything temporary. */
  temporary: string;
}

function add(a: RunResult, b: RunResult): RunResult {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    outcomes: [...a.outcomes, ...b.outcomes],
    costs: [...a.costs, ...b.costs],
  };
}

/** Starts the groups in their order. */
export async function runGroups(groups: TestGroup[], options: GroupsOptions): Promise<RunResult> {
  const { args, database, onLine, temporary } = options;
  const waiting = groups.filter(({ files }) => files.length > 0);
  let total: RunResult = { passed: 0, failed: 0, outcomes: [], costs: [] };
  const worker = async () => {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      const environment = group.needsDatabase ? await database : {};
      const { name, files, isHosted } = group;
      const options = { name, args, files, isHosted, environment, onLine, temporary };
      const result = await runGroup(options);
      if (result.failed > 0 && args.includes("--fail-fast")) waiting.length = 0;
      total = add(total, result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return total;
}
