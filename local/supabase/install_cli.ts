/**
 * Installs the Supabase CLI: the version and the checksum of cli_lock.json, once for each clone. It is not in
 * deno.lock, because Deno cannot resolve its npm package.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { print } from "../cli/console.ts";
import { exists } from "../files/exists.ts";
import { guardPath } from "../leftovers/guard.ts";
import { runProgram } from "../leftovers/run_program.ts";
import { cacheFirst } from "../npm/cache_first.ts";
import { withDownloadProgress } from "../npm/download_progress.ts";
import { type Environment, npmEnvironment } from "./cli_environment.ts";

export interface CliLock {
  version: string;
  /** Size of the package, for people. */
  megabytes?: number;
  /** `sha512-<base64>` of the package of each platform, e.g. `linux-x64`. */
  integrity: Record<string, string>;
}

const LOCK = new URL("./cli_lock.json", import.meta.url);

const FOLDER = fileURLToPath(new URL("../../node_modules/.supabase-cli", import.meta.url));

export interface InstallOptions {
  /** @default {cli_lock.json} */
  lock?: URL;
  /** @default {a folder in node_modules} */
  folder?: string;
  /** Variables of npm, such as its registry. @default {those of this process} */
  environment?: Environment;
}

/** The CLI cannot be installed, or is not what the lock file says. */
export class CliInstallError extends Error {
  override name = "CliInstallError";
}

const OWN_CLI = "or set SUPABASE_CLI_BINARY to the path of a CLI that you have installed yourself.";

function platformName(): string {
  const { os, arch } = Deno.build;
  return `${os}-${arch === "x86_64" ? "x64" : "arm64"}`;
}

async function run(
  program: string,
  args: string[],
  environment: Environment,
): Promise<Deno.CommandOutput> {
  const options = { args, clearEnv: true, env: npmEnvironment(environment) };
  return await runProgram(program, options).catch((cause) => {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new CliInstallError(`${program} is not on the PATH; Node.js brings npm.`, { cause });
  });
}

const NPM = Deno.build.os === "windows" ? "npm.cmd" : "npm";

/** Folder of npm's cache. */
async function findCache(environment: Environment): Promise<string | undefined> {
  const { success, stdout } = await run(NPM, ["config", "get", "cache"], environment);
  return success ? new TextDecoder().decode(stdout).trim() : undefined;
}

/** Lets npm fetch a package into `folder`, from its cache if possible. Returns the path of the archive. */
async function fetchPackage(
  name: string,
  folder: string,
  megabytes: number | undefined,
  environment: Environment,
): Promise<string> {
  const pack = async (options: string[]) => {
    const work = () =>
      run(NPM, ["pack", name, "--pack-destination", folder, ...options], environment);
    if (megabytes === undefined || options.includes("--offline")) return await work();
    const cache = await findCache(environment);
    return await withDownloadProgress({ name: "the Supabase CLI", megabytes, cache, print }, work);
  };
  await cacheFirst(name, pack)
    .catch((cause) => {
      throw new CliInstallError(
        `The Supabase CLI is not installed. ${cause.message}\nTry again, ${OWN_CLI}`,
        { cause },
      );
    });
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".tgz")) return join(folder, name);
  }
  throw new CliInstallError(`npm has fetched no archive of ${name}.`);
}

async function unpack(archive: string, folder: string, environment: Environment): Promise<void> {
  const { success, stderr } = await run("tar", ["-xzf", archive, "-C", folder], environment);
  if (!success) throw new CliInstallError(new TextDecoder().decode(stderr).trim());
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha512");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return `sha512-${hash.digest("base64")}`;
}

/** A platform's first installation records its checksum, as lock files do; later ones have to match. */
async function checkIntegrity(
  path: string,
  lock: CliLock,
  file: URL,
): Promise<void> {
  const { version, integrity } = lock;
  const [platform, found] = [platformName(), await digestOf(path)];
  const expected = integrity[platform];
  if (expected === found) return;
  if (expected !== undefined) {
    throw new CliInstallError(
      `The Supabase CLI ${version} that npm has fetched is not the one of cli_lock.json: its checksum is ` +
        `${found}. It was not installed. Find out who has changed it, ${OWN_CLI}`,
    );
  }
  const entries = { ...integrity, [platform]: found };
  await Deno.writeTextFile(file, `${JSON.stringify({ ...lock, integrity: entries }, null, 2)}\n`);
}

async function install(target: string, lock: CliLock, options: InstallOptions): Promise<void> {
  const { folder = FOLDER, environment = Deno.env.toObject() } = options;
  await Deno.mkdir(folder, { recursive: true });
  const partial = join(folder, crypto.randomUUID());
  const release = await guardPath(partial);
  await Deno.mkdir(partial);
  try {
    const name = `@supabase/cli-${platformName()}@${lock.version}`;
    const archive = await fetchPackage(name, partial, lock.megabytes, environment);
    await checkIntegrity(archive, lock, options.lock ?? LOCK);
    await unpack(archive, partial, environment);
    await Deno.rename(join(partial, "package"), target).catch(async (error) => {
      // Another process may have finished the same installation first.
      if (!await exists(target)) throw error;
    });
  } finally {
    await Deno.remove(partial, { recursive: true });
    await release();
  }
}

/** Path of the CLI's program, installed the first time. @throws {CliInstallError} */
export async function installCli(options: InstallOptions = {}): Promise<string> {
  const lock: CliLock = JSON.parse(await Deno.readTextFile(options.lock ?? LOCK));
  const target = join(options.folder ?? FOLDER, `${lock.version}-${platformName()}`);
  if (!await exists(target)) await install(target, lock, options);
  return join(target, "bin", Deno.build.os === "windows" ? "supabase.exe" : "supabase");
}
