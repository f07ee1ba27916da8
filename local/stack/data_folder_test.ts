import assert from "node:assert/strict";
import { join } from "node:path";
import { makeDataFolder } from "./data_folder.ts";

const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const options = { ignore: Deno.build.os === "windows" };

Deno.test(
  "other users of the machine cannot look into a data folder, a new or an older one",
  options,
  async () => {
    await withFolder(async (folder) => {
      const [data, older] = [join(folder, "data"), join(folder, "older")];
      await Deno.mkdir(join(older, "logs"), { recursive: true });
      await Deno.writeTextFile(join(older, "keys.json"), "{}");
      for (const path of [older, join(older, "logs")]) await Deno.chmod(path, 0o755);

      for (const path of [data, older]) {
        await makeDataFolder(path);
        assert.equal(await modeOf(path), 0o700);
        assert.equal(await modeOf(join(path, "logs")), 0o700);
        assert.equal(await modeOf(join(path, "mails")), 0o700);
      }
    });
  },
);

Deno.test(
  "a folder that holds other things keeps its rights; our folders in it are closed",
  options,
  async () => {
    await withFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "other"), "");
      await Deno.chmod(folder, 0o755);
      await makeDataFolder(folder);
      assert.equal(await modeOf(folder), 0o755);
      assert.equal(await modeOf(join(folder, "logs")), 0o700);
    });
  },
);

Deno.test("git ignores a data folder of any name in a repository", async () => {
  await withFolder(async (folder) => {
    const git = (...args: string[]) =>
      new Deno.Command("git", { args, cwd: folder, stdout: "piped" }).output();
    await git("init", "--quiet");
    await makeDataFolder(join(folder, "copy-of-monday"));
    await Deno.writeTextFile(join(folder, "copy-of-monday", "keys.json"), "{}");
    const { stdout } = await git("status", "--porcelain", "--untracked-files=all");
    assert.equal(new TextDecoder().decode(stdout), "");
  });
});
