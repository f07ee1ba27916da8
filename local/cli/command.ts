/** The frame of every command: arguments, help, errors and exit codes. */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { print } from "./console.ts";
import { isDetached } from "./detached.ts";
import { errorMessage } from "./error_message.ts";
import { endOnInterrupt, exit } from "./interrupt.ts";

/** The command line is not understood; the message says what is expected. Exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Values of the declared options, and the arguments between them. */
export type Arguments<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true }>
>;

/** Exit code, or nothing for 0. */
type Outcome = number | void | Promise<number | void>;

interface CommandBase {
  /** Name of the deno task: `db:backup`. */
  name: string;
  /** Purpose, usage, options and notes, with an empty line between them. */
  help: string;
  /** The line that Ctrl-C leaves, or what gives it then. @default {"Interrupted: nothing is left running."} */
  interrupted?: string | (() => string);
}

/** A command with one set of options. */
export interface OptionsCommand<Options extends ParseArgsOptionsConfig> extends CommandBase {
  /** Every command also has `--help`. */
  options?: Options;
  /** Names of the arguments in their order: `FILE`, or `[USER]` if it may be left out. */
  positionals?: readonly string[];
  run(args: Arguments<Options>): Outcome;
}

/** A command with subcommands, or with values that need more than their type. */
export interface ParsedCommand<Input> extends CommandBase {
  /** Returns undefined if the arguments ask for help. @throws {UsageError} */
  parse(args: string[]): Input | undefined;
  run(input: Input): Outcome;
}

const INTERRUPTED = "Interrupted: nothing is left running.";

const HELP_OPTION = { help: { type: "boolean", short: "h", default: false } } as const;

/** Options for a file of variables, which the Supabase CLI and Node call `--env-file`. */
const FILE_OPTIONS = ["variables", "secrets"];

/** Sentences about a command line that node refuses, without its hint about arguments that begin with a dash. */
function describeWrong({ message }: Error, options: ParseArgsOptionsConfig): string {
  const reason = message.replace(/\. To specify a positional[^]*/, "").replace(/\.?$/, ".");
  const own = FILE_OPTIONS.find((name) => name in options);
  if (own === undefined || !reason.startsWith("Unknown option '--env-file'")) return reason;
  return `${reason} The file of variables is --${own} FILE.`;
}

/** Parses strictly; undefined if the arguments ask for help. @throws {UsageError} */
export function parseOptions<Options extends ParseArgsOptionsConfig>(
  options: Options,
  args: string[],
): Arguments<Options> | undefined {
  try {
    const parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { ...options, ...HELP_OPTION },
    });
    const { help } = parsed.values as { help?: boolean };
    return help ? undefined : parsed as unknown as Arguments<Options>;
  } catch (error) {
    throw new UsageError(`${describeWrong(error as Error, options)} Try --help.`);
  }
}

/** @throws {UsageError} */
function checkPositionals(expected: readonly string[], found: string[]): void {
  const missing = expected[found.length];
  if (missing !== undefined && !missing.startsWith("[")) {
    throw new UsageError(`${missing} is missing. Try --help.`);
  }
  const extra = found[expected.length];
  if (extra !== undefined) throw new UsageError(`"${extra}" is not understood. Try --help.`);
}

/** Without the comment of a copied line: zsh passes it on as arguments, unlike other shells. */
function withoutComment(args: string[]): string[] {
  const at = args.indexOf("#");
  return at < 0 ? args : args.slice(0, at);
}

/** Purpose and usage: the help up to its second empty line. */
function firstLines(help: string): string {
  return help.split("\n\n").slice(0, 2).join("\n\n");
}

/** Runs a command and returns its exit code: 0 done, 1 failed, 2 not understood. */
export async function runCommand<Options extends ParseArgsOptionsConfig, Input>(
  command: OptionsCommand<Options> | ParsedCommand<Input>,
  given: string[],
): Promise<number> {
  const args = withoutComment(given);
  try {
    let outcome: Outcome;
    if ("parse" in command) {
      const input = command.parse(args);
      if (input === undefined) return printHelp(command);
      outcome = command.run(input);
    } else {
      const parsed = parseOptions(command.options ?? {} as Options, args);
      if (parsed === undefined) return printHelp(command);
      checkPositionals(command.positionals ?? [], parsed.positionals);
      outcome = command.run(parsed);
    }
    return await outcome ?? 0;
  } catch (error) {
    print(errorMessage(error));
    if (!(error instanceof UsageError)) return 1;
    print(`\n${firstLines(command.help)}`);
    return 2;
  }
}

function printHelp({ help }: CommandBase): number {
  print(help);
  return 0;
}

/** Either kind of command. */
// deno-lint-ignore no-explicit-any
export type Command = OptionsCommand<any> | ParsedCommand<any>;

/**
 * Defines a command, and runs it if its module is the main one: the process then ends with its exit code.
 * Ctrl-C ends the process and everything that it has started (`local/leftovers/`) at once, unless the command
 * uses `interruptSignal`.
 */
export function command<Options extends ParseArgsOptionsConfig>(
  module: ImportMeta,
  definition: OptionsCommand<Options>,
): Promise<Command>;
export function command<Input>(
  module: ImportMeta,
  definition: ParsedCommand<Input>,
): Promise<Command>;
export async function command(module: ImportMeta, definition: Command): Promise<Command> {
  if (module.main) {
    endOnInterrupt(definition.interrupted ?? INTERRUPTED, { endsWithLauncher: !isDetached() });
    await exit(await runCommand(definition, Deno.args));
  }
  return definition;
}
