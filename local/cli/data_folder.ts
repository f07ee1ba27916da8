/** The option that names the data folder of a stack. */
import { relative, resolve } from "node:path";

const DEFAULT = ".local";

/** Resolve it before use. */
export const DATA_OPTION = { data: { type: "string", default: DEFAULT } } as const;

/** Whether no other folder was named: ours keeps more in it than a stack's data. */
export function isDefaultFolder(data: string): boolean {
  return resolve(data) === resolve(DEFAULT);
}

/** Line of a command's help. */
export const DATA_HELP = "  --data DIR      data folder of the running stack     (.local)";

/** A folder as a person would type it: relative where that is shorter to read. */
export function shownPath(path: string): string {
  const shown = relative(Deno.cwd(), path) || ".";
  return shown.startsWith("..") ? path : shown;
}

/** A path as an argument in a shell. */
export function quotedPath(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path}'`;
}

/** The command line of a task for the stack in `data`, as a person with Node types it. */
export function taskLine(task: string, data: string): string {
  const option = isDefaultFolder(data) ? "" : ` --data ${quotedPath(shownPath(data))}`;
  return `npx -y deno@2.9.5 task ${task}${option}`;
}
