import assert from "node:assert/strict";
import * as z from "zod";
import { Caller as EasyPost } from "../../tests/support/easypost_caller.ts";
import { Caller as Stripe } from "../../tests/support/stripe_caller.ts";
import { Caller as TikTok } from "../../tests/support/tiktok_caller.ts";
import { BadControlRequest, parse } from "./control.ts";

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
