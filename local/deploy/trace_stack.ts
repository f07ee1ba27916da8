/** Stacks of bundles, with our own files and lines. */
import { SourceMap } from "node:module";
import { basename, join } from "node:path";
import type { Texts } from "./bundle_files.ts";

type Payload = ConstructorParameters<typeof SourceMap>[0];

/** Positions in the files of a bundle, whatever folder the platform has put them into; `ext:` ones are its own. */
const POSITION = /(?:[^\s()]*\/)?([\w-]+\.js):(\d+):(\d+)/g;

export interface Traced {
  text: string;
  /** Positions that the maps do not have; the text keeps them. */
  unknown: number;
}

/**
 * Replaces each position in the bundle by the file, line and column of its source.
 * @param texts The files of the bundle.
 * @param maps Content of the source map of each file, by the file's name.
 */
export function traceStack(stack: string, texts: Texts, maps: Texts): Traced {
  let unknown = 0;
  const text = stack.replace(POSITION, (position, file: string, line: string, column: string) => {
    if (position.startsWith("ext:")) return position;
    const [map, code] = [maps.get(file), texts.get(file)];
    const found = map && code && findSource(map, code, Number(line), Number(column));
    if (!found) unknown++;
    return found || position;
  });
  return { text, unknown };
}

/** Stacks count from one, source maps from zero. */
function findSource(map: string, code: string, line: number, column: number): string | undefined {
  // A map does not know where a line ends: it has its last entry for what is behind it.
  if (column > (code.split("\n")[line - 1] ?? "").length) return undefined;
  const found = new SourceMap(JSON.parse(map) as Payload).findEntry(line - 1, column - 1);
  if (!("originalSource" in found)) return undefined;
  return `${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
}

/** @param folder `mapFolder` of a bundle. @returns what `traceStack` takes. */
export async function readMaps(folder: string): Promise<Map<string, string>> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const entries = names.map(async (name) =>
    [basename(name, ".map"), await Deno.readTextFile(join(folder, name))] as const
  );
  return new Map(await Promise.all(entries));
}
