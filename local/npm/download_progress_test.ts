import assert from "node:assert/strict";
import { join } from "node:path";
import { until } from "../../tests/support/until.ts";
import { withDownloadProgress } from "./download_progress.ts";

Deno.test("a download shows its megabytes and their total as they come, and not what others fetch", async () => {
  const cache = await Deno.makeTempDir();
  const folder = join(cache, "_cacache", "tmp");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(join(folder, "other"), new Uint8Array(9_000_000));
  const lines: string[] = [];
  const options = { name: "the Supabase CLI", megabytes: 65, cache, intervalMs: 1 };
  const result = await withDownloadProgress(
    { ...options, print: (line) => lines.push(line.trim()) },
    async () => {
      for (const [count, size] of [[1, 3_500_000], [2, 70_000_000]] as const) {
        const path = join(folder, "own");
        await Deno.writeFile(path, new Uint8Array());
        await Deno.truncate(path, size);
        await until("a line", () => Promise.resolve(lines.length === count));
      }
      return "fetched";
    },
  );
  assert.equal(result, "fetched");
  assert.deepEqual(lines, ["the Supabase CLI: 3 of 65 MB", "the Supabase CLI: 65 of 65 MB"]);
  await Deno.remove(cache, { recursive: true });
});
