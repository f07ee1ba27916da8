/** Carries a tutorial out: one bash runs its commands as they stand, on a stack, as its reader does. */
import assert from "node:assert/strict";
import { openPageShell } from "./page_shell.ts";
import { assertPromised, readBlocks } from "./runbook_page.ts";
import { settledEvents } from "./shop.ts";
import type { TestStack } from "./stack.ts";

/** Between the outputs of two blocks. */
const MARK = "----- the next block -----";

/** Runs the `sh` blocks of a page, and compares what they print with the `text` blocks after them. */
export async function runTutorial(page: URL, stack: TestStack): Promise<void> {
  const blocks = readBlocks(await Deno.readTextFile(page));
  await using shell = await openPageShell(stack, async () => {
    await stack.stripe.settled();
    await settledEvents(stack);
  });
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", blocks.map(({ script }) => script).join(`\necho '${MARK}'\n`)],
    cwd: shell.folder,
    clearEnv: true,
    env: shell.env,
    stdin: "null",
    signal: AbortSignal.timeout(120_000),
  }).output();
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(stderr), "");
  const outputs = decoder.decode(stdout).split(`${MARK}\n`);
  assert.equal(outputs.length, blocks.length);
  for (const [index, { script, output }] of blocks.entries()) {
    assertPromised(outputs[index] ?? "", output, script);
  }
}
