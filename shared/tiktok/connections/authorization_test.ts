import assert from "node:assert/strict";
import { sha256Hex } from "../../crypto/digests.ts";
import { createServiceClient, type DatabaseClient } from "../../database/client.ts";
import { beginAuthorization, isState } from "./authorization.ts";

const USER = "11111111-1111-4111-8111-111111111111";

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

Deno.test("isState() takes 43 characters of base64url and nothing else", () => {
  const state = "s".repeat(43);
  assert.ok(isState(state));
  for (const text of ["", "x", state + "s", state.slice(1), `${state.slice(1)}=`, `${state}\n`]) {
    assert.ok(!isState(text), text);
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
