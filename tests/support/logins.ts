/** TikTok logins with shops, connected without a browser, and their tokens in the database. */
import { environmentOf, supabaseConfigOf } from "../../local/stack/running_stack.ts";
import { decrypt } from "../../shared/crypto/encryption.ts";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import type { StoredConnection } from "../../shared/inbox/events.ts";
import { sealClaim } from "../../shared/tiktok/connections/claims.ts";
import { confirmShops, showShops } from "../../shared/tiktok/connections/complete_authorization.ts";
import { tokenContext } from "../../shared/tiktok/connections/encrypted_tokens.ts";
import {
  createTikTokDependencies,
  type TikTokDependencies,
} from "../../shared/tiktok/dependencies.ts";
import type { TestStack } from "./stack.ts";

/** The dependencies of the functions, for calls from this process. */
export function dependenciesOf({ env }: TestStack): TikTokDependencies {
  return createTikTokDependencies(createServiceClient(supabaseConfigOf(env)), environmentOf(env));
}

/** Connects a login, new or not, with the shops that it owns at TikTok. */
export async function reconnect(
  stack: TestStack,
  backend: TikTokDependencies,
  userId: string,
  openId: string,
): Promise<void> {
  const back = stack.tiktok.answerAuthorization({ openId, decision: "agree" });
  const now = Date.now();
  const code = back.searchParams.get("code") as string;
  const claim = await sealClaim(backend.keys, { code }, now);
  await showShops(backend, userId, claim, now);
  await confirmShops(backend, userId, claim, now);
}

let shops = 0;

/** Adds a login with shops to the simulator, and connects it. Deletes its tasks. */
export async function addLogin(
  stack: TestStack,
  backend: TikTokDependencies,
  userId: string,
  shopCount = 1,
): Promise<string> {
  const openId = `login_${crypto.randomUUID()}`;
  for (let n = 0; n < shopCount; n++) {
    stack.tiktok.addShop({ id: String(7_470_000_000_000_000_000n + BigInt(++shops)), openId });
  }
  await reconnect(stack, backend, userId, openId);
  await stack.sql`delete from private.webhook_events`;
  return openId;
}

/** Makes the access tokens of all logins expire after some seconds. */
export async function expireTokensIn(stack: TestStack, seconds = 3600): Promise<void> {
  await stack.sql`
    update public.tiktok_shops set token_expires_at = now() + make_interval(secs => ${seconds})
    where connection_status = 'active'`;
}

/** Ends every wait after a failure, every lease and every minimum interval. */
export async function makeRefreshesDue(stack: TestStack): Promise<void> {
  await stack.sql`
    update private.tiktok_logins
    set refresh_not_before = null, last_refreshed_at = null, lease_until = now() - interval '1 s'
    where lease_until is not null`;
  await stack.sql`
    update private.tiktok_logins set refresh_not_before = null, last_refreshed_at = null`;
}

/** Calls the function as the scheduler does. */
export async function runTokenRefresh(stack: TestStack): Promise<Record<string, number>> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/tiktok-token-refresh`, {
    method: "POST",
    headers: { apikey: stack.env.SUPABASE_SECRET_KEY },
  });
  const answer = await response.text();
  if (response.status !== 200) throw new Error(`The refresh answered ${response.status}`);
  return JSON.parse(answer);
}

/** The stored pair of every active shop, decrypted. */
export async function storedTokens(
  stack: TestStack,
  keys: KeyRing,
): Promise<{ openId: string; accessToken: string; refreshToken: string }[]> {
  const rows = await stack.sql`
    select shop_id, open_id, access_token, refresh_token from public.tiktok_shops
    where connection_status = 'active'`;
  return await Promise.all(rows.map(async (row) => ({
    openId: row.open_id,
    accessToken: await decrypt(keys, row.access_token, tokenContext("access_token", row.shop_id)),
    refreshToken: await decrypt(
      keys,
      row.refresh_token,
      tokenContext("refresh_token", row.shop_id),
    ),
  })));
}

/** The connection that a worker gets with an event of the shop. */
export async function connectionOf(stack: TestStack, openId: string): Promise<StoredConnection> {
  const [row] = await stack.sql`
    select shop.id, shop.shop_id, shop.shop_cipher, shop.access_token, login.token_version,
      null as paused_seconds
    from public.tiktok_shops as shop join private.tiktok_logins as login using (user_id, open_id)
    where open_id = ${openId} order by shop_id limit 1`;
  return row as unknown as StoredConnection;
}
