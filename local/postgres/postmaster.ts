/** The server process of a cluster, as its postmaster.pid names it. */
import { join } from "node:path";
import { isAlive } from "../leftovers/is_alive.ts";

export interface PostmasterFile {
  pid: number;
  port: number;
  /** `ready` when it takes connections. */
  status: string;
}

export async function readPostmasterFile(data: string): Promise<PostmasterFile | undefined> {
  try {
    const lines = (await Deno.readTextFile(join(data, "postmaster.pid"))).split("\n");
    return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? "").trim() };
  } catch {
    return undefined;
  }
}

/** Whether `pid` really is a Postgres: after a reboot its number may belong to anything. */
export async function isPostgres(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (Deno.build.os !== "linux") return true;
  return (await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "")).includes("postgres");
}
