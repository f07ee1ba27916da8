/** Runs programs of npm packages with npx. */
import { runProgram } from "../leftovers/run_program.ts";
import { cacheFirst, NpmError } from "./cache_first.ts";

const NPX = Deno.build.os === "windows" ? "npx.cmd" : "npx";

export interface NpxOptions {
  /** Name and exact version: `deno@2.1.4`. */
  package: string;
  /** A program of the package, or any other that is to find its programs on the PATH, and its arguments. */
  command: string[];
  cwd: string | URL;
  /** Variables on top of those of this process. */
  environment?: Record<string, string>;
  /** See `cacheFirst`. */
  onFetch?: (line: string) => void;
}

/** Returns what the program printed. @throws {NpmError} */
export async function npx(options: NpxOptions): Promise<string> {
  const { package: name, command, cwd, environment, onFetch } = options;
  return await cacheFirst(name, async (flags) => {
    try {
      return await runProgram(NPX, {
        args: ["--yes", ...flags, `--package=${name}`, "--", ...command],
        cwd,
        env: { NPM_CONFIG_UPDATE_NOTIFIER: "false", ...environment },
      });
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      throw new NpmError("npx is not on the PATH; Node.js brings it.", { cause });
    }
  }, onFetch);
}
