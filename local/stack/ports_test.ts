import assert from "node:assert/strict";
import { openPort, PortTakenError, requireFreePort } from "./ports.ts";

const starting = () => new Response("starting", { status: 503 });

/** The port that the refusal names in place of a taken one. */
function suggestedInsteadOf(port: number): number {
  try {
    requireFreePort(port, "--port");
    return assert.fail("the port is free");
  } catch (error) {
    const [, said, suggested] =
      /^Port (\d+) is taken by another program\. Stop it, or choose another port: --port (\d+)$/
        .exec((error as Error).message) ?? [];
    assert.equal(said, String(port));
    return Number(suggested);
  }
}

Deno.test("several ports that are taken are named at once, each with its option", () => {
  const { message } = new PortTakenError([
    { port: 65_500, option: "--port" },
    { port: 65_501, option: "--db-port" },
  ]);
  assert.equal(
    message,
    "Ports 65500 and 65501 are taken by other programs. Stop them, or choose other ports: " +
      "--port 0 --db-port 0",
  );
});

Deno.test("a port that is open belongs to one program, and answers 503 until it has a handler", async () => {
  const open = openPort({ port: 0 }, "--port", starting);
  try {
    assert.throws(() => openPort({ port: open.port }, "--port", starting), PortTakenError);
    const first = suggestedInsteadOf(open.port);
    using _first = Deno.listen({ hostname: "127.0.0.1", port: first });
    assert.notEqual(suggestedInsteadOf(open.port), first);
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
