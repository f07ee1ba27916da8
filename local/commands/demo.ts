/** `deno task demo`: orders, duplicates, a plan limit and a bought plan, on a running stack or its own. */
import { join, resolve } from "node:path";
import { command } from "../cli/command.ts";
import { print, redirectConsole } from "../cli/console.ts";
import { DATA_HELP, DATA_OPTION } from "../cli/data_folder.ts";
import { makeTemporaryData } from "../leftovers/temporary_folder.ts";
import { runDemo } from "../demo/run_demo.ts";
import { findRunningStack } from "../stack/running_stack.ts";
import { startStack } from "../stack/stack.ts";

/** Starts a stack in a temporary folder and removes both afterwards. */
async function runOnOwnStack(): Promise<void> {
  await using data = await makeTemporaryData("creatorflow-demo-");
  redirectConsole(join(data.path, "console.log"));
  const stack = await startStack({
    port: 0,
    dbPort: 0,
    data: data.path,
    confirmEmail: false,
    environment: {},
    schedule: false,
  });
  try {
    await runDemo(stack.env);
  } finally {
    await stack.stop();
  }
}

export default await command(import.meta, {
  name: "demo",
  help: `Shows a seller, a shop, 50 orders, a plan limit and the purchase of a larger plan.

  npx -y deno@2.9.5 task demo [options]

${DATA_HELP}

If no stack runs, it starts one of its own and removes it afterwards.`,
  options: DATA_OPTION,
  async run({ values }) {
    const running = await findRunningStack(resolve(values.data)).catch(() => undefined);
    if (running) return await runDemo(running);
    print("No stack is running here: the demo starts one of its own.");
    await runOnOwnStack();
  },
});
