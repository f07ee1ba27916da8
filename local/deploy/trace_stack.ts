/** Stacks of bundles, with our own files and lines. */
import { SourceMap } from "node:module";
import { basename, join } from "node:path";

type Payload = ConstructorParameters<typeof SourceMap>[0];

/** Positions in the files of a bundle, whatever folder the platform has put them into. */
const POSITION = /(?:[^\s()]*\/)?([\w-]+\.js):(\d+):(\d+)/g;

/**
 * Replaces each position in the bundle by the file, line and column of its source.
 * @param maps Content of the source map of each file, by the file's name.
 */
export function traceStack(stack: string, maps: ReadonlyMap<string, string>): string {
  return stack.replace(POSITION, (position, file: string, line: string, column: string) => {
    const map = maps.get(file);
    if (map === undefined) return position;
    // Stacks count from one, source maps from zero.
    const found = new SourceMap(JSON.parse(map) as Payload)
      .findEntry(Number(line) - 1, Number(column) - 1);
    if (!("originalSource" in found)) return position;
    return `${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  });
}

/** @param folder `mapFolder` of a bundle. @returns what `traceStack` takes. */
export async function readMaps(folder: string): Promise<Map<string, string>> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const entries = names.map(async (name) =>
    [basename(name, ".map"), await Deno.readTextFile(join(folder, name))] as const
  );
  return new Map(await Promise.all(entries));
}
