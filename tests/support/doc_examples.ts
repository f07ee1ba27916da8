/** The examples of a page in docs/: each ts block is a module of its own. */
import assert from "node:assert/strict";

/** Imports the blocks. `blocks`: what each exports; `examples`: all of it together. */
export async function loadExamples<T>(
  page: URL,
): Promise<{ blocks: string[][]; examples: T }> {
  const text = await Deno.readTextFile(page);
  const sources = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((found) => found[1] ?? "");
  const fences = [...text.matchAll(/^```(?!sql|sh|text)./gm)].length;
  assert.equal(
    fences,
    sources.length,
    "every code block of the page is a ts block, SQL, or a command",
  );
  const modules: Record<string, unknown>[] = [];
  for (const source of sources) {
    const bytes = new TextEncoder().encode(source);
    modules.push(await import(`data:application/typescript;base64,${bytes.toBase64()}`));
  }
  return {
    blocks: modules.map((module) => Object.keys(module)),
    examples: Object.assign({}, ...modules) as T,
  };
}
