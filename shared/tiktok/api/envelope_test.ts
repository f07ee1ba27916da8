import assert from "node:assert/strict";
import * as z from "zod/mini";
import { openEnvelope } from "./envelope.ts";
import { TikTokError } from "./errors.ts";
import { errorText } from "../../log.ts";
import { redact } from "../../values/redact.ts";

/** Reads TikTok's response at the second 1,790,000,000. */
const open = (text: string, init: ResponseInit = {}, schema: z.ZodMiniType = z.unknown()) =>
  openEnvelope(schema, {
    what: "/a/path",
    response: new Response(text, init),
    text,
    now: 1_790_000_000_000,
  });

function errorOf(...answer: Parameters<typeof open>): TikTokError {
  try {
    open(...answer);
  } catch (error) {
    assert.ok(error instanceof TikTokError);
    return error;
  }
  assert.fail("it was a success");
}

const TOKENS = [
  `TTP_${"aB3-_".repeat(26)}`,
  `ROW_${"x/y+z=".repeat(20)}`,
  "0123456789abcdef0123456789abcdef01234567",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
];

Deno.test("a text that may be a token is removed from TikTok's message", () => {
  for (const token of TOKENS) {
    const message = `Invalid credentials. The token '${token}' is invalid.`;
    assert.equal(redact(message), "Invalid credentials. The token '[...]' is invalid.");
    for (const request_id of ["r1", token]) {
      const error = errorOf(JSON.stringify({ code: 105002, message, request_id }));
      assert.equal(error.message, "TikTok 105002 (/a/path)");
      assert.equal(error.words, "Invalid credentials. The token '[...]' is invalid.");
      assert.ok(!Deno.inspect(error).includes(token));
    }
  }
});

Deno.test("attack: TikTok's words about a person are for the seller only, its code and request id for logs", () => {
  const message = "The recipient Rosa Delgado, 5035550142, has no valid address";
  for (const request_id of ["20261123000000ABCDEF", "Rosa 5035550142"]) {
    const error = errorOf(JSON.stringify({ code: 21011037, message, request_id }));
    for (const text of [error.message, error.summary, errorText(error), Deno.inspect(error)]) {
      assert.doesNotMatch(text, /Rosa|5035550142/);
      assert.match(text, /TikTok 21011037/);
    }
    assert.equal(error.words, message);
    const id = request_id.startsWith("2026") ? request_id : "";
    assert.equal(error.requestId, id);
    assert.equal(error.summary, `TikTok 21011037${id && `, request ${id}`}`);
  }
});

Deno.test("other words of TikTok's messages stay", () => {
  for (
    const message of [
      "Invalid credentials. The 'x-tts-access-token' header is invalid.",
      "Too many requests. You've made too many requests in a short period of time.",
      "can not find related auth record",
    ]
  ) {
    assert.equal(redact(message), message);
  }
});

Deno.test("a long message is cut, and a token at the cut is not shown in part", () => {
  assert.equal(redact("a b ".repeat(1000)).length, 300);
  const { words } = errorOf(JSON.stringify({ code: 1, message: "a b ".repeat(1000) }));
  assert.equal(words.length, 300);
  assert.doesNotMatch(redact(`${"a b ".repeat(72)}${TOKENS[0]}`), /TTP/);
});

Deno.test("a response without an integer code is not an envelope: the error has code 0 and the HTTP status", () => {
  const secret = "a-secret";
  const texts = [
    "",
    "<html>a-secret",
    '{"code":0',
    "null",
    "[]",
    '"a-secret"',
    '{"message":"a-secret"}',
  ];
  for (const text of [...texts, '{"code":"105002","message":"a-secret"}', '{"code":1.5}']) {
    const error = errorOf(text, { status: 502 });
    assert.deepEqual([error.code, error.status], [0, 502]);
    assert.equal(error.message, "TikTok answered HTTP 502 (/a/path)");
    assert.ok(!Deno.inspect(error).includes(secret));
  }
});

Deno.test("an envelope counts at any HTTP status, and without a readable message", () => {
  const error = errorOf('{"code":36009003,"message":null,"request_id":7}', { status: 200 });
  assert.deepEqual([error.code, error.status], [36009003, 200]);
  assert.equal(error.message, "TikTok 36009003 (/a/path)");
  assert.deepEqual(open('{"code":0,"data":{"a":1},"later":{}}', { status: 500 }), { a: 1 });
});

Deno.test("a success that does not match the schema names the field and quotes no value", () => {
  const schema = z.looseObject({
    access_token: z.string(),
    expires: z.int(),
    kind: z.literal("k"),
  });
  const data = { access_token: ["TTP_secret"], expires: "TTP_secret", kind: "TTP_secret" };
  const error = errorOf(JSON.stringify({ code: 0, data }), {}, schema);
  assert.match(error.message, /not readable[^]*access_token[^]*expires[^]*kind/);
  assert.doesNotMatch(Deno.inspect(error, { depth: 10, showHidden: true }), /TTP_secret/);
  // The outcome at TikTok is unknown: neither code nor status may claim one.
  assert.deepEqual([error.code, error.status], [0, 0]);
});

Deno.test("Retry-After is read from seconds and dates alike, with an envelope and without", () => {
  const cases: [string, number | undefined][] = [
    ["2", 2],
    ["0", undefined],
    ["-3", undefined],
    ["1e9", undefined],
    ["99999999999999999999", 3600],
    [new Date(1_790_000_001_000).toUTCString(), 1],
    [new Date(1_790_000_000_000).toUTCString(), undefined],
    [new Date(1_799_000_000_000).toUTCString(), 3600],
  ];
  for (const [header, seconds] of cases) {
    for (const text of ['{"code":36009002}', "<html>"]) {
      const error = errorOf(text, { status: 429, headers: { "retry-after": header } });
      assert.equal(error.retryAfterSeconds, seconds, header);
    }
  }
  assert.equal(errorOf("<html>", { status: 429 }).retryAfterSeconds, undefined);
});
