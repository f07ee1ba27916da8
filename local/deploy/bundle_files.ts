/** The files of a bundle: what they import, and what a start reads of them. */

/** Text of each file, by its name. */
export type Texts = ReadonlyMap<string, string>;

export interface Imports {
  /** Read at the start. */
  fixed: string[];
  /** Read by `import()`: the names, or the expressions that make them. */
  dynamic: string[];
}

/** The imports of a minified file, other than the runtime's own modules. */
export function readImports(code: string): Imports {
  const fixed =
    /(?<=^|[;})\n])(?:import(?:[\w$*{}\s,]*\bfrom)?|export[\w$*{}\s,]*\bfrom)\s*"(?!node:)([^"]+)"/g;
  const dynamic = /(?<![.\w$`])import\((?!"node:)(?:"([^"]*)"|([^)]{0,60}))/g;
  return {
    fixed: Array.from(code.matchAll(fixed), ([, name = ""]) => name),
    dynamic: Array.from(code.matchAll(dynamic), ([, name, expression = ""]) => name ?? expression),
  };
}

/** The entry point, and what it imports other than by `import()`. */
export function startFiles(texts: Texts): Texts {
  const names = new Set(["index.js"]);
  for (const name of names) {
    for (const imported of readImports(texts.get(name) ?? "").fixed) {
      names.add(imported.replace(/^\.\//, ""));
    }
  }
  return new Map(Array.from(names, (name) => [name, texts.get(name) ?? ""]));
}

export function countBytes(texts: Texts): number {
  return texts.values().reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0);
}

/**
 * Lines for the end of the entry point, where they move nothing that a source map points at. The Supabase CLI
 * uploads the imports that a pattern finds, and it needs the blank that minified code does not have.
 */
export function listForCli(files: readonly string[]): string {
  return files.filter((file) => file !== "index.js")
    .map((file) => `// import "./${file}"\n`).join("");
}
