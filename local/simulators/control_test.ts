import assert from "node:assert/strict";
import * as z from "zod";
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
