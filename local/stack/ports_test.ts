import assert from "node:assert/strict";
import { openPort, PortTakenError, requireFreePort } from "./ports.ts";

const starting = () => new Response("starting", { status: 503 });

Deno.test("a port that is open belongs to one program, and answers 503 until it has a handler", async () => {
  const open = openPort({ port: 0 }, "--port", starting);
  try {
    assert.throws(() => openPort({ port: open.port }, "--port", starting), PortTakenError);
    assert.throws(() => requireFreePort(open.port, "--port"), {
      message:
        `Port ${open.port} is taken by another program. Stop it, or choose another port: --port ${
          open.port + 100
        }`,
    });
    const ask = async () => {
      const response = await fetch(`http://127.0.0.1:${open.port}/`);
      return [response.status, await response.text()];
    };
    assert.deepEqual(await ask(), [503, "starting"]);
    open.serve(() => new Response("ready"));
    assert.deepEqual(await ask(), [200, "ready"]);
  } finally {
    await Promise.all([open.close(), open.close()]);
  }
  assert.equal(requireFreePort(open.port, "--port"), open.port);
});
