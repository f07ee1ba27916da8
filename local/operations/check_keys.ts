/** Finds keys that are not those of a database: they must encrypt and sign nothing of it. */
import type postgres from "postgres";
import {
  ENCRYPTED_COLUMNS,
  type EncryptedColumn,
  encryptionContext,
} from "../../shared/crypto/encrypted_columns.ts";
import { decrypt, DecryptionError } from "../../shared/crypto/encryption.ts";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";

/** Values read from each column: a damaged one says nothing about the key. */
const SAMPLES = 5;

/** A key of the ring decrypts none of the values that name its id. */
export class OtherKeyError extends Error {
  override name = "OtherKeyError";

  constructor(id: string) {
    super(
      `The key "${id}" of ENCRYPTION_KEYS is not the one that encrypted the values of this database: it ` +
        "decrypts none of those under its id. Nothing was changed. Put the former key back; a new key " +
        'needs an id of its own, in front of the former one: ENCRYPTION_KEYS="new:...,old:...".',
    );
  }
}

interface Sample {
  text: string;
  bound: string | null;
}

async function canDecrypt(ring: KeyRing, entry: EncryptedColumn, sample: Sample): Promise<boolean> {
  try {
    await decrypt(ring, sample.text, encryptionContext(entry, sample.bound ?? undefined));
    return true;
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    return false;
  }
}

async function isOtherKey(sql: postgres.Sql, ring: KeyRing, id: string): Promise<boolean> {
  let samples = 0;
  for (const entry of ENCRYPTED_COLUMNS) {
    const { schema, table, column, boundTo } = entry;
    const rows = await sql<Sample[]>`
      select ${sql(column)} as text, ${boundTo ? sql(boundTo) : sql`null`} as bound
      from ${sql(schema)}.${sql(table)}
      where starts_with(${sql(column)}, ${`v1.${id}.`})
      limit ${SAMPLES}`;
    for (const row of rows) {
      if (await canDecrypt(ring, entry, row)) return false;
    }
    samples += rows.length;
  }
  return samples > 0;
}

/** Reads a few values under each id of the ring. @throws {OtherKeyError} */
export async function requireSameKeys(sql: postgres.Sql, ring: KeyRing): Promise<void> {
  for (const id of ring.keys.keys()) {
    if (await isOtherKey(sql, ring, id)) throw new OtherKeyError(id);
  }
}

/** Ids of the keys that encrypted the stored values. */
async function readKeyIds(sql: postgres.Sql): Promise<string[]> {
  const ids = new Set<string>();
  for (const { schema, table, column } of ENCRYPTED_COLUMNS) {
    const rows = await sql<{ id: string }[]>`
      select distinct split_part(${sql(column)}, '.', 2) as id from ${sql(schema)}.${sql(table)}
      where ${sql(column)} is not null`;
    for (const { id } of rows) ids.add(id);
  }
  return [...ids];
}

/** @throws {OtherKeyError} @throws {Error} if the ring has none of the keys that encrypted the stored values */
export async function requireOwnKeys(sql: postgres.Sql, ring: KeyRing): Promise<void> {
  await requireSameKeys(sql, ring);
  const ids = await readKeyIds(sql);
  if (ids.length === 0 || ids.some((id) => ring.keys.has(id))) return;
  throw new Error(
    `ENCRYPTION_KEYS has none of the keys that encrypted the values of this database (${
      ids.join(", ")
    }). Nothing was written: what another key signs cannot be restored with these. Set it to the ` +
      "keys of its functions.",
  );
}
