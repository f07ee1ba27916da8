/** `deno task simulators`: the simulators alone, next to `supabase start` with Docker. */
import { once } from "node:events";
import { resolve } from "node:path";
import { type Arguments, command, UsageError } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { shownPath } from "../cli/data_folder.ts";
import { interruptSignal } from "../cli/interrupt.ts";
import { parsePort } from "../cli/stack_options.ts";
import { requireUsable } from "../stack/env_file.ts";
import { serveSimulators, type SimulatorsOptions } from "../stack/serve_simulators.ts";

/** Docker Desktop reaches this machine's loopback address; on Linux containers reach the bridge only. */
const LISTEN = Deno.build.os === "linux" ? "0.0.0.0" : "127.0.0.1";

const HELP =
  `Runs the simulators of TikTok, EasyPost and Stripe next to a Supabase stack in Docker, and writes the
variables of its functions into one file. Ctrl-C stops the simulators.

  npx -y deno@2.9.5 task simulators [options]

  --port N             port of the simulators                 (54400; 0: a free one)
  --listen ADDRESS     address that the simulators listen on  (${LISTEN})
  --host NAME          this machine, as the functions see it  (host.docker.internal)
  --functions-url URL  functions that receive the webhooks    (http://127.0.0.1:54321/functions/v1)
  --variables FILE     file to write                          (.local/functions.env)
  --data DIR           keys and the simulators' data          (.local/simulators)
  --help

Then, in another terminal: npx -y deno@2.9.5 task supabase functions serve --env-file .local/functions.env
A variable of docs/local-stack.md that is set in the environment wins. An address of TikTok, EasyPost or
Stripe replaces its simulator; set the keys that belong to it too.`;

const OPTIONS = {
  port: { type: "string", default: "54400" },
  listen: { type: "string", default: LISTEN },
  host: { type: "string", default: "host.docker.internal" },
  "functions-url": { type: "string", default: "http://127.0.0.1:54321/functions/v1" },
  variables: { type: "string", default: ".local/functions.env" },
  data: { type: "string", default: ".local/simulators" },
} as const;

/** @throws {UsageError} */
function readOptions({ values }: Arguments<typeof OPTIONS>): SimulatorsOptions {
  const functionsUrl = values["functions-url"].replace(/\/+$/, "");
  if (!/^https?:/.test(functionsUrl) || !URL.canParse(functionsUrl)) {
    throw new UsageError(`--functions-url takes an http(s) URL, not "${functionsUrl}".`);
  }
  if (!URL.canParse(`http://${values.host}`)) {
    throw new UsageError(`--host takes a host name, not "${values.host}".`);
  }
  return {
    port: parsePort("--port", values.port),
    listen: values.listen,
    host: values.host,
    functionsUrl,
    envFile: resolve(values.variables),
    data: resolve(values.data),
  };
}

function describeSimulators(options: SimulatorsOptions, running: Record<string, string>): string {
  const addresses = Object.entries(running).map(([name, url]) =>
    `  ${name.padEnd(10)} ${url}/control\n`
  );
  const envFile = shownPath(options.envFile);
  return `The simulators are ready. Ctrl-C stops them; ${shownPath(options.data)}/ keeps their data.

${addresses.join("")}
  Webhooks go to ${options.functionsUrl}/. The variables of the functions: ${envFile}
  Next: npx -y deno@2.9.5 task supabase functions serve --env-file ${envFile}`;
}

export default await command(import.meta, {
  name: "simulators",
  help: HELP,
  options: OPTIONS,
  async run(args) {
    const options = readOptions(args);
    const running = await serveSimulators({
      ...options,
      environment: await requireUsable({ variables: {}, places: {} }, Deno.env.toObject()),
      onWarning: (message) => print(`warning: ${message}`),
    });
    const interrupted = interruptSignal();
    print(describeSimulators(options, running.addresses));
    if (!interrupted.aborted) await once(interrupted, "abort");
    await running.stop();
    print("Stopped.");
  },
});
