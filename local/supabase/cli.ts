/** Runs the Supabase CLI through npx: its npm package cannot be resolved by Deno itself. */

const PACKAGE = "supabase@3.1.0";

/** The CLI ended with an error; the message holds what it said, without the database's password. */
export class SupabaseCliError extends Error {
  override name = "SupabaseCliError";
}

/** The CLI wants TLS unless it is told that a local database has none. */
export function remoteFlag(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (local && !url.searchParams.has("sslmode")) url.searchParams.set("sslmode", "disable");
  return `--remote=${url.href}`;
}

function withoutPassword(text: string, args: string[]): string {
  const passwords = args.filter((arg) => arg.startsWith("--remote=")).flatMap((arg) => {
    const { password } = new URL(arg.slice("--remote=".length));
    return [password, decodeURIComponent(password)];
  }).filter((password) => password.length > 0);
  return passwords.reduce((cleaned, password) => cleaned.replaceAll(password, "***"), text);
}

/** Runs `supabase <args>` in the repository and returns its standard output. */
export async function runSupabaseCli(args: string[]): Promise<string> {
  const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
  const command = new Deno.Command(npx, {
    args: ["--yes", PACKAGE, ...args],
    cwd: new URL("../..", import.meta.url),
    env: { DO_NOT_TRACK: "1", SUPABASE_TELEMETRY_DISABLED: "1", NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  let output: Deno.CommandOutput;
  try {
    output = await command.output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new SupabaseCliError("npx is not on the PATH; Node.js brings it.", { cause });
  }
  const decoder = new TextDecoder();
  const stdout = decoder.decode(output.stdout);
  if (!output.success) {
    const said = withoutPassword(`${stdout}\n${decoder.decode(output.stderr)}`, args).trim();
    throw new SupabaseCliError(`supabase ${args.slice(0, 2).join(" ")} failed:\n${said}`);
  }
  return stdout;
}
