import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { withServer } from "../../tests/support/local_server.ts";
import { createTokenVerifier } from "./access_tokens.ts";
import { AuthUnavailableError, ExpiredTokenError, InvalidTokenError } from "./token_errors.ts";

const CONFIG = { publishableKey: "sb_publishable_a", secretKey: "sb_secret_a", secretKeys: [] };
const CLAIMS = { sub: "11111111-1111-4111-8111-111111111111", role: "authenticated" };

const [known, unknown] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
const KEYS = { keys: [{ ...await exportJWK(known.publicKey), kid: "k1", alg: "ES256" }] };

const unix = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** A token of an hour, signed with the project's key unless it says otherwise. */
function sign(
  { key = known.privateKey, alg = "ES256", kid = "k1", claims = {} }: {
    key?: CryptoKey | Uint8Array;
    alg?: string;
    kid?: string;
    claims?: JWTPayload;
  } = {},
): Promise<string> {
  return new SignJWT({ ...CLAIMS, exp: unix(3600), ...claims })
    .setProtectedHeader({ alg, kid }).sign(key);
}

const part = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, "");

/** Verifies a token at an Auth that answers so; returns what Auth was asked too. */
async function verify(
  token: string,
  { keys = () => Response.json(KEYS), user = () => new Response("{}", { status: 403 }) } = {},
) {
  let result: unknown;
  const asked: string[] = [];
  await withServer((request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    assert.equal(request.headers.get("apikey"), CONFIG.secretKey);
    return pathname === "/auth/v1/user" ? user() : keys();
  }, async (url) => {
    result = await createTokenVerifier({ ...CONFIG, url })(token).catch((error) => error);
  });
  return { result, asked };
}

Deno.test("a token that the project's key has signed is valid without a question to Auth", async () => {
  const { result, asked } = await verify(await sign());
  assert.equal((result as JWTPayload).sub, CLAIMS.sub);
  assert.deepEqual(asked, ["/auth/v1/.well-known/jwks.json"]);
});

Deno.test("attack: a forged, changed, unsigned or expired token is refused, whatever Auth would say", async () => {
  const good = await sign();
  const [header, , signature] = good.split(".");
  const admin = part({ ...CLAIMS, sub: "2", exp: unix(3600) });
  const tokens = [
    await sign({ key: unknown.privateKey }),
    `${header}.${admin}.${signature}`,
    `${part({ alg: "none", kid: "k1" })}.${admin}.`,
    `${part({ alg: "none" })}.${admin}.${signature}`,
    `${part({ alg: "PS256", kid: "k1" })}.${admin}.${signature}`,
    await sign({ claims: { exp: unix(-1) } }),
    await sign({ claims: { nbf: unix(60) } }),
    `${part({ alg: "ES256", kid: "k1" })}.${part(CLAIMS)}.${signature}`,
    `${header}.x.${signature}`,
    "a.b.c",
  ];
  for (const token of tokens) {
    const { result, asked } = await verify(token, { user: () => Response.json({}) });
    assert.ok(result instanceof InvalidTokenError, `${token}: ${result}`);
    assert.ok(!asked.includes("/auth/v1/user"), token);
  }
});

Deno.test("a token that was valid is refused as expired, whatever it is signed with", async () => {
  const claims = { exp: unix(-1) };
  for (
    const token of [
      await sign({ claims }),
      await sign({ key: new Uint8Array(32), alg: "HS256", claims }),
    ]
  ) {
    const { result, asked } = await verify(token);
    assert.ok(result instanceof ExpiredTokenError);
    assert.deepEqual(asked, []);
  }
});

Deno.test("attack: a token signed with the public key as a secret is Auth's to refuse", async () => {
  const secret = new TextEncoder().encode(JSON.stringify(KEYS.keys[0]));
  const { result, asked } = await verify(await sign({ key: secret, alg: "HS256" }));
  assert.ok(result instanceof InvalidTokenError);
  assert.deepEqual(asked, ["/auth/v1/user"]);
});

Deno.test("Auth decides about tokens of a secret, and of a key that is not known yet", async () => {
  const secret = await sign({ key: new Uint8Array(32), alg: "HS256" });
  const rotated = await sign({ key: unknown.privateKey, kid: "k2" });
  for (const token of [secret, rotated]) {
    const accepted = await verify(token, { user: () => Response.json({}) });
    assert.equal((accepted.result as JWTPayload).sub, CLAIMS.sub);
    const refused = await verify(token);
    assert.ok(refused.result instanceof InvalidTokenError);
  }
});

Deno.test("a token is neither valid nor refused while Auth does not answer", async () => {
  const secret = await sign({ key: new Uint8Array(32), alg: "HS256" });
  for (const status of [429, 500, 503]) {
    const failed = () => new Response("{}", { status });
    for (
      const { result } of [
        await verify(secret, { user: failed }),
        await verify(await sign(), { keys: failed }),
      ]
    ) {
      assert.ok(result instanceof AuthUnavailableError, `${status}: ${result}`);
    }
  }
  for (const token of [secret, await sign()]) {
    const verifyNowhere = createTokenVerifier({ ...CONFIG, url: "http://127.0.0.1:1" });
    await assert.rejects(verifyNowhere(token), AuthUnavailableError);
  }
});
