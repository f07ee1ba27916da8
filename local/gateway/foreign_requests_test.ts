/** Attacks by a web page that the developer of the local stack has open in a browser. */
import assert from "node:assert/strict";
import { Hono } from "hono";
import { controlApp, parse } from "../simulators/control.ts";
import { createGateway, createSimulatorGateway } from "./gateway.ts";
import * as z from "zod";

/** A simulator that counts the changes that its `/control` makes. */
function simulatorWithControl() {
  let changes = 0;
  const control = controlApp();
  control.get("/", (c) => c.json({ labels: ["a buyer's address"] }));
  control.post("/balance", async (c) => {
    await parse(z.looseObject({}), c.req.raw);
    changes++;
    return c.json({});
  });
  const fetch = new Hono().route("/control", control).fetch;
  return { fetch: (request: Request) => fetch(request), changes: () => changes };
}

const notCalled = () => assert.fail("a foreign request reached a service");

function stackGateway(allowedHosts: string[] = []) {
  const mailbox = () => Response.json([]);
  return createGateway({
    ...{ rest: notCalled, auth: notCalled, functions: notCalled, realtime: notCalled, mailbox },
    functionConfig: [],
    jwtCheck: { jwtSecret: "secret", publishableKey: "publishable", secretKey: "secret" },
    simulators: { sample: simulatorWithControl().fetch },
    allowedHosts,
  });
}

/** With the header as it came over the network, from which Deno makes the URL. */
const requestTo = (host: string, path: string) =>
  new Request(`http://${host}${path}`, { headers: { host } });

Deno.test("DNS rebinding: a page whose name points at this machine reads nothing of the stack", async () => {
  const gateway = stackGateway();
  for (const host of ["evil.example:54321", "127.0.0.1.evil.example", "localhost.evil.example"]) {
    for (
      const path of [
        "/rest/v1/orders",
        "/auth/v1/user",
        "/functions/v1/x",
        "/realtime/v1/websocket",
        "/mailbox",
        "/app",
      ]
    ) {
      const response = await gateway(requestTo(host, path));
      assert.equal(response.status, 403, `${host}${path}`);
      const { code, message } = await response.json();
      assert.equal(code, "FOREIGN_HOST");
      assert.match(message, /--allow-host/);
    }
  }
  // As Deno passes a request on whose header is not a name.
  const headers = new Headers({ host: "localhost:1:evil" });
  const malformed = { url: "http://localhost:1:evil/mailbox", headers, body: null } as Request;
  assert.equal((await gateway(malformed)).status, 400);
  const simulators = createSimulatorGateway({
    simulators: { sample: simulatorWithControl().fetch },
    allowedHosts: ["host.docker.internal"],
  });
  const attack = await simulators(requestTo("evil.example", "/simulators/sample/control"));
  assert.equal(attack.status, 403);
  assert.doesNotMatch(await attack.text(), /address/);
  const docker = requestTo("host.docker.internal:54400", "/simulators/sample/control");
  assert.equal((await simulators(docker)).status, 200);
});

Deno.test("DNS rebinding: the names of this machine, and a tunnel's that was allowed, are served", async () => {
  const gateway = stackGateway(["my.tunnel.example"]);
  for (const host of ["127.0.0.1:54321", "localhost:54321", "[::1]:54321", "my.tunnel.example"]) {
    assert.equal((await gateway(requestTo(host, "/app"))).status, 200, host);
  }
});

/** Requests of pages of other sites to `/control/balance`, as browsers send them. */
const CROSS_SITE: [name: string, init: RequestInit][] = [
  ["a form", {
    method: "POST",
    headers: { origin: "https://evil.example", "content-type": "text/plain" },
    body: '{"balance":"0.00"}',
  }],
  ["fetch in no-cors mode without a type", {
    method: "POST",
    headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    body: new Blob(['{"balance":"0.00"}']),
  }],
  ["a sandboxed frame", { method: "POST", headers: { origin: "null" } }],
  ["another port of this machine", {
    method: "POST",
    headers: { origin: "http://localhost:3000", "sec-fetch-site": "same-site" },
  }],
  ["an old browser, a form without an origin", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "a=b",
  }],
  ["an old browser, text without an origin", {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: "{}",
  }],
];

Deno.test("cross-site requests: a page of another site changes no simulator", async () => {
  const { fetch, changes } = simulatorWithControl();
  for (const [name, init] of CROSS_SITE) {
    const response = await fetch(new Request("http://127.0.0.1:54321/control/balance", init));
    assert.ok([403, 415].includes(response.status), `${name}: ${response.status}`);
    assert.equal(changes(), 0, name);
  }
  const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  const navigation = new Request("http://127.0.0.1:54321/control", { headers });
  assert.equal((await fetch(navigation)).status, 403);
});

