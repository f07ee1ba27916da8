/** Runs commands of local/commands as a person does: in a process of their own, without a terminal. */
import { fileURLToPath } from "node:url";

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
