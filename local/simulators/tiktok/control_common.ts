/** Bodies and answers that several files of the simulator's `/control` share. */
import * as z from "zod";
import type { Notification } from "./notifications.ts";
import type { TikTokOperations } from "./operations.ts";

export const Digits = z.string().regex(/^[0-9]{1,32}$/, "a text of 1 to 32 digits");

export const Price = z.string().regex(
  /^\d+(\.\d{1,2})?$/,
  'an amount as a text, such as "12.50"',
);

/** How often a webhook is sent. */
export const Deliveries = z.int().min(0).max(100).default(1);

export const unknownShop = (shopId: string) => ({
  error: `Unknown shop ${shopId}. GET /control lists the shops.`,
});

/** Sends one notification `times` times at once. Returns the HTTP statuses. */
export function deliver(
  tiktok: TikTokOperations,
  notification: Notification,
  times: number,
): Promise<number[]> {
  return Promise.all(Array.from({ length: times }, () => tiktok.send(notification)));
}
