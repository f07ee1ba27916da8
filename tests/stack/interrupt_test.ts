/** Attacks: commands are ended at any moment, by a signal to any of their processes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readPostmasterFile } from "../../local/postgres/postmaster.ts";
import {
  type Attack,
  interrupt,
  type Moment,
  type RunningCommand,
} from "../support/interrupted_command.ts";
import { sampleSize } from "../support/sample_size.ts";

/** What deno and npm say of themselves: the task, and that it was ended. */
const NOT_OURS = /^(Task |npm |.*\b(Terminated|Killed|Interrupt)\b)/;

const LAST_LINE = /^(Interrupted: .+|Stopped\.)$/;

/** What the command says when it is interrupted, and after that. */
function lastLines(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !NOT_OURS.test(line));
  const at = lines.findIndex((line) => LAST_LINE.test(line));
  return at < 0 ? [] : lines.slice(at);
}

/** Paths of the clusters in the command's temporary folder. */
function clusters({ temporary }: RunningCommand): string[] {
  return Array.from(Deno.readDirSync(temporary), ({ name }) => join(temporary, name, "postgres"));
}

const MOMENTS = {
  folder: (state: RunningCommand) => Promise.resolve(clusters(state).length > 0),
  postgres: async (state: RunningCommand) => {
    const files = await Promise.all(clusters(state).map(readPostmasterFile));
    return files.some((file) => file?.status === "ready");
  },
  migrating: ({ processes }: RunningCommand) =>
    Promise.resolve([...processes.values()].some((line) => / db push /.test(line))),
} satisfies Record<string, Moment>;

async function attack(command: string[], how: Attack, moment: Moment): Promise<void> {
  const { text, hadEnded, processes, files } = await interrupt(command, how, moment);
  const name = `${command.join(" ")}: ${JSON.stringify(how)}\n${text}`;
  assert.deepEqual({ processes, files }, { processes: [], files: [] }, name);
  // Nothing is said by a process that was killed, nor before its program is loaded.
  const isKilled = how.signal === "SIGKILL" && how.target !== "launcher";
  const mustSay = !hadEnded && !isKilled && typeof moment !== "number";
  const said = lastLines(text).length;
  assert.ok(said === 1 || (said === 0 && !mustSay), name);
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
      attack(CHECK, { signal: "SIGKILL", target: "launcher", launcher: "task" }, MOMENTS.postgres),
    ]);
  },
});

const ATTACKS: Attack[] = [
  { signal: "SIGINT", target: "group", launcher: "npx" },
  { signal: "SIGTERM", target: "launcher", launcher: "npx" },
  { signal: "SIGKILL", target: "launcher", launcher: "npx" },
  { signal: "SIGHUP", target: "group", launcher: "npx" },
  { signal: "SIGTERM", target: "command", launcher: "npx" },
  { signal: "SIGKILL", target: "command", launcher: "npx" },
];

/** The later ones come when some commands have ended, and others run. */
const ALL_MOMENTS: Moment[] = [1000, MOMENTS.folder, 4000, MOMENTS.migrating, 9000, 20_000];

Deno.test({
  name:
    "no command leaves anything behind, whenever and however it is ended, and start can start again",
  ignore: Deno.build.os !== "linux" || sampleSize({ gate: 0, long: 1 }) === 0,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const kept = await Deno.makeTempDir();
    await Deno.chmod(kept, 0o755);
    const data = ["--port", "0", "--data", join(kept, "data")];
    const commands = [
      ["start", "--db-port", "0", ...data],
      CHECK,
      ["logs", "--follow", "--data", join(kept, "none")],
      ["demo", "--data", join(kept, "none")],
      ["test", "tests/orders/ingest_test.ts"],
      ["deploy", "--check"],
      ["simulators", "--variables", join(kept, "functions.env"), ...data],
    ];
    for (const [i, command] of commands.entries()) {
      for (const [j, how] of ATTACKS.entries()) {
        await attack(command, how, ALL_MOMENTS[(i + j) % ALL_MOMENTS.length] as Moment);
      }
    }
    await Deno.remove(kept, { recursive: true });
  },
});
