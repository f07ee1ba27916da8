/** Calls `/control` of the TikTok simulator. */
import type { Caller } from "./tiktok_caller.ts";

// deno-lint-ignore no-explicit-any -- answers are read freely
type ControlAnswer = [status: number, body: any];

export function controlOf(caller: Caller) {
  return async (method: string, path: string, body?: unknown): Promise<ControlAnswer> => {
    const response = await caller.fetch(`/control${path && `/${path}`}`, {
      method,
      ...(body !== undefined && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    return [response.status, await response.json()];
  };
}
