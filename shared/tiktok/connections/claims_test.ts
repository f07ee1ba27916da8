import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encrypt } from "../../crypto/encryption.ts";
import { parseKeyRing } from "../../crypto/key_ring.ts";
import { openClaim, sealClaim } from "./claims.ts";
import { ClaimError } from "./errors.ts";

const NOW = 1_790_000_000_000;
const END = NOW + 15 * 60 * 1000;
const CODE = `TTP_${"cOdE-x_y".repeat(16)}+/=`;
const STATE = "s".repeat(43);

const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");
const keys = parseKeyRing(`k1:${key(1)}`);

/** The code of the refusal. */
async function refuse(text: string, now = NOW, ring = keys): Promise<string> {
  const error = await openClaim(ring, text, now).catch((error) => error);
  assert.ok(error instanceof ClaimError, text);
  return error.code;
}

Deno.test("a claim consists of characters that a URL takes unchanged, and shows neither code nor state", async () => {
  const claim = await sealClaim(keys, { code: CODE, state: STATE }, NOW);
  assert.match(claim, /^[A-Za-z0-9._-]+$/);
  assert.equal(encodeURIComponent(claim), claim);
  const parts = claim.split(".").map((part) =>
    atob(part.replaceAll("-", "+").replaceAll("_", "/"))
  );
  for (const text of [claim, ...parts]) assert.ok(!text.includes("TTP_") && !text.includes(STATE));
  assert.notEqual(await sealClaim(keys, { code: CODE, state: STATE }, NOW), claim);
});

Deno.test("the longest code that the callback accepts makes a claim that /complete accepts", async () => {
  const code = "x".repeat(1024);
  assert.ok((await sealClaim(keys, { code, state: STATE }, NOW)).length <= 4096);
});

Deno.test("a claim gives back its code and its state, also after a change of keys", async () => {
  const rotated = parseKeyRing(`k2:${key(2)},k1:${key(1)}`);
  const started = await sealClaim(keys, { code: CODE, state: STATE }, NOW);
  assert.deepEqual(await openClaim(keys, started, NOW), {
    code: CODE,
    state: STATE,
    expires_at: END,
  });
  const installed = await sealClaim(keys, { code: CODE }, NOW);
  assert.deepEqual(await openClaim(rotated, installed, NOW), { code: CODE, expires_at: END });
});

Deno.test("a claim expires after 15 minutes", async () => {
  const claim = await sealClaim(keys, { code: CODE }, NOW);
  for (const late of [END, END + 1, END + 10 ** 9]) {
    assert.equal(await refuse(claim, late), "claim_expired");
  }
  assert.equal((await openClaim(keys, claim, END - 1)).code, CODE);
});

Deno.test("a changed claim is unknown", async () => {
  const claim = await sealClaim(keys, { code: CODE, state: STATE }, NOW);
  const [version, id, iv = "", sealed = ""] = claim.split(".");
  const flip = (text: string, at: number) =>
    text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
  const changed = [
    [version, id, flip(iv, 3), sealed],
    [version, id, iv, flip(sealed, 0)],
    [version, id, iv, flip(sealed, sealed.length >> 1)],
    [version, id, iv, flip(sealed, sealed.length - 4)],
    [version, id, iv, sealed.slice(0, -4)],
    [version, id, iv, ""],
    [version, id, "", sealed],
    [version, id, iv],
    [version, id, iv, sealed, ""],
    [version, "k2", iv, sealed],
    ["v2", id, iv, sealed],
  ].map((parts) => parts.join("."));
  for (
    const text of [...changed, "", ".", "...", "nonsense", CODE, ` ${claim}`, `${claim}\n`, "é✓"]
  ) {
    assert.equal(await refuse(text), "claim_unknown", text);
  }
});

Deno.test("a claim of a foreign key, or of another purpose, is unknown", async () => {
  const foreign = parseKeyRing(`k1:${key(2)}`);
  assert.equal(await refuse(await sealClaim(foreign, { code: CODE }, NOW)), "claim_unknown");
  const claim = await sealClaim(keys, { code: CODE }, NOW);
  assert.equal(await refuse(claim, NOW, foreign), "claim_unknown");
  const text = JSON.stringify({ code: CODE, expires_at: NOW + 1000 });
  for (const context of ["", "tiktok_shops.access_token:1", "tiktok_authorization.state"]) {
    assert.equal(await refuse(await encrypt(keys, text, context)), "claim_unknown");
  }
  for (const content of [CODE, "{}", "null", '{"code":1,"expires_at":1}', `{"code":"${CODE}"}`]) {
    const sealed = await encrypt(keys, content, "tiktok_authorization.claim");
    assert.equal(await refuse(sealed), "claim_unknown");
  }
});
