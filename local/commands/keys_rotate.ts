/** `deno task keys:rotate`: encrypts anew, with the first key of the ring, what older keys have encrypted. */
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import postgres from "postgres";
import { blindIndex } from "../../shared/crypto/blind_index.ts";
import {
  ENCRYPTED_COLUMNS,
  type EncryptedColumn,
  encryptionContext,
} from "../../shared/crypto/encrypted_columns.ts";
import { decrypt, DecryptionError, encrypt } from "../../shared/crypto/encryption.ts";
import { type KeyRing, parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { readEnvironment } from "../stack/environment.ts";
import { print } from "../cli/console.ts";

const HELP =
  `Encrypts anew, with the first key of ENCRYPTION_KEYS, what its older keys have encrypted.
May be interrupted at any time and run again; the functions may go on working meanwhile.

  npx -y deno@2.9.5 task keys:rotate [options]

  --db-url URL     the database             (SUPABASE_DB_URL of the data folder)
  --data DIR       data folder of a stack   (.local)
  --batch N        rows in one transaction  (100)

ENCRYPTION_KEYS is read from the environment, or else from the data folder: put the new key first,
keep the old one behind it ("new:...,old:..."), deploy that, rotate, then take the old one out.`;

const FIRST_ID = "00000000-0000-0000-0000-000000000000";

interface Row {
  id: string;
  text: string;
  bound: string | null;
}

interface Batch {
  /** Where the next batch begins; undefined after the last. */
  lastId: string | undefined;
  rotated: number;
  failures: string[];
}

/** Encrypts up to `batch` rows behind `afterId` anew, in one transaction. */
async function rotateBatch(
  sql: postgres.Sql,
  ring: KeyRing,
  entry: EncryptedColumn,
  { batch, afterId }: { batch: number; afterId: string },
): Promise<Batch> {
  return await sql.begin(async (transaction) => {
    const rows = await transaction<Row[]>`
      select id, ${sql(entry.column)} as text, ${
      entry.boundTo ? sql(entry.boundTo) : sql`null`
    } as bound
      from ${sql(entry.schema)}.${sql(entry.table)}
      where id > ${afterId}
        and ${sql(entry.column)} not like ${`v1.${ring.current.replaceAll("_", "\\_")}.%`}
      order by id
      limit ${batch}
      for update`;
    const failures: string[] = [];
    for (const { id, text, bound } of rows) {
      const context = encryptionContext(entry, bound ?? undefined);
      try {
        const value = await decrypt(ring, text, context);
        const changes: Record<string, string> = {
          [entry.column]: await encrypt(ring, value, context),
        };
        if (entry.hash) changes[entry.hash] = await blindIndex(ring, value, context);
        await transaction`
          update ${sql(entry.schema)}.${sql(entry.table)} set ${sql(changes)} where id = ${id}`;
      } catch (error) {
        if (!(error instanceof DecryptionError)) throw error;
        failures.push(`${entry.table}.${entry.column} of row ${id}: ${error.message}`);
      }
    }
    const rotated = rows.length - failures.length;
    return { lastId: rows.at(-1)?.id, rotated, failures };
  });
}

/** What a rotation did. A value that could not be decrypted is left as it is, and named. */
export interface Rotation {
  rotated: number;
  failures: string[];
}

/** Rotates every encrypted column, batch by batch; what is done stays done. */
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
  return total;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      "db-url": { type: "string" },
      data: { type: "string", default: ".local" },
      batch: { type: "string", default: "100" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const batch = Number(values.batch);
  if (!Number.isInteger(batch) || batch < 1) throw new Error("--batch takes a number of rows.");
  const given = {
    url: values["db-url"],
    keys: Deno.env.get("ENCRYPTION_KEYS"),
  };
  const stack = given.url && given.keys ? undefined : await readEnvironment(resolve(values.data));
  const ring = await parseKeyRing(given.keys ?? stack?.ENCRYPTION_KEYS ?? "");
  const sql = postgres(given.url ?? stack?.SUPABASE_DB_URL ?? "", { max: 1, onnotice: () => {} });
  try {
    print(`Encrypting anew with key "${ring.current}", the first of ${ring.keys.size}.`);
    const { rotated, failures } = await rotateKeys(sql, ring, {
      batch,
      onProgress: (column, rows) => print(`  ${column}: ${rows}`),
    });
    print(rotated === 0 ? "Nothing to encrypt anew." : `Encrypted anew: ${rotated} values.`);
    if (failures.length > 0) {
      print(`Left as they are, because they cannot be decrypted: ${failures.length}`);
      for (const failure of failures.slice(0, 20)) print(`  ${failure}`);
      return 1;
    }
  } finally {
    await sql.end();
  }
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
