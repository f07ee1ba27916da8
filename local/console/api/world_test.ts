import assert from "node:assert/strict";
import { join } from "node:path";
import { turnedMonthsFile } from "./world.ts";

Deno.test("the number of turned months outlives a restart", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "turned-months");
    assert.equal(turnedMonthsFile(path).count(), 0);
    turnedMonthsFile(path).add();
    turnedMonthsFile(path).add();
    assert.equal(turnedMonthsFile(path).count(), 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
