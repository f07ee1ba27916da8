import assert from "node:assert/strict";
import { createNotFoundPage } from "../console/serve_console.ts";
import { createGateway } from "./gateway.ts";

const notCalled = () => assert.fail("an unknown address reached a service");

const gateway = createGateway({
  ...{ rest: notCalled, auth: notCalled, functions: notCalled, realtime: notCalled },
  mailbox: notCalled,
  functionConfig: [],
  jwtCheck: { jwtSecret: "secret", publishableKey: "publishable", secretKey: "secret" },
  simulators: { tiktok: notCalled, easypost: notCalled },
  notFoundPage: createNotFoundPage({
    apiUrl: "http://127.0.0.1:54321",
    ...{ publishableKey: "publishable", turnedMonths: 0 },
  }),
});

Deno.test("an unknown address is a page for a browser, and JSON for a program", async () => {
  for (const path of ["/nope", "/docs/nope", "/simulators/nope"]) {
    const open = (accept: string) =>
      gateway(new Request(`http://127.0.0.1:54321${path}`, { headers: { accept } }));
    const page = await open("text/html,application/xhtml+xml,*/*;q=0.8");
    assert.equal(page.status, 404, path);
    assert.match(await page.text(), /^<!doctype html>/);
    const answer = await open("*/*");
    assert.equal(answer.status, 404, path);
    const { code, message } = await answer.json();
    assert.equal(code, "NOT_FOUND");
    assert.match(
      message,
      /^Unknown path\. Try \/docs, \/openapi\.json, \/rest\/v1.*, such as \/functions\/v1\/health, .* or \/simulators\/tiktok\/control, \/simulators\/easypost\/control\.$/,
    );
  }
  const unknown = await gateway(
    new Request("http://127.0.0.1:54321/functions/v1/nope", { headers: { accept: "text/html" } }),
  );
  assert.match(unknown.headers.get("content-type") ?? "", /json/, "an API stays an API");
});

Deno.test("/simulators lists what each simulator can do, as a page for a browser", async () => {
  const open = (accept: string) =>
    gateway(new Request("http://127.0.0.1:54321/simulators", { headers: { accept } }));
  const page = await open("text/html,*/*");
  assert.equal(page.status, 200);
  assert.match(await page.text(), /^<!doctype html>[^]*href="\/simulators\/easypost\/control"/);
  const answer = await open("*/*");
  assert.deepEqual([answer.status, await answer.json()], [200, {
    control: {
      tiktok: "/simulators/tiktok/control",
      easypost: "/simulators/easypost/control",
    },
  }]);
});
