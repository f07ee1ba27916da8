/** Runs npm with what its cache has, and with its registry only for what the cache lacks. */
import { print } from "../cli/console.ts";

/** Codes of npm for a package that its cache lacks, or whose version its cached list lacks. */
const NOT_CACHED = ["ENOTCACHED", "ETARGET"];

/** Codes of npm and of Node for a registry that cannot be reached. */
const UNREACHABLE =
  /^(EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|FETCH_ERROR)$/;

/** Without a network npm waits for seconds between its attempts, not for minutes. */
const RETRIES = ["--fetch-retry-mintimeout=100", "--fetch-retry-maxtimeout=1000"];

/** npm has not fetched or run a package; the message says why, and what to do. */
export class NpmError extends Error {
  override name = "NpmError";
}

/** The code in npm's report, e.g. `ENOTCACHED`. */
function codeOf(report: string): string {
  return /^npm (?:error|ERR!) code (\S+)$/m.exec(report)?.[1] ?? "";
}

function describeFailure(name: string, report: string): NpmError {
  const code = codeOf(report);
  if (!UNREACHABLE.test(code)) return new NpmError(`npm failed with ${name}:\n${report.trim()}`);
  return new NpmError(
    `${name} is missing: npm's cache does not have it, and npm cannot reach its registry (${code}). ` +
      "Connect to the network once and run the command again.",
  );
}

/**
 * Runs npm or npx at most twice.
 * @param name Name and exact version of the package.
 * @param run Receives options for npm.
 * @param onFetch Receives a line before npm fetches the package. @default {print}
 * @returns Its output. @throws {NpmError}
 */
export async function cacheFirst(
  name: string,
  run: (options: string[]) => Promise<Deno.CommandOutput>,
  onFetch: (line: string) => void = print,
): Promise<string> {
  const reportOf = ({ stderr }: Deno.CommandOutput) => new TextDecoder().decode(stderr);
  let output = await run(["--offline"]);
  if (!output.success && NOT_CACHED.includes(codeOf(reportOf(output)))) {
    onFetch(`npm's cache does not have ${name}: npm fetches it from its registry.`);
    output = await run(RETRIES);
  }
  if (!output.success) throw describeFailure(name, reportOf(output));
  return new TextDecoder().decode(output.stdout).trim();
}
