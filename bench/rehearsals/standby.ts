/** A streaming replica of a server on this machine, made as Postgres's low-level backup says. */
import { join } from "node:path";
import postgres from "postgres";
import { makeTemporaryData } from "../../local/leftovers/temporary_folder.ts";
import { findPlace, type PostgresAccount } from "../../local/postgres/binaries.ts";
import { start } from "../../local/postgres/server.ts";
import { requireFreePort } from "../../local/stack/ports.ts";

/** Files of the primary's process alone, or that the replica makes itself. */
const LEFT_OUT = new Set(["postmaster.pid", "postmaster.opts", "pg_wal", "pg_replslot", "log"]);

async function copyTree(from: string, to: string, account?: PostgresAccount): Promise<void> {
  // The cluster's own folder exists.
  await Deno.mkdir(to, { recursive: true, mode: 0o700 });
  if (account) await Deno.chown(to, account.uid, account.gid);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (LEFT_OUT.has(name)) continue;
    if (isDirectory) {
      await copyTree(source, target, account);
      continue;
    }
    // A table may be dropped meanwhile; the write-ahead log says so.
    await Deno.copyFile(source, target).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    if (account) await Deno.chown(target, account.uid, account.gid);
  }
}

async function write(path: string, text: string, account?: PostgresAccount): Promise<void> {
  await Deno.writeTextFile(path, text, { append: true });
  if (account) await Deno.chown(path, account.uid, account.gid);
}

export interface Standby extends AsyncDisposable {
  /** As the primary's superuser. */
  url: string;
}

/** @param primaryData Data folder of the primary's stack. @param adminUrl Its superuser. */
export async function startStandby(primaryData: string, adminUrl: string): Promise<Standby> {
  await using resources = new AsyncDisposableStack();
  const primary = await findPlace(primaryData);
  const folder = resources.use(await makeTemporaryData("creatorflow-"));
  const place = { ...await findPlace(folder.path) };
  const { account } = place;
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`select pg_backup_start('replica', true)`;
    await copyTree(primary.data, place.data, account);
    for (const name of ["pg_wal", "pg_replslot"]) {
      await Deno.mkdir(join(place.data, name), { mode: 0o700 });
      if (account) await Deno.chown(join(place.data, name), account.uid, account.gid);
    }
    const [stopped] = await sql`select labelfile from pg_backup_stop(false)`;
    await write(join(place.data, "backup_label"), String(stopped?.labelfile), account);
  } finally {
    await sql.end();
  }
  const { username, password, hostname, port } = new URL(adminUrl);
  const source = `host=${hostname} port=${port} user=${username} password=${password}`;
  await write(
    join(place.data, "postgresql.auto.conf"),
    `primary_conninfo = '${source}'\n`,
    account,
  );
  await write(join(place.data, "standby.signal"), "", account);
  const ownPort = requireFreePort(0, "--db-port");
  const server = await start(place, ownPort, true);
  resources.defer(() => server.stop());
  const url = new URL(adminUrl);
  url.port = String(ownPort);
  const kept = resources.move();
  return { url: url.href, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
