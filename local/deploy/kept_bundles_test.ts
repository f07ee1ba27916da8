import assert from "node:assert/strict";
import { join } from "node:path";
import { openKeptBundles } from "./kept_bundles.ts";

const filesIn = async (folder: string) =>
  await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);

Deno.test("a bundle is made once for the same sources and the same maker, and again after each change", async () => {
  const root = await Deno.makeTempDir();
  for (const folder of ["functions/account", "shared/values", "node_modules"]) {
    await Deno.mkdir(join(root, folder), { recursive: true });
  }
  const maker = join(root, "maker.ts");
  const sources = ["deno.json", "deno.lock", "import_map.json", "functions/account/index.ts"];
  for (const path of [...sources, "maker.ts"]) await Deno.writeTextFile(join(root, path), "");
  let count = 0;
  const read = async (name = "account") => {
    const find = await openKeptBundles([maker], root);
    const folder = await find(name, async (made) => {
      count++;
      await Deno.writeTextFile(join(made, "index.js"), String(count));
    });
    return await Deno.readTextFile(join(folder, "index.js"));
  };
  const kept = join(root, "node_modules", ".creatorflow-functions");

  assert.deepEqual([await read(), await read()], ["1", "1"]);
  const changed = [...sources, "maker.ts", "shared/values/money.ts"];
  for (const [i, path] of changed.entries()) {
    await Deno.writeTextFile(join(root, path), "changed");
    assert.deepEqual([await read(), await read()], [String(i + 2), String(i + 2)], path);
    assert.equal((await filesIn(kept)).length, 1, "the former one is removed");
  }
  assert.equal(await read("billing"), String(changed.length + 2));
  assert.equal(await read(), String(changed.length + 1), "one of another name stays");
  assert.deepEqual(await filesIn(join(root, "node_modules")), [".creatorflow-functions"]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("nothing is kept of a bundle that fails", async () => {
  const root = await Deno.makeTempDir();
  for (const folder of ["functions", "shared", "node_modules"]) {
    await Deno.mkdir(join(root, folder));
  }
  for (const path of ["deno.json", "deno.lock", "import_map.json"]) {
    await Deno.writeTextFile(join(root, path), "");
  }
  const find = await openKeptBundles([], root);
  const failing = find("account", async (made) => {
    await Deno.writeTextFile(join(made, "index.js"), "half");
    throw new Error("no bundle");
  });
  await assert.rejects(failing, /no bundle/);
  assert.deepEqual(await filesIn(join(root, "node_modules")), [".creatorflow-functions"]);
  assert.deepEqual(await filesIn(join(root, "node_modules/.creatorflow-functions")), []);
  await Deno.remove(root, { recursive: true });
});
