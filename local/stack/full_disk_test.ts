/** Attack: the disk is full. Only what is written is lost: no process ends, and no request fails for it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeBackupFile } from "../backup/write_file.ts";
import { redirectConsole } from "../cli/console.ts";
import { startFunctionProcess } from "../functions/process.ts";
import { Mailbox } from "../mail/mailbox.ts";
import { LineFile } from "../simulators/line_file.ts";
import { writePrivateFile } from "./private_file.ts";

async function run(program: string, ...args: string[]): Promise<boolean> {
  const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
  return (await command.output().catch(() => undefined))?.success ?? false;
}

/** Runs `work` with a disk in memory, of 100 kB. Returns whether this user may make one. */
async function withSmallDisk(work: (folder: string) => Promise<void>): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-disk-" });
  const isMounted = await run("mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", folder);
  try {
    if (isMounted) await work(folder);
  } finally {
    if (isMounted) await run("umount", folder);
    await Deno.remove(folder);
  }
  return isMounted;
}

const hasSmallDisk = await withSmallDisk(() => Promise.resolve());

/** Every write to it fails with ENOSPC. */
const FULL = "/dev/full";

const onLinux = { ignore: Deno.build.os !== "linux" };

/** A function that logs more than a pipe holds. */
const TALKATIVE = `export default { fetch() {
  for (let n = 0; n < 300; n++) console.log("x".repeat(1000));
  return new Response("answered");
} };`;

Deno.test(
  "with a full disk the functions go on answering, though their log cannot be written",
  onLinux,
  async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(join(folder, "index.js"), TALKATIVE);
    const configPath = join(folder, "config.toml");
    await Deno.writeTextFile(configPath, '[functions.talkative]\nentrypoint = "index.js"\n');
    const crashes: string[] = [];
    const functions = await startFunctionProcess({
      configPath,
      env: { SUPABASE_URL: "http://127.0.0.1:1" },
      ...{ logFile: FULL, pidFile: FULL },
      onCrash: (message) => crashes.push(message),
    });
    const pid = functions.pid();
    for (let n = 0; n < 3; n++) {
      const response = await functions.fetch(new Request("http://host/functions/v1/talkative"));
      assert.equal(await response.text(), "answered");
    }
    assert.equal(functions.pid(), pid);
    await functions.stop();
    assert.ok(crashes.every((message) => /No space left/.test(message)), crashes.join("\n"));
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  "with a full disk an error of REST or Auth can be logged, and the mail of a sign-up is kept",
  onLinux,
  async () => {
    const original = { ...console };
    try {
      redirectConsole(FULL);
      // deno-lint-ignore no-console -- as @supabase/lite does
      console.error("a database error");
    } finally {
      Object.assign(console, original);
    }

    const lines: string[] = [];
    const mailbox = new Mailbox({
      folder: join(FULL, "mails"),
      ...{ siteUrl: "http://127.0.0.1/app", apiUrl: "http://127.0.0.1" },
      onMail: (line) => lines.push(line),
    });
    await mailbox.send({ to: "ada@example.com", subject: "Confirm", text: "a link" } as never);
    const [mail] = await mailbox.list(new Request("http://127.0.0.1/mailbox")).json();
    assert.equal(mail.text, "a link");
    assert.match(lines[0] ?? "", /Mail to ada@example\.com.*was not written.*\/mailbox/);
  },
);

/** A file on a disk that takes some bytes more, and more when `free` is raised. */
class SmallDisk {
  text = "";
  free = 10;

  writeSync(bytes: Uint8Array): number {
    if (this.free === 0) throw new Error("No space left on device (os error 28)");
    const taken = bytes.subarray(0, this.free);
    this.text += new TextDecoder().decode(taken);
    this.free -= taken.length;
    return taken.length;
  }

  close(): void {}
}

Deno.test("with a full disk a simulator answers, and writes its data down when there is room again", () => {
  const disk = new SmallDisk();
  const file = new LineFile(disk);
  file.write('["orders","1"]');
  file.write('["orders","2"]');
  assert.equal(disk.text, '["orders",');
  disk.free = 1000;
  file.write('["orders","3"]');
  assert.equal(disk.text, '["orders","1"]\n["orders","2"]\n["orders","3"]\n');
});

Deno.test("with a full disk a file of secrets stays as it was, and no part of another is left", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "env");
  await writePrivateFile(path, "older");
  const write = () => Promise.reject(new Error("No space left on device (os error 28)"));
  await assert.rejects(writePrivateFile(path, "newer", { write }), /No space left/);
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  assert.deepEqual(names, ["env"]);
  assert.equal(await Deno.readTextFile(path), "older");
  await Deno.remove(folder, { recursive: true });
});

Deno.test(
  "with a full disk a backup fails, the older one stays, and no part of the new one is left",
  {
    ignore: !hasSmallDisk,
  },
  async () => {
    await withSmallDisk(async (folder) => {
      const path = join(folder, "a.backup");
      await Deno.writeTextFile(path, "older");
      async function* content() {
        for (let n = 0; n < 20; n++) yield crypto.getRandomValues(new Uint8Array(20_000));
      }
      await assert.rejects(writeBackupFile(path, content()), /No space left/);
      const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
      assert.deepEqual(names, ["a.backup"]);
      assert.equal(await Deno.readTextFile(path), "older");
    });
  },
);
