/** `deno task bench [NAME]`: the lines of the bench in one table, and in bench/results.json. */
import { command, UsageError } from "../local/cli/command.ts";
import { print } from "../local/cli/console.ts";
import { type Comparison, isMet, type Line } from "./measure/line.ts";
import { batchLine } from "./lines/batch.ts";
import { dashboardLine } from "./lines/dashboard.ts";
import { floodLine } from "./lines/flood.ts";
import { bytesLine } from "./lines/bytes.ts";
import { inboxLine } from "./lines/inbox.ts";
import { growthLine } from "./lines/growth.ts";
import { handlerLine } from "./lines/handler.ts";
import { hotLine } from "./lines/hot.ts";
import { ingestLine } from "./lines/ingest.ts";
import { limitLine } from "./lines/limit.ts";
import { loginsLine } from "./lines/logins.ts";
import { orderLine } from "./lines/orders.ts";
import { rowSecurityLine } from "./lines/row_security.ts";
import { sellersLine } from "./lines/sellers.ts";
import { startsLine } from "./lines/starts.ts";
import { stripeLine } from "./lines/stripe.ts";
import { webhookLine } from "./lines/webhook.ts";
import { workersLine } from "./lines/workers.ts";

const LINES: Line[] = [
  limitLine,
  orderLine,
  ingestLine,
  hotLine,
  batchLine,
  inboxLine,
  workersLine,
  bytesLine,
  growthLine,
  floodLine,
  sellersLine,
  rowSecurityLine,
  dashboardLine,
  handlerLine,
  startsLine,
  webhookLine,
  stripeLine,
  loginsLine,
];
const RESULTS = new URL("./results.json", import.meta.url);

const HELP = `Measures the product against itself or against others, in one run.

  npx -y deno@2.9.5 task bench [NAME]

Lines:
${LINES.map(({ name, title }) => `  ${name.padEnd(10)} ${title}`).join("\n")}

Without a name it measures all. A line compares two or more things that run in turn; the figure is the
ratio, in starts a size or how much more it takes, with the smallest and largest round in brackets.
Behind it stand its target, whether it is met, and both sides' own figures: ours first. A ratio with
"at least" compares throughputs, one with "at most" times, CPU or bytes.

The exit code is 0 whether targets are met or not: times depend on the machine. All lines together
also write bench/results.json. docs/performance.md explains the lines.`;

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function printComparison(comparison: Comparison): void {
  const { what, against, ratio, unit = "", spread, target, figures, reason } = comparison;
  const rounds = spread === undefined ? "" : ` [${number(spread[0])}, ${number(spread[1])}]`;
  const bound = target === undefined ? "" : `${target.bound} ${target.value}`;
  const value = `${number(ratio)} ${unit}`.trim();
  const verdict = target === undefined ? "" : isMet(comparison) ? "met" : "not met";
  print(
    `  ${what.padEnd(46)} ${value.padStart(8)}${rounds.padEnd(16)} ${bound.padEnd(14)} ` +
      `${verdict.padEnd(8)} against ${against}${figures ? `; ${figures}` : ""}`,
  );
  if (reason) print(`      ${reason}`);
}

async function run({ positionals: [chosen] }: { positionals: string[] }): Promise<void> {
  const lines = LINES.filter(({ name }) => chosen === undefined || name === chosen);
  if (lines.length === 0) throw new UsageError(`No line is named "${chosen}". Try --help.`);
  const results: Record<string, Comparison[]> = {};
  for (const { name, title, measure } of lines) {
    print(`${name}: ${title}`);
    const startedAt = performance.now();
    const comparisons = await measure();
    comparisons.forEach(printComparison);
    print(`  measured in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    results[name] = comparisons;
  }
  if (chosen === undefined) {
    await Deno.writeTextFile(RESULTS, JSON.stringify(results, null, 2) + "\n");
  }
}

export default await command(import.meta, {
  name: "bench",
  help: HELP,
  positionals: ["[NAME]"],
  run,
});
