/** Encrypts stored values again, with the first key of the ring. */
import type postgres from "postgres";
import { blindIndex } from "../../shared/crypto/blind_index.ts";
import {
  ENCRYPTED_COLUMNS,
  type EncryptedColumn,
  encryptionContext,
} from "../../shared/crypto/encrypted_columns.ts";
import { decrypt, DecryptionError, encrypt } from "../../shared/crypto/encryption.ts";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import { currentShopIdHash } from "../../shared/tiktok/connections/shop_identity.ts";

const FIRST_ID = "00000000-0000-0000-0000-000000000000";

interface Row {
  id: string;
  text: string;
  bound: string | null;
}

interface Batch {
  /** Id after which the next batch begins; undefined after the last batch. */
  lastId: string | undefined;
  rotated: number;
  failures: string[];
}

/** The value and its hash, encrypted with the current key. */
async function encryptAgain(
  ring: KeyRing,
  entry: EncryptedColumn,
  { text, bound }: Row,
): Promise<Record<string, string>> {
  const context = encryptionContext(entry, bound ?? undefined);
  const value = await decrypt(ring, text, context);
  return {
    [entry.column]: await encrypt(ring, value, context),
    ...(entry.hash && { [entry.hash]: blindIndex(ring, value, context) }),
  };
}

/** Encrypts up to `batch` rows after `afterId` again, in one transaction. */
async function rotateBatch(
  sql: postgres.Sql,
  ring: KeyRing,
  entry: EncryptedColumn,
  { batch, afterId }: { batch: number; afterId: string },
): Promise<Batch> {
  const { column, boundTo } = entry;
  const currentKey = `v1.${ring.current.replaceAll("_", "\\_")}.%`;
  return await sql.begin(async (transaction) => {
    const older = await transaction`
      select id, user_id from ${sql(entry.schema)}.${sql(entry.table)}
      where id > ${afterId} and ${sql(column)} not like ${currentKey}
      order by id
      limit ${batch}`;
    // Like every function: the sellers first (docs/architecture.md).
    await transaction`
      select private.lock_sellers(variadic ${older.map((row) => row.user_id)}::uuid[])`;
    const rows = await transaction<Row[]>`
      select id, ${sql(column)} as text, ${boundTo ? sql(boundTo) : sql`null`} as bound
      from ${sql(entry.schema)}.${sql(entry.table)}
      where id = any (${older.map((row) => row.id)}) and ${sql(column)} not like ${currentKey}
      order by id
      for update`;
    const failures: string[] = [];
    for (const row of rows) {
      try {
        const changes = await encryptAgain(ring, entry, row);
        await transaction`
          update ${sql(entry.schema)}.${sql(entry.table)} set ${sql(changes)} where id = ${row.id}`;
      } catch (error) {
        if (!(error instanceof DecryptionError)) throw error;
        failures.push(`${entry.table}.${column} of row ${row.id}: ${error.message}`);
      }
    }
    const rotated = rows.length - failures.length;
    return { lastId: older.at(-1)?.id, rotated, failures };
  });
}

/** Result of a rotation. */
export interface Rotation {
  rotated: number;
  /** Values that could not be decrypted and stay unchanged. */
  failures: string[];
}

/** Adds the hash under the current key for every stored shop; the older ones stay, and are deleted with them. */
async function identifyShopsAgain(sql: postgres.Sql, ring: KeyRing): Promise<void> {
  const shops = await sql<{ shop_id: string; shop_key: string }[]>`
    select distinct on (shop_id) shop_id, shop_key from public.tiktok_shops order by shop_id, created_at`;
  for (const { shop_id, shop_key } of shops) {
    await sql`
      insert into private.shop_identities (shop_id_hash, shop_key)
      values (${currentShopIdHash(ring, shop_id)}, ${shop_key})
      on conflict (shop_id_hash) do nothing`;
  }
}

/** Rotates every encrypted column, batch by batch; finished batches stay rotated after an interruption. */
export async function rotateKeys(
  sql: postgres.Sql,
  ring: KeyRing,
  { batch = 100, onProgress = () => {} }: {
    batch?: number;
    onProgress?: (column: string, rows: number) => void;
  } = {},
): Promise<Rotation> {
  const total: Rotation = { rotated: 0, failures: [] };
  for (const entry of ENCRYPTED_COLUMNS) {
    let done = 0;
    for (let afterId: string | undefined = FIRST_ID; afterId !== undefined;) {
      const { lastId, rotated, failures } = await rotateBatch(sql, ring, entry, { batch, afterId });
      afterId = lastId;
      done += rotated;
      total.failures.push(...failures);
      if (rotated > 0) onProgress(`${entry.table}.${entry.column}`, done);
    }
    total.rotated += done;
  }
  await identifyShopsAgain(sql, ring);
  return total;
}
