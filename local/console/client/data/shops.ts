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

/** By claim: TikTok's code works once, and a page may be drawn several times while it is exchanged. */
const shown = new Map<string, Promise<ClaimedShop[]>>();

async function readClaim(claim: string): Promise<ClaimedShop[]> {
  try {
    const answer = await callFunction<{ shops: ClaimedShop[] }>("tiktok-oauth/complete", {
      body: { claim },
    });
    return answer.shops;
  } catch (error) {
    shown.delete(claim);
    throw error;
  }
}

/** Shops that would be connected; nothing is, yet. @throws {CallError} */
export function showClaim(claim: string): Promise<ClaimedShop[]> {
  const reading = shown.get(claim) ?? readClaim(claim);
  shown.set(claim, reading);
  return reading;
}

/** @throws {CallError} */
export async function confirmClaim(claim: string): Promise<void> {
  await callFunction("tiktok-oauth/complete", { body: { claim, confirm: true } });
}
