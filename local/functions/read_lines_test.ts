import assert from "node:assert/strict";
import { join } from "node:path";
import { followLines, readLastLines } from "./read_lines.ts";

Deno.test("the last wanted lines are read, and later ones as they are written, also into a new file", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "log");
  const append = (text: string) => Deno.writeTextFile(path, text, { append: true });
  assert.equal(await readLastLines(path, () => true, 2), undefined);
  // More than one chunk, with a letter of two bytes where chunks meet.
  await append(`${"é".repeat(50_000)}\na 1\nb 2\na 3\na 4\nhalf`);
  const last = await readLastLines(path, (line) => !line.startsWith("b"), 3);
  assert.deepEqual(last?.lines, ["a 1", "a 3", "a 4"]);
  const all = await readLastLines(path, () => true, 9);
  assert.equal(all?.lines[0], "é".repeat(50_000));

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
