import assert from "node:assert/strict";
import * as z from "zod/mini";
import {
  Amount,
  OptionalText,
  OptionalUnixSeconds,
  optionalValue,
  UnixSeconds,
} from "./schemas.ts";

Deno.test("a missing key, null and empty text are absent for optionalValue(), whatever the value's type", () => {
  const Body = z.looseObject({
    id: optionalValue(z.string().check(z.minLength(1))),
    amount: optionalValue(Amount),
    flag: optionalValue(z.boolean()),
    list: optionalValue(z.array(z.string())),
    object: optionalValue(z.looseObject({ name: z.string() })),
  });
  const keys = ["id", "amount", "flag", "list", "object"] as const;
  for (
    const empty of [
      {},
      ...[null, ""].map((no) => Object.fromEntries(keys.map((k) => [k, no]))),
    ]
  ) {
    const body = Body.parse(empty);
    for (const key of keys) assert.equal(body[key] ?? null, null, key);
  }
  assert.equal(Body.safeParse({ amount: " " }).success, false, "blank text is not empty");
  assert.equal(Body.parse({ id: "7" }).id, "7");
});

Deno.test("a time may be written as digits; 0 means never where it is optional", () => {
  assert.deepEqual([UnixSeconds.parse(7), UnixSeconds.parse("1790000000")], [7, 1_790_000_000]);
  for (const odd of [-1, 1.5, "soon", "1.5", ""]) {
    assert.equal(UnixSeconds.safeParse(odd).success, false, String(odd));
  }
  for (const never of [undefined, null, "", 0, "0"]) {
    assert.equal(OptionalUnixSeconds.parse(never) ?? null, null, String(never));
  }
  assert.equal(OptionalUnixSeconds.parse("5"), 5);
});

Deno.test("OptionalText takes empty text and other types as absent, and leaves out what Postgres cannot store", () => {
  for (const absent of [undefined, null, "", "\0", 5, {}]) {
    assert.equal(OptionalText.parse(absent) ?? null, null);
  }
  assert.equal(OptionalText.parse("a\0b"), "ab");
});
