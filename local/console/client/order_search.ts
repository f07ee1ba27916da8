/** What a seller searches for, and where a page of the list begins, as filters of PostgREST. */

/** The last row of a page; the next one begins after it. */
export interface Cursor {
  created_at: string;
  id: string;
}

/** Characters that have a meaning in a filter of PostgREST, or in `like`. */
const SPECIAL = /[%_*\\,()"':.]/g;

/** Digits are of TikTok's order id, anything else is of the buyer's name. */
export function readSearch(text: string | null): { digits: string; name: string } {
  const wanted = text?.replace(SPECIAL, " ").trim() ?? "";
  return /^\d+$/.test(wanted) ? { digits: wanted, name: "" } : { digits: "", name: wanted };
}

function olderThan({ created_at, id }: Cursor): string {
  return `created_at.lt."${created_at}",and(created_at.eq."${created_at}",id.lt.${id})`;
}

/** Sellers read the last digits of an id off a screen, and copy its beginning. */
function hasDigits(digits: string): string {
  return `tiktok_order_id.like.${digits}%,tiktok_order_id.like.%${digits}`;
}

/**
 * The parameter of `or`, or `undefined` without a condition. A request has one `or` only: the REST of the
 * local stack ignores the others.
 */
export function alternatives(digits: string, after: Cursor | null): string | undefined {
  const groups = [digits && hasDigits(digits), after && olderThan(after)].filter(Boolean);
  if (groups.length < 2) return groups[0] || undefined;
  return `and(${groups.map((group) => `or(${group})`).join()})`;
}
