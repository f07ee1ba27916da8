import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fetchSendsOnce, sendOnce } from "./send_once.ts";

const BODY = new TextEncoder().encode("café");
const HEAD = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const WHOLE = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** Far longer than any response of these tests takes. */
const longSignal = () => AbortSignal.timeout(30_000);

interface Peer {
  url: string;
  /** Number of requests whose head has arrived. */
  seen(): number;
}

/** What the peer writes after a request, and whether it then closes the connection. */
interface Answer {
  text: string;
  closes: boolean;
}

/** Answers each request on a connection; @param answer receives the number of requests seen so far. */
async function withPeer(answer: (seen: number) => Answer, use: (peer: Peer) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.TcpConn[] = [];
  let seen = 0;

  async function serveConnection(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    for (let text = "";;) {
      const size = await connection.read(buffer);
      if (size === null) return;
      text += new TextDecoder().decode(buffer.subarray(0, size));
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      const [head, body] = text.split("\r\n\r\n");
      if (body === undefined || new TextEncoder().encode(body).length < length) continue;
      assert.match(head ?? "", /HTTP\/1\.1\r\n/);
      text = "";
      const { text: reply, closes } = answer(++seen);
      await connection.write(new TextEncoder().encode(reply));
      if (closes) return connection.close();
    }
  }

  const serving = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      // The client may close first.
      serveConnection(connection).catch(() => {});
    }
  })();
  try {
    await use({ url: `http://127.0.0.1:${listener.addr.port}/`, seen: () => seen });
  } finally {
    listener.close();
    await serving;
    for (const connection of connections) {
      try {
        connection.close();
      } catch {
        // Already closed.
      }
    }
  }
}

/** Points at which a response can end. */
const PARTS: Record<string, string> = {
  "before the response": "",
  "within its head": HEAD.slice(0, -9),
  "before its body": `${HEAD}\r\n`,
  "within its body": `${HEAD}\r\nhalf`,
  "within a chunk": `${CHUNKED}8\r\nhalf`,
  "between two chunks": `${CHUNKED}4\r\nhalf\r\n`,
};

const REQUESTS = [{ method: "GET" }, { method: "POST", body: BODY }];

for (const [place, text] of Object.entries(PARTS)) {
  Deno.test(`sendOnce() sends once and fails if the peer closes ${place}`, async () => {
    await withPeer(() => ({ text, closes: true }), async ({ url, seen }) => {
      for (const [index, request] of REQUESTS.entries()) {
        const signal = longSignal();
        await assert.rejects(sendOnce(url, { ...request, signal }));
        assert.equal(signal.aborted, false, "it failed without waiting for its signal");
        assert.equal(seen(), index + 1);
      }
    });
  });

  Deno.test(`sendOnce() sends once and ends by its signal if the peer stalls ${place}`, async () => {
    await withPeer(() => ({ text, closes: false }), async ({ url, seen }) => {
      for (const [index, request] of REQUESTS.entries()) {
        const signal = AbortSignal.timeout(50);
        await assert.rejects(
          sendOnce(url, { ...request, signal }),
          (error) => error === signal.reason && signal.reason.name === "TimeoutError",
        );
        assert.equal(seen(), index + 1);
      }
    });
  });
}

Deno.test("sendOnce() sends nothing if its signal has already aborted", async () => {
  await withPeer(() => ({ text: WHOLE, closes: true }), async ({ url, seen }) => {
    const reason = new Error("stopped");
    const sent = sendOnce(url, { method: "GET", signal: AbortSignal.abort(reason) });
    await assert.rejects(sent, (error) => error === reason);
    assert.equal(seen(), 0);
  });
});

