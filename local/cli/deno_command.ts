/** A task that is a command of Deno itself, with a help of its own. */
import { guardProcess } from "../leftovers/guard.ts";
import { type Command, command } from "./command.ts";
import { requireDenoOptions } from "./deno_options.ts";
import { requirePaths } from "./require_paths.ts";

export interface DenoCommand {
  /** Name of the deno task. */
  name: string;
  help: string;
  /** Command of Deno, with its options. */
  args: string[];
  /** Files and folders that count if none is named. @default {Deno's own choice} */
  paths?: string[];
}

async function runDeno(args: string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "null" }).spawn();
  const release = guardProcess(child.pid, "SIGTERM");
  const { code } = await child.status;
  await release();
  return code;
}

export function denoCommand(
  module: ImportMeta,
  { name, help, args, paths = [] }: DenoCommand,
): Promise<Command> {
  return command(module, {
    name,
    help,
    parse: (given) => given.some((arg) => ["--help", "-h"].includes(arg)) ? undefined : given,
    run: async (given: string[]) => {
      const named = given.filter((arg) => !arg.startsWith("-"));
      await requireDenoOptions(args[0] as string, given);
      await requirePaths(named);
      return await runDeno([...args, ...given, ...(named.length === 0 ? paths : [])]);
    },
  });
}
