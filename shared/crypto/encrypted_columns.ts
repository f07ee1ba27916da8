/** Which columns are encrypted, and what each text is bound to: for those who encrypt all of them anew. */

export interface EncryptedColumn {
  table: "tiktok_shops" | "subscriptions";
  column: string;
  /** Column of the row whose value is part of the associated data; without it, the column alone is. */
  boundTo?: string;
  /** Column of the blind index, where the value is looked up by. */
  hash?: string;
}

export const ENCRYPTED_COLUMNS: readonly EncryptedColumn[] = [
  { table: "tiktok_shops", column: "access_token", boundTo: "shop_id" },
  { table: "tiktok_shops", column: "refresh_token", boundTo: "shop_id" },
  { table: "subscriptions", column: "stripe_customer_id", hash: "stripe_customer_id_hash" },
  { table: "subscriptions", column: "stripe_subscription_id", hash: "stripe_subscription_id_hash" },
];

/** The associated data of a text: `table.column`, or `table.column:value` where it is bound to its row. */
export function encryptionContext(entry: EncryptedColumn, boundValue?: string): string {
  const name = `${entry.table}.${entry.column}`;
  return entry.boundTo === undefined ? name : `${name}:${boundValue}`;
}
