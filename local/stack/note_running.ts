/** Notes that a stack answers. */
import { fileURLToPath } from "node:url";
import { withoutPassword } from "../cli/describe_stack.ts";
import { runProgram } from "../leftovers/run_program.ts";
import type { StackEnvironment } from "./environment.ts";
import { writeRunningFile } from "./running_file.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The newest commit; null without git, and in a folder that is not a clone. */
async function readCommit(): Promise<string | null> {
  const args = ["log", "-1", "--format=%h of %cs"];
  const output = await runProgram("git", { args, cwd: ROOT }).catch(() => undefined);
  if (!output?.success) return null;
  return new TextDecoder().decode(output.stdout).trim() || null;
}

export async function noteRunning(
  data: string,
  env: StackEnvironment,
  detached: boolean,
): Promise<void> {
  await writeRunningFile(data, {
    pid: Deno.pid,
    started_at: new Date().toISOString(),
    detached,
    url: env.SUPABASE_URL,
    database: withoutPassword(env.SUPABASE_DB_URL),
    commit: await readCommit(),
    deno: Deno.version.deno,
  });
}
