/** A restore restores all rows of an undamaged backup, or changes nothing. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type postgres from "postgres";
import { backup } from "../../local/backup/backup.ts";
import { restore } from "../../local/backup/restore.ts";
import { currentSigningKey } from "../../local/backup/signature.ts";
import { type KeyRing, parseKeyRing } from "../../shared/crypto/key_ring.ts";
import {
  asOwner,
  contentOf,
  makeRing,
  order,
  query,
  RING,
  type Scene,
  setScene,
  storeOddEvents,
} from "../support/backup.ts";
import { borrowStack, test, testOnOneStack } from "../support/shared_stack.ts";
import { connectSeller } from "../support/shop.ts";
import { createTestDatabase, type TestDatabase } from "../support/stack.ts";

/** Damaged copies of a backup: name, bytes and the expected message. */
function damagedFiles(
  whole: Uint8Array<ArrayBuffer>,
  email: string,
): [string, Uint8Array, RegExp][] {
  const text = gunzipSync(whole);
  const flipped = (at: number) => {
    const bytes = whole.slice();
    bytes[at] = (bytes[at] as number) ^ 1;
    return bytes;
  };
  const replaced = (from: string, to: string) => {
    const changed = text.toString("latin1").replace(from, to);
    assert.notEqual(changed, text.toString("latin1"));
    return gzipSync(Buffer.from(changed, "latin1"));
  };
  const end = text.lastIndexOf('{"tables"');
  return [
    ["no bytes", new Uint8Array(), /not a backup, or is damaged|ends too early/],
    ["half", whole.subarray(0, whole.length / 2), /not a backup, or is damaged/],
    ["without the last byte", whole.subarray(0, -1), /not a backup, or is damaged\./],
    ["with one more byte", Buffer.concat([whole, Buffer.from("x")]), /damaged\.|goes on after/],
    ["a flip in the middle", flipped(whole.length >> 1), /damaged/],
    ["a flip at the end", flipped(whole.length - 6), /damaged/],
    ["another text", new TextEncoder().encode("hello\n"), /not a backup, or is damaged/],
    ["another gzip", gzipSync("hello\n"), /is not a backup/],
    ["another version", replaced('"version":2', '"version":1'), /is not a backup of this version/],
    ["another row", replaced(email, email.replace("seller", "sellar")), /checksums/],
    ["no trailer", gzipSync(text.subarray(0, end)), /ends too early/],
    ["cut in a table", gzipSync(text.subarray(0, text.length >> 1)), /ends too early/],
    ["text after its end", gzipSync(Buffer.concat([text, text])), /goes on after its end/],
  ];
}

test("a damaged file is refused, and nothing changes", async (stack) => {
  await using scene = await setScene(stack);
  const { target, file, folder } = scene;
  const seller = await connectSeller(stack);
  await order(stack, seller.shopId, 2);
  await storeOddEvents(stack);
  await backup({ databaseUrl: asOwner(stack.database), file, ring: RING });
  const whole = await Deno.readFile(file);
  const empty = await contentOf(target);

  const damaged = damagedFiles(whole, seller.email);
  for (const [name, bytes, message] of damaged) {
    const path = join(folder, "damaged");
    await Deno.writeFile(path, bytes);
    await assert.rejects(
      restore({ databaseUrl: asOwner(target), file: path, ring: RING }),
      (error: Error) => {
        assert.match(error.message, message, name);
        assert.ok(error.message.startsWith(path), name);
        assert.match(error.message, /\. Nothing was changed\.$/, name);
        return true;
      },
    );
  }
  const nothing = join(folder, "nothing");
  await assert.rejects(
    restore({ databaseUrl: asOwner(target), file: nothing, ring: RING }),
    /nothing cannot be read.* Nothing was changed\.$/,
  );
  assert.deepEqual(await contentOf(target), empty);
});

