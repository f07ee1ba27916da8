/** `task start`: runs the whole backend until Ctrl-C. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { command } from "../cli/command.ts";
import { print, redirectConsole } from "../cli/console.ts";
import { startDetached } from "../cli/detach.ts";
import { isDetached } from "../cli/detached.ts";
import { interruptSignal } from "../cli/interrupt.ts";
import { errorMessage } from "../cli/error_message.ts";
import { describeStack } from "../cli/describe_stack.ts";
import { clockTime } from "../cli/log_lines.ts";
import { RequestLines } from "../cli/request_lines.ts";
import { parseStartOptions, type StartOptions } from "../cli/stack_options.ts";
import { bundleClient } from "../console/bundle_client.ts";
import { clusterFiles } from "../postgres/binaries.ts";
import { makeDataFolder } from "../stack/data_folder.ts";
import { deleteRefused, lookAtFolder, requireOwnFolder } from "../stack/delete_data.ts";
import { readSettings, requireUsable } from "../stack/env_file.ts";
import { DataInUseError } from "../stack/lock.ts";
import { isStackAt } from "../stack/find_stack.ts";
import { noteRunning } from "../stack/note_running.ts";
import { PortTakenError } from "../stack/ports.ts";
import { removeRunningFile } from "../stack/running_file.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { variableHelp } from "../stack/variable_table.ts";
import type { GivenVariables } from "../stack/variables.ts";

const HELP = `Starts the whole CreatorFlow backend on this machine. Ctrl-C stops it.

  npx -y deno@2.9.5 task start [options]

  --port N      the one public port: REST, Auth, functions, simulators   (54321; 0: a free one)
  --db-port N   Postgres                                                 (54322; 0: a free one)
  --data DIR    data, keys and logs; kept between starts                 (.local)
  --detach, -d  return when the stack answers; task stop ends it
  --quiet, -q   do not show requests, webhooks and failures
  --allow-host NAME
                another name under which the stack answers, such as a tunnel's; may be repeated
  --no-confirm  sign-ups need no confirmation by mail
  --variables FILE
                settings, lines NAME=value                               (.env.local, if it exists)
  --help

A change in functions/ or shared/ is loaded at once. These variables may be set in .env.local or in the
environment, which wins; both win over the stack's own values. An address of TikTok, EasyPost or Stripe
replaces its simulator; set the keys that belong to it too:

${variableHelp()}`;

/** A stop takes a second; people wait for longer ones if they know of it. */
const LATE_MS = 2000;

/** What to do next, where the error does not say it. */
async function adviceFor(error: unknown): Promise<string> {
  if (error instanceof DataInUseError) {
    return "\nFor a second stack, choose another folder and ports: --data DIR --port 0 --db-port 0";
  }
  const taken = error instanceof PortTakenError ? error.taken : [];
  for (const { port, option } of taken) {
    if (option !== "--port" || !await isStackAt(port)) continue;
    return `\nOn port ${port} another CreatorFlow stack answers. To start next to it: --port 0 --db-port 0`;
  }
  return "";
}

async function didNotStart(error: unknown): Promise<Error> {
  const advice = await adviceFor(error);
  return new Error(`\nThe stack did not start. ${errorMessage(error)}${advice}`, { cause: error });
}

/** @throws {Error} that says why the stack did not start. */
async function readVariables({ envFile, detach }: StartOptions): Promise<GivenVariables> {
  try {
    const settings = await readSettings(envFile);
    const variables = await requireUsable(settings, Deno.env.toObject());
    // The process that goes on prints them.
    if (detach && !isDetached()) return variables;
    for (const warning of settings.warnings) print(`warning: ${warning}`);
    return variables;
  } catch (error) {
    throw await didNotStart(error);
  }
}

/** @throws {Error} that says why the stack did not start. */
async function start(
  options: StartOptions,
  environment: GivenVariables,
  seconds: () => string,
): Promise<Stack> {
  const lines = new RequestLines({ print });
  try {
    return await startStack({
      ...options,
      environment,
      onProgress: (message) => print(`${seconds().padStart(6)} s  ${message}`),
      onMail: print,
      onWarning: (message) => print(`warning: ${message}`),
      onReload: (message) => print(`${clockTime(new Date())}  ${message}`),
      ...(!options.quiet && {
        onRequest: (request) => lines.showRequest(request),
        onFunctionLine: (line) => lines.showLogLine(line),
      }),
    });
  } catch (error) {
    throw await didNotStart(error);
  }
}

async function detach({ data, args }: StartOptions): Promise<number> {
  const before = await lookAtFolder(data);
  const code = await startDetached(data, args).catch(async (error) => {
    throw await didNotStart(error);
  });
  if (code !== 0) await deleteRefused(data, before);
  return code;
}

/** Returns paths of which one exists once the start that runs in this process has a database. */
let databaseFiles: () => string[] = () => [];

function describeInterrupt(): string {
  const hasDatabase = databaseFiles().some((path) => existsSync(path));
  const data = hasDatabase ? "Its data is kept; start it again." : "It had made no data yet.";
  return `Interrupted: the stack did not start. ${data}`;
}

async function run(options: StartOptions): Promise<number | void> {
  const environment = await readVariables(options);
  // With an outside Postgres nothing else shows how far a first start came.
  const outside = environment.SUPABASE_DB_URL ? ["keys.json"] : [];
  databaseFiles = () => [
    ...clusterFiles(options.data),
    ...["env", ...outside].map((name) => join(options.data, name)),
  ];
  await requireOwnFolder(options.data).catch(async (error) => {
    throw await didNotStart(error);
  });
  if (options.detach && !isDetached()) return await detach(options);
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  const { data } = options;
  const before = await lookAtFolder(data);
  await makeDataFolder(data);
  redirectConsole(join(data, "logs", "rest-auth.log"));
  const stack = await start(options, environment, seconds).catch(async (error) => {
    await deleteRefused(data, before);
    throw error;
  });
  const interrupted = interruptSignal();
  print(describeStack(stack, { data, seconds: seconds(), detached: isDetached() }));
  await noteRunning(data, stack.env, isDetached());
  // The first visitor does not wait for it. A failure is shown to that visitor.
  bundleClient().catch(() => {});
  if (!interrupted.aborted) await once(interrupted, "abort");
  const late = setTimeout(
    () => print("Still stopping. Press Ctrl-C again to give up waiting."),
    LATE_MS,
  );
  await removeRunningFile(data);
  await stack.stop();
  clearTimeout(late);
  print("Stopped.");
}

export default await command(import.meta, {
  name: "start",
  help: HELP,
  interrupted: describeInterrupt,
  parse: parseStartOptions,
  run,
});
