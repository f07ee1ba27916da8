/** Runs commands of local/commands: in a process of their own, as a person does, or in this one. */
import { AsyncLocalStorage } from "node:async_hooks";
import { fileURLToPath } from "node:url";
import { type Command, runCommand as runDefinition } from "../../local/cli/command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface CommandOptions {
  /** Folder of the repository. @default {this one} */
  root?: string;
  /** The only variables of the process. @default {those of this process} */
  environment?: Record<string, string>;
}

export interface CommandResult {
  code: number;
  stdout: string;
  /** Everything that it printed. */
  text: string;
}

/** @param name File in local/commands, without its ending. */
export function commandProcess(
  name: string,
  args: string[],
  { root = ROOT, environment }: CommandOptions = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", `local/commands/${name}.ts`, ...args],
    cwd: root,
    clearEnv: environment !== undefined,
    env: { NO_COLOR: "1", ...environment },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

export async function runCommand(
  name: string,
  args: string[],
  options?: CommandOptions,
): Promise<CommandResult> {
  const { code, ...output } = await commandProcess(name, args, options).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  ) as [string, string];
  return { code, stdout, text: stdout + stderr };
}

/** Receives what the commands print that run in this process. */
const printed = new AsyncLocalStorage<(text: string) => void>();

const writeSync = Deno.stdout.writeSync.bind(Deno.stdout);
Deno.stdout.writeSync = (bytes) => {
  const receive = printed.getStore();
  if (receive === undefined) return writeSync(bytes);
  receive(new TextDecoder().decode(bytes));
  return bytes.length;
};

/** Runs `work`, and returns its exit code and what it printed. */
export async function capturePrinted(work: () => Promise<number>): Promise<CommandResult> {
  let text = "";
  const code = await printed.run((part) => text += part, work);
  return { code, stdout: text, text };
}

/** Runs a command in this process, several at once if need be: a process of its own takes half a second. */
export async function callCommand(name: string, args: string[]): Promise<CommandResult> {
  const module = await import(`../../local/commands/${name}.ts`) as { default: Command };
  return await capturePrinted(() => runDefinition(module.default, args));
}
