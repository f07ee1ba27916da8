/** Helpers for the tests of the TikTok simulator. */
import assert from "node:assert/strict";
import type { Answer } from "./tiktok_caller.ts";
import type { TikTokSimulator } from "../../local/simulators/tiktok/simulator.ts";

export const PACKAGES = "/fulfillment/202309/packages";
export const ORDERS = "/fulfillment/202309/orders";

export const USPS = "7117858858072016686";
export const UPS = "7117859084333745966";

/** A sample answer of TikTok. @param name File name without `.json`. */
export async function fixture(name: string): Promise<Answer> {
  const url = new URL(`../fixtures/tiktok/${name}.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

/** Asserts the same fields with the same types of values, at every depth. */
export function assertSameShape(actual: unknown, expected: unknown, path = "data"): void {
  assert.equal(typeof actual, typeof expected, path);
  if (typeof expected !== "object" || expected === null) return;
  if (Array.isArray(expected)) {
    for (const entry of actual as unknown[]) assertSameShape(entry, expected[0], `${path}[]`);
    return;
  }
  const [is, should] = [actual, expected] as Record<string, unknown>[];
  assert.deepEqual(Object.keys(is ?? {}).sort(), Object.keys(should ?? {}).sort(), path);
  for (const key of Object.keys(should ?? {})) {
    assertSameShape(is?.[key], should?.[key], `${path}.${key}`);
  }
}

/** All state that shipping changes. */
export function shippingState({ state }: TikTokSimulator): string {
  const kinds = ["orders", "packages", "labels", "shipments"] as const;
  return JSON.stringify(kinds.map((kind) => state.entries(kind)));
}

/** Asserts that the call is refused with this code, and that nothing is bought, shipped or changed. */
export async function assertRefused(
  simulator: TikTokSimulator,
  call: () => Promise<Answer>,
  code: number,
  message?: RegExp,
): Promise<void> {
  const before = shippingState(simulator);
  const answer = await call();
  assert.equal(answer.code, code, `${answer.code} ${answer.message}`);
  assert.equal(answer.data, null);
  if (message !== undefined) assert.match(answer.message, message);
  assert.equal(shippingState(simulator), before);
}