/** What an attacker does with the file and our source, without a key: changes rows, and their checksums. */
function forgedFiles(text: string, email: string): [string, string, RegExp][] {
  const forge = (change: (text: string) => string) => {
    const changed = change(text);
    assert.notEqual(changed, text);
    return withChecksums(changed);
  };
  const lines = text.trimEnd().split("\n");
  const unsigned = lines.slice(0, -1).join("\n") + "\n";
  const own = currentSigningKey(makeRing());
  const [header = ""] = lines;
  const withOwnKey = JSON.stringify({ ...JSON.parse(header), key: own });
  return [
    ["another row", forge((text) => text.replace(email, "mallory@example.com")), /was changed/],
    [
      "no row",
      forge((text) => text.replace(/^(\{"schema":"public","name":"orders",.*\n).*\n/m, "$1")),
      /was changed/,
    ],
    [
      "another sequence",
      text.replace(/"next":"\d+"/, '"next":"70"'),
      /was changed/,
    ],
    ["no signature", unsigned, /ends too early/],
    ["another signature", `${unsigned}{"signature":"${"0".repeat(64)}"}\n`, /was changed/],
    [
      "signed by another key",
      text.replace(header, withOwnKey),
      /signed with another key than the "k1"/,
    ],
  ];
}

/** The text with the checksums of its rows. */
function withChecksums(text: string): string {
  const tables = [...text.matchAll(/^(\{"schema":.*\})\n((?:.*\n)*?)\\\.\n/gm)];
  const summaries = tables.map(([, line = "", rows = ""]) => {
    const { schema, name } = JSON.parse(line);
    const sha256 = createHash("sha256").update(rows).digest("hex");
    return { schema, name, rows: rows.split("\n").length - 1, sha256 };
  });
  return text.replace(/^\{"tables":.*$/m, () => JSON.stringify({ tables: summaries }));
}

test("a backup whose rows and checksums were changed is refused before anything is written", async (stack) => {
  await using scene = await setScene(stack);
  const { target, file, folder } = scene;
  const seller = await connectSeller(stack);
  await order(stack, seller.shopId, 1);
  await backup({ databaseUrl: asOwner(stack.database), file, ring: RING });
  const text = gunzipSync(await Deno.readFile(file)).toString();
  assert.equal(withChecksums(text), text);
  const empty = await contentOf(target);
  let written = 0;

  const forged = join(folder, "forged");
  for (const [name, content, message] of forgedFiles(text, seller.email)) {
    await Deno.writeFile(forged, gzipSync(content));
    const restoring = restore({
      databaseUrl: asOwner(target),
      ...{ file: forged, ring: RING },
      onTable: () => void written++,
    });
    await assert.rejects(restoring, (error: Error) => {
      assert.match(error.message, message, name);
      return true;
    });
  }
  assert.equal(written, 0);
  assert.deepEqual(await contentOf(target), empty);
});

test("a backup is restored by a ring that still has its key, and another ring says so", async (stack) => {
  await using scene = await setScene(stack);
  const { target, file } = scene;
  const [older, newer] = [1, 2].map((n) => `k${n}:${new Uint8Array(32).fill(n).toBase64()}`);
  await backup({ databaseUrl: asOwner(stack.database), file, ring: parseKeyRing(`${older}`) });
  const restoreWith = (ring: KeyRing) => restore({ databaseUrl: asOwner(target), file, ring });
  const message = (error: Error) => {
    assert.match(
      error.message,
      /signed with .*Restore it with the ENCRYPTION_KEYS of the database/,
    );
    return true;
  };
  await assert.rejects(restoreWith(parseKeyRing(`${newer}`)), message);
  await assert.rejects(restoreWith(makeRing("k1")), message);
  await restoreWith(parseKeyRing(`${newer},${older}`));
  assert.deepEqual(await contentOf(target), await contentOf(stack.database));
});

interface Target extends AsyncDisposable {
  database: TestDatabase;
  /** Runs a statement in the database. */
  change(statement: string): Promise<postgres.RowList<postgres.Row[]>>;
  /** Expects that a restore fails with this message and changes nothing. */
  refused(message: RegExp): Promise<void>;
}

/** A migrated database to restore into. */
async function makeTarget(file: string): Promise<Target> {
  const database = await createTestDatabase();
  return {
    database,
    change: (statement) => query(database.url, (sql) => sql.unsafe(statement)),
    async refused(message) {
      const before = await contentOf(database);
      await assert.rejects(restore({ databaseUrl: asOwner(database), file, ring: RING }), message);
      assert.deepEqual(await contentOf(database), before);
    },
    [Symbol.asyncDispose]: () => database.drop(),
  };
}

let backedUp: Scene;

const step = testOnOneStack("a restore restores all rows or nothing", async () => {
  await using own = new AsyncDisposableStack();
  const stack = own.use(await borrowStack());
  backedUp = own.use(await setScene(stack));
  const { file } = backedUp;
  const seller = await connectSeller(stack);
  await order(stack, seller.shopId, 1);
  await backup({ databaseUrl: asOwner(stack.database), file, ring: RING });
  return own.move();
});

const SPOIL = `
  create function public.spoil() returns trigger language plpgsql as
    $$ begin new.updated_at = '2000-01-01'; return new; end $$`;

step("a database with other migrations or tables is refused, and nothing changes", async () => {
  await using target = await makeTarget(backedUp.file);
  const { change, refused } = target;
  const [row] = await change(
    "select max(version) as newest from supabase_migrations.schema_migrations",
  );
  await change(`
    update supabase_migrations.schema_migrations set version = '20990101000000'
    where version = '${row?.newest}'`);
  await refused(new RegExp(`at migration ${row?.newest}, the database is at 20990101000000`));
  await change(`
    update supabase_migrations.schema_migrations set version = '${row?.newest}'
    where version = '20990101000000'`);
  await change("create table private.other (id integer)");
  await refused(/only in the database: private\.other/);
});

step("a restore that fails after the first rows is undone", async () => {
  await using target = await makeTarget(backedUp.file);
  const { change, refused } = target;
  await change("alter table public.orders add constraint none check (false)");
  await refused(/violates check constraint "none"/);
  await change("alter table public.orders drop constraint none");
  await change(`${SPOIL};
    create trigger spoil before insert on auth.users
      for each row execute function public.spoil()`);
  await refused(/auth\.users would not be what was backed up: 1 rows with checksum/);
});

step("a database with data is refused, also one that was just restored", async () => {
  const { file } = backedUp;
  await using target = await makeTarget(file);
  const { database, change, refused } = target;
  await change(
    "insert into private.webhook_events (source, external_id, event_type, body) values ('tiktok', '1', 'X', '{}')",
  );
  await refused(/has data already, in private\.event_queue, private\.webhook_events\./);
  await change("delete from private.webhook_events; delete from private.deleted_event_ids");
  await restore({ databaseUrl: asOwner(database), file, ring: RING });
  await refused(/has data already, in auth\.users, auth\.identities/);
});

step("rows of the scheduled jobs alone are not data, and are replaced", async () => {
  const { stack, file } = backedUp;
  await using target = await makeTarget(file);
  const { database, change } = target;
  const jobs = await change(
    "select command from cron.job where command not like '%private.invoke_function%'",
  );
  for (const { command } of jobs) await change(command);
  const [written] = await change(`
    select (select count(*)::int from public.system_logs) as logs,
      (select count(*)::int from private.webhook_events) as events`);
  assert.ok(written?.logs > 0 && written?.events > 0);
  await restore({ databaseUrl: asOwner(database), file, ring: RING });
  assert.deepEqual(await contentOf(database), await contentOf(stack.database));
});

step("a restore disables the triggers on our tables, and enables them as they were", async () => {
  const { stack, file } = backedUp;
  await using target = await makeTarget(file);
  const { database, change } = target;
  await change(`${SPOIL};
    create trigger spoil before insert on public.tiktok_shops
      for each row execute function public.spoil();
    alter table public.tiktok_shops enable always trigger spoil`);
  await restore({ databaseUrl: asOwner(database), file, ring: RING });
  const { "tiktok_shops.spoil": state, ...content } = await contentOf(database);
  assert.equal(state, "A");
  assert.deepEqual(content, await contentOf(stack.database));
});
