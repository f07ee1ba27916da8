/** The state of a shop's connection, with a sentence for its seller. */
import * as z from "zod/mini";
import type { DatabaseClient } from "../../database/client.ts";
import { unwrap } from "../../database/errors.ts";

export const ConnectionStatus = z.enum([
  "active",
  "paused",
  "needs_reauth",
  "disconnected",
  "transferred",
]);

export interface ConnectionState {
  /** `tiktok_shops.id` */
  id: string;
  /** TikTok's shop id. */
  shop_id: string;
  shop_name: string | null;
  region: string | null;
  status: z.infer<typeof ConnectionStatus>;
  /** Code: why it is not active; `null` if it is. */
  reason: string | null;
  /** For the seller. */
  message: string;
  /** ISO 8601: when the seller's authorization expires, perhaps in a century; `null` without one. */
  expires_at: string | null;
  connected_at: string;
}

interface ConnectionRow {
  connection_status: string;
  status_reason: string | null;
  granted_scopes: string[];
  token_expires_at: string;
  refresh_token_expires_at: string;
}

const CONNECT_AGAIN = "Connect it again to receive orders.";

const PAUSED = "Its orders wait at TikTok. We check every day, and they follow when TikTok " +
  "activates it again; the notices in Seller Center say why.";

const REASONS: Record<string, string> = {
  shop_inactive: `TikTok has deactivated this shop. ${PAUSED}`,
  seller_inactive: `TikTok has deactivated the seller account of this shop. ${PAUSED}`,
  token_refused: `TikTok no longer accepts our access to this shop. ${CONNECT_AGAIN}`,
  authorization_expired: `Your authorization at TikTok has expired. ${CONNECT_AGAIN}`,
  not_authorized: "The TikTok login that you connected last does not include this shop. " +
    "Connect it again with the login that owns it.",
  by_seller:
    "You disconnected this shop. Its orders are still here; connect it again for new ones.",
  deauthorized: `CreatorFlow was removed from this shop at TikTok. ${CONNECT_AGAIN}`,
  connected_elsewhere: "Another CreatorFlow account has connected this shop. " +
    "The orders that you received are still here.",
};

const DAY_MS = 24 * 3600 * 1000;
/** TikTok announces an expiring authorization so long before. */
const SOON_MS = 30 * DAY_MS;
/** TikTok writes unlimited authorizations as dates in the next century. */
const FOR_GOOD_MS = 20 * 365 * DAY_MS;

const READ_ORDERS = "seller.order.info";

/** `now` in milliseconds since 1970. */
export function describeConnection(row: ConnectionRow, now: number): string {
  if (row.connection_status !== "active") return REASONS[row.status_reason ?? ""] ?? CONNECT_AGAIN;
  const expiresAt = Date.parse(row.refresh_token_expires_at);
  if (expiresAt <= now) return REASONS.authorization_expired as string;
  if (Date.parse(row.token_expires_at) <= now) {
    return "Connected, but TikTok has not renewed our access yet. We keep trying; " +
      "orders from the meantime will follow.";
  }
  if (row.granted_scopes.length > 0 && !row.granted_scopes.includes(READ_ORDERS)) {
    return "Connected, but TikTok does not let us read orders. " +
      "Connect again and agree to order information.";
  }
  if (expiresAt - now > FOR_GOOD_MS) return "Connected. Orders arrive automatically.";
  const day = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" }).format(
    expiresAt,
  );
  return expiresAt - now > SOON_MS
    ? `Connected until ${day}. Orders arrive automatically.`
    : `Connected, but your authorization at TikTok expires on ${day}. Connect again before then.`;
}

/** All connections of the user, ended ones included, that `client` may see. `now` in milliseconds. */
export async function listConnections(
  client: DatabaseClient,
  userId: string,
  now: number,
): Promise<ConnectionState[]> {
  const rows = unwrap(
    "tiktok_shops",
    await client.from("tiktok_shops").select(
      "id, shop_id, shop_name, region, connection_status, status_reason, granted_scopes, token_expires_at, refresh_token_expires_at, connected_at",
    ).eq("user_id", userId).order("connected_at"),
  );
  return rows.map((row) => ({
    id: row.id,
    shop_id: row.shop_id,
    shop_name: row.shop_name,
    region: row.region,
    status: ConnectionStatus.parse(row.connection_status),
    reason: row.status_reason,
    message: describeConnection(row, now),
    expires_at: ["active", "paused"].includes(row.connection_status)
      ? row.refresh_token_expires_at
      : null,
    connected_at: row.connected_at,
  }));
}
