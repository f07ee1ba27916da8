/** `deno task rehearse [NAME]`: the steps of docs/scaling.md that this machine can take. */
import { command, UsageError } from "../local/cli/command.ts";
import { print } from "../local/cli/console.ts";
import { limitsRehearsal } from "./rehearsals/limits.ts";
import { partitionsRehearsal } from "./rehearsals/partitions.ts";
import type { Rehearsal } from "./rehearsals/rehearsal.ts";
import { replicaRehearsal } from "./rehearsals/replica.ts";

const REHEARSALS: Rehearsal[] = [limitsRehearsal, replicaRehearsal, partitionsRehearsal];

const HELP = `Takes the steps of docs/scaling.md on this machine, and fails if one does not hold.

  npx -y deno@2.9.5 task rehearse [NAME]

Steps:
${REHEARSALS.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join("\n")}`;

async function run({ positionals: [chosen] }: { positionals: string[] }): Promise<void> {
  const rehearsals = REHEARSALS.filter(({ name }) => chosen === undefined || name === chosen);
  if (rehearsals.length === 0) throw new UsageError(`No step is named "${chosen}". Try --help.`);
  for (const { name, title, run } of rehearsals) {
    print(`${name}: ${title}`);
    for (const { what, figure } of await run()) print(`  ${what.padEnd(70)} ${figure}`);
  }
}

export default await command(import.meta, {
  name: "rehearse",
  help: HELP,
  positionals: ["[NAME]"],
  run,
});
