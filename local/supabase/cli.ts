/** Runs the Supabase CLI. */
import { fileURLToPath } from "node:url";
import { guardProcess } from "../leftovers/guard.ts";
import { runProgram } from "../leftovers/run_program.ts";
import { makeTemporaryFolder } from "../leftovers/temporary_folder.ts";
import { isLocalHost, withCheckedTls } from "../postgres/tls.ts";
import {
  accountCallEnvironment,
  databaseCallEnvironment,
  type Environment,
} from "./cli_environment.ts";
import { installCli } from "./install_cli.ts";

/** Path of the CLI's program; a process that runs others sets it, so that they need not look for it. */
const BINARY = "SUPABASE_CLI_BINARY";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The CLI ended with an error; the message holds what it said, without the database's password. */
export class SupabaseCliError extends Error {
  override name = "SupabaseCliError";
}

/** Other users of the machine can read the arguments of a process, but not its variables. */
function databaseAccess(
  address: string,
  variables: Environment,
): { flag: string; password: string } {
  const url = withCheckedTls(new URL(address));
  // The CLI uses TLS by default; a local database has none.
  if (isLocalHost(url) && !url.searchParams.has("sslmode")) {
    url.searchParams.set("sslmode", "disable");
  }
  // As the driver does: a person may have put it there in the first place.
  const password = decodeURIComponent(url.password) || variables.PGPASSWORD || "";
  url.password = "";
  return { flag: `--remote=${url.href}`, password };
}

let binary: Promise<string> | undefined;

/** Path of the CLI's program. */
function supabaseCliBinary(): Promise<string> {
  return binary ??= Promise.resolve(Deno.env.get(BINARY) || installCli());
}

/** Variables for child processes that run the CLI too. */
export async function supabaseCliEnvironment(): Promise<Record<string, string>> {
  return { [BINARY]: await supabaseCliBinary() };
}

/** Runs the CLI in the terminal of a person, in the current folder. Returns its exit code. */
export async function runCliForPerson(args: string[]): Promise<number> {
  const child = new Deno.Command(await supabaseCliBinary(), {
    args,
    clearEnv: true,
    env: await accountCallEnvironment(Deno.env.toObject(), args, Deno.cwd()),
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const release = guardProcess(child.pid, "SIGTERM");
  const { code } = await child.status;
  await release();
  return code;
}

export interface CliOptions {
  /** Folder that has `supabase/`. @default {the repository} */
  workdir?: string;
  /** Variables from which the CLI receives those that it needs. @default {those of this process} */
  environment?: Environment;
  /** Address of the database for `--remote`, with its password. */
  databaseUrl?: string;
  /** Path of the program. @default {the installed one} */
  program?: string;
}

/** Runs `supabase <args>` and returns its standard output. @throws {SupabaseCliError} */
export async function runSupabaseCli(
  args: string[],
  { workdir = ROOT, environment = {}, databaseUrl, program }: CliOptions = {},
): Promise<string> {
  // It leaves files of its own there.
  await using temporary = await makeTemporaryFolder("creatorflow-cli-");
  const variables = { ...Deno.env.toObject(), ...environment };
  const database = databaseUrl === undefined ? undefined : databaseAccess(databaseUrl, variables);
  const output = await runProgram(program ?? await supabaseCliBinary(), {
    args: [...args, ...(database ? [database.flag] : [])],
    cwd: workdir,
    clearEnv: true,
    env: {
      ...(database === undefined
        ? await accountCallEnvironment(variables, args, workdir)
        : { ...databaseCallEnvironment(variables), PGPASSWORD: database.password }),
      TMPDIR: temporary.path,
    },
  });
  const decoder = new TextDecoder();
  const stdout = decoder.decode(output.stdout);
  if (output.success) return stdout;
  const said = `${stdout}\n${decoder.decode(output.stderr)}`.trim();
  const safe = database?.password ? said.replaceAll(database.password, "***") : said;
  throw new SupabaseCliError(`supabase ${args.slice(0, 2).join(" ")} failed:\n${safe}`);
}
