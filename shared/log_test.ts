import assert from "node:assert/strict";
import * as z from "zod/mini";
import { errorText } from "./log.ts";
import { LoggableError } from "./loggable_error.ts";

const PERSONAL = "Rosa Delgado, 5035550142";

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
}

Deno.test("the message of our own error is logged, with the name of its class", () => {
  class OurError extends LoggableError {
    override name = "OurError";
  }
  assert.equal(errorText(new OurError("sold_out")), "OurError: sold_out");
});

Deno.test("attack: an error that quotes a person is logged as its kind and place", () => {
  const errors = [
    errorOf(() => JSON.parse(PERSONAL)),
    new TypeError(`error sending request for url (https://example.com/?q=${PERSONAL})`),
    new Error(`x\n    at ${PERSONAL} 1:2\n    at ${PERSONAL} (file:///a.ts:1:2)`),
    Object.assign(new Error("x"), { name: PERSONAL }),
    z.object({ phone: z.int() }).safeParse({ phone: PERSONAL }).error,
    PERSONAL,
    { message: PERSONAL },
  ];
  for (const error of errors) assert.doesNotMatch(errorText(error), /Rosa|5035550142/);
  assert.match(errorText(errors[1]), /^TypeError at [\w.-]+\.[jt]s:\d+:\d+$/);
  assert.match(errorText(errors[4]), /^ZodError: phone invalid_type$/);
  assert.equal(errorText(PERSONAL), "unknown error");
});