Deno.test("sendOnce() never sends twice over a kept-alive connection that the peer has closed", async () => {
  await withPeer(() => ({ text: WHOLE, closes: true }), async ({ url, seen }) => {
    for (let sent = 1, failed = 0; sent <= 20; sent++) {
      const sending = sendOnce(url, { method: "POST", body: BODY, signal: longSignal() });
      const text = await sending.then((response) => response.text(), () => "failed");
      if (text === "failed") failed++;
      else assert.equal(text, "ok");
      assert.ok(seen() <= sent && seen() >= sent - failed, `${seen()} of ${sent} arrived`);
      // The connection pool of fetch may not know yet that the peer has closed.
      assert.ok(failed === 0 || fetchSendsOnce(Deno.version.deno));
    }
  });
});

Deno.test("sendOnce() sends once if a connection that was kept alive closes on the next request", async () => {
  const answer = (seen: number) => seen === 1 ? WHOLE : "";
  await withPeer(
    (seen) => ({ text: answer(seen), closes: seen > 1 }),
    async ({ url, seen }) => {
      const first = await sendOnce(url, { method: "GET", signal: longSignal() });
      assert.equal(await first.text(), "ok");
      for (const [index, request] of REQUESTS.entries()) {
        await assert.rejects(sendOnce(url, { ...request, signal: longSignal() }));
        assert.equal(seen(), index + 2);
      }
    },
  );
});

Deno.test("sendOnce() returns a redirect and does not follow it", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const text = `HTTP/1.1 ${status} Moved\r\nlocation: /next\r\ncontent-length: 2\r\n\r\nno`;
    await withPeer(() => ({ text, closes: false }), async ({ url, seen }) => {
      const response = await sendOnce(url, { method: "POST", body: BODY, signal: longSignal() });
      assert.deepEqual([response.status, response.headers.get("location")], [status, "/next"]);
      assert.equal(await response.text(), "no");
      assert.equal(seen(), 1);
    });
  }
});

Deno.test("sendOnce() sends exactly the bytes with their length, and returns the whole response", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.bytes();
      assert.equal(request.headers.get("content-length"), String(body.length));
      assert.equal(request.headers.get("x-mine"), "yes");
      if (body.length === 0) return new Response(null, { status: 204 });
      return new Response(body, { status: 429, headers: { "retry-after": "7" } });
    },
  );
  try {
    const url = `http://127.0.0.1:${server.addr.port}/path?x=%2B`;
    const headers = { "x-mine": "yes" };
    const body = new TextEncoder().encode("café ✓".repeat(50_000));
    const response = await sendOnce(url, { method: "PUT", headers, body, signal: longSignal() });
    assert.equal(response.status, 429);
    assert.equal(response.headers.get("retry-after"), "7");
    // deepEqual() compares so many bytes for a second.
    assert.ok(Buffer.from(await response.bytes()).equals(body));
    const empty = new Uint8Array();
    const none = await sendOnce(url, { method: "PUT", headers, body: empty, signal: longSignal() });
    assert.deepEqual([none.status, await none.text()], [204, ""]);
  } finally {
    await server.shutdown();
  }
});

Deno.test("fetchSendsOnce() reads each form of the runtime's version", () => {
  const forms: [version: string, once: boolean][] = [
    ["2.1.4", true],
    ["2.1.14", true],
    ["2.0.0", true],
    ["2.9.5", false],
    ["2.10.0", false],
    ["2.11.4", false],
    ["3.1.0", false],
    ["12.1.4", false],
    ["2.1.4-rc.1", true],
    ["2.9.5+abcdef0", false],
    ["supabase-edge-runtime-1.67.4 (compatible with Deno v2.1.4)", true],
    ["supabase-edge-runtime-1.74.0 (compatible with Deno v2.1.4)", true],
    ["supabase-edge-runtime-2.1.4 (compatible with Deno v2.10.0)", false],
    ["supabase-edge-runtime-3.0.0 (compatible with Deno v2.9.5)", false],
    ["", false],
    ["unknown", false],
  ];
  for (const [version, once] of forms) assert.equal(fetchSendsOnce(version), once, version);
});
