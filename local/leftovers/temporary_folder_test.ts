import assert from "node:assert/strict";
import { exists } from "../files/exists.ts";
import { findPlace } from "../postgres/binaries.ts";
import { makeDataFolder } from "../stack/data_folder.ts";
import { makeTemporaryData } from "./temporary_folder.ts";

Deno.test("the cluster of a stack in a temporary folder is the one that goes with the folder", async () => {
  await using data = await makeTemporaryData("creatorflow-test-");
  const guarded = await findPlace(data.path);
  await makeDataFolder(data.path);
  const used = await findPlace(data.path);
  assert.equal(used.data, guarded.data);
  await data[Symbol.asyncDispose]();
  assert.deepEqual([await exists(used.data), await exists(data.path)], [false, false]);
});
