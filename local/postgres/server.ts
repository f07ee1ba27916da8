/** Runs one embedded Postgres: starts it, stops it, cleans up after a crash. */
import { guardProcess } from "../leftovers/guard.ts";
import { isAlive } from "../leftovers/is_alive.ts";
import { pollUntil } from "../time/poll_until.ts";
import type { PostgresPlace } from "./binaries.ts";
import { isPostgres, readPostmasterFile } from "./postmaster.ts";
import { postgresProgram } from "./program.ts";

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 20;

/** A running server. */
export interface PostgresServer {
  pid: number;
  /** Resolves when the server process ends, for any reason. */
  ended: Promise<void>;
  /** Fast shutdown: open transactions are rolled back, data is flushed. */
  stop(): Promise<void>;
}

/** Stops the server that a killed stack left behind, so that its port and data are free again. */
export async function stopLeftover(place: PostgresPlace): Promise<boolean> {
  const file = await readPostmasterFile(place.data);
  if (file === undefined || !await isPostgres(file.pid)) return false;
  const hasEnded = () => !isAlive(file.pid);
  const limits = { timeoutMs: STOP_TIMEOUT_MS, intervalMs: POLL_MS };
  Deno.kill(file.pid, "SIGINT");
  if (!await pollUntil(hasEnded, limits)) {
    Deno.kill(file.pid, "SIGKILL");
    await pollUntil(hasEnded, limits);
  }
  return true;
}

/** Settings for data that may be lost with the machine: commits wait for no disk. */
const DISPOSABLE = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  // One log that is written once: nothing is flushed while tests run.
  wal_init_zero: "off",
  max_wal_size: "16GB",
  checkpoint_timeout: "1h",
  autovacuum: "off",
  // Groups of tests share it, each with the connections of several stacks.
  max_connections: "400",
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
    // Realtime's slot must not fill the disk; clients that would miss changes then are disconnected.
    max_slot_wal_keep_size: "1GB",
    max_connections: "200",
    // A stop waits for connections that have sent nothing yet.
    authentication_timeout: "10s",
    logging_collector: "on",
    log_directory: "log",
    log_filename: "postgres.log",
    log_truncate_on_rotation: "on",
    // DETAIL quotes rows, and the text of a statement its literals.
    log_error_verbosity: "terse",
    log_min_error_statement: "panic",
    timezone: "UTC",
    ...(isDisposable && DISPOSABLE),
  };
  const child = new Deno.Command(
    ...postgresProgram(place, "postgres", [
      "-D",
      place.data,
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ]),
  ).spawn();
  const stderr = new Response(child.stderr).text();
  let running = true;
  // Without this process nothing would stop the server or know its port.
  const release = guardProcess(child.pid, "SIGINT");
  const ended = child.status.then(async () => {
    running = false;
    await release();
  });
  const ready = async () => {
    const file = await readPostmasterFile(place.data);
    return !running || (file?.pid === child.pid && file.status === "ready");
  };
  const inTime = await pollUntil(ready, { timeoutMs: START_TIMEOUT_MS, intervalMs: POLL_MS });
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
