/** What TikTok's searches by update time have in common. */
import type { UnreadableElement } from "./elements.ts";

/** What TikTok found by its update time, in unix seconds. */
export interface Found {
  id: string;
  update_time: number;
}

/** Found is what changed at `from` or later, and before `to`, in unix seconds. */
export interface SearchWindow {
  from: number;
  to: number;
  /** From the previous page; left out for the first. */
  pageToken?: string | undefined;
}

/** A page of a search in ascending order of update time. */
export interface SearchPage<T extends Found> {
  found: T[];
  unreadable: UnreadableElement[];
  /** `undefined` on the last page. */
  nextPageToken: string | undefined;
  /** Elements on all pages; `null` where TikTok does not say. */
  total: number | null;
}
