/** The imports between the files of this repository, and circles of them. */

const ROOT = new URL("../..", import.meta.url);
const FOLDERS = ["functions", "shared", "local", "tests", "bench"];

/** Static, dynamic and type imports, and exports from another file. */
const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

/** Paths from the root of the repository: each file, and the files that it imports. */
export type Imports = Map<string, string[]>;

async function* sourceFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) yield* sourceFiles(`${folder}/${name}`);
    else if (/\.tsx?$/.test(name)) yield `${folder}/${name}`;
  }
}

/** Resolves the imports of one file. */
export function parseImports(path: string, source: string): string[] {
  const targets = [...source.matchAll(IMPORT)].map(([, target = ""]) =>
    new URL(target, `file:///${path}`).pathname.slice(1)
  );
  return [...new Set(targets)];
}

export async function readImports(): Promise<Imports> {
  const imports: Imports = new Map();
  for (const folder of FOLDERS) {
    for await (const path of sourceFiles(folder)) {
      imports.set(path, parseImports(path, await Deno.readTextFile(new URL(path, ROOT))));
    }
  }
  return imports;
}

/** The shortest way from a file back to itself. */
function findCircle(imports: Imports, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const target of imports.get(file) ?? []) {
      if (target === start) {
        const circle = [file];
        while (circle[0] !== start) circle.unshift(cameFrom.get(circle[0] as string) as string);
        return circle;
      }
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      queue.push(target);
    }
  }
  return undefined;
}

/** Every file's shortest circle, each once: `a.ts -> b.ts -> a.ts`, from its first name on. */
export function findCircles(imports: Imports): string[] {
  const circles = [...imports.keys()].map((file) => findCircle(imports, file))
    .filter((circle) => circle !== undefined)
    .map((circle) => {
      const first = circle.indexOf(circle.toSorted()[0] as string);
      const rotated = [...circle.slice(first), ...circle.slice(0, first)];
      return [...rotated, rotated[0]].join(" -> ");
    });
  return [...new Set(circles)].sort();
}