Deno.test("cross-site requests: a terminal and a page of the stack itself use /control", async () => {
  const { fetch, changes } = simulatorWithControl();
  const json = { "content-type": "application/json" };
  const origin = "http://127.0.0.1:54321";
  const inits: RequestInit[] = [
    { method: "POST" },
    { method: "POST", headers: json, body: "{}" },
    { method: "POST", headers: { ...json, origin, "sec-fetch-site": "same-origin" }, body: "{}" },
  ];
  for (const init of inits) {
    assert.equal((await fetch(new Request(`${origin}/control/balance`, init))).status, 200);
  }
  assert.equal(changes(), inits.length);
});

Deno.test("a tunnel's name, which the internet may use, reaches no World, no mail and no /control", async () => {
  let calls = 0;
  const { fetch, changes } = simulatorWithControl();
  const gateway = createGateway({
    ...{ rest: notCalled, auth: notCalled, functions: notCalled, realtime: notCalled },
    mailbox: () => assert.fail("the internet reads the mails"),
    functionConfig: [],
    jwtCheck: { jwtSecret: "secret", publishableKey: "publishable", secretKey: "secret" },
    simulators: { sample: fetch },
    consoleApi: () => Response.json({ calls: ++calls }),
    allowedHosts: ["my.tunnel.example"],
  });
  const paths = [
    "/console/api/world/month",
    "/simulators/sample/control/balance",
    // A simulator decodes its path.
    "/simulators/sample/%63ontrol/balance",
    "/simulators/sample/%63ontrol/balance%",
  ];
  const press = (host: string, path: string) =>
    gateway(new Request(`http://${host}${path}`, { method: "POST", headers: { host } }));
  for (const path of paths) {
    const response = await press("my.tunnel.example", path);
    assert.equal(response.status, 403, path);
    assert.equal((await response.json()).code, "LOCAL_ONLY");
  }
  const mails = await gateway(requestTo("my.tunnel.example", "/mailbox?to=ada@example.com"));
  assert.equal(mails.status, 403);
  assert.deepEqual([calls, changes()], [0, 0]);
  for (const path of paths.slice(0, 2)) {
    assert.equal((await press("127.0.0.1:54321", path)).status, 200, path);
  }
  assert.deepEqual([calls, changes()], [1, 1]);
});

Deno.test("a tunnel that writes this machine's name into Host is known by the name that it passes on", async () => {
  const through = (gateway: ReturnType<typeof stackGateway>, path: string, forwarded: string) =>
    gateway(
      new Request(`http://localhost:54321${path}`, {
        headers: { host: "localhost:54321", "x-forwarded-host": forwarded },
      }),
    );
  for (const forwarded of ["my.tunnel.example", "localhost, my.tunnel.example"]) {
    const refused = await through(stackGateway(), "/mailbox", forwarded);
    assert.equal(refused.status, 403, forwarded);
    const { code, message } = await refused.json();
    assert.equal(code, "FOREIGN_HOST");
    assert.match(
      message,
      /does not answer as my\.tunnel\.example\..*--allow-host my\.tunnel\.example$/,
    );
  }
  assert.equal((await through(stackGateway(), "/mailbox", "no name")).status, 400);
  const allowing = stackGateway(["my.tunnel.example"]);
  const local = await through(allowing, "/mailbox", "my.tunnel.example");
  assert.deepEqual([local.status, (await local.json()).code], [403, "LOCAL_ONLY"]);
  assert.equal((await through(allowing, "/app", "my.tunnel.example")).status, 200);
  assert.equal((await through(stackGateway(), "/mailbox", "localhost:54321")).status, 200);
});

Deno.test("simulators that run alone have the start page that their pages link to", async () => {
  const gateway = createSimulatorGateway({ simulators: { stripe: simulatorWithControl().fetch } });
  const headers = { host: "localhost:54400", accept: "text/html" };
  const page = await gateway(new Request("http://localhost:54400/", { headers }));
  assert.equal(page.status, 200);
  const [, link] = /<a href="(\/simulators\/[^"]*)">Stripe/.exec(await page.text()) ?? [];
  const control = await gateway(new Request(`http://localhost:54400${link}`, { headers }));
  assert.equal(control.status, 200);
  assert.equal((await gateway(requestTo("localhost:54400", "/"))).status, 404, "for programs");
});
