/** The pages of a search, read so that none of what it finds is skipped. */
import type { UnreadableElement } from "../api/elements.ts";
import { TikTokError } from "../api/errors.ts";
import type { Found, SearchPage, SearchWindow } from "../api/search.ts";

/** Start of a page of a search in ascending order of update time. */
export interface Place<T extends Found> {
  /** Unix seconds. */
  from: number;
  /** For further pages of the same second. */
  pageToken: string | undefined;
  /** Results of earlier pages since `from`. */
  read: readonly T[];
}

/** Results of a page that no earlier page had. */
export interface ReadPage<T extends Found> {
  found: T[];
  unreadable: UnreadableElement[];
  /** Unix seconds: whatever changed before was read. */
  until: number;
  isLast: boolean;
}

/** Results of a page that no earlier page had. */
export function withoutRead<T extends Found>(found: readonly T[], { read }: Place<T>): T[] {
  const states = new Set(read.map(({ id, update_time }) => `${id}:${update_time}`));
  return found.filter(({ id, update_time }) => !states.has(`${id}:${update_time}`));
}

/**
 * The next page begins at the last second of the page before. TikTok's token may count places: what changes
 * meanwhile leaves the window, and all behind it moves one place ahead, past the token.
 * @returns `undefined` after the last page: no token, and no more elements than `total`.
 * @throws {TikTokError} if TikTok repeats a token: its pages would never end
 */
export function nextPlace<T extends Found>(
  place: Place<T>,
  page: SearchPage<T>,
): Place<T> | undefined {
  const { found, unreadable, nextPageToken, total } = page;
  const read = [...place.read, ...withoutRead(found, place)];
  const hasMore = nextPageToken !== undefined || read.length + unreadable.length < (total ?? 0);
  const last = found.at(-1)?.update_time ?? place.from;
  if (hasMore && last > place.from) {
    const sameSecond = found.filter(({ update_time }) => update_time === last);
    return { from: last, pageToken: undefined, read: sameSecond };
  }
  if (nextPageToken === undefined) return undefined;
  if (nextPageToken === place.pageToken) {
    throw new TikTokError("TikTok repeats a page of its search");
  }
  return { from: place.from, pageToken: nextPageToken, read };
}

/** Reads what changed at `from` or later, and before `to`, in unix seconds. @throws {TikTokError} */
export async function* searchPages<T extends Found>(
  { from, to }: { from: number; to: number },
  search: (window: SearchWindow) => Promise<SearchPage<T>>,
): AsyncGenerator<ReadPage<T>> {
  let place: Place<T> | undefined = { from, pageToken: undefined, read: [] };
  let until = from;
  while (place !== undefined) {
    const page: SearchPage<T> = await search({ from: place.from, to, pageToken: place.pageToken });
    const following: Place<T> | undefined = nextPlace(place, page);
    const isLast = following === undefined;
    // Pages are in ascending order: what comes after the last element of a page is not seen yet.
    until = isLast ? to : Math.min(page.found.at(-1)?.update_time ?? until, to);
    const { unreadable } = page;
    yield { found: withoutRead(page.found, place), unreadable, until, isLast };
    place = following;
  }
}
