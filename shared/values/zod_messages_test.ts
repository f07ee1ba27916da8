import assert from "node:assert/strict";
import * as z from "zod/mini";
import { describeIssues } from "./zod_messages.ts";

const says = (schema: z.core.$ZodType, value: unknown) =>
  describeIssues(z.safeParse(schema, value).error?.issues ?? [], "body");

const Shop = z.strictObject({
  name: z.string().check(z.minLength(2), z.maxLength(5)),
  size: z.optional(z.int().check(z.positive(), z.maximum(9))),
});

Deno.test("a wrong field is named with what it must be, and no value is quoted", () => {
  const cases: [value: unknown, sentence: string][] = [
    [null, "body: expected an object, not null."],
    [["secret"], "body: expected an object, not a list."],
    [{}, "name: expected a text, but it is missing."],
    [{ name: 1 }, "name: expected a text, not a number."],
    [{ name: "s" }, "name: expected at least 2 characters."],
    [{ name: "secret" }, "name: expected at most 5 characters."],
    [{ name: "ada", size: "secret" }, "size: expected a number, not a text."],
    [{ name: "ada", size: 1.5 }, "size: expected a whole number."],
    [{ name: "ada", size: 0 }, "size: expected more than 0."],
    [{ name: "ada", size: 10 }, "size: expected at most 9."],
  ];
  for (const [value, sentence] of cases) assert.equal(says(Shop, value), sentence);
});

Deno.test("a size of one is in the singular", () => {
  assert.equal(says(z.string().check(z.minLength(1)), ""), "body: expected at least 1 character.");
  const list = z.array(z.int()).check(z.maxLength(1));
  assert.equal(says(list, [1, 2]), "body: expected at most 1 item.");
});

Deno.test("an unknown field is named, with the fields that exist", () => {
  const nested = z.strictObject({ shop: Shop });
  assert.equal(
    says(nested, { shop: { name: "ada", nmae: "secret", sice: 1 } }),
    'shop: expected only the fields that exist (name, size), not "nmae", "sice".',
  );
  assert.equal(
    says(z.strictObject({}), { a: 1 }),
    'body: expected only the fields that exist (none), not "a".',
  );
});

Deno.test("choices, forms and unions are named in words", () => {
  const cases: [schema: z.core.$ZodType, sentence: string][] = [
    [z.enum(["PDF", "PNG"]), "body: expected one of PDF, PNG."],
    [z.literal("off"), "body: expected off."],
    [z.uuid(), "body: expected a UUID."],
    [z.iso.date(), "body: expected a day, such as 2026-01-31."],
    [z.string().check(z.regex(/^\d$/, "one digit")), "body: expected one digit."],
    [z.string().check(z.regex(/^\d$/)), "body: expected a text that matches /^\\d$/."],
    [
      z.union([z.int(), z.boolean()]),
      "body: expected a number, not a text; or true or false, not a text.",
    ],
    [z.string().check(z.refine(() => false)), "body: expected another value."],
    [z.array(z.int()), "body: expected a list, not a text."],
  ];
  for (const [schema, sentence] of cases) assert.equal(says(schema, "secret"), sentence);
});
