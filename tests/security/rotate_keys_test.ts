/** Rotation of the encryption keys over real rows: interrupted, repeated, and while functions run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { blindIndexes } from "../../shared/crypto/blind_index.ts";
import { decrypt } from "../../shared/crypto/encryption.ts";
import { type KeyRing, parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { shopIdHashes } from "../../shared/tiktok/connections/shop_identity.ts";
import { tokenContext } from "../../shared/tiktok/connections/encrypted_tokens.ts";
import { OtherKeyError, requireSameKeys } from "../../local/operations/check_keys.ts";
import { rotateKeys } from "../../local/operations/rotate_keys.ts";
import { connectSeller, settledEvents, subscribe } from "../support/shop.ts";
import { createTestDatabase, startTestStack, type TestStack } from "../support/stack.ts";
import { callCommand } from "../support/run_command.ts";
import { test } from "../support/shared_stack.ts";

const newKey = () => `new_1:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`;

const OLD_KEY = `old:${new Uint8Array(32).fill(7).toBase64()}`;

/** Five connected and subscribed sellers, whose rows are encrypted with the old key only. */
async function createRowsOfOldKey(stack: TestStack, rotatedKey: string): Promise<void> {
  const before = { ...stack, env: { ...stack.env, ENCRYPTION_KEYS: OLD_KEY } };
  for (let n = 0; n < 5; n++) {
    const seller = await connectSeller(stack);
    await subscribe(before, seller.id, "growth");
  }
  // The functions encrypt with the new key already: as if these shops had been connected before.
  await rotateKeys(stack.sql, parseKeyRing(`${OLD_KEY},${rotatedKey}`));
  assert.deepEqual(await countRowsOf(stack, "old"), { shops: 5, subscriptions: 5 });
}

/** Rows of which every value is encrypted with the key; `key` is a pattern of LIKE. */
async function countRowsOf(stack: TestStack, key: string) {
  const [row] = await stack.sql`
    select (select count(*)::int from public.tiktok_shops
            where access_token like ${`v1.${key}.%`} and refresh_token like ${`v1.${key}.%`}) as shops,
           (select count(*)::int from public.subscriptions
            where stripe_customer_id like ${`v1.${key}.%`}
              and stripe_customer_id_hash like ${`${key}.%`}) as subscriptions`;
  return { ...row };
}

/** Functions that have the new key and the old one, as docs/security.md says before a rotation. */
async function startWithBothKeys(rotatedKey: string): Promise<TestStack> {
  return await startTestStack({ environment: { ENCRYPTION_KEYS: `${rotatedKey},${OLD_KEY}` } });
}

/** Rotates until the fourth row, as a command that ends in the middle. */
async function interruptRotation(stack: TestStack, ring: KeyRing): Promise<void> {
  const interrupted = rotateKeys(stack.sql, ring, {
    batch: 2,
    onProgress: (_, rows) => {
      if (rows === 4) throw new Error("interrupted");
    },
  });
  await assert.rejects(interrupted, /interrupted/);
  const [half] = await stack.sql`
    select count(*)::int as rows from public.tiktok_shops where access_token like 'v1.new\\_1.%'`;
  assert.equal(half?.rows, 4);
}

/** Everything is found and decrypted with the new key alone. */
async function doWithoutOldKey(stack: TestStack, rotatedKey: string): Promise<void> {
  const after = parseKeyRing(rotatedKey);
  const [shop] = await stack.sql`select shop_id, shop_key, access_token from public.tiktok_shops`;
  const [identity] = await stack.sql`
    select shop_key from private.shop_identities
    where shop_id_hash = any(${shopIdHashes(after, shop?.shop_id)})`;
  assert.equal(identity?.shop_key, shop?.shop_key, "the shop is known by the new key alone");
  const context = tokenContext("access_token", shop?.shop_id);
  const token = await decrypt(after, shop?.access_token, context);
  assert.ok(stack.tiktok.state.get("accessTokens", token));
  const hashes = blindIndexes(after, "cus_test", "subscriptions.stripe_customer_id");
  const found = await stack.sql`
    select from public.subscriptions where stripe_customer_id_hash = any(${hashes})`;
  assert.equal(found.length, 5);
  const order = stack.tiktok.addOrder({ shopId: shop?.shop_id });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  assert.deepEqual(await settledEvents(stack), { done: 1 });
}

