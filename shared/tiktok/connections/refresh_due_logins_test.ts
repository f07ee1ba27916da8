import assert from "node:assert/strict";
import { keys, makeDatabase, RefusedByDatabase } from "../../../tests/support/stripe_stand_in.ts";
import type { TikTokConfig } from "../../config.ts";
import { encryptTokens } from "./encrypted_tokens.ts";
import { refreshDueLogins } from "./refresh_due_logins.ts";

async function leasedLogin(open_id: string) {
  const { refresh_token } = await encryptTokens(keys, {
    ...{ accessToken: "a", accessTokenExpiresAt: 1, refreshTokenExpiresAt: 1 },
    ...{ refreshToken: `token of ${open_id}`, scopes: [], requestedAt: 0 },
  }, "1");
  return { user_id: "u", open_id, token_version: 1, lease_id: "l", shop_ids: ["1"], refresh_token };
}

/** An auth host that refuses one login, and how many calls it had at most at once. */
function startAuthHost(refused?: string) {
  const seen = { calls: 0, now: 0, most: 0 };
  const third = Promise.withResolvers<void>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async ({ url }) => {
      if (++seen.calls === 3) third.resolve();
      seen.most = Math.max(seen.most, ++seen.now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.now--;
      if (new URL(url).searchParams.get("refresh_token") === `token of ${refused}`) {
        return Response.json({ code: 36004005, message: "no", data: null, request_id: "r" });
      }
      const end = 4_000_000_000;
      const data = {
        ...{ access_token: "new", access_token_expire_in: end },
        ...{ refresh_token: "newer", refresh_token_expire_in: end },
      };
      return Response.json({ code: 0, message: "success", data, request_id: "r" });
    },
  );
  const config = { appKey: "k", appSecret: "s", authUrl: `http://127.0.0.1:${server.addr.port}` };
  return {
    seen,
    thirdCall: third.promise,
    config: config as TikTokConfig,
    shutdown: () => server.shutdown(),
  };
}

interface World {
  /** A login that TikTok refuses. */
  refused?: string;
  /** Whether no pair is stored before TikTok is called for a third login. */
  waitsForThird?: boolean;
}

/** Refreshes logins 1 to `count`, two at once. `groups`: those that were stored with one call. */
async function refreshWith(count: number, { refused, waitsForThird = false }: World) {
  const host = startAuthHost(refused);
  let claimed = 0;
  const groups: string[][] = [];
  const { database } = makeDatabase({
    claim_tiktok_logins: async ({ p_limit }: { p_limit: number }) => {
      const from = claimed;
      claimed = Math.min(count, claimed + p_limit);
      const ids = Array.from({ length: claimed - from }, (_, n) => String(from + n + 1));
      return { expired: 0, logins: await Promise.all(ids.map(leasedLogin)) };
    },
    store_refreshed_logins: async ({ p_pairs }: { p_pairs: { open_id: string }[] }) => {
      const ids = p_pairs.map(({ open_id }) => open_id);
      groups.push(ids);
      if (waitsForThird) await host.thirdCall;
      return ids.map(() => "stored");
    },
    fail_tiktok_refresh: () => {
      throw new RefusedByDatabase("23514");
    },
  });
  const dependencies = { database, keys, config: host.config };
  const result = await refreshDueLogins(dependencies, { concurrency: 2 }).catch((error) => error);
  await host.shutdown();
  return { result, groups, ...host.seen };
}

Deno.test("a login whose pair is being stored holds no place at TikTok: the next one is claimed and refreshed", async () => {
  const { result, groups, calls, most } = await refreshWith(5, { waitsForThird: true });
  assert.equal(result.refreshed, 5);
  assert.equal(calls, 5);
  assert.equal(most, 2, "no more calls at once than allowed");
  assert.deepEqual(groups.flat().toSorted(), ["1", "2", "3", "4", "5"]);
});

Deno.test("a login whose outcome cannot be stored stops no other, and fails the run in the end", async () => {
  const { result, groups, calls } = await refreshWith(6, { refused: "2" });
  assert.match(String(result), /fail_tiktok_refresh failed with 23514/);
  assert.deepEqual(groups.flat().toSorted(), ["1", "3", "4", "5", "6"]);
  assert.equal(calls, 6);
});
