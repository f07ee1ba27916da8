/** Rotation of the encryption keys over real rows: interrupted, repeated, and beside working functions. */
import assert from "node:assert/strict";
import { blindIndexes } from "../../shared/crypto/blind_index.ts";
import { decrypt } from "../../shared/crypto/encryption.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { tokenContext } from "../../shared/tiktok/connections/encrypted_tokens.ts";
import { rotateKeys } from "../../local/operations/rotate_keys.ts";
import { connectSeller, settledEvents, subscribe } from "../support/shop.ts";
import { startTestStack } from "../support/stack.ts";

const newKey = () => `new_1:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`;

Deno.test("keys:rotate encrypts every value anew, can be interrupted, and the functions read it", async () => {
  const rotatedKeys = newKey();
  const oldKeys = `old:${new Uint8Array(32).fill(7).toBase64()}`;
  // The functions have the new ring before the rotation begins, as docs/security.md says.
  await using stack = await startTestStack({
    environment: { ENCRYPTION_KEYS: `${rotatedKeys},${oldKeys}` },
  });
  const before = { ...stack, env: { ...stack.env, ENCRYPTION_KEYS: oldKeys } };
  const sellers = [];
  for (let n = 0; n < 5; n++) {
    const seller = await connectSeller(stack);
    await subscribe(before, seller.id, "growth");
    sellers.push(seller);
  }
  // The functions encrypt with the new key already: as if these shops had been connected before.
  await rotateKeys(stack.sql, await parseKeyRing(`${oldKeys},${rotatedKeys}`));
  const countWith = async (key: string) => {
    const [row] = await stack.sql`
      select (select count(*)::int from public.tiktok_shops
              where access_token like ${`v1.${key}.%`} and refresh_token like ${`v1.${key}.%`}) as shops,
             (select count(*)::int from public.subscriptions
              where stripe_customer_id like ${`v1.${key}.%`}
                and stripe_customer_id_hash like ${`${key}.%`}) as subscriptions`;
    return { ...row };
  };
  assert.deepEqual(await countWith("old"), { shops: 5, subscriptions: 5 });

  const ring = await parseKeyRing(stack.env.ENCRYPTION_KEYS);
  await assert.rejects(
    rotateKeys(stack.sql, ring, {
      batch: 2,
      onProgress: (_, rows) => {
        if (rows === 4) throw new Error("interrupted");
      },
    }),
    /interrupted/,
  );
  const [half] = await stack.sql`
    select count(*)::int as rows from public.tiktok_shops where access_token like 'v1.new\\_1.%'`;
  assert.equal(half?.rows, 4);

  assert.deepEqual(await rotateKeys(stack.sql, ring, { batch: 2 }), {
    rotated: 15 - 4,
    failures: [],
  });
  assert.deepEqual(await rotateKeys(stack.sql, ring), { rotated: 0, failures: [] });
  assert.deepEqual(await countWith("new\\_1"), { shops: 5, subscriptions: 5 });

  // The old key may go now: tokens decrypt, customers are found, orders come in.
  const after = await parseKeyRing(rotatedKeys);
  const [shop] = await stack.sql`select shop_id, access_token from public.tiktok_shops`;
  const token = await decrypt(
    after,
    shop?.access_token,
    tokenContext("access_token", shop?.shop_id),
  );
  assert.ok(stack.tiktok.state.get("accessTokens", token));
  const hashes = await blindIndexes(after, "cus_test", "subscriptions.stripe_customer_id");
  const found = await stack.sql`
    select from public.subscriptions where stripe_customer_id_hash = any(${hashes})`;
  assert.equal(found.length, 5);
  const order = stack.tiktok.addOrder({ shopId: shop?.shop_id });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  assert.deepEqual(await settledEvents(stack), { done: 1 });
});

Deno.test("keys:rotate names the row that it cannot decrypt, and leaves it as it is", async () => {
  await using stack = await startTestStack();
  const [first, second] = [await connectSeller(stack), await connectSeller(stack)];
  // One shop's token in another shop's row.
  await stack.sql`
    update public.tiktok_shops as shop set access_token = other.access_token
    from public.tiktok_shops as other
    where shop.user_id = ${first.id} and other.user_id = ${second.id}`;
  const [broken] = await stack.sql`
    select id, access_token from public.tiktok_shops where user_id = ${first.id}`;
  const ring = await parseKeyRing(`${newKey()},${stack.env.ENCRYPTION_KEYS}`);
  const { rotated, failures } = await rotateKeys(stack.sql, ring);
  // One bad value stops none of the others.
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
