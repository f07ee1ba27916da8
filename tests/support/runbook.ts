/** Carries a page of docs/runbooks out: a shell runs its commands as they stand, on a stack. */
import assert from "node:assert/strict";
import { becomeOwner } from "./backup.ts";
import { openPageShell, type ShellTarget } from "./page_shell.ts";
import { assertPromised, type Block, readRunbook } from "./runbook_page.ts";

export interface Runbook extends AsyncDisposable {
  /** The folder in which the commands run. */
  folder: string;
  /** Runs the commands under a heading, and compares what they print with the page. */
  run(heading: string): Promise<void>;
  /** Asserts that `run` reached every command of the page. */
  assertComplete(): void;
}

/**
 * A page and a shell that has read "Before you start" of docs/runbooks/README.md.
 * @param exported Variables that the page says to export, with values that only the reader knows.
 */
export async function openRunbook(
  name: string,
  target: ShellTarget,
  exported: Record<string, string> = {},
): Promise<Runbook> {
  await using own = new AsyncDisposableStack();
  await becomeOwner(target.data);
  const { folder, env: base } = own.use(await openPageShell(target));
  const env = { ...base, ...exported };

  async function runBlock({ script, info, output, heading }: Block): Promise<void> {
    const state = `"$SHELL_FOLDER/exports"`;
    const [before, after] = info === "start"
      ? ["", ""]
      : [`[ ! -f ${state} ] || . ${state}\n`, `export -p > ${state}\n`];
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", `set -e\n${before}${script}${after}`],
      cwd: folder,
      clearEnv: true,
      env,
      stdin: "null",
      signal: AbortSignal.timeout(120_000),
    }).output();
    const decoder = new TextDecoder();
    const printed = decoder.decode(stdout) + decoder.decode(stderr);
    // The health check fails while any figure of the machine is bad.
    const isCheck = script.includes("task db:health-check");
    assert.ok(code === 0 || (isCheck && code === 1), `${heading}:\n${script}\n${code}: ${printed}`);
    assertPromised(printed, output, `${name}, ${heading}:\n${script}`);
  }

  const blocks = await readRunbook(name);
  const left = new Set(blocks);
  for (const block of await readRunbook("README")) await runBlock(block);
  const kept = own.move();
  return {
    folder,
    async run(heading) {
      const found = blocks.filter((block) => block.heading === heading);
      assert.ok(found.length > 0, `${name} has no commands under "${heading}"`);
      for (const block of found) {
        await runBlock(block);
        left.delete(block);
      }
    },
    assertComplete() {
      assert.deepEqual([...left].map(({ script }) => script), []);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
