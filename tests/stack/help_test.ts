/** The tasks of deno.json: the help of each, and what `test:long` runs. */
import assert from "node:assert/strict";
import { type Command, type ParsedCommand, runCommand } from "../../local/cli/command.ts";
import supabase from "../../local/commands/supabase.ts";
import { runSupabaseCli } from "../../local/supabase/cli.ts";
import { LONG_TESTS } from "../tasks/test_long.ts";
import { listFiles } from "../support/pages.ts";
import { capturePrinted } from "../support/run_command.ts";

const ROOT = new URL("../..", import.meta.url);

type Task = string | { command: string };

const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))) as {
  tasks: Record<string, Task>;
};
const commands = Object.entries(tasks).map(([name, task]) =>
  [name, typeof task === "string" ? task : task.command] as const
);

/** No task is a chain, of which --help would reach only the last part, nor another program with another help. */
const TASK = /^(?:\w+=\w+ )?deno run -A (\S+\.ts)$/;

/** What a command could start or change. */
const STARTERS = [
  ...["Command", "serve", "listen", "connect", "mkdir", "makeTempDir", "writeTextFile", "open"],
  ...["addSignalListener", "remove"],
] as const;

/** Runs `work` while anything that a command could start is an error. */
async function withoutStarting<T>(work: () => Promise<T>): Promise<T> {
  const saved = Object.fromEntries(STARTERS.map((name) => [name, Deno[name]]));
  const forbid = (name: string) =>
    function () {
      assert.fail(`it uses Deno.${name}`);
    };
  Object.assign(Deno, Object.fromEntries(STARTERS.map((name) => [name, forbid(name)])));
  try {
    return await work();
  } finally {
    Object.assign(Deno, saved);
  }
}

Deno.test("attack: --help of every task prints its help, in every place, and starts nothing", async () => {
  const printed: string[] = [];
  for (const [name, command] of commands) {
    const [, file] = TASK.exec(command) ?? [];
    assert.ok(file, name);
    const module = await import(new URL(file, ROOT).href) as { default: Command };
    assert.equal(module.default.name, name);
    const places = [["--help"], ["-h"], ["some", "--help"]];
    // The last is passed on: it is the help of a command of the CLI.
    for (const asked of name === "supabase" ? places.slice(0, 2) : places) {
      const { code, text } = await withoutStarting(() =>
        capturePrinted(() => runCommand(module.default, asked))
      );
      assert.deepEqual([code, text], [0, `${module.default.help}\n`], name);
    }
    printed.push(module.default.help);
  }
  assert.equal(new Set(printed).size, commands.length);
});

Deno.test("task supabase help is the CLI's own help, also of one of its commands", async () => {
  const { parse } = supabase as unknown as ParsedCommand<string[]>;
  assert.deepEqual(parse(["help"]), ["--help"]);
  assert.match(await runSupabaseCli(parse(["help", "db"]) ?? []), /\bpush\b/);
});

/** Node reads these anywhere on its command line, also after the script: a missing file ends it. */
const OPTIONS_OF_NODE = /^ +--env-file/m;

Deno.test("attack: no option of a task is one that npx's Node takes before the task sees it", async () => {
  for (const [name, command] of commands) {
    const [, file = ""] = TASK.exec(command) ?? [];
    const { default: { help } } = await import(new URL(file, ROOT).href) as { default: Command };
    assert.doesNotMatch(help, OPTIONS_OF_NODE, name);
  }
});

Deno.test("deno task test:long runs every test that is small in the gate", async () => {
  const files = (await listFiles()).filter((path) => /^tests\/\w+\/\w+_test\.ts$/.test(path));
  const sized = await Promise.all(files.map(async (path) => {
    const source = await Deno.readTextFile(new URL(path, ROOT));
    return /\bimport \{.*\b(sampleSize|openRunbook)\b/.test(source) ? path : "";
  }));
  assert.deepEqual(LONG_TESTS.toSorted(), sized.filter(Boolean).toSorted());
});

Deno.test("a Deno task that names an unknown file says so in one line, and starts nothing", async () => {
  const tasks = {
    ...{ fmt: "local/commands/fmt.ts", lint: "local/commands/lint.ts" },
    ...{ check: "local/commands/check.ts", test: "tests/tasks/test.ts" },
  };
  for (const [name, file] of Object.entries(tasks)) {
    const module = await import(new URL(file, ROOT).href) as { default: Command };
    const { code, text } = await withoutStarting(() =>
      capturePrinted(() => runCommand(module.default, ["tests/nope_test.ts"]))
    );
    const said =
      "tests/nope_test.ts does not exist. A path begins at the folder of the repository.";
    assert.deepEqual([code, text], [1, `${said}\n`], name);
  }
});