Deno.test("keys:rotate continues after an interruption; then tokens decrypt, customers are found and orders arrive without the old key", async () => {
  const rotatedKey = newKey();
  await using stack = await startWithBothKeys(rotatedKey);
  await createRowsOfOldKey(stack, rotatedKey);
  await stack.sql`delete from private.shop_identities where shop_id_hash not like 'old.%'`;
  const ring = parseKeyRing(stack.env.ENCRYPTION_KEYS);
  await interruptRotation(stack, ring);

  const summary = await rotateKeys(stack.sql, ring, { batch: 2 });

  assert.deepEqual(summary, { rotated: 15 - 4, failures: [] });
  assert.deepEqual(await rotateKeys(stack.sql, ring), { rotated: 0, failures: [] });
  assert.deepEqual(await countRowsOf(stack, "new\\_1"), { shops: 5, subscriptions: 5 });
  await doWithoutOldKey(stack, rotatedKey);
});

test("keys:rotate names a row that it cannot decrypt, and does not change it", async (stack) => {
  const [first, second] = [await connectSeller(stack), await connectSeller(stack)];
  // One shop's token in another shop's row.
  await stack.sql`
    update public.tiktok_shops as shop set access_token = other.access_token
    from public.tiktok_shops as other
    where shop.user_id = ${first.id} and other.user_id = ${second.id}`;
  const [broken] = await stack.sql`
    select id, access_token from public.tiktok_shops where user_id = ${first.id}`;
  const ring = parseKeyRing(`${newKey()},${stack.env.ENCRYPTION_KEYS}`);
  const { rotated, failures } = await rotateKeys(stack.sql, ring);
  // The other values are rotated.
  assert.equal(rotated, 3);
  assert.equal(failures.length, 1);
  assert.match(
    failures[0] ?? "",
    new RegExp(`tiktok_shops.access_token of row ${broken?.id}: .*another row`),
  );
  const [after] = await stack.sql`
    select access_token from public.tiktok_shops where id = ${broken?.id}`;
  assert.equal(after?.access_token, broken?.access_token);
});

/** The ring of the stack with another key under the same id. */
function withOtherKey(ring: string): string {
  return ring.replace(/:.*$/, `:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`);
}

test("attack: another key under the id of the one in use is named before it encrypts anything", async (stack) => {
  const [, second] = [await connectSeller(stack), await connectSeller(stack)];
  const read =
    async () => [...await stack.sql`select access_token from public.tiktok_shops order by id`];
  const { ENCRYPTION_KEYS: keys } = stack.env;
  const other = withOtherKey(keys);
  await requireSameKeys(stack.sql, parseKeyRing(keys));
  await requireSameKeys(stack.sql, parseKeyRing(`${newKey()},${keys}`));
  // One value that cannot be decrypted says nothing about the key.
  await stack.sql`
    update public.tiktok_shops set access_token = refresh_token where user_id = ${second.id}`;
  await requireSameKeys(stack.sql, parseKeyRing(keys));

  const before = await read();
  const path = join(stack.data, "env");
  const variables = await Deno.readTextFile(path);
  // Behind a new key, as in a rotation.
  await Deno.writeTextFile(path, variables.replace(keys, `${newKey()},${other}`));
  const { code, text } = await callCommand("keys_rotate", ["--data", stack.data])
    .finally(() => Deno.writeTextFile(path, variables));
  assert.equal(code, 1);
  assert.match(text, /The key "\w+" of ENCRYPTION_KEYS is not the one.*Put the former key back/);
  assert.deepEqual(await read(), before);
});

Deno.test("attack: a stack does not start with another key under the id of the one that its database knows", async () => {
  const database = await createTestDatabase();
  const kept = { ...database, drop: () => Promise.resolve() };
  const first = await startTestStack({ environment: { ENCRYPTION_KEYS: OLD_KEY } }, kept);
  await connectSeller(first);
  await first[Symbol.asyncDispose]();
  const environment = { ENCRYPTION_KEYS: withOtherKey(OLD_KEY) };
  await assert.rejects(startTestStack({ environment }, kept), OtherKeyError);
  await database.drop();
});
