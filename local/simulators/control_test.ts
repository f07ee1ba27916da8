import assert from "node:assert/strict";
import * as z from "zod";
import { Caller as EasyPost } from "../../tests/support/easypost_caller.ts";
import { Caller as Stripe } from "../../tests/support/stripe_caller.ts";
import { Caller as TikTok } from "../../tests/support/tiktok_caller.ts";
import { BadControlRequest, parse } from "./control.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

function postJson(path: string, body: unknown): Request {
  return new Request(`http://x/control/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

Deno.test("a body of /control that is refused is described in plain words, not in Zod's", async () => {
  const Body = z.strictObject({ seller: z.string(), kind: z.enum(["delay", "hang"]) });
  const post = (body: string) => parse(Body, new Request("http://x/", { method: "POST", body }));
  const cases: [body: string, sentence: string][] = [
    ["[1]", "body: expected an object, not a list."],
    [
      '{"seler":"x","kind":"secret"}',
      "seller: expected a text, but it is missing. kind: expected one of delay, hang. " +
      'body: expected only the fields that exist (seller, kind), not "seler".',
    ],
  ];
  for (const [body, message] of cases) {
    await assert.rejects(post(body), (error: Error) => {
      assert.ok(error instanceof BadControlRequest);
      assert.equal(error.message, message);
      return true;
    });
  }
});

Deno.test("each refused field of /control is a sentence about what it must be", async () => {
  await using stripe = new Stripe();
  const [tiktok, easypost] = [new TikTok().simulator, new EasyPost().simulator];
  const digits = "expected a text of 1 to 32 digits.";
  const openId = "open_id: expected 1 to 128 letters, digits, - and _.";
  const cases: [{ fetch: Fetch }, path: string, body: unknown, sentence: string][] = [
    [tiktok, "orders/burst", { shop_id: "nope" }, `shop_id: ${digits}`],
    [tiktok, "orders", { shop_id: "nope" }, `shop_id: ${digits}`],
    [
      tiktok,
      "orders",
      { shop_id: "1", price: "x" },
      `price: expected an amount as a text, such as "12.50".`,
    ],
    [tiktok, "orders/combine", { order_ids: ["nope", "1"] }, `order_ids.0: ${digits}`],
    [tiktok, "shops", { shop_id: "nope" }, `shop_id: ${digits}`],
    [tiktok, "shops", { region: "x" }, "region: expected two capital letters, e.g. US or GB."],
    [tiktok, "shops", { open_id: "<" }, openId],
    [tiktok, "logins", { open_id: "<" }, openId],
    [
      easypost,
      "balance",
      { balance: "x" },
      'balance: expected an amount as a text, such as "10.00".',
    ],
    [easypost, "keys", { api_key: "" }, "api_key: expected at least 1 character."],
    [stripe.simulator, "keys", { secret_key: "" }, "secret_key: expected at least 1 character."],
    [
      stripe.simulator,
      "behaviour",
      { api_version: "x" },
      "api_version: expected a version, such as 2024-06-20.",
    ],
  ];
  for (const [simulator, path, body, sentence] of cases) {
    const response = await simulator.fetch(postJson(path, body));
    assert.deepEqual([response.status, await response.json()], [400, { error: sentence }]);
  }
});

Deno.test("only a simulator with access tokens takes the fault that they have expired", async () => {
  await using stripe = new Stripe();
  const [tiktok, easypost] = [new TikTok().simulator, new EasyPost().simulator];
  for (
    const { fetch, takes } of [
      { fetch: tiktok.fetch, takes: true },
      { fetch: easypost.fetch, takes: false },
      { fetch: stripe.simulator.fetch, takes: false },
    ]
  ) {
    const added = await fetch(postJson("faults", { kind: "expired" }));
    assert.equal(added.status, takes ? 201 : 400);
    const { faults } = await (await fetch(new Request("http://x/control/faults"))).json();
    assert.equal(faults.length, takes ? 1 : 0);
    const { control } = await (await fetch(new Request("http://x/control"))).json();
    assert.equal(control["POST /control/faults"].includes("expired"), takes);
    const { error } = await (await fetch(postJson("faults", { kind: "x" }))).json();
    assert.equal(error.includes("expired"), takes, error);
  }
});

Deno.test("an unknown command of /control is a plain 404 that lists the commands", async () => {
  await using stripe = new Stripe();
  const simulators = {
    tiktok: new TikTok().simulator,
    easypost: new EasyPost().simulator,
    stripe: stripe.simulator,
  };
  for (const [name, simulator] of Object.entries(simulators)) {
    const get = await simulator.fetch(new Request("http://x/control"));
    const { control } = await get.json();
    const expected = Object.keys(control).filter((command) => command.includes(" /control"));
    for (const [method, path] of [["GET", "/faulst"], ["POST", ""], ["DELETE", "/keys/a/b"]]) {
      const asked = new Request(`http://x/control${path}`, { method: method ?? "" });
      const response = await simulator.fetch(asked);
      assert.equal(response.status, 404, name);
      assert.deepEqual(await response.json(), {
        error: `There is no ${method} /control${path}.`,
        commands: expected,
      }, name);
    }
  }
});

