/** Runs programs of npm packages with npx: from npm's cache, and from the network only if they are not in it. */
import { print } from "../cli/console.ts";
import { runProgram } from "../leftovers/run_program.ts";

const NPX = Deno.build.os === "windows" ? "npx.cmd" : "npx";

/** Codes of npm for a package that its cache lacks, or whose version its cached list lacks. */
const NOT_CACHED = ["ENOTCACHED", "ETARGET"];

/** Codes of npm and of Node for a registry that cannot be reached. */
const UNREACHABLE =
  /^(EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|FETCH_ERROR)$/;

/** The package could not be run; the message says why, and what to do. */
export class NpxError extends Error {
  override name = "NpxError";
}

export interface NpxOptions {
  /** Name and exact version: `supabase@3.1.0`. */
  package: string;
  /** A program of the package, or any other that is to find its programs on the PATH, and its arguments. */
  command: string[];
  cwd: string | URL;
  /** Variables on top of those of this process. */
  environment?: Record<string, string>;
  /** Receives a line before npm fetches the package. @default {print} */
  onFetch?: (line: string) => void;
}

async function runNpx(flags: string[], options: NpxOptions): Promise<Deno.CommandOutput> {
  const { package: name, command, cwd, environment } = options;
  try {
    return await runProgram(NPX, {
      args: ["--yes", ...flags, `--package=${name}`, "--", ...command],
      cwd,
      env: { NPM_CONFIG_UPDATE_NOTIFIER: "false", ...environment },
    });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new NpxError("npx is not on the PATH; Node.js brings it.", { cause });
  }
}

/** The code in npm's report, e.g. `ENOTCACHED`. */
function codeOf({ stderr }: Deno.CommandOutput): string {
  return /^npm (?:error|ERR!) code (\S+)$/m.exec(new TextDecoder().decode(stderr))?.[1] ?? "";
}

function describeFailure(name: string, output: Deno.CommandOutput): NpxError {
  const code = codeOf(output);
  if (!UNREACHABLE.test(code)) {
    return new NpxError(`npx ${name} failed:\n${new TextDecoder().decode(output.stderr).trim()}`);
  }
  return new NpxError(
    `${name} is missing: npm's cache does not have it, and npm cannot reach its registry (${code}). ` +
      "Connect to the network once and run the command again.",
  );
}

/** Returns what the program printed. @throws {NpxError} */
export async function npx(options: NpxOptions): Promise<string> {
  const { package: name, onFetch = print } = options;
  let output = await runNpx(["--offline"], options);
  if (!output.success && NOT_CACHED.includes(codeOf(output))) {
    onFetch(`npm's cache does not have ${name}: npm fetches it from its registry.`);
    const retries = ["--fetch-retry-mintimeout=100", "--fetch-retry-maxtimeout=1000"];
    output = await runNpx(retries, options);
  }
  if (!output.success) throw describeFailure(name, output);
  return new TextDecoder().decode(output.stdout).trim();
}
