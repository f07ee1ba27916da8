/** TikTok's Order API (202309), as far as we call it. */
import type { ShopAccess, TikTokClient } from "./client.ts";
import { readElements, type UnreadableElement } from "./elements.ts";
import { FoundOrder, type Order, OrderDetail, OrderList, OrderSearch } from "./schemas.ts";
import type { SearchPage, SearchWindow } from "./search.ts";

export interface OrdersAnswer {
  /** By id. */
  orders: Map<string, Order>;
  unreadable: UnreadableElement[];
}

const PATH = "/order/202309/orders";

/**
 * Get Order Detail. Orders that TikTok does not know or does not show to this seller are missing from the
 * result; an order that cannot be read does not spoil the others.
 * @param orderIds 1 to 50.
 * @throws {TikTokError}
 */
export async function getOrders(
  tiktok: TikTokClient,
  access: Required<ShopAccess>,
  orderIds: string[],
): Promise<OrdersAnswer> {
  const { orders } = await tiktok.call(OrderList, access, {
    method: "GET",
    path: PATH,
    query: { ids: orderIds.join(",") },
    repeatable: true,
  });
  const { read, unreadable } = readElements(OrderDetail, orders, PATH);
  return { orders: new Map(read.map((order) => [order.id, order])), unreadable };
}

/**
 * Get Order List; each order is read again when it is ingested. An order whose id or update time cannot be
 * read is in `unreadable`.
 * @param window `pageSize`: 1 to 100.
 * @throws {TikTokError}
 */
export async function searchOrders(
  tiktok: TikTokClient,
  access: Required<ShopAccess>,
  { from, to, pageSize, pageToken }: SearchWindow & { pageSize: number },
): Promise<SearchPage<FoundOrder>> {
  const path = `${PATH}/search`;
  const { orders, next_page_token, total_count } = await tiktok.call(OrderSearch, access, {
    method: "POST",
    path,
    query: {
      page_size: String(pageSize),
      sort_field: "update_time",
      sort_order: "ASC",
      // An empty parameter is not sent: TikTok's own tools leave it out of the signature.
      ...(pageToken && { page_token: pageToken }),
    },
    body: { update_time_ge: from, update_time_lt: to },
    repeatable: true,
  });
  const { read, unreadable } = readElements(FoundOrder, orders, path);
  return {
    found: read,
    unreadable,
    nextPageToken: next_page_token ?? undefined,
    total: total_count ?? null,
  };
}
