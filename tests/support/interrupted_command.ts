/** Runs a command in processes of its own, ends it at some moment, and finds what it has left behind. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SAMPLE_MS = 100;

/** Who starts it: npx, `deno task`, or the test itself. */
export type Launcher = "npx" | "task" | "none";

/** `group` is Ctrl-C in a terminal; `launcher` and `command` name the one process that gets the signal. */
export interface Attack {
  signal: Deno.Signal;
  target: "group" | "launcher" | "command";
  launcher: Launcher;
}

/** When the signal comes: after milliseconds, or when this holds. */
export type Moment = number | ((state: RunningCommand) => Promise<boolean>);

export interface RunningCommand {
  /** Its folder for everything temporary. */
  temporary: string;
  /** Command lines of the processes under it, by id. */
  processes: Map<number, string>;
}

export interface Outcome {
  text: string;
  /** Whether it had ended before the signal. */
  hadEnded: boolean;
  /** Command lines of processes that have outlived it. */
  processes: string[];
  /** Files and folders that have outlived it. */
  files: string[];
}

async function namesIn(folder: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
}

/** "" of a process that has ended. */
function readProcessFile(pid: string | number, name: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${name}`);
  } catch {
    return "";
  }
}

/** Parents by process id, without processes that have ended. */
function readParents(): Map<number, number> {
  const parents = new Map<number, number>();
  // Synchronously: twice as fast, and each sample reads hundreds.
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readProcessFile(name, "stat");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (stat !== "" && state !== "Z") parents.set(Number(name), Number(parent));
  }
  return parents;
}

let table = { readAt: -Infinity, parents: new Map<number, number>() };

/** The processes of this moment; several attacks at once share what was just read. */
function recentParents(): Map<number, number> {
  if (performance.now() - table.readAt > SAMPLE_MS / 2) {
    table = { parents: readParents(), readAt: performance.now() };
  }
  return table.parents;
}

function readLine(pid: number): string {
  return readProcessFile(pid, "cmdline").replaceAll("\0", " ").trim();
}

/** Adds the processes under `root`, and those under ones that were found before. */
function sample(root: number, found: Map<number, string>): void {
  const parents = recentParents();
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const [pid, parent] of parents) {
      if (pid === root || found.has(parent)) found.set(pid, found.get(pid) ?? "");
    }
  }
  // A process may have become another program since it was found.
  for (const pid of found.keys()) if (parents.has(pid)) found.set(pid, readLine(pid));
}

function survivors(found: Map<number, string>): string[] {
  const parents = readParents();
  return [...found].filter(([pid, line]) => parents.has(pid) && readLine(pid) === line)
    .map(([, line]) => line);
}

const COMMANDS: Record<Launcher, (task: string) => [string, ...string[]]> = {
  npx: (task) => ["npx", "-y", "deno@2.9.5", "task", task],
  task: (task) => [Deno.execPath(), "task", task],
  none: (task) => [
    Deno.execPath(),
    "run",
    "-A",
    task === "test" ? "tests/tasks/test.ts" : `local/commands/${task.replaceAll(/[-:]/g, "_")}.ts`,
  ],
};

function spawnCommand(launcher: Launcher, [task, ...args]: string[], temporary: string) {
  const [program, ...first] = COMMANDS[launcher](task as string);
  return new Deno.Command(program, {
    args: [...first, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", TMPDIR: temporary, SUPABASE_DB_URL: "", TEST_SAMPLES: "" },
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** The process that runs the command's own module. */
function commandPid(found: Map<number, string>): number | undefined {
  return [...found].find(([, line]) => /\bdeno run .*(local\/commands|tests\/run)/.test(line))?.[0];
}

/** Returns whether the process was there. */
function send({ signal, target }: Attack, root: number, found: Map<number, string>): boolean {
  const pid = { group: -root, launcher: root, command: commandPid(found) ?? root }[target];
  try {
    Deno.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** @param command A task and its arguments. */
export async function interrupt(
  command: string[],
  attack: Attack,
  moment: Moment,
): Promise<Outcome> {
  const temporary = await Deno.makeTempDir();
  // Postgres may run as another user, who has to pass through.
  await Deno.chmod(temporary, 0o755);
  const child = spawnCommand(attack.launcher, command, temporary);
  const output = Promise.all([child.stdout, child.stderr].map((s) => new Response(s).text()));
  const processes = new Map<number, string>();
  const end = performance.now() + (typeof moment === "number" ? moment : Infinity);
  let running = true;
  child.status.then(() => running = false);
  while (running && performance.now() < end) {
    sample(child.pid, processes);
    if (typeof moment !== "number" && await moment({ temporary, processes })) break;
    await sleep(SAMPLE_MS);
  }
  sample(child.pid, processes);
  const hadEnded = !send(attack, child.pid, processes);
  for (let ended = false; !ended;) {
    ended = await Promise.race([
      child.status.then(() => true),
      sleep(SAMPLE_MS).then(() => false),
    ]);
    sample(child.pid, processes);
  }
  const left = async () => ({
    processes: survivors(processes),
    files: await namesIn(temporary),
  });
  await until("nothing is left", async () => {
    const { processes, files } = await left();
    return processes.length + files.length === 0;
  }, 15_000).catch(() => {});
  const found = await left();
  for (const pid of processes.keys()) {
    if (found.processes.length === 0) break;
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
  const text = (await output).join("");
  await Deno.remove(temporary, { recursive: true });
  return { text, hadEnded, ...found };
}
