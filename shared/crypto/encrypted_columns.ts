/** The table of encrypted columns and of the associated data of each, for the rotation of keys. */

export interface EncryptedColumn {
  schema: "public" | "private";
  table: "tiktok_shops" | "subscriptions" | "stripe_customers";
  column: string;
  /** Column of the row whose value is part of the associated data; without it, the column alone is. */
  boundTo?: string;
  /** Column of the blind index, where the value is looked up by. */
  hash?: string;
}

export const ENCRYPTED_COLUMNS: readonly EncryptedColumn[] = [
  { schema: "public", table: "tiktok_shops", column: "access_token", boundTo: "shop_id" },
  { schema: "public", table: "tiktok_shops", column: "refresh_token", boundTo: "shop_id" },
  {
    schema: "public",
    table: "subscriptions",
    column: "stripe_customer_id",
    hash: "stripe_customer_id_hash",
  },
  {
    schema: "public",
    table: "subscriptions",
    column: "stripe_subscription_id",
    hash: "stripe_subscription_id_hash",
  },
  {
    schema: "private",
    table: "stripe_customers",
    column: "stripe_customer_id",
    hash: "stripe_customer_id_hash",
  },
];

/** The associated data of a text: `table.column`, or `table.column:value` where it is bound to its row. */
export function encryptionContext(
  entry: Pick<EncryptedColumn, "table" | "column" | "boundTo">,
  boundValue?: string,
): string {
  const name = `${entry.table}.${entry.column}`;
  return entry.boundTo === undefined ? name : `${name}:${boundValue}`;
}
