/** `deno task chaos`: thousands of webhooks amid faults, and a check of the result. */
import { command, UsageError } from "../../local/cli/command.ts";
import { print } from "../../local/cli/console.ts";
import { startOwnStack } from "../support/stack.ts";
import { checkTable } from "./check.ts";
import { type ChaosOptions, faultsRandom, runChaos } from "./run.ts";

const HELP = `Delivers webhooks while everything fails, and checks that nothing is lost or doubled.

  npx -y deno@2.9.5 task chaos [options]

  --deliveries N         deliveries, 30 % of them duplicates; at least 200 (5000)
  --seed N               repeats the orders, faults and disorder of a run (a random one)
  --kill-every SECONDS   mean interval of the kills (-9) of the function host; 0 for never (6)
  --restarts N           number of hard stops of Postgres (2)

40 deliveries run at a time, shuffled; the simulated TikTok fails 20 % of the calls, hangs in 2 %, and
lets access tokens expire. The run has its own stack in a temporary folder and removes it. The seed does
not decide the timing: the same seed gives the same plan, not the same run.`;

function readNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= least) return value;
  throw new UsageError(`--${name} takes a number from ${least} on, not ${JSON.stringify(text)}.`);
}

function readWhole(name: string, text: string, least: number): number {
  const value = readNumber(name, text, least);
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError(`--${name} takes a whole number, not ${JSON.stringify(text)}.`);
}

/** Runs it on a stack of its own. Returns the exit code. */
async function run(options: ChaosOptions): Promise<number> {
  const startedAt = performance.now();
  const elapsed = () => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`;
  const onProgress = (message: string) => print(`${elapsed().padStart(6)}  ${message}.`);
  print(`Seed ${options.seed}.`);
  onProgress("Starting a stack of its own");
  await using stack = await startOwnStack({
    // A host that is ready has them: on a slow machine they would load until the next kill.
    loadFunctions: "start",
    random: faultsRandom(options.seed),
    onWarning: (message) => print(`        ${message}`),
  });
  const checks = await runChaos(stack, { ...options, onProgress });
  const wrong = checks.filter((check) => !check.ok);
  print(`\n${checkTable(checks)}\n`);
  print(wrong.length === 0 ? "Nothing lost, nothing doubled." : `${wrong.length} checks failed.`);
  print(`Seed ${options.seed}, ${elapsed()}.`);
  return wrong.length === 0 ? 0 : 1;
}

export default await command(import.meta, {
  name: "chaos",
  help: HELP,
  options: {
    deliveries: { type: "string", default: "5000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
    "kill-every": { type: "string", default: "6" },
    restarts: { type: "string", default: "2" },
  },
  run: ({ values }) =>
    run({
      deliveries: readWhole("deliveries", values.deliveries, 200),
      seed: readWhole("seed", values.seed, 0),
      killEverySeconds: readNumber("kill-every", values["kill-every"], 0),
      restarts: readWhole("restarts", values.restarts, 0),
    }),
});
