/** TikTok's Event API (202309): the webhooks of a shop. */
import { Nothing } from "../../values/schemas.ts";
import type { ShopAccess, TikTokClient } from "./client.ts";
import { type ShopWebhook, WebhookList } from "./schemas.ts";

type Access = Required<ShopAccess>;

const PATH = "/event/202309/webhooks";

/** Get Shop Webhooks: the topics that TikTok sends for the shop, and where to. @throws {TikTokError} */
export async function getWebhooks(tiktok: TikTokClient, access: Access): Promise<ShopWebhook[]> {
  const { webhooks } = await tiktok.call(WebhookList, access, {
    method: "GET",
    path: PATH,
    repeatable: true,
  });
  return webhooks;
}

/** Update Shop Webhook: TikTok sends this topic of the shop to `address`. @throws {TikTokError} */
export async function putWebhook(
  tiktok: TikTokClient,
  access: Access,
  topic: string,
  address: string,
): Promise<void> {
  await tiktok.call(Nothing, access, {
    method: "PUT",
    path: PATH,
    body: { address, event_type: topic },
    repeatable: true,
  });
}

/** Delete Shop Webhook; succeeds without a webhook too. @throws {TikTokError} */
export async function deleteWebhook(
  tiktok: TikTokClient,
  access: Access,
  topic: string,
): Promise<void> {
  await tiktok.call(Nothing, access, {
    method: "DELETE",
    path: PATH,
    body: { event_type: topic },
    repeatable: true,
  });
}
