/** Options of a command of Deno itself, which a task passes on. */
import { UsageError } from "./command.ts";

/** @param command Of Deno: `test`. */
async function readOptions(command: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [command, "--help=full"],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stderr: "null",
  }).output();
  return new Set(new TextDecoder().decode(stdout).match(/(?<![\w-])--?[A-Za-z][\w-]*/g));
}

/** @throws {UsageError} if Deno's command does not have one of the options. */
export async function requireDenoOptions(command: string, args: string[]): Promise<void> {
  const named = args.filter((arg) => /^-+[A-Za-z]/.test(arg));
  if (named.length === 0) return;
  const options = await readOptions(command);
  for (const arg of named) {
    const [option = ""] = arg.startsWith("--") ? arg.split("=") : [arg.slice(0, 2)];
    if (!options.has(option)) throw new UsageError(`Unknown option '${option}'. Try --help.`);
  }
}
