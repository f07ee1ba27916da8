/** `deno task keys:rotate`: encrypts again, with the first key of the ring, values under older keys. */
import { command, UsageError } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { findKeyRing, KEYS_HELP } from "../cli/key_ring.ts";
import { findTarget, TARGET_HELP, TARGET_OPTIONS } from "../cli/target.ts";
import { requireSameKeys } from "../operations/check_keys.ts";
import { rotateKeys } from "../operations/rotate_keys.ts";
import { withConnection } from "../postgres/connection.ts";

const HELP =
  `Encrypts again, with the first key of ENCRYPTION_KEYS, all values under its older keys.
It may be interrupted at any time and run again; the functions may run meanwhile.

  npx -y deno@2.9.5 task keys:rotate [options]

${TARGET_HELP}
  --batch N       rows in one transaction              (100)

${KEYS_HELP}
Put the new key first, keep the old one behind it ("new:...,old:..."), deploy that, rotate, then remove
the old one.`;

function parseBatch(text: string): number {
  const batch = Number(text);
  if (!Number.isInteger(batch) || batch < 1) {
    throw new UsageError("--batch takes a number of rows.");
  }
  return batch;
}

export default await command(import.meta, {
  name: "keys:rotate",
  help: HELP,
  options: {
    ...TARGET_OPTIONS,
    batch: { type: "string", default: "100" },
  },
  async run({ values }) {
    const batch = parseBatch(values.batch);
    const target = await findTarget(values);
    const ring = await findKeyRing(target, values.data);
    print(`Encrypting with key "${ring.current}", the first of ${ring.keys.size}.`);
    const onProgress = (column: string, rows: number) => print(`  ${column}: ${rows}`);
    const { rotated, failures } = await withConnection(
      target.url,
      async (sql) => {
        await requireSameKeys(sql, ring);
        return await rotateKeys(sql, ring, { batch, onProgress });
      },
    );
    print(rotated === 0 ? "All values are encrypted with it." : `Encrypted: ${rotated} values.`);
    if (failures.length === 0) return 0;
    print(`Unchanged, because they cannot be decrypted: ${failures.length}`);
    for (const failure of failures.slice(0, 20)) print(`  ${failure}`);
    return 1;
  },
});
