/** Where the pages of an order search begin, so that none of its orders is skipped. */
import { TikTokError } from "../api/errors.ts";
import type { OrderPage } from "../api/orders.ts";
import type { FoundOrder } from "../api/schemas.ts";

/** Where a page of a search in ascending order of update time begins. */
export interface Place {
  /** Unix seconds. */
  from: number;
  /** For further pages of the same second. */
  pageToken: string | undefined;
  /** The orders since `from` that earlier pages had. */
  read: readonly FoundOrder[];
}

function isOneOf(orders: readonly FoundOrder[]): (order: FoundOrder) => boolean {
  const states = new Set(orders.map(({ id, update_time }) => `${id}:${update_time}`));
  return ({ id, update_time }) => states.has(`${id}:${update_time}`);
}

/** The orders of a page that no earlier page had. */
export function withoutRead(orders: readonly FoundOrder[], { read }: Place): FoundOrder[] {
  const isRead = isOneOf(read);
  return orders.filter((order) => !isRead(order));
}

/**
 * The next page begins at the last second of the page before. TikTok's token may count places: an order that
 * changes meanwhile leaves the window, and each one behind it moves one place ahead, past the token.
 * @returns `undefined` after the last page: no token, and no more orders than `total`.
 * @throws {TikTokError} if TikTok repeats a token: its pages would never end
 */
export function nextPlace(place: Place, page: OrderPage): Place | undefined {
  const { orders, unreadable, nextPageToken, total } = page;
  const read = [...place.read, ...withoutRead(orders, place)];
  const hasMore = nextPageToken !== undefined || read.length + unreadable.length < (total ?? 0);
  const last = orders.at(-1)?.update_time ?? place.from;
  if (hasMore && last > place.from) {
    const sameSecond = orders.filter(({ update_time }) => update_time === last);
    return { from: last, pageToken: undefined, read: sameSecond };
  }
  if (nextPageToken === undefined) return undefined;
  if (nextPageToken === place.pageToken) {
    throw new TikTokError("TikTok repeats a page of its order search");
  }
  return { from: place.from, pageToken: nextPageToken, read };
}
