/** The programs that have started this command: npx, its shell, `deno task`. */

/** Ends with the command: `npm exec deno@2.9.5 task start`, `sh -c 'deno' task start`, `deno task start`. */
const LAUNCHER = /^(\S*\/)?(deno\b|(npm exec|npx) .*\bdeno\b|sh -c ['"]?deno\b)/;

interface Process {
  parent: number;
  command: string;
}

async function readLinuxProcess(pid: number): Promise<Process> {
  const [stat, command] = await Promise.all([
    Deno.readTextFile(`/proc/${pid}/stat`),
    Deno.readTextFile(`/proc/${pid}/cmdline`),
  ]);
  // "123 (name) S 122 ...", where the name may hold anything.
  const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(parent), command: command.replaceAll("\0", " ").trim() };
}

async function readOtherProcess(pid: number): Promise<Process> {
  const args = ["-o", "ppid=,command=", "-p", String(pid)];
  const { stdout } = await new Deno.Command("ps", { args }).output();
  const [, parent, command = ""] = /(\d+)\s+(.*)/.exec(new TextDecoder().decode(stdout)) ?? [];
  return { parent: Number(parent), command };
}

/** A process that does not exist has no parent. */
async function readProcess(pid: number): Promise<Process> {
  const read = Deno.build.os === "linux" ? readLinuxProcess : readOtherProcess;
  return await read(pid).catch(() => ({ parent: 0, command: "" }));
}

interface Chain {
  /** Ids of this process and of its launchers, each the child of the next. */
  pids: number[];
  /** Command line of the last one. */
  first: string;
}

async function readChain(): Promise<Chain> {
  const pids = [Deno.pid];
  let first = "";
  for (let { parent } = await readProcess(Deno.pid);;) {
    const { parent: next, command } = await readProcess(parent);
    if (!LAUNCHER.test(command)) return { pids, first };
    pids.push(parent);
    first = command;
    parent = next;
  }
}

/** Whether npx has started this command, and ended before the command was loaded. */
function hasLostNpx({ first }: Chain): boolean {
  const [event, script] = ["npm_lifecycle_event", "npm_lifecycle_script"].map((name) =>
    Deno.env.get(name)
  );
  return event === "npx" && /\bdeno\b/.test(script ?? "") && !/^(npm|npx)\b/.test(first);
}

/** Whether each is still the child of the next: the system gives children of a dead process another parent. */
async function isWhole({ pids }: Chain): Promise<boolean> {
  for (const [i, pid] of pids.slice(0, -1).entries()) {
    if ((await readProcess(pid)).parent !== pids[i + 1]) return false;
  }
  return true;
}

/** Calls `onLost` when one of the launchers has ended before this process. */
export async function watchLaunchers(intervalMs: number, onLost: () => void): Promise<void> {
  if (Deno.build.os === "windows") return;
  const chain = await readChain();
  if (hasLostNpx(chain)) return onLost();
  const timer = setInterval(async () => {
    if (await isWhole(chain)) return;
    clearInterval(timer);
    onLost();
  }, intervalMs);
  Deno.unrefTimer(timer);
}
