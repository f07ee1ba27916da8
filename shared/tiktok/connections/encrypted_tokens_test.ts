import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decrypt, DecryptionError } from "../../crypto/encryption.ts";
import { parseKeyRing } from "../../crypto/key_ring.ts";
import { encryptTokens, tokenContext, tokenTimes } from "./encrypted_tokens.ts";

const GRANT = {
  accessToken: "TTP_access",
  accessTokenExpiresAt: 1_790_604_800,
  refreshToken: "TTP_refresh",
  refreshTokenExpiresAt: 4_818_450_857,
  openId: "open",
  scopes: [],
  requestedAt: 1_790_000_000_123,
};

Deno.test("tokenTimes() keeps dates of the next century", () => {
  assert.deepEqual(tokenTimes(GRANT), {
    requested_at: "2026-09-21T14:13:20.123Z",
    token_expires_at: "2026-09-28T14:13:20.000Z",
    refresh_token_expires_at: "2122-09-10T02:34:17.000Z",
  });
});

Deno.test("tokenTimes() returns dates that Postgres can read, for any number of seconds", () => {
  const last = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
  for (const seconds of [1, last - 1, last, last + 1, 8_640_000_000_001, Number.MAX_SAFE_INTEGER]) {
    const { requested_at: _, ...times } = tokenTimes({
      ...GRANT,
      accessTokenExpiresAt: seconds,
      refreshTokenExpiresAt: seconds,
    });
    for (const time of Object.values(times)) {
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
      assert.equal(Date.parse(time) / 1000, Math.min(seconds, last));
    }
  }
});

Deno.test("encryptTokens() binds each token to its column and to its shop", async () => {
  const keys = parseKeyRing(`k1:${Buffer.alloc(32, 1).toString("base64")}`);
  const { access_token, refresh_token } = await encryptTokens(keys, GRANT, "7490");
  assert.doesNotMatch(access_token + refresh_token, /TTP_/);
  const access = tokenContext("access_token", "7490");
  assert.equal(await decrypt(keys, access_token, access), "TTP_access");
  const refresh = tokenContext("refresh_token", "7490");
  assert.equal(await decrypt(keys, refresh_token, refresh), "TTP_refresh");
  await assert.rejects(decrypt(keys, refresh_token, access), DecryptionError);
  const otherShop = tokenContext("access_token", "7491");
  await assert.rejects(decrypt(keys, access_token, otherShop), DecryptionError);
});
