/** Attacks on the Supabase CLI: by other users of the machine, by the CLI itself, and by a registry. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { withServer } from "../../tests/support/local_server.ts";
import { runSupabaseCli } from "./cli.ts";
import { installCli } from "./install_cli.ts";

const PASSWORD = "p@ss/word with spaces";
const URL_OF_DATABASE = `postgresql://postgres:${
  encodeURIComponent(PASSWORD)
}@db.example.com:5432/postgres`;

/** Secrets of a shell from which a command is run. */
const SECRETS = {
  STRIPE_SECRET_KEY: "sk_live_secret",
  ENCRYPTION_KEYS: "k1:secret",
  SUPABASE_SECRET_KEY: "sb_secret_secret",
  SUPABASE_DB_PASSWORD: "another-password",
  AWS_SECRET_ACCESS_KEY: "aws",
};
const ACCESS_TOKEN = "sbp_0123456789";

/** A program in the place of the CLI that prints its own arguments, or its own variables. */
async function withProgram(
  file: "cmdline" | "environ",
  work: (program: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const program = join(folder, "supabase");
  await Deno.writeTextFile(program, `#!/bin/sh\ntr '\\0' '\\n' < /proc/$$/${file}\n`);
  await Deno.chmod(program, 0o755);
  try {
    await work(program);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** /proc shows the arguments of a process to every user. */
const onLinux = { ignore: Deno.build.os !== "linux" };

Deno.test(
  "no user of the machine can read a database's password in the arguments of the CLI",
  onLinux,
  async () => {
    await withProgram("cmdline", async (program) => {
      const options = { databaseUrl: URL_OF_DATABASE, program };
      const shown = await runSupabaseCli(["db", "push", "--yes"], options);
      assert.match(
        shown,
        /^db\npush\n--yes\n--remote=postgresql:\/\/postgres@db\.example\.com:5432/m,
      );
      assert.match(shown, /sslmode=verify-full/);
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), "word with"]) {
        assert.ok(!shown.includes(secret), shown);
      }
    });
  },
);

Deno.test("the CLI receives no secret that it does not need", onLinux, async () => {
  const environment = { ...SECRETS, SUPABASE_ACCESS_TOKEN: ACCESS_TOKEN, PATH: "/usr/bin:/bin" };
  await withProgram("environ", async (program) => {
    const forDatabase = await runSupabaseCli(["db", "push"], {
      ...{ environment, program },
      databaseUrl: URL_OF_DATABASE,
    });
    const forAccount = await runSupabaseCli(["projects", "list"], { environment, program });
    for (const [name, value] of Object.entries(SECRETS)) {
      for (const shown of [forDatabase, forAccount]) {
        assert.ok(!shown.includes(name) && !shown.includes(value), name);
      }
    }
    assert.ok(forDatabase.includes(`PGPASSWORD=${PASSWORD}\n`));
    const fromVariable = await runSupabaseCli(["db", "push"], {
      ...{ environment: { ...environment, PGPASSWORD: "by-hand" }, program },
      databaseUrl: "postgresql://postgres@db.example.com:5432/postgres",
    });
    assert.ok(fromVariable.includes("PGPASSWORD=by-hand\n"));
    assert.ok(!forDatabase.includes(ACCESS_TOKEN));
    assert.ok(forAccount.includes(`SUPABASE_ACCESS_TOKEN=${ACCESS_TOKEN}\n`));
    assert.ok(!forAccount.includes("PGPASSWORD"));
  });
});

/** An npm package, as an archive with one file. */
function archiveOf(name: string, version: string): Uint8Array<ArrayBuffer> {
  const content = Buffer.from(JSON.stringify({ name, version }));
  const header = Buffer.alloc(512);
  header.write("package/package.json", 0);
  header.write("0000644\0" + "0000000\0".repeat(2), 100);
  header.write(content.length.toString(8).padStart(11, "0") + "\0" + "0".repeat(11) + "\0", 124);
  header.write("        0", 148);
  header.write("ustar\0" + "00", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(sum.toString(8).padStart(6, "0") + "\0 ", 148);
  const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  content.copy(padded);
  return new Uint8Array(gzipSync(Buffer.concat([header, padded, Buffer.alloc(1024)])));
}

/** A registry that serves a package of its own under every name, with the right checksum of that. */
async function withRegistry(work: (url: string) => Promise<void>): Promise<void> {
  const version = "3.1.0";
  const archive = archiveOf("other", version);
  const integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
  await withServer(({ url: { pathname, origin } }) => {
    if (pathname === "/other.tgz") return new Response(archive);
    const name = decodeURIComponent(pathname.slice(1));
    const dist = { tarball: `${origin}/other.tgz`, integrity };
    const versions = { [version]: { name, version, dist } };
    return Response.json({ name, "dist-tags": { latest: version }, versions });
  }, (url) => work(url));
}

Deno.test("a registry that serves another CLI under the same version: it is not installed", async () => {
  const folder = await Deno.makeTempDir();
  await withRegistry(async (url) => {
    const environment = {
      PATH: Deno.env.get("PATH"),
      HOME: folder,
      npm_config_registry: url,
      npm_config_cache: join(folder, "cache"),
    };
    const installed = join(folder, "installed");
    const lock = new URL(`file://${folder}/lock.json`);
    const platform = `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
    const integrity = { [platform]: `sha512-${"A".repeat(86)}==` };
    await Deno.writeTextFile(lock, JSON.stringify({ version: "3.1.0", integrity }));
    await assert.rejects(
      installCli({ lock, folder: installed, environment }),
      /not the one of cli_lock\.json.*It was not installed/,
    );
    assert.deepEqual(await Array.fromAsync(Deno.readDir(installed)), []);

    // A platform without an entry gets one, as in other lock files: the next clone has to match it.
    await Deno.writeTextFile(lock, JSON.stringify({ version: "3.1.0", integrity: {} }));
    const program = await installCli({ lock, folder: installed, environment });
    assert.ok(program.startsWith(installed));
    const recorded = JSON.parse(await Deno.readTextFile(lock)).integrity[platform];
    assert.match(recorded, /^sha512-[\w+/]{86}==$/);
  });
  await Deno.remove(folder, { recursive: true });
});
