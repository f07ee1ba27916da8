/**
 * Loads test files into one module: `deno test load_files.ts -- FILE...`. They load what they import once,
 * and share a stack. A test's name begins with its file.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { nameTests } from "./name_tests.ts";

for (const file of Deno.args) {
  nameTests(file);
  await import(pathToFileURL(resolve(file)).href);
}
