/** Whether a process exists. */
import process from "node:process";

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It belongs to another user.
    return (error as { code?: string }).code === "EPERM";
  }
}
