import assert from "node:assert/strict";
import { type Command, runCommand } from "./command.ts";
import { callCommand, capturePrinted } from "../../tests/support/run_command.ts";
import testDeploy from "../../tests/tasks/test_deploy.ts";
import { requireDenoOptions } from "./deno_options.ts";

Deno.test("an option that Deno's command does not have is refused before anything runs", async () => {
  const call = (task: Command) => capturePrinted(() => runCommand(task, ["--bogus=1"]));
  const results = await Promise.all([
    ...["fmt", "lint", "check"].map((name) => callCommand(name, ["deno.json", "--bogus"])),
    call(testDeploy),
  ]);
  for (const { code, text } of results) {
    assert.equal(code, 2, text);
    assert.match(text, /^Unknown option '--bogus'\. Try --help\.\n\n[^]* task [\w:]+ /);
  }
});

Deno.test("every option of Deno's command is passed on", async () => {
  await requireDenoOptions("test", ["a_test.ts", "--filter", "--fail-fast=2", "--shuffle", "-q"]);
  await requireDenoOptions("lint", ["--fix", "--quiet", "-"]);
  await requireDenoOptions("fmt", ["local", "-q"]);
  await requireDenoOptions("check", ["--all"]);
});
