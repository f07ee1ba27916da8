/** What a process would leave behind is gone when it has ended. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../tests/support/until.ts";

/** Has the guard remove its folder, and makes it again before it ends: a step of it was still running. */
const PROGRAM = `
import { guardPath, removeLeftovers } from "${new URL("./guard.ts", import.meta.url)}";
const [path] = Deno.args;
await guardPath(path);
await Deno.mkdir(path);
await removeLeftovers();
console.log("removed:", await Deno.stat(path).catch((error) => error.name));
await Deno.mkdir(path);
`;

Deno.test({
  name: "a folder that the interrupted process makes again is removed after its end",
  ignore: Deno.build.os === "windows",
  async fn() {
    const parent = await Deno.makeTempDir();
    const path = join(parent, "folder");
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-config", PROGRAM, path],
      env: { NO_COLOR: "1" },
      stderr: "inherit",
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "removed: NotFound\n");
    await until("the folder is removed", () => Promise.resolve(!existsSync(path)));
    await Deno.remove(parent);
  },
});
