/** A task that runs some of the tests, with a help of its own. */
import { type Command, command } from "../../local/cli/command.ts";
import { requireDenoOptions } from "../../local/cli/deno_options.ts";
import { requirePaths } from "../../local/cli/require_paths.ts";
import { runTests } from "./run_tests.ts";

export const TEST_OPTIONS = `  --filter TEXT   only tests whose name contains TEXT
  --fail-fast     stop at the first failure
  --help`;

export interface TestTask {
  /** Name of the deno task. */
  name: string;
  help: string;
  /** Files that it always runs, before those of the command line. @default {[]} */
  files?: string[];
  /** Variables of the tests. @default {{}} */
  environment?: Record<string, string>;
}

/** Arguments that name files or folders: all but options, and the text of --filter. */
function namedPaths(args: string[]): string[] {
  return args.filter((arg, i) => !arg.startsWith("-") && args[i - 1] !== "--filter");
}

export function testTask(
  module: ImportMeta,
  { name, help, files = [], environment = {} }: TestTask,
): Promise<Command> {
  return command(module, {
    name,
    help,
    parse: (args) => args.some((arg) => ["--help", "-h"].includes(arg)) ? undefined : args,
    interrupted: "Interrupted: the tests have not ended.",
    run: async (args: string[]) => {
      const all = [...files, ...args];
      await requireDenoOptions("test", args.filter((_, i) => args[i - 1] !== "--filter"));
      await requirePaths(namedPaths(all));
      return await runTests(all, environment);
    },
  });
}
