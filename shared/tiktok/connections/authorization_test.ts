import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { sha256Hex } from "../../crypto/digests.ts";
import { encrypt } from "../../crypto/encryption.ts";
import { parseKeyRing } from "../../crypto/key_ring.ts";
import { createServiceClient, type DatabaseClient } from "../../database/client.ts";
import { DatabaseError } from "../../database/errors.ts";
import { beginAuthorization, consumeState, redeemClaim, sealClaim } from "./authorization.ts";

const NOW = 1_790_000_000_000;
const CODE = `TTP_${"cOdE-x_y".repeat(16)}+/=`;
const USER = "11111111-1111-4111-8111-111111111111";

const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");
const keys = parseKeyRing(`k1:${key(1)}`);

/** A database that must not be called. */
const untouchable = {
  rpc: (name: string) => assert.fail(`the database was called: ${name}`),
} as unknown as DatabaseClient;

/** The real client, with a server that gives one response and records its requests. */
async function withDatabase(
  answer: () => Response,
  use: (database: DatabaseClient, requests: { path: string; body: string }[]) => Promise<void>,
): Promise<void> {
  const requests: { path: string; body: string }[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      requests.push({ path: new URL(request.url).pathname, body: await request.text() });
      return answer();
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const api = { url, publishableKey: "sb_publishable_a", secretKey: "sb_secret_a", secretKeys: [] };
  try {
    await use(createServiceClient(api), requests);
  } finally {
    await server.shutdown();
  }
}

Deno.test("a claim consists of characters that a URL takes unchanged, and shows no code", async () => {
  const claim = await sealClaim(keys, CODE, NOW);
  assert.match(claim, /^[A-Za-z0-9._-]+$/);
  assert.equal(encodeURIComponent(claim), claim);
  assert.ok(!claim.includes(CODE) && !claim.includes("TTP_"));
  const parts = claim.split(".").map((part) =>
    atob(part.replaceAll("-", "+").replaceAll("_", "/"))
  );
  assert.ok(parts.every((part) => !part.includes("TTP_")));
  assert.notEqual(await sealClaim(keys, CODE, NOW), claim);
});

Deno.test("the longest code that the callback accepts makes a claim that can be redeemed", async () => {
  assert.ok((await sealClaim(keys, "x".repeat(1024), NOW)).length <= 4096);
});

Deno.test("a claim gives its code back once the database has stored its hash", async () => {
  const claim = await sealClaim(keys, CODE, NOW);
  const p_claim_hash = sha256Hex(CODE);
  for (
    const [answer, used] of [[true, { outcome: "valid", code: CODE }], [false, { outcome: "used" }]]
  ) {
    await withDatabase(() => Response.json(answer), async (database, requests) => {
      assert.deepEqual(await redeemClaim({ database, keys }, USER, claim, NOW + 1), used);
      const [request, ...more] = requests;
      assert.equal(request?.path, "/rest/v1/rpc/redeem_tiktok_claim");
      // Neither the claim nor its code.
      assert.deepEqual(JSON.parse(request.body), { p_user_id: USER, p_claim_hash });
      assert.deepEqual(more, []);
    });
  }
});

Deno.test("a claim that the database did not store gives no code", async () => {
  const claim = await sealClaim(keys, CODE, NOW);
  const failed = () => Response.json({ code: "PT404", message: CODE }, { status: 404 });
  await withDatabase(failed, async (database) => {
    await assert.rejects(redeemClaim({ database, keys }, USER, claim, NOW), (error: Error) => {
      assert.ok(error instanceof DatabaseError && error.code === "PT404");
      assert.ok(!Deno.inspect(error).includes(CODE));
      return true;
    });
  });
});

const refuse = async (text: string, now = NOW, ring = keys) =>
  (await redeemClaim({ database: untouchable, keys: ring }, USER, text, now)).outcome;

Deno.test("a changed claim is unknown, and the database is not called", async () => {
  const claim = await sealClaim(keys, CODE, NOW);
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
    assert.equal(await refuse(text), "unknown", text);
  }
});

