/** `deno task demo`: orders, duplicates, a plan limit and a bought plan, on a running stack or its own. */
import { once } from "node:events";
import { join, resolve } from "node:path";
import { command } from "../cli/command.ts";
import { print, redirectConsole } from "../cli/console.ts";
import { DATA_HELP, DATA_OPTION } from "../cli/data_folder.ts";
import { interruptSignal } from "../cli/interrupt.ts";
import { runDemo } from "../demo/run_demo.ts";
import { findRunningStack } from "../stack/running_stack.ts";
import { startStack } from "../stack/stack.ts";

/** Starts a stack in a temporary folder and removes both afterwards, also after Ctrl-C. */
async function runOnOwnStack(): Promise<void> {
  const interrupted = interruptSignal("Interrupted.");
  const data = await Deno.makeTempDir({ prefix: "creatorflow-demo-" });
  await Deno.chmod(data, 0o755);
  redirectConsole(join(data, "console.log"));
  try {
    const stack = await startStack({
      port: 0,
      dbPort: 0,
      data,
      confirmEmail: false,
      environment: {},
      schedule: false,
    });
    try {
      interrupted.throwIfAborted();
      await Promise.race([runDemo(stack.env), once(interrupted, "abort")]);
      interrupted.throwIfAborted();
    } finally {
      await stack.stop();
    }
  } finally {
    await Deno.remove(data, { recursive: true });
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
