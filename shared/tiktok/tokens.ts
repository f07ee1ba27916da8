/** What a stored TikTok token is bound to. */

/** The associated data of a token's encryption: its column, and the shop that it is for. */
export function tokenContext(column: "access_token" | "refresh_token", shopId: string): string {
  return `tiktok_shops.${column}:${shopId}`;
}
