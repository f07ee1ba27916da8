/** Runs the programs of Postgres. */
import { join } from "node:path";
import type { PostgresPlace } from "./binaries.ts";

/** A program of Postgres in the environment and under the account of its cluster, for `Deno.Command`. */
export function postgresProgram(
  place: PostgresPlace,
  program: string,
  args: string[],
): [path: string, options: Deno.CommandOptions] {
  const file = Deno.build.os === "windows" ? `${program}.exe` : program;
  return [join(place.binaries, file), {
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
  }];
}
