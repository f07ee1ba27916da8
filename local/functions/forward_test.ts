import assert from "node:assert/strict";
import { forward, readForwarded, unavailable } from "./forward.ts";

/** A host that answers with what its function would see. */
function startEcho() {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (forwarded) => {
    const { method, url, headers, body } = readForwarded(forwarded);
    const { pathname, search } = new URL(url);
    const text = await new Response(body).text();
    const seen = { method, pathname, search, headers: [...headers], text };
    return Response.json(seen, { status: 201 });
  });
}

async function echo(port: number, path: string, init: RequestInit = {}) {
  const request = new Request(`http://127.0.0.1:54321/functions/v1${path}`, init);
  const answer = await forward(request, port);
  const seen = await answer.json();
  return { answer, seen, headers: new Map<string, string>(seen.headers) };
}

Deno.test("a function sees the request without the gateway's prefix, and the id that the caller reads", async () => {
  await using host = startEcho();
  const { port } = host.addr;
  const init = { method: "PUT", headers: { "idempotency-key": "k" }, body: "{}" };
  const { answer, seen, headers } = await echo(port, "/shipments/1?a=1&b=%20", init);
  assert.equal(answer.status, 201);
  assert.deepEqual(
    [seen.method, seen.pathname, seen.search, seen.text],
    ["PUT", "/shipments/1", "?a=1&b=%20", "{}"],
  );
  assert.equal(headers.get("idempotency-key"), "k");
  assert.match(headers.get("sb-request-id") ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(answer.headers.get("sb-request-id"), headers.get("sb-request-id"));
});

Deno.test("bodies arrive whole, whether their length is known, long or not said", async () => {
  await using host = startEcho();
  const { port } = host.addr;
  for (const length of [0, 1, 65_536, 65_537, 1_000_000]) {
    const body = "ü".repeat(length / 2) + "x".repeat(length % 2);
    const said = { "content-length": String(length) };
    for (const headers of [said, {}] as Record<string, string>[]) {
      const { seen } = await echo(port, "/account", { method: "POST", headers, body });
      assert.equal(seen.text, body);
    }
  }
});

Deno.test("attack: the headers of the gateway are its own", async () => {
  await using host = startEcho();
  const headers = { "x-creatorflow-query": "?code=forged", "sb-request-id": "forged" };
  const { port } = host.addr;
  const { seen, headers: passed } = await echo(port, "/tiktok-oauth/callback", { headers });
  assert.equal(seen.search, "");
  assert.equal(passed.has("x-creatorflow-query"), false);
  assert.match(passed.get("sb-request-id") ?? "", /^[0-9a-f-]{36}$/);
});

Deno.test("a host that ended, or has not started, is said", async () => {
  const host = startEcho();
  await host.shutdown();
  const ended = await forward(new Request("http://127.0.0.1/functions/v1/health"), host.addr.port);
  assert.deepEqual([ended.status, (await ended.json()).code], [502, "worker_ended"]);
  assert.deepEqual([unavailable().status, unavailable().headers.get("retry-after")], [503, "1"]);
});