/** The names of all fields, at every depth. */
function namesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  return Object.entries(value).flatMap(([name, below]) => [name, ...namesIn(below)]);
}

Deno.test("/control names fields in its answers as in its bodies, and takes back its own settings", async () => {
  await using stripe = new Stripe();
  const easypost = new EasyPost();
  await easypost.bought();
  const simulators = [new TikTok().simulator, easypost.simulator, stripe.simulator];
  for (const { fetch } of simulators) {
    const { control: _, ...held } = await (await fetch(new Request("http://x/control"))).json();
    assert.deepEqual(namesIn(held).filter((name) => !/^[a-z0-9_]+$/.test(name)), []);
  }
  const settings: [{ fetch: Fetch }, path: string][] = [
    [simulators[0] ?? assert.fail(), "fulfillment"],
    [easypost.simulator, "behaviour"],
    [stripe.simulator, "behaviour"],
  ];
  for (const [{ fetch }, path] of settings) {
    const answer = await (await fetch(postJson(path, {}))).json();
    const again = await fetch(postJson(path, answer));
    assert.deepEqual([again.status, await again.json()], [200, answer]);
  }
});

Deno.test("every command that /control lists has a route", async () => {
  await using stripe = new Stripe();
  for (const { fetch } of [new TikTok().simulator, new EasyPost().simulator, stripe.simulator]) {
    const { control } = await (await fetch(new Request("http://x/control"))).json();
    for (const command of Object.keys(control)) {
      const [method = "", path = ""] = command.replaceAll(/:\w+/g, "1").split(" ");
      const response = await fetch(new Request(`http://x${path}`, { method }));
      assert.doesNotMatch(await response.text(), /There is no [A-Z]+ \/control/, command);
    }
  }
});

Deno.test("a browser gets /control as a page, with every command and what the simulator holds", async () => {
  await using stripe = new Stripe();
  for (const { fetch } of [new TikTok().simulator, new EasyPost().simulator, stripe.simulator]) {
    const { what, control, ...held } = await (await fetch(new Request("http://x/control"))).json();
    const headers = { accept: "text/html,*/*;q=0.8", "sec-fetch-site": "none" };
    const response = await fetch(new Request("http://x/control", { headers }));
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    const page = await response.text();
    assert.ok(page.includes(`<h1>${what}</h1>`));
    const shown = [...page.matchAll(/<dt><code>(.*?)<\/code>/g)].map(([, command = ""]) => command);
    assert.deepEqual(shown, Object.keys(control).map((command) => command.replace("&", "&amp;")));
    assert.deepEqual(
      Object.keys(held).filter((name) => !page.includes(`&quot;${name}&quot;:`)),
      [],
    );
  }
});
