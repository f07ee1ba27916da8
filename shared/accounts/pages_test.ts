import assert from "node:assert/strict";
import { type Page, type PageKey, readPages } from "./pages.ts";

/** Three pages; counts how many were read. */
function threePages() {
  const reads: (PageKey | null)[] = [];
  const read = (after: PageKey | null): Promise<Page> => {
    reads.push(after);
    const n = reads.length;
    return Promise.resolve({ rows: [{ n }], next: n < 3 ? [String(n), "id"] : null });
  };
  return { read, reads };
}

Deno.test("readPages() begins after the last row of the page before, and ends with the last page", async () => {
  const { read, reads } = threePages();
  assert.deepEqual(await Array.fromAsync(readPages(read)), [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  assert.deepEqual(reads, [null, ["1", "id"], ["2", "id"]]);
});

Deno.test("readPages() reads no page before it is wanted", async () => {
  const { read, reads } = threePages();
  for await (const _rows of readPages(read)) break;
  assert.equal(reads.length, 1);
});
