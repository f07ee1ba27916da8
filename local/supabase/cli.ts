/** Runs the Supabase CLI. npx installs it, because Deno cannot resolve its npm package. */
import { fileURLToPath } from "node:url";
import { runProgram } from "../leftovers/run_program.ts";
import { npx } from "../npm/npx.ts";

const PACKAGE = "supabase@3.1.0";

/** Path of the CLI's binary; a process that runs others sets it, so that they need no npx. */
const BINARY = "SUPABASE_CLI_BINARY";

const ROOT = new URL("../..", import.meta.url);

/** The CLI ended with an error; the message holds what it said, without the database's password. */
export class SupabaseCliError extends Error {
  override name = "SupabaseCliError";
}

/** The CLI uses TLS by default; a local database has none. */
export function remoteFlag(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (local && !url.searchParams.has("sslmode")) url.searchParams.set("sslmode", "disable");
  return `--remote=${url.href}`;
}

function withoutPassword(text: string, args: string[]): string {
  const passwords = args.filter((arg) => arg.startsWith("--remote=")).flatMap((arg) => {
    // Other commands name a project, which has no password.
    const password = URL.parse(arg.slice("--remote=".length))?.password ?? "";
    return [password, decodeURIComponent(password)];
  }).filter((password) => password.length > 0);
  return passwords.reduce((cleaned, password) => cleaned.replaceAll(password, "***"), text);
}

async function findBinary(): Promise<string> {
  const script = fileURLToPath(new URL("./find_cli.mjs", import.meta.url));
  return await npx({ package: PACKAGE, command: ["node", script], cwd: ROOT });
}

let binary: Promise<string> | undefined;

/** Path of the CLI's binary, found once: npx takes a second. npx installs the CLI the first time. */
function supabaseCliBinary(): Promise<string> {
  return binary ??= Promise.resolve(Deno.env.get(BINARY) || findBinary());
}

/** Variables for child processes that run the CLI too. */
export async function supabaseCliEnvironment(): Promise<Record<string, string>> {
  return { [BINARY]: await supabaseCliBinary() };
}

export interface CliOptions {
  /** Folder that has `supabase/`. @default {the repository} */
  workdir?: string;
  /** Variables on top of those of this process. */
  environment?: Record<string, string>;
}

/** Runs `supabase <args>` and returns its standard output. */
export async function runSupabaseCli(
  args: string[],
  { workdir, environment }: CliOptions = {},
): Promise<string> {
  const output = await runProgram(await supabaseCliBinary(), {
    args,
    cwd: workdir ?? ROOT,
    env: { DO_NOT_TRACK: "1", SUPABASE_TELEMETRY_DISABLED: "1", NO_COLOR: "1", ...environment },
  });
  const decoder = new TextDecoder();
  const stdout = decoder.decode(output.stdout);
  if (!output.success) {
    const said = withoutPassword(`${stdout}\n${decoder.decode(output.stderr)}`, args).trim();
    throw new SupabaseCliError(`supabase ${args.slice(0, 2).join(" ")} failed:\n${said}`);
  }
  return stdout;
}
