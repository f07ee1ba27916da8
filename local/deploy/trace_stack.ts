/** Stacks of bundles, with our own files and lines. */
import { SourceMap } from "node:module";

type Payload = ConstructorParameters<typeof SourceMap>[0];

/** Positions in a bundle, whatever folder the platform has put it into. */
const POSITION = /(?:[a-z]+:\/\/)?[^\s()]*\bindex\.js:(\d+):(\d+)/g;

/**
 * Replaces each position in the bundle by the file, line and column of its source.
 * @param map Content of the bundle's source map.
 */
export function traceStack(stack: string, map: string): string {
  const sourceMap = new SourceMap(JSON.parse(map) as Payload);
  return stack.replace(POSITION, (position, line: string, column: string) => {
    // Stacks count from one, source maps from zero.
    const found = sourceMap.findEntry(Number(line) - 1, Number(column) - 1);
    if (!("originalSource" in found)) return position;
    return `${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  });
}
