/** The Deno of the hosted functions, to try them on this machine. */
import { tmpdir } from "node:os";
import { runProgram } from "../leftovers/run_program.ts";

/** supabase/edge-runtime is built on this version. */
export const HOSTED_DENO = "2.1.4";

async function findBinary(): Promise<string> {
  const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
  const script = "Deno.stdout.writeSync(new TextEncoder().encode(Deno.execPath()))";
  const { success, stdout, stderr } = await runProgram(npx, {
    args: ["--yes", `deno@${HOSTED_DENO}`, "eval", script],
    // Elsewhere than our deno.json and deno.lock, which this version does not understand.
    cwd: tmpdir(),
  });
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`npx deno@${HOSTED_DENO} failed:\n${decoder.decode(stderr).trim()}`);
  }
  return decoder.decode(stdout).trim();
}

let binary: Promise<string> | undefined;

/** Path of its binary, found once; npx installs it the first time. */
export function hostedDeno(): Promise<string> {
  return binary ??= findBinary();
}
