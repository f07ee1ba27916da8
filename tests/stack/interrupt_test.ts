/** Attacks: commands are ended at any moment, by a signal to any of their processes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type Attack,
  interrupt,
  type Moment,
  type RunningCommand,
} from "../support/interrupted_command.ts";
import { sampleSize } from "../support/sample_size.ts";

/** What deno and npm say of themselves: the task, and that it was ended. */
const NOT_OURS = /^(Task |npm |.*\b(Terminated|Killed|Interrupt)\b)/;

/** The lines of the command after its own first ones, which say what it does. */
function lastLines(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !NOT_OURS.test(line));
  return lines.slice(lines.findIndex((line) => line.startsWith("Interrupted")));
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Paths of the clusters in the command's temporary folder. */
function clusters({ temporary }: RunningCommand): string[] {
  return Array.from(Deno.readDirSync(temporary), ({ name }) => join(temporary, name, "postgres"));
}

const MOMENTS = {
  folder: (state: RunningCommand) => Promise.resolve(clusters(state).length > 0),
  postgres: async (state: RunningCommand) => {
    const [cluster] = clusters(state);
    return cluster !== undefined && await exists(join(cluster, "postmaster.pid"));
  },
  migrating: ({ processes }: RunningCommand) =>
    Promise.resolve([...processes.values()].some((line) => / db push /.test(line))),
} satisfies Record<string, Moment>;

async function attack(command: string[], how: Attack, moment: Moment): Promise<void> {
  const { text, processes, files } = await interrupt(command, how, moment);
  const name = `${command.join(" ")}: ${JSON.stringify(how)}\n${text}`;
  assert.deepEqual({ processes, files }, { processes: [], files: [] }, name);
  // Nothing can be said by a process that was killed, nor before its program is loaded.
  const isKilled = how.signal === "SIGKILL" && how.target !== "launcher";
  if (isKilled || (typeof moment === "number" && moment < 3000)) return;
  assert.equal(lastLines(text).length, 1, name);
  assert.match(lastLines(text)[0] as string, /^Interrupted: /, name);
}

const CHECK = ["generate-types", "--check"];

Deno.test({
  name:
    "a command that is interrupted, killed, or loses its launcher leaves no process and no folder",
  ignore: Deno.build.os !== "linux",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await Promise.all([
      attack(CHECK, { signal: "SIGINT", target: "group", launcher: "none" }, MOMENTS.folder),
      attack(CHECK, { signal: "SIGKILL", target: "command", launcher: "none" }, MOMENTS.postgres),
      attack(CHECK, { signal: "SIGKILL", target: "launcher", launcher: "task" }, MOMENTS.migrating),
    ]);
  },
});

const COMMANDS = [
  CHECK,
  ["schema:snapshot", "--help"],
  ["demo", "--data", "/nowhere"],
  ["test", "tests/orders/ingest_test.ts"],
  ["deploy", "--check"],
];

const ATTACKS: Attack[] = [
  { signal: "SIGINT", target: "group", launcher: "npx" },
  { signal: "SIGTERM", target: "launcher", launcher: "npx" },
  { signal: "SIGKILL", target: "launcher", launcher: "npx" },
  { signal: "SIGHUP", target: "group", launcher: "npx" },
  { signal: "SIGTERM", target: "command", launcher: "npx" },
  { signal: "SIGKILL", target: "command", launcher: "npx" },
];

Deno.test({
  name: "no command leaves anything behind, whenever and however it is ended",
  ignore: Deno.build.os !== "linux" || sampleSize({ gate: 0, long: 1 }) === 0,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    for (const command of COMMANDS) {
      for (const how of ATTACKS) {
        for (const moment of [1000, MOMENTS.folder, 4000, MOMENTS.migrating, 9000, 15_000]) {
          await attack(command, how, moment);
        }
      }
    }
  },
});
