/** Runs one embedded Postgres: makes its cluster, starts it, stops it, cleans up after a crash. */
import { dirname, join } from "node:path";
import type { PostgresPlace } from "./binaries.ts";

/** The superuser of the embedded cluster; `postgres` is an ordinary role, as on Supabase. */
export const SUPERUSER = "supabase_admin";

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;

/** A running server. */
export interface PostgresServer {
  pid: number;
  /** Resolves when the server process ends, whoever ended it. */
  ended: Promise<void>;
  /** Fast shutdown: open transactions are rolled back, data is flushed. */
  stop(): Promise<void>;
}

function command(place: PostgresPlace, program: string, args: string[]): Deno.Command {
  const file = Deno.build.os === "windows" ? `${program}.exe` : program;
  return new Deno.Command(join(place.binaries, file), {
    args,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", TZ: "UTC", LC_ALL: "C" },
    cwd: place.data,
    stdin: "null",
    // Ctrl-C reaches the whole process group: the stack stops Postgres itself, last.
    detached: true,
    stdout: "null",
    stderr: "piped",
    ...place.account,
  });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Makes the cluster if it is not there yet. Returns whether it was made now. */
export async function initialise(place: PostgresPlace, password: string): Promise<boolean> {
  if (await exists(join(place.data, "PG_VERSION"))) return false;
  // A cluster without PG_VERSION is what an interrupted initdb leaves.
  await Deno.remove(place.data, { recursive: true }).catch(() => {});
  await Deno.mkdir(dirname(place.data), { recursive: true });
  await Deno.mkdir(place.data, { mode: 0o700 });
  if (place.account) await Deno.chown(place.data, place.account.uid, place.account.gid);
  // Beside the data: the system's folder for such files may be closed to Postgres's user.
  const passwordFile = await Deno.makeTempFile({ dir: dirname(place.data) });
  try {
    await Deno.writeTextFile(passwordFile, password);
    if (place.account) await Deno.chown(passwordFile, place.account.uid, place.account.gid);
    const { success, stderr } = await command(place, "initdb", [
      `--pgdata=${place.data}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
    ]).output();
    if (!success) throw new Error(`initdb failed: ${new TextDecoder().decode(stderr).trim()}`);
  } catch (error) {
    await Deno.remove(place.data, { recursive: true }).catch(() => {});
    throw error;
  } finally {
    await Deno.remove(passwordFile);
  }
  return true;
}

interface PostmasterFile {
  pid: number;
  port: number;
  status: string;
}

async function readPostmasterFile(data: string): Promise<PostmasterFile | undefined> {
  try {
    const lines = (await Deno.readTextFile(join(data, "postmaster.pid"))).split("\n");
    return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? "").trim() };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    // SIGCONT does nothing to a running process; Deno has no signal 0.
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

/** Whether `pid` really is a Postgres: after a reboot its number may belong to anything. */
async function isPostgres(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (Deno.build.os !== "linux") return true;
  return (await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "")).includes("postgres");
}

async function waitUntil(holds: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!await holds()) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** Stops the server that a killed stack left behind, so that its port and data are free again. */
export async function stopLeftover(place: PostgresPlace): Promise<boolean> {
  const file = await readPostmasterFile(place.data);
  if (file === undefined || !await isPostgres(file.pid)) return false;
  Deno.kill(file.pid, "SIGINT");
  const gone = () => Promise.resolve(!isAlive(file.pid));
  if (!await waitUntil(gone, STOP_TIMEOUT_MS)) {
    Deno.kill(file.pid, "SIGKILL");
    await waitUntil(gone, STOP_TIMEOUT_MS);
  }
  return true;
}

/** For data that nobody misses when the machine goes down: commits wait for no disk. */
const DISPOSABLE = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  // One log that is written once: nothing is flushed while tests run.
  wal_init_zero: "off",
  max_wal_size: "16GB",
  checkpoint_timeout: "1h",
  autovacuum: "off",
};

/**
 * Starts the server on 127.0.0.1:`port` and waits until it takes connections.
 * @param isDisposable Its data may be lost with the machine, though not with a process.
 */
export async function start(
  place: PostgresPlace,
  port: number,
  isDisposable = false,
): Promise<PostgresServer> {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    // Its path would depend on the folder and may be too long for a socket.
    unix_socket_directories: "",
    wal_level: "logical",
    max_connections: "200",
    logging_collector: "on",
    log_directory: "log",
    log_filename: "postgres.log",
    log_truncate_on_rotation: "on",
    timezone: "UTC",
    ...(isDisposable && DISPOSABLE),
  };
  const child = command(place, "postgres", [
    "-D",
    place.data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ]).spawn();
  const stderr = new Response(child.stderr).text();
  let running = true;
  // However this process goes: without it nobody would stop the server, nor know its port.
  const abort = () => child.kill("SIGQUIT");
  globalThis.addEventListener("unload", abort);
  const ended = child.status.then(() => {
    running = false;
    globalThis.removeEventListener("unload", abort);
  });
  const ready = async () => {
    const file = await readPostmasterFile(place.data);
    return !running || (file?.pid === child.pid && file.status === "ready");
  };
  const inTime = await waitUntil(ready, START_TIMEOUT_MS);
  if (!running) throw new Error(`Postgres did not start: ${(await stderr).trim()}`);
  if (!inTime) {
    child.kill("SIGKILL");
    await stderr;
    throw new Error(`Postgres was not ready within ${START_TIMEOUT_MS / 1000} s`);
  }
  return {
    pid: child.pid,
    ended,
    async stop() {
      if (running) child.kill("SIGINT");
      await ended;
      await stderr;
    },
  };
}
