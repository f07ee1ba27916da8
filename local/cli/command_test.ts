import assert from "node:assert/strict";
import { type OptionsCommand, parseOptions, runCommand, UsageError } from "./command.ts";

/** Runs a command and returns its exit code and its output. */
async function output(
  args: string[],
  { run, positionals = [] }: Partial<OptionsCommand<typeof OPTIONS>>,
): Promise<{ code: number; text: string }> {
  const { writeSync } = Deno.stdout;
  let text = "";
  Deno.stdout.writeSync = (bytes) => {
    text += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  try {
    const help = "Counts.\n\n  task count [options]\n\n  --limit N   the most (5)\n\nNotes.";
    const definition = {
      name: "count",
      help,
      options: OPTIONS,
      positionals,
      run: run ?? (() => {}),
    };
    return { code: await runCommand(definition, args), text };
  } finally {
    Deno.stdout.writeSync = writeSync;
  }
}

const OPTIONS = { limit: { type: "string", default: "5" } } as const;

Deno.test("a command gets its options and arguments; its number is the exit code", async () => {
  const seen: unknown[] = [];
  const run: OptionsCommand<typeof OPTIONS>["run"] = ({ values, positionals }) => {
    seen.push(values.limit, ...positionals);
    return 3;
  };
  const positionals = ["FILE", "[NAME]"];
  assert.equal((await output(["a", "--limit", "7"], { run, positionals })).code, 3);
  assert.equal((await output(["a", "b"], { run, positionals })).code, 3);
  assert.deepEqual(seen, ["7", "a", "5", "a", "b"]);
  assert.equal((await output([], {})).code, 0);
});

Deno.test("a comment behind the command, which zsh passes on, is not an argument", async () => {
  const seen: string[] = [];
  const run: OptionsCommand<typeof OPTIONS>["run"] = ({ values, positionals }) => {
    seen.push(values.limit, ...positionals);
  };
  const comment = ["#", "counts", "--twice"];
  const positionals = ["FILE", "[NAME]"];
  assert.equal((await output(["#1", "--limit", "7", ...comment], { run, positionals })).code, 0);
  assert.deepEqual(seen, ["7", "#1"]);
});

Deno.test("--help prints the whole help and does nothing", async () => {
  const run = () => assert.fail();
  for (const args of [["--help"], ["-h"], ["x", "y", "--help"]]) {
    const { code, text } = await output(args, { run });
    assert.equal(code, 0);
    assert.match(text, /^Counts\.[^]*Notes\.\n$/);
  }
});

Deno.test("a wrong command line is exit code 2, with the reason and the help's first lines", async () => {
  const run = () => {
    throw new UsageError("--limit takes a number.");
  };
  const cases: [string[], RegExp][] = [
    [["--nonsense"], /--nonsense.*'\. Try --help\./],
    [["--limit"], /^Option '--limit <value>' argument missing\. Try --help\.\n/],
    [[], /^FILE is missing/],
    [["a", "b"], /^"b" is not understood/],
    [["a"], /^--limit takes a number/],
  ];
  for (const [args, message] of cases) {
    const { code, text } = await output(args, { run, positionals: ["FILE"] });
    assert.equal(code, 2, text);
    assert.match(text, message);
    assert.match(text, /\n\nCounts\.\n\n {2}task count \[options\]\n$/);
  }
});

Deno.test("--env-file is refused with the name of the command's own option", () => {
  for (const name of ["variables", "secrets"]) {
    assert.throws(() => parseOptions({ [name]: { type: "string" } }, ["--env-file", "deno.json"]), {
      message: `Unknown option '--env-file'. The file of variables is --${name} FILE. Try --help.`,
    });
  }
  assert.throws(() => parseOptions(OPTIONS, ["--env-file", "deno.json"]), {
    message: "Unknown option '--env-file'. Try --help.",
  });
});

Deno.test("an error is exit code 1, with its message only", async () => {
  const result = await output([], { run: () => Promise.reject(new Error("No stack answers.")) });
  assert.deepEqual(result, { code: 1, text: "No stack answers.\n" });
});
