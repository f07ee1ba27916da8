/** Ends the process of a running stack. */
import { isAlive } from "../leftovers/is_alive.ts";
import { pollUntil } from "../time/poll_until.ts";
import { findLockHolder } from "./lock.ts";

/** Postgres may have much to write, and a function may have work to end. */
const WAIT_MS = 30_000;
const LAST_MS = 1000;

/** @throws {Error} that says what to do, if this user may not end it. */
function signal(pid: number): void {
  try {
    Deno.kill(pid, "SIGTERM");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new Error(`Process ${pid} belongs to another user, who has to stop it.`, {
      cause: error,
    });
  }
}

/**
 * Returns when the stack has ended, with the id of its process; undefined if none ran.
 * @param data Absolute. @param onStopping Called before the wait.
 */
export async function stopStack(
  data: string,
  onStopping: (pid: number) => void,
): Promise<number | undefined> {
  const pid = await findLockHolder(data);
  if (pid === undefined) return undefined;
  onStopping(pid);
  signal(pid);
  const hasEnded = async () => await findLockHolder(data) !== pid;
  if (!await pollUntil(hasEnded, { timeoutMs: WAIT_MS })) {
    throw new Error(
      `Process ${pid} has not ended after ${WAIT_MS / 1000} s. End it with: kill -9 ${pid}`,
    );
  }
  // It gives the folder free just before it ends. Where its parent is gone it may stay as a zombie.
  await pollUntil(() => !isAlive(pid), { timeoutMs: LAST_MS });
  return pid;
}
