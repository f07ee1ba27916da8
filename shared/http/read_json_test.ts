import assert from "node:assert/strict";
import * as z from "zod/mini";
import { readJson } from "./read_json.ts";
import { type FieldError, Problem } from "./problem.ts";

const post = (body: BodyInit | null) => new Request("http://x/", { method: "POST", body });

async function problemOf(
  body: BodyInit | null,
  schema: z.ZodMiniType = z.unknown(),
): Promise<Problem> {
  const error = await readJson(post(body), schema).then(() => undefined, (error) => error);
  assert.ok(error instanceof Problem);
  return error;
}

Deno.test("readJson() returns the output of the schema", async () => {
  const schema = z.object({ name: z.string().check(z.trim()), more: z._default(z.int(), 7) });
  assert.deepEqual(await readJson(post('{"name":" café ✓ ","x":1}'), schema), {
    name: "café ✓",
    more: 7,
  });
  assert.deepEqual(await readJson(post('\ufeff{"name":"a"}\r\n'), schema), { name: "a", more: 7 });
});

Deno.test("an empty body counts as {}, and is refused where a field is required", async () => {
  for (const body of [null, "", " \r\n\t", "\ufeff"]) {
    assert.deepEqual(await readJson(post(body), z.strictObject({ a: z.optional(z.string()) })), {});
    const problem = await problemOf(body, z.strictObject({ claim: z.string() }));
    assert.deepEqual([problem.status, problem.code], [400, "invalid_body"]);
    assert.match(problem.message, /^claim: /);
  }
});

Deno.test("a body that is not JSON in UTF-8 is 400, and is not quoted", async () => {
  const latin1 = new Uint8Array([0x22, 0x73, 0x65, 0x63, 0x72, 0x65, 0x74, 0xe9, 0x22]);
  for (
    const body of ['{"a":secret}', '{"a":"secret"', "{'a':'secret'}", "secret=1", "{}{}", latin1]
  ) {
    const problem = await problemOf(body);
    assert.deepEqual([problem.status, problem.code], [400, "invalid_json"]);
    assert.equal(problem.message, "The body is not JSON, or has more than 100 levels.");
    assert.equal(problem.cause, undefined);
  }
});

Deno.test("a wrong field gets one message, the first; the body as a whole gets all", async () => {
  const schema = z.strictObject({
    length: z.string().check(
      z.regex(/^[0-9]+$/, "a number above 0"),
      z.refine((text) => Number(text) <= 120, "at most 120 in"),
    ),
    name: z.string().check(z.minLength(1, "1 to 100 characters")),
  }).check(z.refine(() => false, "either rate_id or service"));
  const problem = await problemOf('{"length":"1e5","name":[],"odd":1}', schema);
  const errors = problem.members.errors as FieldError[];
  assert.deepEqual(errors.filter(({ pointer }) => pointer !== "#"), [
    { pointer: "#/length", detail: "a number above 0" },
    { pointer: "#/name", detail: "a text, not a list" },
  ]);
  assert.ok(errors.some(({ pointer }) => pointer === "#"));
  assert.doesNotMatch(problem.message, /at most|characters/);
});

Deno.test("a body of other fields is 400; every wrong field is named, and no value quoted", async () => {
  const schema = z.strictObject({
    claim: z.string().check(z.maxLength(8)),
    region: z.string().check(z.regex(/^[A-Z]{2}$/, "two capital letters, e.g. US or GB")),
    nested: z.object({ list: z.array(z.int()) }),
  });
  const body = {
    claim: "secret-secret",
    region: "secret",
    nested: { list: [1, "secret"] },
    odd: "secret",
  };
  const problem = await problemOf(JSON.stringify(body), schema);
  assert.deepEqual([problem.status, problem.code], [400, "invalid_body"]);
  for (
    const part of [
      /claim: /,
      /region: expected two capital letters, e\.g\. US/,
      /nested\.list\.1: /,
      /body: expected only the fields that exist \(claim, region, nested\), not "odd"/,
    ]
  ) {
    assert.match(problem.message, part);
  }
  assert.doesNotMatch(problem.message, /secret|\n/);
  const errors = problem.members.errors as FieldError[];
  assert.deepEqual(errors.map(({ pointer }) => pointer), [
    ...["#/claim", "#/region", "#/nested/list/1", "#"],
  ]);
  assert.equal(errors[1]?.detail, "two capital letters, e.g. US or GB");
  assert.doesNotMatch(JSON.stringify(errors), /secret/);
  for (const text of ["null", "[]", '"secret"', "1"]) {
    const { code, message } = await problemOf(text, schema);
    assert.equal(code, "invalid_body");
    assert.doesNotMatch(message, /secret/);
  }
});

Deno.test("64 KiB of JSON are accepted, one byte more is 413", async () => {
  const text = (length: number) => `"${"x".repeat(length - 2)}"`;
  assert.equal((await readJson(post(text(64 * 1024)), z.string())).length, 64 * 1024 - 2);
  const problem = await problemOf(text(64 * 1024 + 1));
  assert.deepEqual([problem.status, problem.code], [413, "body_too_large"]);
});

Deno.test("nested JSON is 400, at any depth that a body can have", async () => {
  for (const depth of [101, 1000, 5000, 30_000]) {
    for (const [open, close] of [["[", "]"], ['{"":', "}"]] as const) {
      const whole = `${open.repeat(depth)}1${close.repeat(depth)}`;
      for (const text of [open.repeat(depth), whole, `{"a":${whole}}`]) {
        if (text.length > 64 * 1024) continue;
        const problem = await problemOf(text);
        assert.deepEqual([problem.status, problem.code], [400, "invalid_json"]);
      }
    }
  }
});
