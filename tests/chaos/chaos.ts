/** `deno task chaos`: thousands of webhooks while everything fails, and a look at what is there then. */
import { parseArgs } from "node:util";
import { startOwnStack } from "../support/stack.ts";
import { checkTable } from "./check.ts";
import { type ChaosOptions, faultsRandom, runChaos } from "./run.ts";
import { print } from "../../local/cli/console.ts";

const HELP = `Delivers webhooks while everything fails, and checks that nothing is lost or twice.

  npx -y deno@2.9.5 task chaos [options]

  --deliveries N         deliveries, 30 % of them duplicates; at least 200 (5000)
  --seed N               for the same orders, faults and disorder again (a random one)
  --kill-every SECONDS   the function host is killed with -9 about every so often; 0 for never (6)
  --restarts N           how often Postgres is stopped hard (2)

40 deliveries are under way at a time, shuffled; the simulated TikTok fails 20 % of the calls, hangs in
2 %, and lets access tokens expire. The run has a stack of its own in a temporary folder and removes it.
What the seed does not decide is the timing: the same seed gives the same plan, not the same run.`;

function readNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= least) return value;
  throw new Error(`--${name} is a number from ${least} on, not ${JSON.stringify(text)}.`);
}

function readWhole(name: string, text: string, least: number): number {
  const value = readNumber(name, text, least);
  if (Number.isSafeInteger(value)) return value;
  throw new Error(`--${name} is a whole number, not ${JSON.stringify(text)}.`);
}

function readOptions(args: string[]): ChaosOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      deliveries: { type: "string", default: "5000" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
      "kill-every": { type: "string", default: "6" },
      restarts: { type: "string", default: "2" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  return {
    deliveries: readWhole("deliveries", values.deliveries, 200),
    seed: readWhole("seed", values.seed, 0),
    killEverySeconds: readNumber("kill-every", values["kill-every"], 0),
    restarts: readWhole("restarts", values.restarts, 0),
  };
}

async function main(): Promise<number> {
  const options = readOptions(Deno.args);
  if (options === undefined) {
    print(HELP);
    return 0;
  }
  const startedAt = performance.now();
  const elapsed = () => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`;
  const onProgress = (message: string) => print(`${elapsed().padStart(6)}  ${message}.`);
  print(`Seed ${options.seed}.`);
  const interrupt = new AbortController();
  Deno.addSignalListener("SIGINT", () => {
    print("Interrupted: removing the stack.");
    interrupt.abort(new Error("Interrupted."));
  });
  onProgress("Making a stack of its own");
  await using stack = await startOwnStack({
    random: faultsRandom(options.seed),
    onWarning: (message) => print(`        ${message}`),
  });
  interrupt.signal.throwIfAborted();
  const checks = await runChaos(stack, { ...options, onProgress, signal: interrupt.signal });
  const wrong = checks.filter((check) => !check.ok);
  print(`\n${checkTable(checks)}\n`);
  print(wrong.length === 0 ? "Nothing lost, nothing twice." : `${wrong.length} checks are wrong.`);
  print(`Seed ${options.seed}, ${elapsed()}.`);
  return wrong.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
