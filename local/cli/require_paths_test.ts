import assert from "node:assert/strict";
import { requirePaths } from "./require_paths.ts";

Deno.test("files and folders that do not exist are named in one line", async () => {
  await requirePaths(["deno.json", "shared", "shared/**/*.ts"]);
  await assert.rejects(requirePaths(["deno.json", "foo"]), {
    message: "foo does not exist. A path begins at the folder of the repository.",
  });
  await assert.rejects(requirePaths(["foo", "deno.json/bar"]), {
    message: "foo, deno.json/bar do not exist. A path begins at the folder of the repository.",
  });
});
