/** What a provider of labels throws, as tests look at it. */
import assert from "node:assert/strict";
import { LabelError } from "../../shared/shipping/errors.ts";

/** @throws {AssertionError} if the call does anything but throw a `LabelError`. */
export async function labelErrorOf(call: Promise<unknown>): Promise<LabelError> {
  const error = await call.then((value) => value, (error) => error);
  assert.ok(error instanceof LabelError, `not a LabelError: ${error}`);
  return error;
}

/** Its code, and whether something may have been bought. */
export async function refusalOf(call: Promise<unknown>): Promise<[string, string]> {
  const { code, bought } = await labelErrorOf(call);
  return [code, bought];
}