Deno.test("a claim of a foreign key, or of another purpose, is unknown, and the database is not called", async () => {
  const foreign = parseKeyRing(`k1:${key(2)}`);
  assert.equal(await refuse(await sealClaim(foreign, CODE, NOW)), "unknown");
  assert.equal(await refuse(await sealClaim(keys, CODE, NOW), NOW, foreign), "unknown");
  const text = JSON.stringify({ code: CODE, expires_at: NOW + 1000 });
  for (const context of ["", "tiktok_shops.access_token:1", "tiktok_authorization.state"]) {
    assert.equal(await refuse(await encrypt(keys, text, context)), "unknown");
  }
  for (const content of [CODE, "{}", "null", '{"code":1,"expires_at":1}', `{"code":"${CODE}"}`]) {
    const sealed = await encrypt(keys, content, "tiktok_authorization.claim");
    assert.equal(await refuse(sealed), "unknown");
  }
});

Deno.test("a claim expires after 30 minutes, and then the database is not called", async () => {
  const claim = await sealClaim(keys, CODE, NOW);
  const end = NOW + 30 * 60 * 1000;
  for (const late of [end, end + 1, end + 10 ** 9]) {
    assert.equal(await refuse(claim, late), "expired");
  }
  await withDatabase(() => Response.json(true), async (database) => {
    const used = await redeemClaim({ database, keys }, USER, claim, end - 1);
    assert.equal(used.outcome, "valid");
  });
});

Deno.test("a claim survives a change of keys as long as the old key still decrypts", async () => {
  const claim = await sealClaim(keys, CODE, NOW);
  const rotated = parseKeyRing(`k2:${key(2)},k1:${key(1)}`);
  await withDatabase(() => Response.json(true), async (database) => {
    const used = await redeemClaim({ database, keys: rotated }, USER, claim, NOW);
    assert.deepEqual(used, { outcome: "valid", code: CODE });
  });
});

Deno.test("a text without the form of a state is unknown, and the database is not called", async () => {
  const state = "s".repeat(43);
  for (const text of ["", "x", state + "s", state.slice(1), `${state.slice(1)}=`, `${state}\n`]) {
    assert.deepEqual(await consumeState(untouchable, text), { outcome: "unknown" });
  }
});

Deno.test("a state goes to TikTok in the link, and to the database as a hash", async () => {
  const config = {
    serviceId: "7000",
    authorizeUrl: "https://row.example/open/authorize?service_id=1&x=1",
    authorizeUrlUs: "https://us.example/open/authorize",
    appUrl: "https://app.example",
  };
  const expires_at = "2026-11-23T12:15:00+00:00";
  const states = new Set<string>();
  for (
    const [region, start] of [
      [undefined, "https://row.example/open/authorize?service_id=7000&x=1&state="],
      ["GB", "https://row.example/open/authorize?service_id=7000&x=1&state="],
      ["US", "https://us.example/open/authorize?service_id=7000&state="],
    ] as const
  ) {
    await withDatabase(() => Response.json({ expires_at }), async (database, requests) => {
      const begun = await beginAuthorization({ database, config }, USER, region);
      assert.equal(begun.expires_at, expires_at);
      assert.ok(begun.url.startsWith(start), begun.url);
      const state = begun.url.slice(start.length);
      assert.match(state, /^[A-Za-z0-9_-]{43}$/);
      states.add(state);
      assert.deepEqual(requests.map(({ body }) => JSON.parse(body)), [{
        p_user_id: USER,
        p_state_hash: sha256Hex(state),
        p_valid_seconds: 900,
      }]);
    });
  }
  assert.equal(states.size, 3);
});

Deno.test("a claim is stored by its code: another spelling or another encryption is the same claim", async () => {
  const claim = await sealClaim(keys, CODE, NOW);
  const spellings = [
    claim,
    `${claim}=`,
    claim.replaceAll("_", "/"),
    await sealClaim(keys, CODE, NOW + 1),
  ];
  await withDatabase(() => Response.json(true), async (database, requests) => {
    for (const text of spellings) await redeemClaim({ database, keys }, USER, text, NOW);
    assert.equal(requests.length, 4);
    assert.equal(new Set(requests.map((request) => request.body)).size, 1);
  });
});
