/** Connections to TikTok shops. */
import { callFunction } from "../call_function.ts";

export interface Shop {
  id: string;
  shop_id: string;
  shop_name: string | null;
  region: string | null;
  status: "active" | "paused" | "needs_reauth" | "disconnected" | "transferred";
  reason: string | null;
  /** What the state means, for the seller. */
  message: string;
  connected_at: string;
}

/** Shops with what is right or wrong with each. @throws {CallError} */
export async function listShops(): Promise<Shop[]> {
  const { shops } = await callFunction<{ shops: Shop[] }>("tiktok-oauth/shops", { method: "GET" });
  return shops;
}

/** Address of TikTok's page on which the seller agrees. @throws {CallError} */
export async function beginConnection(region?: string): Promise<string> {
  const body = region ? { region } : {};
  return (await callFunction<{ url: string }>("tiktok-oauth/authorize", { body })).url;
}

/** @throws {CallError} */
export async function disconnectShop(id: string): Promise<void> {
  await callFunction(`tiktok-oauth/shops/${id}`, { method: "DELETE" });
}

export interface ClaimedShop {
  shop_id: string;
  shop_name: string | null;
  region: string | null;
}

/** Shops that would be connected; nothing is, yet. @throws {CallError} */
export async function showClaim(claim: string): Promise<ClaimedShop[]> {
  const answer = await callFunction<{ shops: ClaimedShop[] }>("tiktok-oauth/complete", {
    body: { claim },
  });
  return answer.shops;
}

/** @throws {CallError} */
export async function confirmClaim(claim: string): Promise<void> {
  await callFunction("tiktok-oauth/complete", { body: { claim, confirm: true } });
}
