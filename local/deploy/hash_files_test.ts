import assert from "node:assert/strict";
import { join } from "node:path";
import { makeTemporaryFolder } from "../leftovers/temporary_folder.ts";
import { stampFiles } from "./hash_files.ts";

Deno.test("the stamp of files stays until one is changed, added, renamed or removed", async () => {
  await using folder = await makeTemporaryFolder("creatorflow-stamp-");
  const path = (name: string) => join(folder.path, name);
  const seen: string[] = [];
  const note = () => {
    const stamp = stampFiles([], folder.path);
    assert.equal(stampFiles([], folder.path), stamp);
    seen.push(stamp);
  };
  await Deno.writeTextFile(path("a.ts"), "1");
  note();
  await Deno.utime(path("a.ts"), new Date(0), new Date(1000));
  note();
  await Deno.writeTextFile(path("b.ts"), "2");
  note();
  await Deno.rename(path("b.ts"), path("c.ts"));
  note();
  await Deno.remove(path("a.ts"));
  note();
  assert.equal(new Set(seen).size, seen.length);
});
