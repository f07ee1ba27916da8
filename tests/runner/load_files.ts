/**
 * Loads test files into one module: `deno test load_files.ts -- FILE...`. They load what they import once,
 * and share a stack. A test's name begins with its file.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

type Definition = Parameters<typeof Deno.test>;

const register = Deno.test as (...definition: unknown[]) => void;

function addFile(file: string, [first, ...rest]: Definition): unknown[] {
  if (typeof first === "string") return [`${file} => ${first}`, ...rest];
  if (typeof first === "object") return [{ ...first, name: `${file} => ${first.name}` }, ...rest];
  throw new Error(`${file}: a test needs a name`);
}

let current = "";
const named = (...definition: Definition) => register(...addFile(current, definition));
Object.assign(Deno, { test: Object.assign(named, Deno.test) });

for (const file of Deno.args) {
  current = file;
  await import(pathToFileURL(resolve(file)).href);
}
