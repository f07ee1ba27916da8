import assert from "node:assert/strict";
import { join } from "node:path";
import { followLines, readLastEntries } from "./read_lines.ts";

Deno.test("the last wanted lines are read, and later ones as they are written, also into a new file", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "log");
  const append = (text: string) => Deno.writeTextFile(path, text, { append: true });
  assert.equal(await readLastEntries(path, () => true, 2), undefined);
  // More than one chunk, with a letter of two bytes where chunks meet.
  await append(`${"é".repeat(50_000)}\na 1\nb 2\na 3\na 4\nhalf`);
  const last = await readLastEntries(path, (line) => !line.startsWith("b"), 3);
  assert.deepEqual(last?.entries, ["a 1", "a 3", "a 4"]);
  const all = await readLastEntries(path, () => true, 9);
  assert.equal(all?.entries[0], "é".repeat(50_000));

  const stopping = new AbortController();
  const lines = followLines(path, last?.end ?? 0, stopping.signal);
  await append(" of a line\n\nnext\n");
  assert.equal((await lines.next()).value, "half of a line");
  assert.equal((await lines.next()).value, "next");
  await Deno.writeTextFile(path, "new file\n");
  assert.equal((await lines.next()).value, "new file");
  const waiting = lines.next();
  stopping.abort();
  assert.equal((await waiting).done, true);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("an entry is counted once with the lines that continue it, such as those of a stack trace", async () => {
  const path = await Deno.makeTempFile();
  const trace = "error: Uncaught SyntaxError: x\n   |\n12 | const x = ;\n   |  ~\n    at a.ts:1:11";
  await Deno.writeTextFile(path, `{"a":1}\n${trace}\n{"b":2}\n  alone\n${trace}\n`);
  const read = async (count: number) => (await readLastEntries(path, () => true, count))?.entries;
  assert.deepEqual(await read(1), [trace]);
  assert.deepEqual(await read(9), ['{"a":1}', trace, '{"b":2}', "  alone", trace]);
  const json = await readLastEntries(path, (line) => line.startsWith("{"), 2);
  assert.deepEqual(json?.entries, ['{"a":1}', '{"b":2}']);
  assert.deepEqual(await read(0), []);
  await Deno.remove(path);
});
