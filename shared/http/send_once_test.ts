import assert from "node:assert/strict";
import { sendOnce } from "./send_once.ts";

const MINUTE = () => AbortSignal.timeout(60_000);

/** A server that counts requests, and closes each connection without a response. */
async function withRudeServer(use: (url: string, seen: () => number) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let seen = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      if (await connection.read(new Uint8Array(65_536)) !== null) seen++;
      connection.close();
    }
  })();
  try {
    await use(`http://127.0.0.1:${listener.addr.port}/`, () => seen);
  } finally {
    listener.close();
    await serving;
  }
}

Deno.test("sendOnce() sends once, even when the connection closes before a response", async () => {
  await withRudeServer(async (url, seen) => {
    await assert.rejects(sendOnce(url, { method: "GET", signal: MINUTE() }));
    assert.equal(seen(), 1);
    const body = new TextEncoder().encode("café");
    await assert.rejects(sendOnce(url, { method: "POST", body, signal: MINUTE() }));
    assert.equal(seen(), 2);
  });
});

Deno.test("sendOnce() sends exactly the bytes with their length, and returns the whole response", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.bytes();
      assert.equal(request.headers.get("content-length"), String(body.length));
      assert.equal(request.headers.get("x-mine"), "yes");
      if (body.length === 0) return new Response(null, { status: 204 });
      const headers = { "retry-after": "7", location: "http://127.0.0.1:1/" };
      return new Response(body, { status: 307, headers });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/path?x=%2B`;
  const headers = { "x-mine": "yes" };
  const body = new TextEncoder().encode("café ✓");
  const response = await sendOnce(url, { method: "PUT", headers, body, signal: MINUTE() });
  assert.equal(response.status, 307, "a redirect is an answer");
  assert.equal(response.headers.get("retry-after"), "7");
  assert.deepEqual(await response.bytes(), body);
  const empty = new Uint8Array();
  const none = await sendOnce(url, { method: "PUT", headers, body: empty, signal: MINUTE() });
  assert.deepEqual([none.status, await none.text()], [204, ""]);
  await server.shutdown();
});

Deno.test("sendOnce() ends when its signal aborts, with the signal's reason", async () => {
  const release = Promise.withResolvers<Response>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => release.promise,
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const signal = AbortSignal.timeout(50);
  await assert.rejects(
    sendOnce(url, { method: "GET", signal }),
    (error) => error instanceof DOMException && error.name === "TimeoutError",
  );
  release.resolve(new Response());
  await server.shutdown();
});
