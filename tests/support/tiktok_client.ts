/** A TikTok client of a test's server; its clock moves only by its waits between attempts. */
import assert from "node:assert/strict";
import * as z from "zod/mini";
import { TikTokClient } from "../../shared/tiktok/api/client.ts";
import { TikTokError } from "../../shared/tiktok/api/errors.ts";
import { getOrders } from "../../shared/tiktok/api/orders.ts";
import { type Answer, type Seen, withServer } from "./local_server.ts";

export const CONFIG = {
  appKey: "key",
  appSecret: "top-secret",
  authUrl: "http://127.0.0.1:1",
};
export const SHOP = { accessToken: "TTP_token", shopCipher: "cipher" };

export interface ClientSettings extends Partial<typeof CONFIG> {
  /** Milliseconds since 1970. */
  now?: number;
  timeoutMs?: number;
}

/** Passes a client on, the requests that its server receives, and the client's waits in milliseconds. */
export async function withClient(
  answer: Answer,
  use: (client: TikTokClient, requests: Seen[], waits: number[]) => Promise<void>,
  { now = 1_790_000_000_000, timeoutMs = 10_000, ...config }: ClientSettings = {},
): Promise<void> {
  const waits: number[] = [];
  let clock = now;
  await withServer(answer, async (url, requests) => {
    const client = new TikTokClient({ ...CONFIG, ...config, apiUrl: `${url}/base` }, {
      timeoutMs,
      now: () => clock,
      wait: (ms) => {
        waits.push(ms);
        clock += ms;
        return Promise.resolve();
      },
    });
    await use(client, requests, waits);
  });
}

/** A success with these data. */
export const success = (data: unknown = {}): Answer => () => Response.json({ code: 0, data });

/** Answers in their order; the last one is repeated. */
export function inTurn(...answers: [Answer, ...Answer[]]): Answer {
  let next = 0;
  return (request) => (answers[next++] ?? answers.at(-1) as Answer)(request);
}

/** The error of a call, which names no secret. */
export async function errorOf(call: Promise<unknown>): Promise<TikTokError> {
  const error = await call.then(() => undefined, (error) => error);
  assert.ok(error instanceof TikTokError, String(error));
  assert.doesNotMatch(error.message, /top-secret|TTP_token|sign=|http:/);
  return error;
}

/** A call that may be repeated. */
export const read = (client: TikTokClient) => getOrders(client, SHOP, ["1"]);

/** Buys a label: a repetition would be paid twice. */
export const write = (client: TikTokClient) =>
  client.call(z.unknown(), SHOP, {
    method: "POST",
    path: "/fulfillment/202309/packages",
    body: { order_id: "1", note: "café ✓ 東京" },
    repeatable: false,
  });
