import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encrypt } from "../../crypto/encryption.ts";
import { parseKeyRing } from "../../crypto/key_ring.ts";
import type { DatabaseClient } from "../../database/client.ts";
import { postponementOf } from "../../inbox/events.ts";
import { TikTokError } from "../api/errors.ts";
import type { LoginDependencies } from "./refresh_login.ts";
import { tokenContext } from "./encrypted_tokens.ts";
import { ShopConnection, type ShopConnectionOptions } from "./shop_connection.ts";

const keys = parseKeyRing(`k1:${Buffer.alloc(32, 1).toString("base64")}`);
const access_token = await encrypt(keys, "TTP_token", tokenContext("access_token", "1"));
Object.assign(console, { warn: () => {} });

/** A connection whose calls of TikTok fail with `code`, and what it called. */
function makeConnection(
  code: number,
  { pausedSeconds = null, answer = 86_400, ...options }:
    & { pausedSeconds?: number | null; answer?: number | null }
    & ShopConnectionOptions = {},
) {
  const rpcs: unknown[] = [];
  let calls = 0;
  const database = {
    rpc(name: string, args: unknown) {
      rpcs.push([name, args]);
      return Promise.resolve({ data: answer, error: null });
    },
  } as unknown as DatabaseClient;
  const stored = {
    ...{ id: "shop", shop_id: "1", shop_cipher: "cipher", access_token, token_version: 3 },
    paused_seconds: pausedSeconds,
  };
  const connection = new ShopConnection({ database, keys } as LoginDependencies, stored, options);
  const call = () =>
    connection.call(() => {
      calls++;
      return Promise.reject(new TikTokError("refused", { code, status: 401 }));
    });
  return { call, rpcs, calls: () => calls };
}

Deno.test("36009043 and 36009044, TikTok has deactivated the shop or seller: it is paused, its token is not refreshed", async () => {
  for (const [code, p_reason] of [[36009043, "shop_inactive"], [36009044, "seller_inactive"]]) {
    const { call, rpcs, calls } = makeConnection(code as number);
    const error = await call().catch((error) => error);
    assert.deepEqual(rpcs, [[
      "pause_tiktok_shop",
      { p_tiktok_shop_id: "shop", p_token_version: 3, p_reason },
    ]]);
    const { postponeSeconds, whilePaused } = postponementOf(error) ?? {};
    assert.deepEqual([postponeSeconds, whilePaused], [86_400, true]);
    // Afterwards TikTok is not called.
    await assert.rejects(call(), { postponeSeconds: 86_400 });
    assert.equal(calls(), 1);
  }
});

Deno.test("a paused shop is called by its probe only", async () => {
  const paused = makeConnection(36009043, { pausedSeconds: 600 });
  await assert.rejects(paused.call(), { postponeSeconds: 600 });
  assert.deepEqual([paused.calls(), paused.rpcs], [0, []]);
  const probe = makeConnection(36009043, { pausedSeconds: 600, probe: true });
  await assert.rejects(probe.call(), { postponeSeconds: 86_400 });
  assert.equal(probe.calls(), 1);
});

Deno.test("a refusal of a connection that the seller has replaced since is an ordinary failure", async () => {
  const { call } = makeConnection(36009043, { answer: null });
  const error = await call().catch((error) => error);
  assert.equal(error.code, 36009043);
  assert.equal(postponementOf(error), undefined);
});

Deno.test("other refusals pause nothing", async () => {
  for (const code of [105005, 36009003, 101000]) {
    const { call, rpcs } = makeConnection(code);
    await assert.rejects(call(), { code });
    assert.deepEqual(rpcs, []);
  }
});
