/** Programs that end with this process. */
import { guardProcess } from "./guard.ts";

/** Runs a program to its end. Ctrl-C does not reach it: the command decides when it ends. */
export async function runProgram(
  program: string | URL,
  { input, ...options }: Deno.CommandOptions & { input?: string },
): Promise<Deno.CommandOutput> {
  const child = new Deno.Command(program, {
    ...options,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  const release = guardProcess(child.pid, "SIGTERM", true);
  try {
    if (input !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      await writer.close();
    }
    return await child.output();
  } finally {
    await release();
  }
}
