/** Temporary folders that end with this process. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPlace } from "../postgres/binaries.ts";
import { guardPath } from "./guard.ts";

export interface TemporaryFolder extends AsyncDisposable {
  path: string;
}

async function removeTree(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** @param parent @default {the folder of temporary files} */
export async function makeTemporaryFolder(
  prefix: string,
  parent = tmpdir(),
): Promise<TemporaryFolder> {
  const path = join(parent, `${prefix}${crypto.randomUUID()}`);
  const release = await guardPath(path);
  await Deno.mkdir(path, { mode: 0o700 });
  return {
    path,
    async [Symbol.asyncDispose]() {
      await removeTree(path);
      await release();
    },
  };
}

/** A data folder for a stack, or for a Postgres alone, with the folder of its cluster. */
export async function makeTemporaryData(
  prefix: string,
  parent?: string,
): Promise<TemporaryFolder> {
  const folder = await makeTemporaryFolder(prefix, parent);
  // Postgres may run as another user, who has to pass through.
  await Deno.chmod(folder.path, 0o755);
  const { data: cluster, account } = await findPlace(folder.path);
  const release = await guardPath(cluster);
  if (account) {
    // A start closes a folder without a cluster to other users: it would make the cluster elsewhere.
    await Deno.mkdir(cluster, { mode: 0o700 });
    await Deno.chown(cluster, account.uid, account.gid);
  }
  return {
    path: folder.path,
    async [Symbol.asyncDispose]() {
      await removeTree(cluster);
      await release();
      await folder[Symbol.asyncDispose]();
    },
  };
}
