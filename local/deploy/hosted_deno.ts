/** The Deno of the hosted functions, to try them on this machine. */
import { tmpdir } from "node:os";
import { npx } from "../npm/npx.ts";

/** supabase/edge-runtime is built on this version. */
export const HOSTED_DENO = "2.1.4";

/** Path of the binary; a process that runs others sets it, so that they need not look for it. */
const BINARY = "HOSTED_DENO_BINARY";

async function findBinary(): Promise<string> {
  const known = Deno.env.get(BINARY);
  if (known) return known;
  const script = "Deno.stdout.writeSync(new TextEncoder().encode(Deno.execPath()))";
  return await npx({
    package: `deno@${HOSTED_DENO}`,
    command: ["deno", "eval", script],
    // Elsewhere than our deno.json and deno.lock, which this version does not understand.
    cwd: tmpdir(),
  });
}

let binary: Promise<string> | undefined;

/** Path of its binary, found once; npx installs it the first time. */
export function hostedDeno(): Promise<string> {
  return binary ??= findBinary();
}

/** Variables for child processes that run it too. */
export async function hostedDenoEnvironment(): Promise<Record<string, string>> {
  return { [BINARY]: await hostedDeno() };
}
