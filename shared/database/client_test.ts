import assert from "node:assert/strict";
import { withServer } from "../../tests/support/local_server.ts";
import { createServiceClient } from "./client.ts";

const CONFIG = { publishableKey: "sb_publishable_a", secretKey: "sb_secret_a", secretKeys: [] };

Deno.test("a call without a response ends before the leases of workers", async () => {
  const release = Promise.withResolvers<Response>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => release.promise,
  );
  const timeout = AbortSignal.timeout;
  const timeouts: number[] = [];
  AbortSignal.timeout = (ms) => {
    timeouts.push(ms);
    return timeout.call(AbortSignal, ms / 300);
  };
  try {
    const database = createServiceClient({
      ...CONFIG,
      url: `http://127.0.0.1:${server.addr.port}`,
    });
    const { data, error } = await database.rpc("release_held_events");
    assert.equal(data, null);
    assert.ok(error);
    assert.deepEqual([...new Set(timeouts)], [30_000]);
  } finally {
    AbortSignal.timeout = timeout;
    release.resolve(new Response());
    await server.shutdown();
  }
});

Deno.test("a redirect is not followed: no other host receives the secret key", async () => {
  await withServer(() => Response.json(1), async (other, strangers) => {
    const redirect = () =>
      new Response("1", { status: 307, headers: { location: `${other}/rest/v1/` } });
    await withServer(redirect, async (url, requests) => {
      const { data, error } = await createServiceClient({ ...CONFIG, url })
        .rpc("release_held_events");
      assert.equal(data, null);
      assert.ok(error);
      assert.ok(requests.length > 0);
    });
    assert.deepEqual(strangers, []);
  });
});
