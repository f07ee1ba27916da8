/** The option that names the data folder of a stack. */
import { relative } from "node:path";

/** Resolve it before use. */
export const DATA_OPTION = { data: { type: "string", default: ".local" } } as const;

/** Line of a command's help. */
export const DATA_HELP = "  --data DIR      data folder of the running stack     (.local)";

/** A folder as a person would type it: relative where that is shorter to read. */
export function shownPath(path: string): string {
  const shown = relative(Deno.cwd(), path) || ".";
  return shown.startsWith("..") ? path : shown;
}
