/** `deno task start`: runs the whole backend until Ctrl-C. */
import { once } from "node:events";
import { join } from "node:path";
import { command } from "../cli/command.ts";
import { print, redirectConsole } from "../cli/console.ts";
import { interruptSignal } from "../cli/interrupt.ts";
import { errorMessage } from "../cli/error_message.ts";
import { describeStack } from "../cli/describe_stack.ts";
import { bundleClient } from "../console/bundle_client.ts";
import { parseStackOptions } from "../cli/stack_options.ts";
import { makeDataFolder } from "../stack/data_folder.ts";
import type { StackOptions } from "../stack/settings.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { variableHelp } from "../stack/variable_table.ts";

const HELP = `Starts the whole CreatorFlow backend on this machine. Ctrl-C stops it.

  npx -y deno@2.9.5 task start [options]

  --port N      the one public port: REST, Auth, functions, simulators   (54321; 0: a free one)
  --db-port N   Postgres                                                 (54322; 0: a free one)
  --data DIR    data, keys and logs; kept between starts                 (.local)
  --allow-host NAME
                another name under which the stack answers, such as a tunnel's; may be repeated
  --no-confirm  sign-ups need no confirmation by mail
  --help

A variable that is set in the environment wins over the stack's own value. An address of TikTok, EasyPost
or Stripe replaces its simulator; set the keys that belong to it too:

${variableHelp()}`;

/** A stop takes a second; people wait for longer ones if they know of it. */
const LATE_MS = 2000;

/** @throws {Error} that says why the stack did not start. */
async function start(options: StackOptions, seconds: () => string): Promise<Stack> {
  try {
    return await startStack({
      ...options,
      onProgress: (message) => print(`${seconds().padStart(6)} s  ${message}`),
      onMail: print,
      onWarning: (message) => print(`warning: ${message}`),
    });
  } catch (error) {
    throw new Error(`\nThe stack did not start. ${errorMessage(error)}`, { cause: error });
  }
}

async function run(options: StackOptions): Promise<void> {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  await makeDataFolder(options.data);
  redirectConsole(join(options.data, "logs", "rest-auth.log"));
  const stack = await start(options, seconds);
  const interrupted = interruptSignal();
  print(describeStack(stack, options.data, seconds()));
  // The first visitor does not wait for it. A failure is shown to that visitor.
  bundleClient().catch(() => {});
  if (!interrupted.aborted) await once(interrupted, "abort");
  const late = setTimeout(
    () => print("Still stopping. Press Ctrl-C again to give up waiting."),
    LATE_MS,
  );
  await stack.stop();
  clearTimeout(late);
  print("Stopped.");
}

export default await command(import.meta, {
  name: "start",
  help: HELP,
  interrupted: "Interrupted: the stack did not start. Its data is kept; start it again.",
  parse: parseStackOptions,
  run,
});
